//! Workers and brokers that die, stall and come back in the middle of things.

use std::time::Duration;

use serde_json::{Value, json};
use xtask::oracle::worker::Program;
use xtask::oracle::{live, process};

use super::group::{Group, source};
use super::stream;
use crate::stage::{Kafka, Own, ours};
use crate::waiting::{found, tell, until};

#[test]
fn workers_that_stall_are_replaced_and_come_back() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    stalled(&kafka, "stalled", [ours(), ours(), ours()]);
}

#[test]
fn a_task_set_that_was_not_finished_is_as_if_it_had_not_begun() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    half_written(&kafka, "half", [ours(), ours()]);
}

#[test]
fn a_leader_that_dies_while_it_reconfigures_leaves_one_set_or_the_other() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    dying_leader(&kafka, "dying", [ours(), ours()], &[0, 30]);
}

#[test]
fn a_broker_that_restarts_stops_the_work_for_a_while() {
    let Some(broker) = live::or_skip("Apache Kafka", Own::start) else { return };
    broker_restart(broker, "restarted", [ours(), ours(), ours()]);
}

/// A follower, then the leader, that does nothing for longer than its session: others take its work over, and it takes part
/// again afterwards.
pub(super) fn stalled(kafka: &Kafka, name: &str, programs: [Program; 3]) {
    let mut group = Group::start(kafka, name, &[], &programs);
    let topic = format!("{name}-topic");
    group.put(0, "steady", &source(&topic, 6, 10));
    let layout = group.balanced();
    group.each_once(&layout);
    for victim in [group.follower(), group.leader()] {
        group.cluster.pause(victim).unwrap();
        let layout = group.balanced();
        group.each_once(&layout);
        assert_ne!(group.leader(), victim);
        group.cluster.resume(victim).unwrap();
        group.members(3);
        let layout = group.balanced();
        group.each_once(&layout);
    }
    let repeated = stream::repeated(&mut group.client, &topic);
    tell(&format!("{name}: nothing lost, {repeated} repeated after two stalls"));
}

/// What a leader leaves that dies between task configurations and the record that completes them.
pub(super) fn half_written(kafka: &Kafka, name: &str, programs: [Program; 2]) {
    let mut group = Group::start(kafka, name, &[], &programs);
    let topic = format!("{name}-topic");
    group.put(0, "half", &source(&topic, 2, 10));
    group.balanced();
    let mut config = group.get(0, "/connectors/half/tasks")[0]["config"].clone();
    config["throughput"] = json!("1");
    let marks = group.cluster.marks();
    let text = json!({"properties": config}).to_string();
    let configs = group.cluster.topic("configs");
    let unfinished: Vec<(String, Option<&str>)> =
        (0..3).map(|task| (format!("task-half-{task}"), Some(text.as_str()))).collect();
    let unfinished: Vec<(&str, Option<&str>)> =
        unfinished.iter().map(|(key, value)| (key.as_str(), *value)).collect();
    group.client.produce(&configs, 0, &unfinished).unwrap();
    group.cluster.kill(0).unwrap();
    group.balanced();
    let throughputs = |group: &Group| -> Vec<Value> {
        let tasks = group.get(1, "/connectors/half/tasks");
        tasks.as_array().unwrap().iter().map(|task| task["config"]["throughput"].clone()).collect()
    };
    assert_eq!(throughputs(&group), ["10", "10"], "an unfinished set is not seen");
    // A worker that begins with this topic sees the same.
    group.cluster.revive(0, programs[0].clone()).unwrap();
    group.cluster.wait_healthy(0).unwrap();
    group.members(2);
    group.balanced();
    assert_eq!(throughputs(&group), ["10", "10"]);
    assert!(group.cluster.starts_since(&marks).keys().all(|task| task != "half-2"), "no third task ran");
    // The next set leaves nothing of it.
    group.put(0, "half", &source(&topic, 3, 20));
    let layout = group.balanced();
    assert_eq!(throughputs(&group), ["20", "20", "20"]);
    group.each_once(&layout);
    stream::repeated(&mut group.client, &topic);
}

/// The leader is killed so many milliseconds after it was asked to change the tasks of a connector.
pub(super) fn dying_leader(kafka: &Kafka, name: &str, programs: [Program; 2], delays_ms: &[u64]) {
    let mut group = Group::start(kafka, name, &[], &programs);
    let topic = format!("{name}-topic");
    group.put(0, "changing", &source(&topic, 1, 10));
    group.balanced();
    let mut seen = Vec::new();
    for (round, delay_ms) in delays_ms.iter().enumerate() {
        let tasks = 2 + round % 3;
        let leader = group.leader();
        let pid = group.cluster.pid(leader);
        let killer = std::thread::spawn({
            let delay = Duration::from_millis(*delay_ms);
            move || {
                let _: Option<()> = xtask::wait::poll(delay, Duration::from_millis(1), || Ok(None)).unwrap();
                process::send(pid, "KILL").unwrap();
            }
        });
        // Whether it is answered depends on the moment of the kill.
        let body = source(&topic, tasks, 10);
        let answer = group.cluster.request(leader, "PUT", "/connectors/changing/config", Some(&body));
        killer.join().unwrap();
        group.cluster.kill(leader).unwrap();
        let survivor = group.cluster.running()[0];
        let config = || group.get(survivor, "/connectors/changing/config")["tasks.max"].clone();
        found("a leader", || group.cluster.leader());
        let applied = config() == json!(tasks.to_string());
        if answer.is_ok_and(|answer| answer.status == 200) {
            assert!(applied, "what was answered is there");
        }
        let settled: usize = config().as_str().unwrap().parse().unwrap();
        group.want("changing", settled);
        // The tasks follow the configuration also when the one who should have written them is gone.
        group.balanced();
        let shown = group.get(survivor, "/connectors/changing/tasks");
        assert_eq!(shown.as_array().map(Vec::len), Some(settled), "{shown}");
        group.cluster.revive(leader, programs[leader].clone()).unwrap();
        group.cluster.wait_healthy(leader).unwrap();
        group.members(2);
        let layout = group.balanced();
        group.each_once(&layout);
        seen.push((*delay_ms, applied));
    }
    stream::repeated(&mut group.client, &topic);
    tell(&format!("{name}: killed after (ms, change applied) {seen:?}"));
}

/// While the broker is gone no worker is healthy; once it is back the work goes on, and nothing is lost.
pub(super) fn broker_restart(mut broker: Own, name: &str, programs: [Program; 3]) {
    let mut group = Group::start(&broker.kafka(), name, &[], &programs);
    let topic = format!("{name}-topic");
    group.put(1, "steady", &source(&topic, 6, 10));
    let layout = group.balanced();
    group.each_once(&layout);
    broker.stop();
    // Java waits for the coordinator for ten seconds before it says so.
    until("no worker is healthy", || (0..3).all(|index| !group.cluster.is_healthy(index)));
    for index in 0..3 {
        assert_ne!(group.cluster.pid(index), 0);
        let names = group.cluster.request(index, "GET", "/connectors", None).unwrap();
        assert_eq!((names.status, names.json()), (200, json!(["steady"])), "what is known is still told");
    }
    broker.start_again();
    group.client = group.cluster.client().unwrap();
    until("all workers are healthy", || (0..3).all(|index| group.cluster.is_healthy(index)));
    group.members(3);
    let layout = group.balanced();
    group.each_once(&layout);
    group.put(2, "steady", &source(&topic, 4, 10));
    let layout = group.balanced();
    group.each_once(&layout);
    let repeated = stream::repeated(&mut group.client, &topic);
    tell(&format!("{name}: nothing lost, {repeated} repeated after a restart of the broker"));
}
