//! Arguments and files that make no sense.

use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::program::{Program, run, worker_file};

#[test]
fn arguments_without_sense_end_with_1() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    for args in [&[][..], &["nonsense"], &["standalone"], &["dev", "--exit"], &["broker", "--listen", "9092"]]
    {
        let ended = run(dir.path(), args);
        assert_eq!(ended.code, Some(1), "{args:?}: {ended:?}");
        assert!(!ended.stderr.is_empty(), "{args:?}");
    }
    let version = run(dir.path(), &["--version"]);
    version.check(0, &[]);
    assert!(version.stdout.contains("Kafka Connect 4."), "{version:?}");
    run(dir.path(), &["standalone", "--help"]).check(0, &[]);
}

#[test]
fn the_scripts_take_what_kafkas_take() {
    check_script("connect-standalone.sh", &["missing.properties", "c.json"], "connectStandalone.out");
    check_script("connect-distributed.sh", &["missing.properties"], "connectDistributed.out");
}

fn check_script(name: &str, args: &[&str], out: &str) {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let script = |args: &[&str]| {
        let mut command = Command::new(format!("{}/../../bin/{name}", env!("CARGO_MANIFEST_DIR")));
        command
            .args(args)
            .env("AQUEDUCT_BIN", env!("CARGO_BIN_EXE_aqueduct"))
            .env("LOG_DIR", dir.path().join("logs"));
        Program::spawn_command(dir.path(), "script", command).ended()
    };
    script(&[]).check(1, &["USAGE:"]);
    script(&["-daemon"]).check(1, &["USAGE:"]);
    script(&["--help"]).check(1, &["USAGE:"]);
    script(args).check(2, &["missing.properties"]);
    script(&["-daemon", "missing.properties"]).check(0, &[]);
    let log = dir.path().join("logs").join(out);
    crate::program::wait_for("the daemon's log", || {
        fs::read_to_string(&log).ok().filter(|text| text.contains("missing.properties"))
    });
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let file = dir.path().join("worker.properties");
    let path = file.display().to_string();
    let standalone = || run(dir.path(), &["standalone", &path]);
    standalone().check(2, &["Could not read", &path]);
    fs::write(&file, "a=b\n\nc=\\u12\n").expect("written");
    standalone().check(2, &[&path, "line 3"]);
    fs::write(&file, "key.converter=x\n").expect("written");
    standalone().check(2, &[&path, "bootstrap.servers"]);
    worker_file(dir.path(), "127.0.0.1:1", "listeners=ftp://h:1");
    standalone().check(2, &[&path, "Listener protocol must be either \"http\" or \"https\"."]);
}

#[test]
fn a_port_in_use_is_named() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("bound").to_string();
    let worker = worker_file(dir.path(), "127.0.0.1:1", &format!("listeners=http://{address}"));
    run(dir.path(), &["standalone", &worker]).check(2, &[&address, "in use"]);
    run(dir.path(), &["broker", "--listen", &address]).check(2, &[&address, "in use"]);
    let port = taken.local_addr().expect("bound").port().to_string();
    run(dir.path(), &["dev", "--broker-port", &port]).check(2, &["--broker-port", "in use"]);
}
