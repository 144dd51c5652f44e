//! Task sets that cannot be right: those that run here although compaction has put them before their connector (see
//! [`config_log`](crate::config_log)), and those of stopped connectors.
//!
//! A stop first writes an empty task set, then the target state. A set that was under way from a worker that did not know of
//! the stop can come between the two, and Java leaves the connector stopped with tasks.
//!
//! And there are sets that the leader cannot use while the worker that runs the connector can: the late commit of a leader
//! that was overtaken spoils a set for those who read it as it came, but not for those who begin to read after compaction.

use std::collections::BTreeMap;

use aqueduct_api::ConfigMap;

use super::requests::Origin;
use super::{Effect, Herder, Request, Warning};
use crate::config_log::{ConfigState, Connector};
use crate::state::TargetState;

/// How long to wait for the set to be written before asking again.
const RETRY_MS: i64 = 1_000;
/// How long the worker that runs a connector has to write a usable set by itself.
const GRACE_MS: i64 = 2_000;

/// Connectors whose task set must be written again, and when to ask for that.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    due: BTreeMap<String, i64>,
}

impl Doubts {
    /// What `doubt` finds, is to be mended.
    pub(super) fn add(&mut self, state: &ConfigState, connector: &str, now_ms: i64) {
        let at_ms = match state.connector(connector).and_then(doubt) {
            None => return,
            Some(Doubt::Tasks(_)) => now_ms,
            Some(Doubt::Unusable(_)) => now_ms + GRACE_MS,
        };
        self.due.entry(connector.to_owned()).or_insert(at_ms);
    }

    pub(super) fn next_timeout(&self) -> Option<i64> {
        self.due.values().copied().min()
    }
}

/// What is wrong with a connector's task set, and what makes it right.
enum Doubt {
    /// This set should be there instead.
    Tasks(Vec<ConfigMap>),
    /// The connector must be asked for a set; it is when its configuration, which is this, is written again.
    Unusable(ConfigMap),
}

/// What is wrong with a connector's task set, as a leader sees it.
fn doubt(connector: &Connector) -> Option<Doubt> {
    let target = connector.target_state().unwrap_or_default();
    if target == TargetState::Stopped && connector.usable_tasks() > 0 {
        Some(Doubt::Tasks(Vec::new()))
    } else if target == TargetState::Started && (connector.is_inconsistent() || connector.is_overwritten()) {
        Some(Doubt::Unusable(connector.config()?.as_ref().clone()))
    } else {
        let shelved = connector.shelved().filter(|_| target != TargetState::Stopped)?;
        Some(Doubt::Tasks(shelved.values().map(|config| config.as_ref().clone()).collect()))
    }
}

/// Whether the set is wrong for certain. One that is shelved is only if its tasks run.
pub(super) fn is_wrong(connector: &Connector) -> bool {
    connector.shelved().is_none() && doubt(connector).is_some()
}

impl Herder {
    /// Has the sets written again: by this worker if it leads, else by the leader, which need not see that compaction lost
    /// anything. The leader does see what is stopped.
    pub(super) fn settle_doubts(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        if self.doubts.due.is_empty() {
            return;
        }
        let state = self.config.snapshot();
        let (leads, tasks) = (self.is_leader(), &self.rebalance.started.tasks);
        self.doubts.due.retain(|name, _| {
            let Some(connector) = state.connector(name) else { return false };
            let runs_here = || tasks.iter().any(|id| id.connector == *name);
            if leads { doubt(connector).is_some() } else { connector.shelved().is_some() && runs_here() }
        });
        let due: Vec<String> = self
            .doubts
            .due
            .iter()
            .filter(|(_, at_ms)| **at_ms <= now_ms)
            .map(|(name, _)| name.clone())
            .collect();
        for name in due {
            let Some(doubt) = state.connector(&name).and_then(doubt) else {
                self.doubts.due.remove(&name);
                continue;
            };
            match &doubt {
                Doubt::Tasks(_) => self.doubts.due.insert(name.clone(), now_ms + RETRY_MS),
                // Asked once: a connector that cannot give a set is not restarted over and over. The next rebalance sees
                // it again.
                Doubt::Unusable(_) => self.doubts.due.remove(&name),
            };
            self.mend(name, doubt, now_ms, effects);
        }
    }

    fn mend(&mut self, connector: String, doubt: Doubt, now_ms: i64, effects: &mut Vec<Effect>) {
        let tasks = match &doubt {
            Doubt::Tasks(configs) => Some(configs.len()),
            Doubt::Unusable(_) => None,
        };
        effects.push(Effect::Warn(Warning::Republished { connector: connector.clone(), tasks }));
        let request = match doubt {
            Doubt::Tasks(configs) if !self.is_leader() => {
                if let Some(leader_url) = self.leader_url().map(str::to_owned) {
                    effects.push(Effect::PostTasks { leader_url, connector, configs, question: None });
                }
                return;
            }
            Doubt::Tasks(configs) => Request::PutTasks { connector: connector.clone(), configs },
            Doubt::Unusable(config) => {
                Request::PutConnector { name: connector.clone(), config, initial: None, replace: true }
            }
        };
        let origin = Origin::Housekeeping(connector);
        if !self.requests.has(&origin) {
            let outcome = self.requests.add(origin, request);
            self.report(outcome, now_ms, effects);
        }
    }
}
