//! Requests that come while workers come and go.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use xtask::oracle::worker::Program;
use xtask::oracle::{http, live};

use super::group::{Group, source};
use crate::stage::{Kafka, ours};
use crate::waiting::{tell, until};

/// How long an answer may take while workers come and go.
const ANSWER_MAX: Duration = Duration::from_secs(20);

#[test]
fn requests_during_a_rebalance_are_served_or_refused() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    scene(&kafka, "traffic", [ours(), ours(), ours()]);
}

/// Reads and changes to two workers that stay, while another is added, stopped, and a third killed: each is served, or
/// refused with a reason that a client knows; and what was answered last is what holds.
pub(super) fn scene(kafka: &Kafka, name: &str, programs: [Program; 3]) {
    let mut group = Group::start(kafka, name, &[], &programs);
    for connector in 0..6 {
        group.put(0, &format!("c{connector}"), &source(&format!("{name}-topic"), 1, 5));
    }
    group.balanced();
    let ports = [group.cluster.port(0), group.cluster.port(1)];
    let over = AtomicBool::new(false);
    let answers = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask_on(ports, &format!("{name}-topic"), &over));
        let added = group.cluster.add(programs[2].clone()).unwrap();
        group.balanced();
        group.cluster.stop(added).unwrap();
        group.balanced();
        group.cluster.kill(2).unwrap();
        group.balanced();
        over.store(true, Ordering::Relaxed);
        asking.join().unwrap()
    });
    let refused = answers.iter().filter(|answer| answer.status >= 400).count();
    for answer in &answers {
        assert!(answer.took < ANSWER_MAX, "{answer:?}");
        assert!(is_known(answer), "{answer:?}");
    }
    let last = answers.iter().rev().find(|answer| answer.method == "PUT" && answer.status == 200).unwrap();
    until("the last change that was answered holds", || {
        [0, 1].iter().all(|index| group.get(*index, "/connectors/c0/config")["note"] == last.note)
    });
    let layout = group.balanced();
    group.each_once(&layout);
    tell(&format!("{name}: {} requests, {refused} refused for a rebalance", answers.len()));
}

#[derive(Debug)]
struct Answer {
    method: &'static str,
    status: u16,
    body: String,
    took: Duration,
    note: Value,
}

fn ask_on(ports: [u16; 2], topic: &str, over: &AtomicBool) -> Vec<Answer> {
    let mut answers = Vec::new();
    let mut round = 0;
    while !over.load(Ordering::Relaxed) {
        let note = json!(round.to_string());
        let mut config = source(topic, 1, 5);
        config["note"] = note.clone();
        let config = config.to_string();
        for (method, path, body) in [
            ("GET", "/connectors", None),
            ("GET", "/connectors/c1/status", None),
            ("GET", "/connectors/c1/config", None),
            ("PUT", "/connectors/c0/config", Some(config.as_str())),
        ] {
            let asked = Instant::now();
            let answer = http::request(method, ports[round % 2], path, body).unwrap();
            let (status, body, took) = (answer.status, answer.body, asked.elapsed());
            answers.push(Answer { method, status, body, took, note: note.clone() });
        }
        round += 1;
    }
    answers
}

fn is_known(answer: &Answer) -> bool {
    match answer.status {
        200 => true,
        409 => ["rebalance", "stale configuration"].iter().any(|reason| answer.body.contains(reason)),
        500 => ["rebalance is expected", "IO Error trying to forward"]
            .iter()
            .any(|reason| answer.body.contains(reason)),
        _ => false,
    }
}
