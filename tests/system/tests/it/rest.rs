//! The REST API beside that of the Java worker.
//!
//! The same requests go to both. What Java answers is recorded in `testdata/rest/`: the live test holds the recording
//! against the Java worker of today, the other holds ours against the recording and needs no Java. Every difference is
//! a failure unless [`deviations`] gives a reason for it, and so is a reason that nothing needs any more.
//!
//! `AQUEDUCT_RECORD=1` makes the live test write the recording instead.

mod cases;
mod deviations;
mod difference;
pub(crate) mod exchange;
mod transcript;

use std::path::PathBuf;

use serde_json::Value;
use xtask::oracle::live;
use xtask::oracle::worker::{Program, Worker};
use xtask::workspace;

use crate::site::Site;
use crate::stage::{Kafka, ours};
use crate::waiting::tell;
use difference::Difference;

const RECORD: &str = "AQUEDUCT_RECORD";

#[test]
fn java_answers_as_recorded() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let site = Site::new(&kafka);
    let worker = site.start(Program::Java, &[]);
    let record = std::env::var_os(RECORD).is_some_and(|value| value == "1");
    let mut differences = Vec::new();
    for (name, steps) in cases::all() {
        let transcript = play(&kafka, &site, &worker, &steps);
        if record {
            let complete =
                transcript.as_array().is_some_and(|all| all.iter().all(|one| one["never"].is_null()));
            assert!(complete, "{name}: {:#}", transcript[transcript.as_array().map_or(0, Vec::len) - 1]);
            let text = serde_json::to_string_pretty(&transcript).unwrap() + "\n";
            std::fs::write(recording(name), text).unwrap();
        } else {
            differences.extend(difference::between(name, &recorded(name), &transcript));
        }
    }
    assert!(differences.is_empty(), "{}", shown(&differences));
}

#[test]
fn ours_answers_as_javas_does() {
    let kafka = Kafka::embedded();
    let site = Site::new(&kafka);
    let worker = site.start(ours(), &[]);
    let mut differences = Vec::new();
    let mut answers = 0;
    for (name, steps) in cases::all() {
        let transcript = play(&kafka, &site, &worker, &steps);
        answers += transcript.as_array().map_or(0, Vec::len);
        differences.extend(difference::between(name, &recorded(name), &transcript));
    }
    let (unexplained, idle) = deviations::sift(differences);
    assert!(unexplained.is_empty(), "{}", shown(&unexplained));
    assert!(idle.is_empty(), "known deviations that nothing shows any more: {idle:#?}");
    tell(&format!("{answers} answers as Java's"));
}

fn play(kafka: &Kafka, site: &Site, worker: &Worker, steps: &[cases::Step]) -> Value {
    for topic in cases::TOPICS {
        kafka.client().create_topic(topic, 1).unwrap();
    }
    std::fs::write(site.path("input"), "one\ntwo\nthree\n").unwrap();
    transcript::play(worker.rest_port(), site.path("").as_path(), steps)
}

fn recording(name: &str) -> PathBuf {
    workspace::root().join("testdata/rest").join(format!("{name}.json"))
}

fn recorded(name: &str) -> Value {
    let path = recording(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn shown(differences: &[Difference]) -> String {
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    format!("{} differences\n{}", lines.len(), lines.join("\n"))
}
