//! What the config topic changed, until this worker acts on it.

use std::collections::BTreeSet;

use super::restarts::part_of;
use super::{Effect, Herder};
use crate::config_log::ConfigState;
use crate::state::TargetState;
use crate::subprotocol::Work;

/// Connectors by what changed of them.
#[derive(Debug, Default)]
pub(super) struct Changes {
    rejoin: bool,
    removed: BTreeSet<String>,
    updated: BTreeSet<String>,
    tasks: BTreeSet<String>,
    targets: BTreeSet<String>,
}

impl Changes {
    pub(super) fn removed(&mut self, name: String) {
        self.rejoin = true;
        self.updated.remove(&name);
        self.targets.remove(&name);
        self.removed.insert(name);
    }

    /// A new connector must be assigned, one that is known already only gets another configuration; one that was removed and
    /// created again may do both.
    pub(super) fn updated(&mut self, name: String, before: &ConfigState) {
        self.rejoin |= before.connector(&name).is_none();
        self.updated.insert(name);
    }

    pub(super) fn tasks(&mut self, name: String) {
        self.rejoin = true;
        self.tasks.insert(name);
    }

    pub(super) fn target(&mut self, name: String) {
        self.targets.insert(name);
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
        self.rejoin = !self.tasks.is_empty() || !self.removed.is_empty();
    }

    /// Whether the group must decide anew.
    pub(super) fn needs_rejoin(&self) -> bool {
        self.rejoin
    }

    fn is_empty(&self) -> bool {
        !self.rejoin && self.updated.is_empty() && self.tasks.is_empty() && self.targets.is_empty()
    }
}

impl Herder {
    /// Acts on what changed. Eager groups do everything through a rebalance.
    pub(super) fn apply_changes(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        if self.changes.is_empty() {
            return;
        }
        let changes = std::mem::take(&mut self.changes);
        let state = self.config.snapshot();
        if !self.member.protocol().is_cooperative() {
            self.member.rejoin(now_ms);
            return;
        }
        for name in &changes.updated {
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
        for name in &changes.tasks {
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
        for name in changes.targets {
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
        if changes.rejoin {
            self.member.rejoin(now_ms);
        }
    }

    /// A connector that is started or changed here owes its task set.
    pub(super) fn want_tasks(&mut self, state: &ConfigState, name: &str, now_ms: i64) {
        if state.target_state(name) == Some(TargetState::Started) {
            self.task_sets.want(name, now_ms);
        }
    }
}
