//! What this worker runs, and how it gets from one assignment to the next.

use super::leading::{Leading, Owners};
use crate::assignor::cooperative;
use crate::config_log::ConfigState;
use crate::subprotocol::{Assignment, Work};

/// How the wait for a read of the config topic goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Catch {
    /// None is needed.
    #[default]
    Up,
    /// One is under way, or about to be.
    Reading,
    /// One failed; the next begins at this time.
    Later(i64),
    /// One is done.
    Done,
}

/// Whether work that is taken away is somebody's next, or may be changed once it has stopped. That of a connector that is gone
/// is not: the group needs not decide again for it, and who still stops it joins no later generation before that is done.
pub(super) fn lives_on(work: &Work, state: &ConfigState) -> bool {
    let of_tasks = work.tasks.iter().map(|id| &id.connector);
    work.connectors.iter().chain(of_tasks).any(|name| state.connector(name).is_some())
}

/// The rebalance's state.
#[derive(Debug, Default)]
pub(super) struct Rebalance {
    /// What is assigned to this worker: what it says that it runs.
    pub(super) assigned: Work,
    /// What of it was started.
    pub(super) started: Work,
    /// What was told to stop and has not yet.
    pub(super) stopping: Work,
    /// The last assignment; its leader is the group's.
    pub(super) last: Assignment,
    /// Whether this worker leads.
    pub(super) leads: bool,
    /// The generation of the last assignment.
    pub(super) generation: i32,
    /// The last assignment is not carried out yet.
    pub(super) unresolved: bool,
    /// The member wants to join.
    pub(super) prepare: bool,
    /// Who runs what, as this worker decided when it led.
    pub(super) owners: Owners,
    /// Whether this worker, as it led, took work away from members that [`lives_on`], so they join again when it has stopped.
    pub(super) revokes: bool,
    /// The group waits for this worker's decision.
    pub(super) leading: Option<Leading>,
    /// What the leader remembers.
    pub(super) assignor: cooperative::State,
    /// When to join again for the work of lost workers.
    pub(super) scheduled_ms: Option<i64>,
    /// Whether the config topic must be read before the rebalance can go on.
    pub(super) catch: Catch,
    /// Failed reads one after the other.
    pub(super) failures: u32,
}

impl Rebalance {
    /// Takes this work off, and gives what of it must be told to stop.
    pub(super) fn take_off(&mut self, work: &Work) -> Work {
        let rest = self.started.without(work);
        let stopped = self.started.without(&rest);
        self.started = rest;
        self.assigned = self.assigned.without(work);
        self.stopping = self.stopping.and(&stopped);
        stopped
    }

    /// Takes everything off.
    pub(super) fn take_all(&mut self) -> Work {
        self.unresolved = false;
        self.scheduled_ms = None;
        let all = self.assigned.and(&self.started);
        self.take_off(&all)
    }

    /// What this worker says about itself when it joins.
    pub(super) fn running(&self) -> Assignment {
        if self.assigned.is_empty() && self.last == Assignment::default() {
            return Assignment::default();
        }
        Assignment {
            assigned: self.assigned.clone(),
            revoked: Work::default(),
            delay_ms: 0,
            ..self.last.clone()
        }
    }
}
