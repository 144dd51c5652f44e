//! What a worker writes into its log.

use std::fs;

use serde_json::Value;

use crate::program::{Program, broker, get, run, wait_for, worker_file};

const LISTENS: &str = "The REST API listens on ";

#[test]
fn connectors_have_files_and_fields_and_keep_their_secrets() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (_broker, bootstrap) = broker(dir.path());
    let worker = worker_file(
        dir.path(),
        &bootstrap,
        "aqueduct.log.connector.dir=logs\nproducer.ssl.key.password=hush",
    );
    fs::write(dir.path().join("in.txt"), "one\n").expect("written");
    for name in ["a", "b"] {
        let text = format!(
            "name={name}\nconnector.class=FileStreamSource\nfile=in.txt\ntopic=lines\ndb.password=hush\n"
        );
        fs::write(dir.path().join(format!("{name}.properties")), text).expect("written");
    }
    let args = ["standalone", "--log-format", "json", &worker, "a.properties", "b.properties"];
    let mut program = Program::spawn(dir.path(), "worker", &args);
    let address = program.printed(LISTENS);
    wait_for("a record", || {
        let (_, text) = get(&address, "/metrics")?;
        let series = r#"source_record_write_total{connector="b",task="0"} 1"#;
        text.contains(series).then_some(())
    });
    program.terminate();
    let ended = program.ended();
    ended.check(0, &[]);

    let parse = |line: &str| serde_json::from_str::<Value>(line).expect(line);
    let all: Vec<Value> = ended.stdout.lines().map(parse).collect();
    for name in ["a", "b"] {
        let path = dir.path().join("logs").join(format!("{name}.log"));
        let own: Vec<Value> = fs::read_to_string(path).expect("a log").lines().map(parse).collect();
        let expected: Vec<&Value> = all.iter().filter(|line| line["connector"] == name).collect();
        assert!(!own.is_empty() && own.iter().eq(expected), "{name}: {own:#?}");
        let running = own.iter().find(|line| line["message"] == "the task is running").expect("it ran");
        assert_eq!(running["task"], 0);
        assert_eq!(running["logger"], "org.apache.kafka.connect.runtime.WorkerTask");
    }
    assert!(all.iter().any(|line| line["connector"].is_null()), "{all:#?}");
    assert!(!ended.stdout.contains("hush"), "{}", ended.stdout);
}

#[test]
fn settings_of_the_log_are_checked() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let more = "aqueduct.log.connector.dir=logs\naqueduct.log.connector.max.bytes=few";
    let worker = worker_file(dir.path(), "127.0.0.1:1", more);
    let text = "Invalid value few for configuration aqueduct.log.connector.max.bytes";
    run(dir.path(), &["standalone", &worker]).check(2, &[text]);
}
