//! Kafka's own Connect worker in a group, with exactly-once sources, on the embedded broker.

use serde_json::{Value, json};
use xtask::oracle::worker::{Mode, Program, Worker};
use xtask::oracle::{Oracle, http, live, properties};

use super::python;
use crate::stage::Kafka;
use crate::waiting::{settled, tell, until};

const CONNECTOR: &str = "/connectors/verifiable";

/// A source through a kill of its worker: what readers of committed records see has no gap and nothing twice, and the
/// offset is that of the last record.
#[test]
fn javas_exactly_once_source_runs_on_the_embedded_broker() {
    let Some(python) = python::environment() else { return };
    let kafka = Kafka::embedded();
    let start = || {
        let extra = properties::pairs([
            ("exactly.once.source.support", "enabled".to_owned()),
            ("scheduled.rebalance.max.delay.ms", "0".to_owned()),
            ("session.timeout.ms", "6000".to_owned()),
            ("heartbeat.interval.ms", "1000".to_owned()),
        ]);
        let mode = Mode::Distributed { group: "exactly".to_owned() };
        Worker::scratch(&Oracle::open(), Program::Java, &kafka.bootstrap(), mode, extra)
    };
    let Some(mut worker) = live::or_skip("the Java worker", start) else { return };
    kafka.client().create_topic("verifiable", 1).unwrap();
    let string = "org.apache.kafka.connect.storage.StringConverter";
    let config = json!({
        "connector.class": "org.apache.kafka.connect.tools.VerifiableSourceConnector", "tasks.max": "1",
        "topic": "verifiable", "throughput": "1000", "key.converter": string, "value.converter": string,
    });
    let created = request(&worker, "PUT", "/config", &config);
    assert_eq!(created.status, 201, "{created:?}");

    let mut client = kafka.client();
    let mut end = || client.end_offset("verifiable", 0).unwrap().unwrap_or(0);
    until("1000 records are there", || end() > 1000);
    worker.server().kill().unwrap();
    let at_kill = settled("end offset", &mut end);
    let worker = start().expect("it has started before");
    until("1000 more are there", || end() > at_kill + 1000);
    let stopped = request(&worker, "PUT", "/stop", &Value::Null);
    assert_eq!(stopped.status, 204, "{stopped:?}");
    until("its tasks are gone", || {
        let status = http::get(worker.rest_port(), &format!("{CONNECTOR}/status"));
        status.is_ok_and(|answer| answer.json()["tasks"] == json!([]))
    });

    let output = python::script(&python, "committed", &kafka).arg("verifiable").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let numbers: Vec<u64> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    let expected: Vec<u64> = (0..numbers.len() as u64).collect();
    assert_eq!(numbers, expected, "in order, without a gap, nothing twice");
    let offsets = http::get(worker.rest_port(), &format!("{CONNECTOR}/offsets")).unwrap().json();
    assert_eq!(offsets["offsets"][0]["offset"]["seqno"].as_u64(), numbers.last().copied(), "{offsets}");
    tell(&format!("exactly once through a kill: {} records", numbers.len()));
}

fn request(worker: &Worker, method: &str, path: &str, body: &Value) -> http::Response {
    let body = (!body.is_null()).then(|| body.to_string());
    let mut answer = None;
    until("the worker answers but for a rebalance", || {
        let path = format!("{CONNECTOR}{path}");
        answer = http::request(method, worker.rest_port(), &path, body.as_deref()).ok();
        answer.as_ref().is_some_and(|answer| answer.status != 409 && answer.status != 500)
    });
    answer.expect("it has answered")
}
