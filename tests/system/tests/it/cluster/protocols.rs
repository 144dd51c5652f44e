//! Workers that speak older protocols of the group, and the change from one to the next.

use xtask::oracle::live;
use xtask::oracle::worker::Program;

use super::group::{Group, source};
use super::stream;
use crate::stage::{Kafka, ours};
use crate::waiting::{found, tell};

#[test]
fn a_group_speaks_what_all_its_workers_know() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    scene(&kafka, "protocols", [ours(), ours()]);
}

/// RB-05: from eager to sessioned one worker at a time, and back in one step where that is safe; the work goes on.
pub(super) fn scene(kafka: &Kafka, name: &str, programs: [Program; 2]) {
    let mut group = Group::start(kafka, name, &[("connect.protocol", "eager")], &programs);
    let topic = format!("{name}-topic");
    group.put(1, "steady", &source(&topic, 4, 10));
    group.balanced();
    speaks(&group, "default");
    let mut steps =
        vec![(1, "compatible", "default"), (0, "sessioned", "compatible"), (1, "sessioned", "sessioned")];
    // Java's worker that has to go back to stopping everything at each rebalance doesn't stop what it has: its tasks run
    // twice.
    if !programs.contains(&Program::Java) {
        steps.push((0, "eager", "default"));
    }
    for (index, protocol, spoken) in steps {
        group.cluster.stop(index).unwrap();
        // Else what is told of it would be what it did before.
        group.balanced();
        group.cluster.set("connect.protocol", protocol);
        group.cluster.revive(index, programs[index].clone()).unwrap();
        group.cluster.wait_healthy(index).unwrap();
        group.members(2);
        speaks(&group, spoken);
        let layout = group.balanced();
        group.each_once(&layout);
        // A change that the worker that doesn't lead has to tell the leader of.
        let tasks = 4 + usize::from(spoken != "default");
        group.put(index, "steady", &source(&topic, tasks, 10));
        group.balanced();
    }
    stream::assert_exact(&mut group.client, &topic);
    tell(&format!("{name}: from default to sessioned under load"));
}

fn speaks(group: &Group, protocol: &str) {
    found(protocol, || {
        let spoken = group.cluster.describe()?.protocol;
        anyhow::ensure!(spoken == protocol, "{spoken}");
        Ok(())
    });
}
