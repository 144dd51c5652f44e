//! What goes beyond the ordinary in a mixed group and in a move from one program to the other.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use xtask::oracle::live;
use xtask::oracle::wire::Record;
use xtask::oracle::worker::Program;

use crate::cluster::group::{Group, sink, source};
use crate::cluster::{migration, mixed, protocols, stream};
use crate::stage::{Kafka, ours};
use crate::waiting::{found, tell, until};

/// A group has no way to say which worker has which plugin: what only one program has fails where it isn't, and the worker
/// stays.
#[test]
fn a_plugin_that_only_java_has_fails_on_ours() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let mut group = Group::start(&kafka, "lacking", &[], &[Program::Java]);
    group.cluster.set("aqueduct.test.plugins", "false");
    group.put(0, "lacks", &source("lacking-topic", 4, 5));
    group.balanced();
    let added = group.cluster.add(ours()).unwrap();
    let own = group.cluster.worker_id(added);
    let failed = found("a task on ours", || {
        let status = group.cluster.ask(0, "GET", "/connectors/lacks/status", None)?.json();
        let tasks = status["tasks"].as_array().cloned().unwrap_or_default();
        let of_ours: Vec<Value> =
            tasks.into_iter().filter(|task| task["worker_id"] == own.as_str()).collect();
        anyhow::ensure!(of_ours.len() == 2, "{status}");
        anyhow::ensure!(of_ours.iter().all(|task| task["state"] == "FAILED"), "{status}");
        Ok(of_ours)
    });
    for task in failed {
        let trace = task["trace"].as_str().unwrap_or_default();
        assert!(trace.contains("VerifiableSource"), "{task}");
    }
    group.members(2);
    assert!(group.cluster.is_healthy(added));
}

/// One worker of Java's, which leads, and two of ours; and two that change their protocol together.
#[test]
fn other_mixtures() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    mixed::scene(&kafka, "mostly-ours", [Program::Java, ours(), ours()]);
    protocols::scene(&kafka, "mixed-protocols", [ours(), Program::Java]);
    protocols::scene(&kafka, "protocols-mixed", [Program::Java, ours()]);
}

/// Five moves between the programs.
#[test]
fn a_group_moves_to_and_fro() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let programs = [ours(), Program::Java, ours(), Program::Java, ours()];
    migration::scene(&kafka, "to-and-fro", &programs);
}

/// The same with kills at different moments: nothing is lost.
#[test]
fn a_group_moves_to_and_fro_by_kills() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let mut group = Group::start(&kafka, "by-kills", &[], &[Program::Java]);
    let marks = group.cluster.marks();
    group.put(0, "numbers", &source("by-kills-numbers", 3, 100));
    group.put(0, "by-kills-taker", &sink("by-kills-numbers", 1));
    group.balanced();
    for (round, program) in [ours(), Program::Java, ours(), Program::Java].into_iter().enumerate() {
        let running = group.cluster.running()[0];
        let before = group.client.end_offset("by-kills-numbers", 0).unwrap().unwrap_or(0);
        let due = before + 500 + 130 * i64::try_from(round).unwrap();
        until("some more are made", || {
            group.client.end_offset("by-kills-numbers", 0).unwrap().unwrap_or(0) >= due
        });
        group.cluster.kill(running).unwrap();
        group.cluster.add(program).unwrap();
        group.balanced();
    }
    let worker = group.cluster.running()[0];
    let answer = group.ask(worker, "PUT", "/connectors/numbers/stop", None);
    assert_eq!(answer.status, 204, "{answer:?}");
    until("the source has stopped", || group.get(worker, "/connectors/numbers/tasks") == json!([]));
    let repeated = stream::repeated(&mut group.client, "by-kills-numbers");
    let made = stream::numbers(&mut group.client, "by-kills-numbers");
    found("the sink has flushed all", || {
        let flushed = stream::flushed(&group.cluster, &marks, "by-kills-taker", "by-kills-numbers");
        for (task, numbers) in &made {
            let made: BTreeSet<&i64> = numbers.iter().collect();
            let flushed: BTreeSet<&i64> = flushed.get(task).into_iter().flatten().collect();
            anyhow::ensure!(made == flushed, "task {task}: {} of {}", flushed.len(), made.len());
        }
        Ok(())
    });
    tell(&format!("four moves by kills: nothing lost, {repeated} repeated by the source"));
}

/// What one program has written, the other deletes: the same keys, in the same partitions.
#[test]
fn each_deletes_what_the_other_has_written() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    for (name, writer, deleter) in
        [("java-ours", Program::Java, ours()), ("ours-java", ours(), Program::Java)]
    {
        let mut group = Group::start(&kafka, name, &[], &[writer]);
        let topic = format!("{name}-topic");
        group.put(0, "gone", &source(&topic, 3, 20));
        group.balanced();
        until("records are made", || {
            group.client.end_offset(&topic, 0).unwrap().is_some_and(|end| end > 100)
        });
        group.cluster.stop(0).unwrap();
        let worker = group.cluster.add(deleter).unwrap();
        group.balanced();
        let answer = group.ask(worker, "PUT", "/connectors/gone/stop", None);
        assert_eq!(answer.status, 204, "{answer:?}");
        found("the offsets are reset", || {
            let answer = group.cluster.ask(worker, "DELETE", "/connectors/gone/offsets", None)?;
            anyhow::ensure!(answer.status == 200, "{answer:?}");
            Ok(())
        });
        until("no offsets are told", || {
            group.get(worker, "/connectors/gone/offsets") == json!({"offsets": []})
        });
        let offsets = last_by_key(&mut group, "offsets", 5);
        assert_eq!(offsets.len(), 3, "one key a task, each in one partition: {offsets:?}");
        assert!(offsets.iter().all(|(_, record)| record.value.is_none()), "{offsets:?}");
        group.delete(worker, "gone");
        found("the statuses are gone", || {
            let statuses = last_by_key(&mut group, "status", 2);
            let left = statuses.iter().find(|(_, record)| record.value.is_some());
            anyhow::ensure!(left.is_none(), "{left:?}");
            Ok(())
        });
        let configs = last_by_key(&mut group, "configs", 1);
        let mut deleted: Vec<String> = configs
            .iter()
            .filter(|(_, record)| record.value.is_none())
            .map(|(_, record)| record.key_text())
            .collect();
        deleted.sort_unstable();
        assert_eq!(deleted, ["connector-gone", "target-state-gone"]);
        group.put(worker, "gone", &source(&topic, 1, 20));
        group.balanced();
    }
}

/// The last record of each key and partition.
fn last_by_key(group: &mut Group, kind: &str, partitions: i32) -> Vec<((i32, Vec<u8>), Record)> {
    let topic = group.cluster.topic(kind);
    let mut last = std::collections::BTreeMap::new();
    for partition in 0..partitions {
        for record in group.client.records(&topic, partition, 0).unwrap() {
            last.insert((partition, record.key.clone().unwrap_or_default()), record);
        }
    }
    last.into_iter().collect()
}
