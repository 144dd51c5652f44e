//! A worker that stands alone.

use std::fs;

use crate::program::{Program, broker, get, run, wait_for, worker_file};

const LISTENS: &str = "The REST API listens on ";

#[test]
fn garbage_is_no_offsets_file_and_stays() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (_broker, bootstrap) = broker(dir.path());
    let worker = worker_file(dir.path(), &bootstrap, "");
    let offsets = dir.path().join("offsets");
    fs::write(&offsets, "not offsets").expect("written");
    run(dir.path(), &["standalone", &worker]).check(3, &["is not a file of source offsets"]);
    assert_eq!(fs::read_to_string(&offsets).expect("there"), "not offsets");
}

#[test]
fn a_connector_that_cannot_be_created_ends_with_3() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (_broker, bootstrap) = broker(dir.path());
    let worker = worker_file(dir.path(), &bootstrap, "");
    let check = |text: &str, texts: &[&str]| {
        let path = dir.path().join("c.json").display().to_string();
        fs::write(&path, text).expect("written");
        let ended = run(dir.path(), &["standalone", &worker, &path]);
        ended.check(3, texts);
        assert!(ended.stderr.contains(&path), "{ended:?}");
    };
    check(r#"{"connector.class": "FileStreamSource"}"#, &["missing the mandatory 'name' configuration"]);
    check(
        r#"{"name": "c", "connector.class": "a.B"}"#,
        &["Failed to find any class that implements Connector"],
    );
    check(r#"{"name": "c", "connector.class": "FileStreamSource"}"#, &["topic"]);
    run(dir.path(), &["standalone", &worker, "missing.json"]).check(3, &["missing.json"]);
}

#[test]
fn a_worker_waits_for_kafka() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = worker_file(dir.path(), "127.0.0.1:1", "");
    let mut worker = Program::spawn(dir.path(), "worker", &["standalone", &file]);
    let address = worker.printed(LISTENS);
    let (code, body) = get(&address, "/health").expect("an answer");
    assert_eq!(code, 503, "{body}");
    assert!(body.contains(r#""status":"starting""#), "{body}");
    assert_eq!(get(&address, "/connectors").map(|(code, _)| code), Some(404));
    wait_for("a warning", || {
        worker.stdout().contains("Kafka cannot be reached at 127.0.0.1:1 (bootstrap.servers)").then_some(())
    });
    worker.terminate();
    worker.ended().check(0, &[]);
}

#[test]
fn lines_run_through_and_a_restart_goes_on() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (_broker, bootstrap) = broker(dir.path());
    let file = worker_file(dir.path(), &bootstrap, "");
    let write = |name: &str, text: String| fs::write(dir.path().join(name), text).expect("written");
    // Two of the three forms of connector files.
    write(
        "source.properties",
        "name=in\nconnector.class=FileStreamSource\nfile=in.txt\ntopic=lines\n".to_owned(),
    );
    write(
        "sink.json",
        r#"{"name": "out", "config": {"connector.class": "FileStreamSink", "file": "out.txt", "topics": "lines"}, "x": 1}"#
            .to_owned(),
    );
    let mut input = String::new();
    for round in 1..=2 {
        input.push_str(&format!("round {round}\nis over\n"));
        write("in.txt", input.clone());
        let args = ["standalone", &file, "source.properties", "sink.json"];
        let mut worker = Program::spawn(dir.path(), &format!("worker{round}"), &args);
        let address = worker.printed(LISTENS);
        wait_for("health", || get(&address, "/health").filter(|(code, _)| *code == 200));
        let (_, names) = get(&address, "/connectors").expect("an answer");
        assert_eq!(names, r#"["in","out"]"#);
        let output = || fs::read_to_string(dir.path().join("out.txt")).ok();
        wait_for("the output", || output().filter(|text| text.len() >= input.len()));
        worker.terminate();
        let ended = worker.ended();
        ended.check(0, &[]);
        assert!(ended.stdout.contains("Kafka Connect stopped"), "{ended:?}");
        // Neither lost nor repeated: the source goes on where it was, and so does the sink.
        assert_eq!(output(), Some(input.clone()), "round {round}: {}", ended.stdout);
    }
}
