//! Scripts of `tests/system/python`, each a list of checks of which none may fail.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use xtask::oracle::process::Server;
use xtask::oracle::{Oracle, live, python};
use xtask::workspace;

use crate::stage::{Kafka, folder};
use crate::waiting::{tell, until};

const PACKAGES: &[&str] = &[
    "confluent-kafka==2.16.1",
    "kafka-python==3.0.12",
    "aiokafka==0.14.0",
    // What the latter two compress with.
    "cramjam==2.14.0",
    "lz4==4.4.5",
    "python-snappy==0.7.3",
    "zstandard==0.25.0",
];

#[test]
fn codecs_between_all_clients() {
    checks("codecs");
}

#[test]
fn groups_with_every_assignor() {
    checks("groups");
}

#[test]
fn transactions_end_as_they_should() {
    checks("transactions");
}

#[test]
fn administration_and_its_error_codes() {
    checks("administration");
}

#[test]
fn compaction_keeps_the_last_of_each_key() {
    checks("compaction");
}

/// Numbers that librdkafka got acknowledged before, between and after two crashes of the broker.
#[test]
fn nothing_acknowledged_is_lost_in_a_crash() {
    let Some(python) = environment() else { return };
    let mut kafka = Kafka::embedded();
    kafka.client().create_topic("survival", 1).unwrap();
    let dir = folder();
    let mut sender =
        Server::spawn("sender", script(&python, "survival", &kafka), &dir.path().join("sent")).unwrap();
    let log = sender.log().to_owned();
    let acknowledged = || numbers(&std::fs::read_to_string(&log).unwrap());
    for round in 1..=3 {
        let before = acknowledged().len();
        until("3000 more are acknowledged", || acknowledged().len() > before + 3000);
        if let (Kafka::Embedded(broker), 1..=2) = (&mut kafka, round) {
            broker.crash();
        }
    }
    sender.kill().unwrap();
    let sent = acknowledged();
    let output = script(&python, "survival", &kafka).arg("read").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let kept = numbers(&String::from_utf8_lossy(&output.stdout));
    let expected: Vec<u64> = (0..kept.len() as u64).collect();
    assert_eq!(kept, expected, "an idempotent producer leaves no gap and repeats nothing");
    assert!(sent.iter().all(|number| *number < kept.len() as u64), "{} of {}", kept.len(), sent.len());
    tell(&format!("2 crashes: {} acknowledged, {} kept", sent.len(), kept.len()));
}

fn numbers(text: &str) -> Vec<u64> {
    text.lines().filter_map(|line| line.parse().ok()).collect()
}

pub(super) fn environment() -> Option<PathBuf> {
    live::or_skip("Python clients", || python::venv(&Oracle::open(), PACKAGES))
}

/// The command that runs a script against the broker.
pub(super) fn script(python: &PathBuf, name: &str, kafka: &Kafka) -> Command {
    let mut command = bare(python, name);
    command.arg(kafka.bootstrap());
    command
}

/// The command that runs a script, without the script's arguments.
pub(super) fn bare(python: &PathBuf, name: &str) -> Command {
    let mut command = Command::new(python);
    command.arg("-B").arg(workspace::root().join(format!("tests/system/python/{name}.py")));
    command
}

/// Runs a script's checks against an embedded broker of its own.
fn checks(name: &str) {
    let Some(python) = environment() else { return };
    let kafka = Kafka::embedded();
    run(name, &mut script(&python, name, &kafka));
}

/// Runs a command that prints the outcome of each of its checks.
pub(crate) fn run(name: &str, command: &mut Command) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let outcomes: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!outcomes.is_empty(), "no check has run: {stderr}");
    let failed: Vec<String> = outcomes
        .iter()
        .filter(|outcome| outcome["ok"] != true)
        .map(|outcome| format!("{}: {}", outcome["check"], outcome["detail"].as_str().unwrap_or_default()))
        .collect();
    assert!(
        failed.is_empty(),
        "{} of {} checks:\n{}\n{stderr}",
        failed.len(),
        outcomes.len(),
        failed.join("\n")
    );
    tell(&format!("{name}: {} checks", outcomes.len()));
}
