//! Records that no worker has written, in topics that only workers should write.

use xtask::oracle::live;

use super::group::{Group, source};
use super::stream;
use crate::stage::{Kafka, ours};
use crate::waiting::{found, tell};

/// What lies in the config topic: neither while it is read nor at a start does any of it do harm.
const CONFIGS: &[(&str, Option<&str>)] = &[
    ("", Some("no key")),
    ("unknown-key", Some("{}")),
    ("connector-spoilt", Some("not JSON")),
    ("connector-spoilt", Some("[1, 2]")),
    ("connector-spoilt", Some(r#"{"properties": 5}"#)),
    ("task-short", Some("{}")),
    ("task-spoilt-x", Some(r#"{"properties": {}}"#)),
    ("task-steady-99", Some(r#"{"properties": "none"}"#)),
    ("commit-spoilt", Some(r#"{"tasks": "x"}"#)),
    ("commit-spoilt", Some(r#"{"tasks": -1}"#)),
    ("target-state-steady", Some(r#"{"state": "ASLEEP"}"#)),
    ("tasks-fencing-steady", Some(r#"{"task-count": "1"}"#)),
    ("session-key", Some(r#"{"key": "!", "algorithm": "HmacSHA256", "creation-timestamp": 1}"#)),
    ("session-key", Some("{}")),
    ("restart-connector-nobody", Some("5")),
    ("logger-cluster-x", Some(r#"{"level": 5}"#)),
    ("connector-nobody", None),
    ("target-state-nobody", None),
];
const STATUSES: &[(&str, Option<&str>)] = &[
    ("status-spoilt", Some("{}")),
    ("status-connector-steady", Some("not JSON")),
    ("status-task-steady-0", Some(r#"{"state": "RUNNING"}"#)),
    ("status-task-steady", Some("{}")),
    ("status-topic-x", Some("{}")),
];
const OFFSETS: &[(&str, Option<&str>)] = &[
    ("not JSON", Some("{}")),
    (r#"["steady"]"#, Some("{}")),
    (r#"["steady",{"id":7}]"#, Some("not JSON")),
    (r#"["steady",5]"#, Some(r#"{"seqno":1}"#)),
];
/// Keys of which a worker has to say where they lie.
const TOLD: &[&str] = &["unknown-key", "connector-spoilt", "task-spoilt-x", "status-spoilt", "not JSON"];

#[test]
fn garbage_in_internal_topics_stops_nothing() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let mut group = Group::start(&kafka, "garbage", &[], &[ours(), ours()]);
    group.put(0, "steady", &source("garbage-topic", 3, 10));
    let before = group.balanced();
    let marks = group.cluster.marks();
    for (kind, records) in [("configs", CONFIGS), ("status", STATUSES), ("offsets", OFFSETS)] {
        let topic = group.cluster.topic(kind);
        group.client.produce(&topic, 0, records).unwrap();
    }
    told_by(&group, 0);
    group.each_once(&before);
    assert!(group.cluster.starts_since(&marks).is_empty(), "nothing has started again");
    group.put(1, "steady", &source("garbage-topic", 4, 10));
    let layout = group.balanced();
    group.each_once(&layout);

    group.cluster.stop(1).unwrap();
    group.balanced();
    let begun = group.cluster.add(ours()).unwrap();
    told_by(&group, begun);
    let layout = group.balanced();
    group.each_once(&layout);
    group.put(begun, "steady", &source("garbage-topic", 2, 10));
    group.balanced();
    stream::assert_exact(&mut group.client, "garbage-topic");
    tell(&format!("garbage: {} records skipped", CONFIGS.len() + STATUSES.len() + OFFSETS.len()));
}

/// Waits until a worker has said of each record to be told where it is.
fn told_by(group: &Group, index: usize) {
    found("what is skipped is told", || {
        let log = group.cluster.log_text(index);
        let skipped: Vec<&str> = log.lines().filter(|line| line.contains("skipping a record")).collect();
        for key in TOLD {
            let line = skipped.iter().find(|line| line.contains(*key));
            let is_whole = |line: &&&str| {
                ["topic=", "partition=", "offset=", "key="].iter().all(|part| line.contains(part))
            };
            anyhow::ensure!(line.filter(is_whole).is_some(), "{key}: {line:?} of {skipped:#?}");
        }
        Ok(())
    });
}
