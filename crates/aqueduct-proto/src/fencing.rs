//! Zombie fencing: before a new task set of a source with exactly-once support starts, the producers of the last one must
//! not be able to write any more (KIP-618; spec: source, exactly-once).

use crate::config_log::Connector;

/// What a fencing round has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    /// Nothing: the task set is fenced already.
    Nothing,
    /// There is nobody to fence, but the number of tasks must be written.
    CountOnly {
        /// The number of tasks that may run from now on.
        count: i32,
    },
    /// Fence the producers of tasks 0 to `producers` - 1, then write the number of tasks.
    Fence {
        /// How many tasks may have had producers.
        producers: i32,
        /// The number of tasks that may run from now on.
        count: i32,
    },
}

/// Decides with the config topic read to its end. A connector whose only task is followed by an only task needs no round:
/// the new producer fences the old one, for it has the same transactional id.
pub fn round(connector: &Connector) -> Round {
    let count = connector.usable_tasks();
    match connector.task_count_record() {
        _ if !connector.is_pending_fencing() => Round::Nothing,
        None => Round::CountOnly { count },
        Some(1) if count == 1 => Round::CountOnly { count },
        Some(producers) => Round::Fence { producers: producers.max(0), count },
    }
}

/// The transactional id of a task's producer.
pub fn transactional_id(group_id: &str, connector: &str, task: i32) -> String {
    format!("{group_id}-{connector}-{task}")
}

/// The transactional id of the leader's producer of the config topic.
pub fn leader_transactional_id(group_id: &str) -> String {
    format!("connect-cluster-{group_id}")
}

#[cfg(test)]
mod tests {
    use aqueduct_api::ConfigMap;

    use super::*;
    use crate::config_log::{ConfigLog, Step, put_connector, put_task_count, put_tasks};

    #[test]
    fn producers_of_the_last_task_set_are_fenced_once() {
        let check = |record: Option<i32>, count: usize, fenced_after: bool, expected| {
            let mut log = ConfigLog::default();
            let mut records = put_connector("c", &ConfigMap::new(), None);
            records.extend(record.map(|record| put_task_count("c", record)));
            for step in put_tasks("c", &vec![ConfigMap::new(); count]) {
                if let Step::Write(more) = step {
                    records.extend(more);
                }
            }
            if fenced_after {
                records.push(put_task_count("c", count as i32));
            }
            for (offset, record) in (0..).zip(&records) {
                log.apply(offset, &record.key, record.value.as_deref());
            }
            let state = log.snapshot();
            assert_eq!(state.connector("c").map(round), Some(expected), "{record:?} {count}");
        };
        check(None, 3, false, Round::CountOnly { count: 3 });
        check(Some(2), 3, false, Round::Fence { producers: 2, count: 3 });
        check(Some(1), 1, false, Round::CountOnly { count: 1 });
        check(Some(1), 2, false, Round::Fence { producers: 1, count: 2 });
        check(Some(2), 1, false, Round::Fence { producers: 2, count: 1 });
        check(Some(2), 3, true, Round::Nothing);
    }
}
