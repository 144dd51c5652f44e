//! Workers and connectors come and go: what is wanted runs once, evenly shared, and what need not move keeps running.

use xtask::oracle::live;
use xtask::oracle::worker::Program;

use super::group::{Group, source};
use super::stream;
use crate::stage::{Kafka, ours};
use crate::waiting::tell;

const CONNECTORS: usize = 4;
const TASKS: usize = 4;

#[test]
fn work_is_shared_evenly_and_what_need_not_move_runs_on() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    scene(&kafka, "shared", [ours(), ours(), ours()]);
}

fn topic(name: &str, connector: usize) -> String {
    format!("{name}-topic-{connector}")
}

/// RB-01, RB-02 and RB-04: a connector deleted, a worker added, removed, two gone and back, all cleanly: nothing repeated.
/// Then a follower and the leader killed: nothing lost.
pub(super) fn scene(kafka: &Kafka, name: &str, programs: [Program; 3]) {
    let mut group = Group::start(kafka, name, &[], &programs);
    for connector in 0..CONNECTORS {
        group.put(connector % 3, &format!("c{connector}"), &source(&topic(name, connector), TASKS, 10));
    }
    let layout = group.balanced();
    group.each_once(&layout);

    let (before, marks) = (layout, group.cluster.marks());
    group.delete(1, "c0");
    let layout = group.balanced();
    group.only_moved_ones_started(&before, &marks, &layout);

    let (before, marks) = (layout, group.cluster.marks());
    let added = group.cluster.add(programs[0].clone()).unwrap();
    let layout = group.balanced();
    let moved = group.only_moved_ones_started(&before, &marks, &layout);
    assert_eq!(moved, 3, "12 tasks on 3 workers, then on 4: {before:?} {layout:?}");
    group.each_once(&layout);

    let (before, marks) = (layout, group.cluster.marks());
    let status = group.cluster.stop(added).unwrap();
    assert!(ended_on_request(&programs[0], status), "{status}");
    let layout = group.balanced();
    group.only_moved_ones_started(&before, &marks, &layout);

    for index in [1, 2] {
        group.cluster.stop(index).unwrap();
    }
    group.balanced();
    for index in [1, 2] {
        group.cluster.revive(index, programs[index].clone()).unwrap();
    }
    let layout = group.balanced();
    group.each_once(&layout);
    for connector in 1..CONNECTORS {
        stream::assert_exact(&mut group.client, &topic(name, connector));
    }

    let (before, marks) = (layout, group.cluster.marks());
    let follower = group.follower();
    group.cluster.kill(follower).unwrap();
    let layout = group.balanced();
    group.only_moved_ones_started(&before, &marks, &layout);

    group.cluster.revive(follower, programs[follower].clone()).unwrap();
    let before = group.balanced();
    let (leader, marks) = (group.leader(), group.cluster.marks());
    group.cluster.kill(leader).unwrap();
    let layout = group.balanced();
    group.only_moved_ones_started(&before, &marks, &layout);
    assert_ne!(group.leader(), leader);
    group.each_once(&layout);
    let repeated: usize =
        (1..CONNECTORS).map(|connector| stream::repeated(&mut group.client, &topic(name, connector))).sum();
    tell(&format!("{name}: nothing lost, {repeated} repeated after two kills"));
}

/// A virtual machine that is asked to end says so with its status.
fn ended_on_request(program: &Program, status: std::process::ExitStatus) -> bool {
    status.success() || *program == Program::Java && status.code() == Some(143)
}
