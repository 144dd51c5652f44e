//! Task sets that run here although compaction has put them before their connector: see
//! [`config_log`](crate::config_log).

use std::collections::BTreeMap;

use super::requests::Origin;
use super::{Effect, Herder, Request, Warning};

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

impl Herder {
    /// Has the sets written again: by this worker if it leads, else by the leader, which need not see any doubt.
    pub(super) fn settle_doubts(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        let state = self.config.snapshot();
        let (leads, tasks) = (self.is_leader(), &self.rebalance.started.tasks);
        self.doubts.due.retain(|name, _| {
            let shelved = state.connector(name).is_some_and(|connector| connector.shelved().is_some());
            shelved && (leads || tasks.iter().any(|id| id.connector == *name))
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
            self.write_again(name, now_ms, effects);
        }
    }

    fn write_again(&mut self, name: String, now_ms: i64, effects: &mut Vec<Effect>) {
        let state = self.config.snapshot();
        let Some(shelved) = state.connector(&name).and_then(|connector| connector.shelved()) else { return };
        let configs = shelved.values().map(|config| config.as_ref().clone()).collect();
        effects.push(Effect::Warn(Warning::Republished(name.clone())));
        if !self.is_leader() {
            if let Some(leader_url) = self.leader_url() {
                effects.push(Effect::PostTasks {
                    leader_url: leader_url.to_owned(),
                    connector: name,
                    configs,
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
