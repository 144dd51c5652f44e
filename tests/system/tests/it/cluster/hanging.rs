//! A task that hangs holds up nothing but itself.

use std::fs::File;
use std::process::Command;

use serde_json::json;
use xtask::oracle::live;

use super::group::{Group, source};
use crate::site::SINK;
use crate::stage::{Kafka, ours};
use crate::waiting::until;

/// A file sink that writes into a pipe which nobody reads: it hangs as soon as the pipe is full, and can't be stopped.
#[test]
fn a_task_that_hangs_holds_up_neither_requests_nor_the_group() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let settings = [("task.shutdown.graceful.timeout.ms", "60000"), ("rebalance.timeout.ms", "6000")];
    let mut group = Group::start(&kafka, "hanging", &settings, &[ours(), ours()]);
    let pipe = group.cluster.path("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // Open for both directions: neither this nor the sink waits for the other.
    let _reader = File::options().read(true).write(true).open(&pipe).unwrap();
    group.client.create_topic("hanging-pipe", 1).unwrap();
    let value = "x".repeat(1000);
    for _ in 0..10 {
        group.client.produce("hanging-pipe", 0, &[("", Some(value.as_str())); 50]).unwrap();
    }
    let string = "org.apache.kafka.connect.storage.StringConverter";
    let config = json!({
        "connector.class": SINK, "tasks.max": "1", "topics": "hanging-pipe", "file": pipe.display().to_string(),
        "key.converter": string, "value.converter": string, "consumer.override.auto.offset.reset": "earliest",
    });
    group.put(0, "hangs", &config);
    group.put(0, "steady", &source("hanging-steady", 4, 10));
    let layout = group.balanced();
    // The sink writes until the pipe is full.
    until("the sink has records", || {
        group.client.committed("connect-hangs", "hanging-pipe", 0).unwrap().is_some() || is_full(&pipe)
    });
    let marks = group.cluster.marks();
    group.delete(1, "hangs");
    group.put(1, "another", &source("hanging-another", 2, 10));
    let layout = {
        let before = layout;
        let after = group.balanced();
        for name in after.unmoved(&before).iter().filter(|name| name.starts_with("steady-")) {
            assert_eq!(group.cluster.starts_since(&marks).get(*name), None, "{name} runs on");
        }
        after
    };
    group.each_once(&layout);
    group.cluster.add(ours()).unwrap();
    group.members(3);
    let layout = group.balanced();
    group.each_once(&layout);
    assert_eq!(group.leader(), 0, "no worker has left the group");
}

/// Whether a writer that doesn't wait finds no room.
fn is_full(pipe: &std::path::Path) -> bool {
    let output = Command::new("dd")
        .args(["if=/dev/zero", "bs=1", "count=1", "oflag=nonblock", "status=none"])
        .arg(format!("of={}", pipe.display()))
        .output()
        .expect("dd can be run");
    !output.status.success()
}
