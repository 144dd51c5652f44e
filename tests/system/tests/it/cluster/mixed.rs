//! Java's workers and ours in one group.

use serde_json::{Value, json};
use xtask::oracle::cluster::Layout;
use xtask::oracle::live;
use xtask::oracle::worker::Program;

use super::group::{Group, source};
use super::signatures;
use super::stream;
use crate::stage::{Kafka, ours};
use crate::waiting::{found, tell, until};

/// What Java says of records and requests that it doesn't understand, and both of a signature that is wrong.
const COMPLAINTS: &[&str] = &[
    "SchemaException",
    "wrong format",
    "Ignoring offset",
    "Failed to deserialize",
    "CRITICAL",
    "Discarding",
    "invalid signature",
    "panicked",
];

#[test]
fn javas_workers_and_ours_are_one_group_whoever_leads() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    scene(&kafka, "mixed", [ours(), Program::Java, Program::Java]);
}

/// Under the first worker's lead, and then under another's: connectors of every worker get new tasks, and requests go from
/// every worker to every other.
pub(super) fn scene(kafka: &Kafka, name: &str, programs: [Program; 3]) {
    let mut group = Group::start(kafka, name, &[], &programs);
    let topics = [0, 1, 2].map(|number| format!("{name}-{number}"));
    let names = ["m0", "m1", "m2"];
    for (index, name) in names.into_iter().enumerate() {
        group.put(index, name, &source(&topics[index], 3, 10));
    }
    let layout = group.balanced();
    group.each_once(&layout);
    assert_eq!(group.cluster.describe().unwrap().protocol, "sessioned");

    // The first leads. Each worker runs one of the connectors, so two of the new task sets come to the leader signed.
    every_owner_reconfigures(&mut group, &names, &topics, 4);
    forwarded(&mut group, &topics[0]);
    fenced(&mut group, 0);
    assert_eq!(group.leader(), 0);

    // Another leads, and the first is back as the last to join.
    group.cluster.stop(0).unwrap();
    group.balanced();
    group.cluster.revive(0, programs[0].clone()).unwrap();
    group.cluster.wait_healthy(0).unwrap();
    group.members(3);
    let leader = group.leader();
    assert_ne!(leader, 0);
    let layout = every_owner_reconfigures(&mut group, &names, &topics, 3);
    forwarded(&mut group, &topics[0]);
    fenced(&mut group, leader);
    same_on_all(&group, &names);
    group.each_once(&layout);

    for topic in topics {
        stream::assert_exact(&mut group.client, &topic);
    }
    no_complaints(&group);
    tell(&format!("{name}: exact under either leader"));
}

/// With exactly-once sources on, whoever leads fences the producers of old tasks when a worker asks for it, and writes down
/// how many tasks the new set has. Ours leads and so does for Java's tasks; it runs no such tasks itself yet, and says so.
#[test]
fn the_leader_fences_for_the_other_program() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let settings = [("exactly.once.source.support", "enabled")];
    let mut group = Group::start(&kafka, "fencing", &settings, &[ours(), Program::Java]);
    let fencings = |group: &mut Group| -> Vec<String> {
        let records = group.configs_from(0).into_iter();
        records
            .filter(|record| record.key_text() == "tasks-fencing-exact")
            .map(|record| record.value_text())
            .collect()
    };
    for (round, per_second) in [(1, 20), (2, 30)] {
        let marks = group.cluster.marks();
        group.put(1, "exact", &source("fencing-topic", 2, per_second));
        found("Java's task runs and ours has failed", || {
            let status = group.cluster.ask(0, "GET", "/connectors/exact/status", None)?.json();
            let tasks = status["tasks"].as_array().cloned().unwrap_or_default();
            let on = |index: usize| {
                let worker = group.cluster.worker_id(index);
                tasks.iter().find(|task| task["worker_id"] == worker.as_str()).cloned().unwrap_or_default()
            };
            let reason = on(0)["trace"].as_str().unwrap_or_default().contains("exactly once");
            anyhow::ensure!(on(0)["state"] == "FAILED" && reason, "{status}");
            anyhow::ensure!(on(1)["state"] == "RUNNING", "{status}");
            anyhow::ensure!(!group.cluster.starts_since(&marks).is_empty(), "it has not started again");
            Ok(())
        });
        assert_eq!(fencings(&mut group), vec![r#"{"task-count":2}"#; round], "once for each set");
    }
    fence_by_hand(&mut group, 0);

    // Java leads, and ours asks.
    group.cluster.stop(0).unwrap();
    group.balanced();
    fence_by_hand(&mut group, 1);
}

/// Asks for a fencing as a worker does.
fn fence_by_hand(group: &mut Group, leader: usize) {
    let keys = signatures::keys(group);
    let key = signatures::key(keys.last().expect("a key"));
    let answer = signatures::fence(group, leader, "exact", Some(&key));
    assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
}

/// Changes the tasks of every connector, and looks that each of the three is run by another worker: whoever runs one asks its
/// tasks' configurations of it, and sends them to the leader.
fn every_owner_reconfigures(
    group: &mut Group,
    names: &[&str; 3],
    topics: &[String; 3],
    tasks: usize,
) -> Layout {
    for (index, name) in names.iter().enumerate() {
        group.put((index + 1) % 3, name, &source(&topics[index], tasks, 10));
    }
    let layout = group.balanced();
    let mut owners: Vec<usize> = names.iter().map(|name| group.owner(&layout, name)).collect();
    owners.sort_unstable();
    assert_eq!(owners, [0, 1, 2], "{layout:?}");
    group.each_once(&layout);
    layout
}

/// Requests to all workers, of which two pass each on.
fn forwarded(group: &mut Group, topic: &str) {
    let mut seen = Vec::new();
    for index in 0..3 {
        let name = format!("passing-{index}");
        group.put(index, &name, &source(&format!("{topic}-{name}"), 1, 1));
        group.balanced();
        let mut answers = vec![];
        for (by, method, path, body) in [
            (1, "PATCH", "config", Some(json!({"tasks.max": "2"}))),
            (2, "POST", "restart?includeTasks=true", None),
            (0, "POST", "restart", None),
            (1, "PUT", "pause", None),
            (2, "PUT", "resume", None),
            (0, "PUT", "stop", None),
            (1, "GET", "offsets", None),
            (2, "DELETE", "offsets", None),
        ] {
            let by = (index + by) % 3;
            let path = format!("/connectors/{name}/{path}");
            let answer = found("an answer", || {
                let answer = group.cluster.ask(by, method, &path, body.as_ref())?;
                // Its tasks may still be stopping.
                anyhow::ensure!(method != "DELETE" || answer.status == 200, "{answer:?}");
                Ok(answer)
            });
            answers.push((method, answer.status));
        }
        seen.push(answers);
        group.delete((index + 1) % 3, &name);
    }
    let expected = [
        ("PATCH", 200),
        ("POST", 202),
        ("POST", 204),
        ("PUT", 202),
        ("PUT", 202),
        ("PUT", 204),
        ("GET", 200),
        ("DELETE", 200),
    ];
    for answers in seen {
        assert_eq!(answers, expected);
    }
    group.balanced();
}

/// A request to fence a connector's old tasks, signed as a worker signs it, to the leader and to a follower.
fn fenced(group: &mut Group, leader: usize) {
    let keys = signatures::keys(group);
    let key = signatures::key(keys.last().expect("a key"));
    for index in [leader, (leader + 1) % 3] {
        let answer = signatures::fence(group, index, "nobody", Some(&key));
        let expected = if index == leader { 404 } else { 400 };
        assert_eq!(answer.status, expected, "{answer:?}");
        let answer = signatures::fence(group, index, "nobody", None);
        assert_eq!(answer.status, 400, "{answer:?}");
    }
}

/// All workers tell the same of the connectors.
pub(super) fn same_on_all(group: &Group, names: &[&str]) {
    for name in names {
        for path in ["", "/config", "/tasks", "/status", "/offsets", "/topics"] {
            let path = format!("/connectors/{name}{path}");
            until("all workers tell the same", || {
                let mut told: Vec<Value> =
                    group.cluster.running().into_iter().map(|index| group.get(index, &path)).collect();
                for value in &mut told {
                    sorted(value);
                }
                // Offsets grow from one question to the next.
                path.ends_with("/offsets") && told.iter().all(|value| !value["offsets"].is_null())
                    || told.iter().all(|value| *value == told[0])
            });
        }
    }
}

/// Puts lists into one order: in some, Java has the order of its hash tables.
fn sorted(value: &mut Value) {
    match value {
        Value::Array(values) => {
            values.iter_mut().for_each(sorted);
            values.sort_by_key(Value::to_string);
        }
        Value::Object(map) => map.values_mut().for_each(sorted),
        _ => {}
    }
}

pub(super) fn no_complaints(group: &Group) {
    for (index, log) in group.cluster.logged_since(&Default::default()).iter().enumerate() {
        let complaint = log.lines().find(|line| COMPLAINTS.iter().any(|complaint| line.contains(complaint)));
        assert_eq!(complaint, None, "worker {index}, {:?}", group.cluster.program(index));
    }
}
