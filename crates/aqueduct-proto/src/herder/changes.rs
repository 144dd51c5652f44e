//! What the config topic changed, until this worker acts on it.

use std::collections::BTreeSet;

use super::restarts::part_of;
use super::{Effect, Herder};
use crate::config_log::ConfigState;
use crate::state::TargetState;
use crate::subprotocol::Work;

/// A change that needs a rebalance waits for so long for others to come, so that many of them, as when many connectors are
/// created, make do with one.
const CALM_MS: i64 = 10;
/// But the first of them waits no longer than this.
const CALM_MAX_MS: i64 = 500;

/// Connectors by what changed of them.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// When to have the group decide anew, if it must: not before this, and at the latest at that time.
    rejoin: Option<(i64, i64)>,
    removed: BTreeSet<String>,
    updated: BTreeSet<String>,
    tasks: BTreeSet<String>,
    targets: BTreeSet<String>,
}

impl Changes {
    pub(super) fn removed(&mut self, name: String, now_ms: i64) {
        self.want_rejoin(now_ms);
        self.updated.remove(&name);
        self.targets.remove(&name);
        self.removed.insert(name);
    }

    /// A new connector must be assigned, one that is known already only gets another configuration; one that was removed and
    /// created again may do both.
    pub(super) fn updated(&mut self, name: String, before: &ConfigState, now_ms: i64) {
        if before.connector(&name).is_none() {
            self.want_rejoin(now_ms);
        }
        self.updated.insert(name);
    }

    pub(super) fn tasks(&mut self, name: String, now_ms: i64) {
        self.want_rejoin(now_ms);
        self.tasks.insert(name);
    }

    pub(super) fn target(&mut self, name: String) {
        self.targets.insert(name);
    }

    fn want_rejoin(&mut self, now_ms: i64) {
        let latest_ms = self.rejoin.map_or(now_ms + CALM_MAX_MS, |(_, latest_ms)| latest_ms);
        self.rejoin = Some((now_ms + CALM_MS, latest_ms));
    }

    /// The group has decided with all of these changes known. What starts now, starts with them; only what runs since before
    /// has still to follow, and only for tasks of an older set, and for what the leader forgot to take away, must the group
    /// decide again.
    pub(super) fn decided(&mut self, running: &Work) {
        let runs_tasks = |name: &String| running.tasks.iter().any(|id| id.connector == *name);
        let runs_connector = |name: &String| running.connectors.contains(name);
        let runs = |name: &String| runs_connector(name) || runs_tasks(name);
        self.updated.retain(runs_connector);
        self.targets.retain(runs);
        self.tasks.retain(runs_tasks);
        self.removed.retain(runs);
        if self.tasks.is_empty() && self.removed.is_empty() {
            self.rejoin = None;
        }
    }

    /// Whether the group must decide anew.
    pub(super) fn needs_rejoin(&self) -> bool {
        self.rejoin.is_some()
    }

    /// When it must.
    pub(super) fn rejoin_at_ms(&self) -> Option<i64> {
        self.rejoin.map(|(calm_ms, latest_ms)| calm_ms.min(latest_ms))
    }

    fn take_rejoin(&mut self, now_ms: i64) -> bool {
        let is_due = self.rejoin_at_ms().is_some_and(|at_ms| at_ms <= now_ms);
        if is_due {
            self.rejoin = None;
            self.removed.clear();
        }
        is_due
    }

    fn is_empty(&self) -> bool {
        self.updated.is_empty() && self.tasks.is_empty() && self.targets.is_empty()
    }
}

impl Herder {
    /// Acts on what changed. Eager groups do everything through a rebalance.
    pub(super) fn apply_changes(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        if !self.changes.is_empty() {
            if self.member.protocol().is_cooperative() {
                self.apply_here(now_ms, effects);
            } else {
                self.changes.updated.clear();
                self.changes.tasks.clear();
                self.changes.targets.clear();
                self.changes.want_rejoin(now_ms);
            }
        }
        if self.changes.take_rejoin(now_ms) {
            self.member.rejoin(now_ms);
        }
    }

    fn apply_here(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        let updated = std::mem::take(&mut self.changes.updated);
        let changed_tasks = std::mem::take(&mut self.changes.tasks);
        let targets = std::mem::take(&mut self.changes.targets);
        let state = self.config.snapshot();
        for name in &updated {
            let Some(config) = state.connector(name).and_then(|connector| connector.config()) else {
                continue;
            };
            if self.rebalance.started.connectors.contains(name) {
                let (connector, config) = (name.clone(), config.clone());
                effects.push(Effect::Reconfigure { connector, config });
                self.want_tasks(&state, name, now_ms);
            }
        }
        // Tasks of an older set stop before the group decides who runs the new one.
        for name in &changed_tasks {
            let tasks = Work {
                connectors: Vec::new(),
                tasks: self
                    .rebalance
                    .assigned
                    .tasks
                    .iter()
                    .filter(|id| id.connector == *name)
                    .cloned()
                    .collect(),
            };
            self.stop(&tasks, effects);
        }
        for name in targets {
            let Some(target) = state.target_state(&name) else { continue };
            let local = part_of(&self.rebalance.started, &name);
            if local.is_empty() {
                continue;
            }
            let runs_connector = !local.connectors.is_empty();
            effects.push(Effect::SetTarget { connector: name.clone(), target, local });
            if runs_connector {
                self.want_tasks(&state, &name, now_ms);
            }
        }
    }

    /// A connector that is started or changed here owes its task set.
    pub(super) fn want_tasks(&mut self, state: &ConfigState, name: &str, now_ms: i64) {
        if state.target_state(name) == Some(TargetState::Started) {
            self.task_sets.want(name, now_ms);
        }
    }
}
