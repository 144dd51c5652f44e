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
    for (index, protocol, spoken) in
        [(1, "compatible", "default"), (0, "sessioned", "compatible"), (1, "sessioned", "sessioned")]
    {
        change(&mut group, index, &programs, protocol, spoken);
    }
    stream::assert_exact(&mut group.client, &topic);
    tell(&format!("{name}: from default to sessioned under load"));
    // A worker learns too late that it should have stopped everything. Java's never does: its tasks run twice.
    if !programs.contains(&Program::Java) {
        change(&mut group, 0, &programs, "eager", "default");
        stream::repeated(&mut group.client, &topic);
    }
}

/// Starts a worker again with another protocol, and has it change the connector's tasks.
fn change(group: &mut Group, index: usize, programs: &[Program; 2], protocol: &str, spoken: &str) {
    group.cluster.stop(index).unwrap();
    // Else what is told of it would be what it did before.
    group.balanced();
    group.cluster.set("connect.protocol", protocol);
    group.cluster.revive(index, programs[index].clone()).unwrap();
    group.cluster.wait_healthy(index).unwrap();
    group.members(2);
    speaks(group, spoken);
    let layout = group.balanced();
    group.each_once(&layout);
    // A worker that doesn't lead has to tell the leader of it.
    let config = group.get(index, "/connectors/steady/config");
    let tasks = if config["tasks.max"] == "4" { 5 } else { 4 };
    group.put(index, "steady", &source(config["topic"].as_str().unwrap(), tasks, 10));
    group.balanced();
}

fn speaks(group: &Group, protocol: &str) {
    found(protocol, || {
        let spoken = group.cluster.describe()?.protocol;
        anyhow::ensure!(spoken == protocol, "{spoken}");
        Ok(())
    });
}
