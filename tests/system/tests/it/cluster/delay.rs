//! The delay before work that was lost is shared out again.

use std::time::{Duration, Instant};

use xtask::oracle::live;
use xtask::oracle::worker::Program;

use super::group::{Group, source};
use crate::stage::{Kafka, ours};
use crate::waiting::{found, tell};

#[test]
fn lost_work_waits_for_its_worker() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    scene(&kafka, "delay", [ours(), ours(), ours()], Duration::from_secs(5));
}

/// RB-03: a worker that is killed and back within the delay finds its work as it was; the work of one that isn't moves when
/// the delay has passed. Nothing else is touched.
pub(super) fn scene(kafka: &Kafka, name: &str, programs: [Program; 3], delay: Duration) {
    let delay_ms = delay.as_millis().to_string();
    let mut group =
        Group::start(kafka, name, &[("scheduled.rebalance.max.delay.ms", delay_ms.as_str())], &programs);
    for connector in ["a", "b", "c"] {
        group.put(0, connector, &source(&format!("{name}-{connector}"), 2, 10));
    }
    // Shared while members still arrive, work is moved once more a delay later.
    let before = group.balanced();

    let marks = group.cluster.marks();
    group.cluster.kill(2).unwrap();
    group.members(2);
    group.cluster.revive(2, programs[2].clone()).unwrap();
    group.members(3);
    let layout = group.runs_again(&marks, &before.of(&group.cluster.worker_id(2)));
    assert_eq!(layout, before, "back within the delay, it has its work again");
    for task in before.unmoved(&before) {
        let owner = group.owner(&before, task);
        let starts = group.cluster.starts_since(&marks).get(task).copied().unwrap_or(0);
        let expected = usize::from(owner == 2 && before.tasks.contains_key(task));
        assert_eq!(starts, expected, "{task} of worker {owner}");
    }

    let marks = group.cluster.marks();
    group.cluster.kill(2).unwrap();
    group.members(2);
    let gone = Instant::now();
    let layout = found("the work has moved", || group.cluster.balanced(group.wanted()));
    let waited = gone.elapsed();
    assert!(waited + Duration::from_secs(1) >= delay, "moved after {waited:?} already");
    group.only_moved_ones_started(&before, &marks, &layout);
    tell(&format!("{name}: lost work moved {waited:?} after the group knew, with a delay of {delay:?}"));
}
