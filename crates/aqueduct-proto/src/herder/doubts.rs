//! Task sets that cannot be right: those that run here although compaction has put them before their connector (see
//! [`config_log`](crate::config_log)), and those of stopped connectors.
//!
//! A stop first writes an empty task set, then the target state. A set that was under way from a worker that did not know of
//! the stop can come between the two, and Java leaves the connector stopped with tasks.

use std::collections::BTreeMap;

use aqueduct_api::ConfigMap;

use super::requests::Origin;
use super::{Effect, Herder, Request, Warning};
use crate::config_log::ConfigState;
use crate::state::TargetState;

/// How long to wait for the set to be written before asking again.
const RETRY_MS: i64 = 1_000;

/// Connectors whose task set must be written again, and when to ask for that.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    due: BTreeMap<String, i64>,
}

impl Doubts {
    pub(super) fn add(&mut self, connector: String, now_ms: i64) {
        self.due.entry(connector).or_insert(now_ms);
    }

    pub(super) fn next_timeout(&self) -> Option<i64> {
        self.due.values().copied().min()
    }
}

/// Whether a stopped connector has tasks.
pub(super) fn has_stray_tasks(state: &ConfigState, name: &str) -> bool {
    state.target_state(name) == Some(TargetState::Stopped) && !state.tasks(name).is_empty()
}

/// The set that should be there instead.
fn right_set(state: &ConfigState, name: &str) -> Option<Vec<ConfigMap>> {
    if has_stray_tasks(state, name) {
        return Some(Vec::new());
    }
    let shelved = state.connector(name)?.shelved()?;
    Some(shelved.values().map(|config| config.as_ref().clone()).collect())
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
            let lost = state.connector(name).is_some_and(|connector| connector.shelved().is_some());
            let runs_here = || tasks.iter().any(|id| id.connector == *name);
            if leads { lost || has_stray_tasks(&state, name) } else { lost && runs_here() }
        });
        let due: Vec<String> = self
            .doubts
            .due
            .iter()
            .filter(|(_, at_ms)| **at_ms <= now_ms)
            .map(|(name, _)| name.clone())
            .collect();
        for name in due {
            self.doubts.due.insert(name.clone(), now_ms + RETRY_MS);
            if let Some(configs) = right_set(&state, &name) {
                self.write_again(name, configs, now_ms, effects);
            }
        }
    }

    fn write_again(&mut self, name: String, configs: Vec<ConfigMap>, now_ms: i64, effects: &mut Vec<Effect>) {
        effects.push(Effect::Warn(Warning::Republished { connector: name.clone(), tasks: configs.len() }));
        if !self.is_leader() {
            if let Some(leader_url) = self.leader_url() {
                effects.push(Effect::PostTasks {
                    leader_url: leader_url.to_owned(),
                    connector: name,
                    configs,
                    question: None,
                });
            }
            return;
        }
        let origin = Origin::Housekeeping(name.clone());
        if !self.requests.has(&origin) {
            let outcome = self.requests.add(origin, Request::PutTasks { connector: name, configs });
            self.report(outcome, now_ms, effects);
        }
    }
}
