//! Task sets of the connectors that run here: when to ask for them, and whether to publish what came.

use std::collections::{BTreeMap, VecDeque};

use aqueduct_api::ConfigMap;

use super::Effect;
use crate::config_log::{ConfigState, Connector};
use crate::state::TargetState;

const RETRY_FIRST_MS: i64 = 250;
const RETRY_MAX_MS: i64 = 60_000;
/// So many sets that may come late are remembered of a connector.
const STRAYS_MAX: usize = 8;

#[derive(Debug, Default)]
struct Due {
    at_ms: i64,
    failures: u32,
    /// The question whose answer is awaited.
    asked: Option<u64>,
    /// Something changed since it was asked.
    again: bool,
}

/// Which connectors owe a task set.
#[derive(Debug, Default)]
pub(super) struct TaskSets {
    due: BTreeMap<String, Due>,
    questions: u64,
    given: BTreeMap<String, Given>,
}

/// What a connector gave.
#[derive(Debug, Default)]
struct Given {
    /// Its last set, unless it was removed since.
    last: Option<Vec<ConfigMap>>,
    /// Older sets that nobody knows the leader to have, or not to have: they may come late.
    strays: VecDeque<Vec<ConfigMap>>,
}

impl Given {
    fn may_stray(&mut self, configs: Vec<ConfigMap>) {
        if self.strays.len() >= STRAYS_MAX {
            self.strays.pop_front();
        }
        self.strays.push_back(configs);
    }
}

impl TaskSets {
    /// Asks for a connector's task set at once.
    pub(super) fn want(&mut self, connector: &str, now_ms: i64) {
        let due = self.due.entry(connector.to_owned()).or_default();
        due.again = due.asked.is_some();
        due.at_ms = now_ms;
    }

    /// What does not run here any more, owes nothing here.
    pub(super) fn stopped(&mut self, connectors: &[String]) {
        for connector in connectors {
            self.due.remove(connector);
            self.given.remove(connector);
        }
    }

    /// A connector gave this set.
    pub(super) fn generated(&mut self, connector: &str, configs: &[ConfigMap]) {
        self.given.entry(connector.to_owned()).or_default().last = Some(configs.to_vec());
    }

    /// Whether the set that was written cannot be meant: it is not complete; it leaves a connector that gave tasks without
    /// any, which is the first half of a stop that was not finished; or the connector gave it, and another since. A complete
    /// set of another program counts.
    pub(super) fn is_astray(&self, state: &ConfigState, name: &str) -> bool {
        let Some((connector, given)) = state.connector(name).zip(self.given.get(name)) else { return false };
        let Some(last) = &given.last else { return false };
        let is_late = || given.strays.iter().any(|stray| is_same_set(connector, stray));
        connector.is_inconsistent()
            || (connector.usable_tasks() == 0 && !last.is_empty())
            || (!is_same_set(connector, last) && is_late())
    }

    /// Whether this is the question that waits for its answer: the connector may have been asked again since, or be another
    /// of the same name.
    pub(super) fn awaits(&self, connector: &str, question: u64) -> bool {
        self.due.get(connector).is_some_and(|due| due.asked == Some(question))
    }

    /// The set came and is published, or needs not be.
    pub(super) fn done(&mut self, connector: &str, question: u64) {
        if let Some(due) = self.due.get_mut(connector).filter(|due| due.asked == Some(question)) {
            if due.again {
                *due = Due { at_ms: due.at_ms, ..Due::default() };
            } else {
                self.due.remove(connector);
            }
        }
    }

    /// Something went wrong: try again, later each time.
    pub(super) fn failed(&mut self, connector: &str, question: u64, now_ms: i64) {
        if let Some(due) = self.due.get_mut(connector).filter(|due| due.asked == Some(question)) {
            let delay_ms = RETRY_FIRST_MS.saturating_mul(1 << due.failures.min(20)).min(RETRY_MAX_MS);
            let failures = due.failures.saturating_add(1);
            *due = Due { at_ms: now_ms + delay_ms, failures, ..Due::default() };
        }
    }

    /// The leader may have got the set that it was sent, or get it yet.
    pub(super) fn lost_sight(&mut self, connector: &str, question: u64, now_ms: i64) {
        if let Some(given) = self.given.get_mut(connector)
            && let Some(last) = given.last.clone()
        {
            given.may_stray(last);
        }
        self.failed(connector, question, now_ms);
    }

    /// The connector is removed. One of its name that comes after it may still get what was sent of it.
    pub(super) fn removed(&mut self, connector: &str) {
        self.due.remove(connector);
        if let Some(given) = self.given.get_mut(connector)
            && let Some(last) = given.last.take()
        {
            given.may_stray(last);
        }
    }

    /// Asks for what is due.
    pub(super) fn tick(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        for (connector, due) in &mut self.due {
            if due.asked.is_none() && due.at_ms <= now_ms {
                self.questions += 1;
                due.asked = Some(self.questions);
                let (connector, question) = (connector.clone(), self.questions);
                effects.push(Effect::GenerateTasks { connector, question });
            }
        }
    }

    pub(super) fn next_timeout(&self) -> Option<i64> {
        self.due.values().filter(|due| due.asked.is_none()).map(|due| due.at_ms).min()
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
        || connector.is_overwritten()
}

fn is_same_set(connector: &Connector, configs: &[ConfigMap]) -> bool {
    i32::try_from(configs.len()).is_ok_and(|count| connector.task_count() == Some(count))
        && configs.iter().zip(0..).all(|(config, task)| {
            connector.task_configs().get(&task).is_some_and(|known| known.as_ref() == config)
        })
}
