//! Client commands against a worker of ours.

use std::fs;
use std::path::Path;

use crate::program::{Ended, Program, run, wait_for};

struct Dev {
    _program: Program,
    url: String,
    bootstrap: String,
}

impl Dev {
    fn start(dir: &Path) -> Self {
        let args = ["dev", "--rest-port", "0", "--broker-port", "0", "--data-dir", "data"];
        let mut program = Program::spawn(dir, "dev", &args);
        let url = program.printed("REST    ");
        let bootstrap = program.printed("Kafka   ");
        Self { _program: program, url, bootstrap }
    }
}

#[test]
fn connectors_are_made_watched_and_changed() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let dev = Dev::start(dir.path());
    let connector =
        |args: &[&str]| -> Ended { run(dir.path(), &[&["connector", "--url", &dev.url], args].concat()) };
    let shows = |args: &[&str], texts: &[&str]| {
        let ended = connector(args);
        ended.check(0, &[]);
        for text in texts {
            assert!(ended.stdout.contains(text), "no `{text}` in {ended:?}");
        }
    };
    shows(&["list"], &["There are no connectors."]);
    let source = "name=c 1\nconnector.class=FileStreamSource\nfile=in.txt\ntopic=t\n";
    fs::write(dir.path().join("c.properties"), source).expect("written");
    fs::write(dir.path().join("in.txt"), "one\ntwo\n").expect("written");
    shows(&["validate", "c.properties"], &["The configuration is valid."]);
    shows(&["create", "c.properties"], &["c 1 created"]);
    connector(&["create", "c.properties"]).check(1, &["Connector c 1 already exists (HTTP 409)"]);
    shows(&["create", "--replace", "c.properties"], &["c 1 replaced"]);
    wait_for("a running task", || {
        let status = connector(&["status", "c 1"]);
        (status.stdout.matches("RUNNING").count() == 2).then_some(())
    });
    shows(&["list"], &["NAME", "c 1", "source", "1/1 running", "FileStreamSource"]);
    shows(&["get", "c 1"], &["file=in.txt\n", "topic=t\n"]);
    shows(&["--output", "json", "get", "c 1"], &["\"type\": \"source\""]);
    shows(&["pause", "c 1"], &["c 1 will pause"]);
    wait_for("a paused task", || {
        (connector(&["status", "c 1"]).stdout.matches("PAUSED").count() == 2).then_some(())
    });
    shows(&["resume", "c 1"], &["c 1 will run"]);
    shows(&["restart", "c 1"], &["c 1 restarts"]);
    shows(&["restart", "c 1", "--include-tasks"], &["RESTARTING"]);
    shows(&["stop", "c 1"], &["c 1 will stop"]);
    shows(&["delete", "c 1"], &["c 1 deleted"]);
    connector(&["status", "c 1"]).check(1, &["No status found for connector c 1 (HTTP 404)"]);

    fs::write(dir.path().join("bad.json"), r#"{"name": "b", "connector.class": "FileStreamSource"}"#)
        .expect("written");
    let bad = connector(&["validate", "bad.json"]);
    bad.check(1, &["bad.json has an error"]);
    assert!(bad.stdout.contains("topic"), "{bad:?}");

    let tail = ["topic", "tail", "t", "--bootstrap", &dev.bootstrap, "--from-beginning", "-n", "2"];
    let records = run(dir.path(), &tail);
    records.check(0, &[]);
    assert_eq!(records.stdout, "0:0\tnull\t\"one\"\n0:1\tnull\t\"two\"\n");

    let json = run(dir.path(), &[&tail[..], &["--output", "json"]].concat());
    assert!(json.stdout.starts_with(r#"{"partition":0,"offset":0,"timestamp":"#), "{json:?}");
    run(dir.path(), &["topic", "tail", "nope", "--bootstrap", &dev.bootstrap])
        .check(1, &["there is no topic nope at"]);

    let plugins = run(dir.path(), &["plugins", "--url", &dev.url]);
    plugins.check(0, &[]);
    assert!(plugins.stdout.contains("org.apache.kafka.connect.transforms.Cast$Key"), "{plugins:?}");
    let keys = run(dir.path(), &["plugins", "FileStreamSink", "--url", &dev.url]);
    assert!(keys.stdout.contains("file"), "{keys:?}");
}

#[test]
fn nobody_there_is_said_with_the_url() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let list = |url: &str| run(dir.path(), &["connector", "list", "--url", url]);
    list("http://127.0.0.1:1").check(1, &["no worker could be reached at http://127.0.0.1:1"]);
    list("127.0.0.1:1").check(1, &["`127.0.0.1:1` is no URL"]);
}
