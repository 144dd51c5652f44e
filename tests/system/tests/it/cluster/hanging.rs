//! A task that hangs holds up nothing but itself.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use xtask::oracle::live;
use xtask::oracle::worker::Program;

use super::group::{Group, source};
use super::stream;
use crate::site::SINK;
use crate::stage::{Kafka, ours};
use crate::waiting::{tell, until};

#[test]
fn a_task_that_hangs_holds_up_neither_requests_nor_the_group() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let mut group = Group::start(&kafka, "hanging", &[], &[ours(), ours()]);
    let _pipe = Pipe::with_hanging_sink(&mut group, "hanging");
    group.put(0, "steady", &source("hanging-steady", 4, 10));
    let before = group.balanced();
    let marks = group.cluster.marks();
    group.delete(1, "hanging");
    group.put(1, "another", &source("hanging-another", 2, 10));
    let layout = group.balanced();
    let starts = group.cluster.starts_since(&marks);
    let restarted = layout.unmoved(&before).into_iter().find(|name| starts.contains_key(*name));
    assert_eq!(restarted, None, "what stays runs on");
    group.each_once(&layout);
    group.cluster.add(ours()).unwrap();
    group.members(3);
    let layout = group.balanced();
    group.each_once(&layout);
    assert_eq!(group.leader(), 0, "no worker has left the group");
}

/// RB-08: a worker that waits for a task longer than a rebalance may take leaves the group, and is back when the task has been
/// given up.
pub(super) fn overdue(kafka: &Kafka, name: &str, programs: [Program; 2]) {
    let settings = [("task.shutdown.graceful.timeout.ms", "25000"), ("rebalance.timeout.ms", "6000")];
    let mut group = Group::start(kafka, name, &settings, &programs);
    let _pipe = Pipe::with_hanging_sink(&mut group, name);
    group.put(0, "steady", &source(&format!("{name}-steady"), 4, 10));
    let layout = group.balanced();
    let owner = group.owner(&layout, &format!("{name}-0"));
    group.delete(1 - owner, name);
    group.members(1);
    group.members(2);
    let layout = group.balanced();
    group.each_once(&layout);
    // What the worker ran when the group gave its work to another may have been sent twice.
    let repeated = stream::repeated(&mut group.client, &format!("{name}-steady"));
    tell(&format!("{name}: out of the group and back, nothing lost, {repeated} repeated"));
}

/// A pipe that nobody reads: who writes into it hangs as soon as it is full.
struct Pipe {
    path: PathBuf,
    _reader: File,
}

impl Pipe {
    /// With a file sink that hangs in it, and can't be stopped.
    fn with_hanging_sink(group: &mut Group, name: &str) -> Pipe {
        let path = group.cluster.path("pipe");
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        // Open for both directions: neither this nor the sink waits for the other.
        let reader = File::options().read(true).write(true).open(&path).unwrap();
        let pipe = Pipe { path, _reader: reader };
        let topic = format!("{name}-pipe");
        group.client.create_topic(&topic, 1).unwrap();
        let value = "x".repeat(1000);
        for _ in 0..10 {
            group.client.produce(&topic, 0, &[("", Some(value.as_str())); 50]).unwrap();
        }
        let string = "org.apache.kafka.connect.storage.StringConverter";
        let config = json!({
            "connector.class": SINK, "tasks.max": "1", "topics": topic, "file": pipe.path.display().to_string(),
            "key.converter": string, "value.converter": string,
            "consumer.override.auto.offset.reset": "earliest",
        });
        group.put(0, name, &config);
        until("the pipe is full", || pipe.is_full());
        pipe
    }

    /// Whether a writer that doesn't wait finds no room.
    fn is_full(&self) -> bool {
        let output = Command::new("dd")
            .args(["if=/dev/zero", "bs=1", "count=1", "oflag=nonblock", "status=none"])
            .arg(format!("of={}", self.path.display()))
            .output()
            .expect("dd can be run");
        !output.status.success()
    }
}
