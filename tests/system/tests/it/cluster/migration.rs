//! A group that stops as Java's and goes on as ours, and back: same topics, same state.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::{Value, json};
use xtask::oracle::live;
use xtask::oracle::worker::Program;

use super::group::{Group, sink, source};
use super::mixed::no_complaints;
use super::stream;
use crate::lines::Lines;
use crate::site;
use crate::stage::{Kafka, ours};
use crate::waiting::{found, tell, until};

const LINES: usize = 3_000;

const PROVIDERS: &[(&str, &str)] = &[
    ("config.providers", "file"),
    ("config.providers.file.class", "org.apache.kafka.common.config.provider.FileConfigProvider"),
];

/// The connectors that do not simply run: the state of each, that of its tasks, and how many it has.
const RESTING: [(&str, &str, &str, usize); 3] =
    [("paused", "PAUSED", "PAUSED", 1), ("stopped", "STOPPED", "", 0), ("failing", "RUNNING", "FAILED", 1)];

#[test]
fn a_group_moves_from_java_to_ours_and_back() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    scene(&kafka, "moved", &[ours(), Program::Java]);
}

/// From Java through these programs, one worker of each at a time, with clean stops: nothing is rewritten, lost or
/// repeated.
pub(super) fn scene(kafka: &Kafka, name: &str, programs: &[Program]) {
    let mut group = Group::start(kafka, name, PROVIDERS, &[Program::Java]);
    let topic = |what: &str| format!("{name}-{what}");
    let path = |group: &Group, what: &str| group.cluster.path(what);
    let lines = Lines::ascii(LINES);
    lines.write(&path(&group, "all"));
    let text = std::fs::read_to_string(path(&group, "all")).unwrap();
    let share = text.len() / (programs.len() + 1);
    let mut written = 0;
    let mut grow = |group: &Group, upto: usize| {
        let mut file = File::options().create(true).append(true).open(path(group, "input")).unwrap();
        file.write_all(&text.as_bytes()[written..upto]).unwrap();
        written = upto;
    };

    grow(&group, share);
    std::fs::write(path(&group, "names"), format!("lines = {}\n", topic("lines"))).unwrap();
    let marks = group.cluster.marks();
    group.put(0, "numbers", &source(&topic("numbers"), 2, 50));
    let taker = topic("taker");
    group.put(0, &taker, &sink(&topic("numbers"), 1));
    // A reference that every worker resolves for itself, and a topic that the worker makes.
    let named = format!("${{file:{}:lines}}", path(&group, "names").display());
    let mut config = file(&named, &path(&group, "input"));
    config["topic.creation.default.replication.factor"] = "1".into();
    config["topic.creation.default.partitions"] = "1".into();
    let answer = group.ask(0, "PUT", "/connectors/lines/config", Some(&config));
    assert_eq!(answer.status, 201, "{answer:?}");
    group.want("lines", 1);
    group.put(0, "paused", &source(&topic("paused"), 1, 10));
    group.put(0, "stopped", &source(&topic("stopped"), 1, 10));
    group.balanced();
    rest(&mut group, name);
    let mut seen = shown(&group, 0);

    for (round, program) in programs.iter().enumerate() {
        let (worker, end) = (group.cluster.running()[0], group.config_end());
        group.cluster.stop(worker).unwrap();
        assert_eq!(group.config_end(), end, "a stop writes nothing");
        let worker = group.cluster.add(program.clone()).unwrap();
        found("the same state", || {
            let now = shown(&group, worker);
            anyhow::ensure!(now == seen, "{now:#} instead of {seen:#}");
            Ok(())
        });
        let (from, to) = (end, group.config_end());
        assert_eq!(from, to, "what has not changed is not written again: {:?}", group.configs_from(from));
        let before = group.client.end_offset(&topic("numbers"), 0).unwrap();
        until("records go on", || group.client.end_offset(&topic("numbers"), 0).unwrap() > before);
        grow(&group, if round + 1 == programs.len() { text.len() } else { share * (round + 2) });
        // A change by this program, for the next to find.
        let config = source(&topic("numbers"), 2, 40 + u32::try_from(round).unwrap());
        let changed = group.cluster.marks();
        group.put(worker, "numbers", &config);
        until("the tasks have started with it", || {
            let tasks = group.get(worker, "/connectors/numbers/tasks");
            let mut tasks = tasks.as_array().unwrap().iter();
            tasks.all(|task| task["config"]["throughput"] == config["throughput"])
                && group.cluster.starts_since(&changed).len() == 2
        });
        let patched = json!({"offsets": [{"partition": {"id": 0}, "offset": {"seqno": 100 + round}}]});
        let answer = group.ask(worker, "PATCH", "/connectors/stopped/offsets", Some(&patched));
        assert_eq!(answer.status, 200, "{answer:?}");
        found("the altered offset", || {
            let told = group.get(worker, "/connectors/stopped/offsets");
            anyhow::ensure!(told == patched, "{told}");
            Ok(())
        });
        settled(&group, worker);
        seen = shown(&group, worker);
    }

    let mut client = group.cluster.client().unwrap();
    until("all lines are there", || {
        client.end_offset(&topic("lines"), 0).unwrap() == i64::try_from(LINES).ok()
    });
    let records = client.records(&topic("lines"), 0, 0).unwrap();
    let sent: String = records.iter().map(|record| record.value_text() + "\n").collect();
    assert_eq!(sent, text, "every line once, in order");
    let worker = group.cluster.running()[0];
    let stopped = group.ask(worker, "PUT", "/connectors/numbers/stop", None);
    assert_eq!(stopped.status, 204, "{stopped:?}");
    until("the source has stopped", || group.get(worker, "/connectors/numbers/tasks") == json!([]));
    stream::assert_exact(&mut client, &topic("numbers"));
    let made = stream::numbers(&mut client, &topic("numbers"));
    found("the sink has flushed all, once, in order", || {
        let flushed = stream::flushed(&group.cluster, &marks, &taker, &topic("numbers"));
        anyhow::ensure!(flushed == made, "{:?} instead of {:?}", ends(&flushed), ends(&made));
        Ok(())
    });
    no_complaints(&group);
    tell(&format!("{name}: {LINES} lines and {:?} numbers over {} moves", ends(&made), programs.len()));
}

fn ends(numbers: &stream::Numbers) -> Vec<(i64, usize, Option<i64>)> {
    numbers.iter().map(|(task, all)| (*task, all.len(), all.last().copied())).collect()
}

fn file(topic: &str, path: &Path) -> Value {
    let string = "org.apache.kafka.connect.storage.StringConverter";
    json!({
        "connector.class": site::SOURCE, "tasks.max": "1", "topic": topic, "file": path.display().to_string(),
        "key.converter": string, "value.converter": string,
    })
}

/// Pauses one connector, stops another, with an offset of its own, and has the task of a third fail.
fn rest(group: &mut Group, name: &str) {
    let mut failing = file(&format!("{name}-failing"), &group.cluster.path("input"));
    failing["transforms"] = "field".into();
    failing["transforms.field.type"] = "org.apache.kafka.connect.transforms.ExtractField$Value".into();
    failing["transforms.field.field"] = "of-no-struct".into();
    let answer = group.ask(0, "PUT", "/connectors/failing/config", Some(&failing));
    assert_eq!(answer.status, 201, "{answer:?}");
    for (name, verb, status) in [("paused", "pause", 202), ("stopped", "stop", 204)] {
        let answer = group.ask(0, "PUT", &format!("/connectors/{name}/{verb}"), None);
        assert_eq!(answer.status, status, "{answer:?}");
    }
    settled(group, 0);
    let altered = json!({"offsets": [{"partition": {"id": 0}, "offset": {"seqno": 41}}]});
    found("the offset is altered", || {
        let answer = group.cluster.ask(0, "PATCH", "/connectors/stopped/offsets", Some(&altered))?;
        anyhow::ensure!(answer.status == 200, "{answer:?}");
        let told = group.get(0, "/connectors/stopped/offsets");
        anyhow::ensure!(told == altered, "{told}");
        Ok(())
    });
}

/// Waits until every connector is in the state that it should be in.
fn settled(group: &Group, worker: usize) {
    let running = [("numbers", "RUNNING", "RUNNING", 2), ("lines", "RUNNING", "RUNNING", 1)];
    for (name, state, task_state, tasks) in running.into_iter().chain(RESTING) {
        found(name, || {
            let status =
                group.cluster.ask(worker, "GET", &format!("/connectors/{name}/status"), None)?.json();
            anyhow::ensure!(status["connector"]["state"] == state, "{status}");
            let all = status["tasks"].as_array().cloned().unwrap_or_default();
            anyhow::ensure!(
                all.len() == tasks && all.iter().all(|one| one["state"] == task_state),
                "{status}"
            );
            Ok(())
        });
    }
}

/// All that a worker tells of the connectors, but for its own name and for offsets that go on.
fn shown(group: &Group, worker: usize) -> Value {
    let mut all = group.get(worker, "/connectors?expand=status&expand=info");
    let connectors = all.as_object_mut().unwrap();
    for (name, shown) in connectors {
        let status = &mut shown["status"];
        status["connector"].as_object_mut().unwrap().remove("worker_id");
        for task in status["tasks"].as_array_mut().unwrap() {
            let task = task.as_object_mut().unwrap();
            task.remove("worker_id");
            // Its first line is the same; the stack is each program's own.
            if let Some(Value::String(trace)) = task.get_mut("trace") {
                trace.truncate(trace.find('\n').unwrap_or(trace.len()));
            }
        }
        shown["tasks"] = group.get(worker, &format!("/connectors/{name}/tasks"));
        if name == "stopped" {
            shown["offsets"] = group.get(worker, "/connectors/stopped/offsets");
        }
    }
    all
}
