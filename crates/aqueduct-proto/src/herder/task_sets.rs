//! Task sets of the connectors that run here: when to ask for them, and whether to publish what came.

use std::collections::BTreeMap;

use aqueduct_api::ConfigMap;

use super::Effect;
use crate::config_log::{ConfigState, Connector};
use crate::state::TargetState;

const RETRY_FIRST_MS: i64 = 250;
const RETRY_MAX_MS: i64 = 60_000;

#[derive(Debug, Default)]
struct Due {
    at_ms: i64,
    failures: u32,
    /// An answer is awaited.
    under_way: bool,
    /// Something changed since it was asked.
    again: bool,
}

/// Which connectors owe a task set.
#[derive(Debug, Default)]
pub(super) struct TaskSets {
    due: BTreeMap<String, Due>,
    /// What connectors gave last.
    generated: BTreeMap<String, Vec<ConfigMap>>,
}

impl TaskSets {
    /// Asks for a connector's task set at once.
    pub(super) fn want(&mut self, connector: &str, now_ms: i64) {
        let due = self.due.entry(connector.to_owned()).or_default();
        due.again = due.under_way;
        due.at_ms = now_ms;
    }

    /// What does not run here any more, owes nothing here.
    pub(super) fn retain(&mut self, runs_here: impl Fn(&str) -> bool) {
        self.due.retain(|connector, _| runs_here(connector));
        self.generated.retain(|connector, _| runs_here(connector));
    }

    /// A connector gave this set.
    pub(super) fn generated(&mut self, connector: &str, configs: &[ConfigMap]) {
        self.generated.insert(connector.to_owned(), configs.to_vec());
    }

    /// Whether a set that was written is not the one that the connector gave last: one that came late, or the first half of
    /// a stop that was not finished.
    pub(super) fn is_foreign(&self, state: &ConfigState, name: &str) -> bool {
        let Some(connector) = state.connector(name) else { return false };
        self.generated
            .get(name)
            .is_some_and(|configs| connector.is_inconsistent() || !is_same_set(connector, configs))
    }

    /// The set came and is published, or needs not be. A late answer to an earlier question changes nothing.
    pub(super) fn done(&mut self, connector: &str) {
        if let Some(due) = self.due.get_mut(connector).filter(|due| due.under_way) {
            if due.again {
                *due = Due { at_ms: due.at_ms, ..Due::default() };
            } else {
                self.due.remove(connector);
            }
        }
    }

    /// Something went wrong: try again, later each time.
    pub(super) fn failed(&mut self, connector: &str, now_ms: i64) {
        let due = self.due.entry(connector.to_owned()).or_default();
        let delay_ms = RETRY_FIRST_MS.saturating_mul(1 << due.failures.min(20)).min(RETRY_MAX_MS);
        let failures = due.failures.saturating_add(1);
        *due = Due { at_ms: now_ms + delay_ms, failures, ..Due::default() };
    }

    /// The connector is gone.
    pub(super) fn forget(&mut self, connector: &str) {
        self.due.remove(connector);
        self.generated.remove(connector);
    }

    /// Asks for what is due.
    pub(super) fn tick(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        for (connector, due) in &mut self.due {
            if !due.under_way && due.at_ms <= now_ms {
                due.under_way = true;
                effects.push(Effect::GenerateTasks { connector: connector.clone() });
            }
        }
    }

    pub(super) fn next_timeout(&self) -> Option<i64> {
        self.due.values().filter(|due| !due.under_way).map(|due| due.at_ms).min()
    }
}

/// Whether a generated task set must be written: it differs from the one that counts, or that one was made of another
/// connector configuration, is not complete, or could be lost to compaction (see [`config_log`](crate::config_log)).
pub(super) fn must_publish(state: &ConfigState, name: &str, configs: &[ConfigMap]) -> bool {
    let Some(connector) = state.connector(name) else { return false };
    if state.target_state(name) != Some(TargetState::Started) {
        return false;
    }
    !is_same_set(connector, configs)
        || connector.is_inconsistent()
        || connector.applied() != connector.config()
        || connector.commit_is_older()
}

fn is_same_set(connector: &Connector, configs: &[ConfigMap]) -> bool {
    i32::try_from(configs.len()).is_ok_and(|count| connector.task_count() == Some(count))
        && configs.iter().zip(0..).all(|(config, task)| {
            connector.task_configs().get(&task).is_some_and(|known| known.as_ref() == config)
        })
}
