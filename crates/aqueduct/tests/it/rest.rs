//! The REST API of the program: TLS, passwords, and a log that follows `/admin/loggers`.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use crate::program::{Program, broker, get, wait_for, worker_file};

const LISTENS: &str = "The REST API listens on ";

fn put_level(address: &str, logger: &str, level: &str) -> String {
    let body = format!("{{\"level\":\"{level}\"}}");
    let mut stream = TcpStream::connect(address).expect("a server");
    write!(
        stream,
        "PUT /admin/loggers/{logger} HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn the_log_follows_levels() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (_broker, bootstrap) = broker(dir.path());
    let file = worker_file(dir.path(), &bootstrap, "");
    fs::write(dir.path().join("in.txt"), "one\n").expect("written");
    fs::write(
        dir.path().join("c.properties"),
        "name=c\nconnector.class=FileStreamSource\nfile=in.txt\ntopic=t\n",
    )
    .expect("written");
    let mut worker = Program::spawn(dir.path(), "worker", &["standalone", &file, "c.properties"]);
    let address = worker.printed(LISTENS);
    wait_for("health", || get(&address, "/health").filter(|(code, _)| *code == 200));
    let says = |what: &str| wait_for(what, || worker.stdout().contains(what).then_some(()));
    says("\"GET /health HTTP/1.1\" 200");
    says("INFO [c|worker] ");
    says("INFO [c|task-0] ");
    assert!(!worker.stdout().contains(" DEBUG "), "{}", worker.stdout());
    let answer = put_level(&address, "org.apache.kafka.connect", "TRACE");
    assert!(answer.contains("org.apache.kafka.connect.runtime.WorkerSourceTask"), "{answer}");
    put_level(&address, "org.apache.kafka.connect.runtime.rest.RestServer", "OFF");
    assert_eq!(get(&address, "/connectors/c/tasks/0/status").map(|(code, _)| code), Some(200));
    // The source's offsets are stored when it stops: its module says so at this level.
    worker.terminate();
    let ended = worker.ended();
    ended.check(0, &[]);
    assert!(
        ended.stdout.contains("DEBUG [c|task-0] stored the offsets of acknowledged records"),
        "{ended:?}"
    );
    assert!(!ended.stdout.contains("/connectors/c/tasks/0/status"), "{ended:?}");
}

#[test]
fn https_with_passwords() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let (_broker, bootstrap) = broker(dir.path());
    let tls =
        |name: &str| -> PathBuf { [env!("CARGO_MANIFEST_DIR"), "testdata", "tls", name].iter().collect() };
    let write = |name: &str, text: String| {
        let path = dir.path().join(name);
        fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let read = |name: &str| fs::read_to_string(tls(name)).expect("there");
    let store = write("store.pem", read("plain.key") + &read("chain.pem"));
    let users = write("users", "anna=s e\n".to_owned());
    let module = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule";
    let jaas = write("jaas", format!("KafkaConnect {{ {module} required file=\"{users}\"; }};"));
    let more = format!(
        "listeners=https://127.0.0.1:0\nlisteners.https.ssl.keystore.type=PEM\nlisteners.https.ssl.keystore.location={store}\n\
         rest.extension.classes=org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension"
    );
    let file = worker_file(dir.path(), &bootstrap, &more);
    let mut command = Command::new(env!("CARGO_BIN_EXE_aqueduct"));
    command
        .args(["standalone", &file])
        .env("KAFKA_OPTS", format!("-Xmx1g -Djava.security.auth.login.config={jaas}"));
    let mut worker = Program::spawn_command(dir.path(), "worker", command);
    let address = worker.printed(LISTENS);
    let port = address.rsplit_once(':').expect("a port").1;
    let list = |user: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aqueduct"));
        let url = format!("https://{user}localhost:{port}");
        command.args(["connector", "list", "--url", &url]).env("SSL_CERT_FILE", tls("ca.pem"));
        Program::spawn_command(dir.path(), "list", command).ended()
    };
    let good = wait_for("a list", || Some(list("anna:s%20e@")).filter(|ended| ended.code == Some(0)));
    assert!(good.stdout.contains("There are no connectors."), "{good:?}");
    list("").check(1, &["401"]);
    list("anna:wrong@").check(1, &["401"]);
    worker.terminate();
    worker.ended().check(0, &[]);
}

#[test]
fn a_worker_that_cannot_be_guarded_does_not_start() {
    let dir = tempfile::tempdir().expect("a temporary folder");
    let check = |more: &str, texts: &[&str]| {
        let file = worker_file(dir.path(), "127.0.0.1:1", more);
        crate::program::run(dir.path(), &["standalone", &file]).check(2, texts);
    };
    check("rest.extension.classes=a.B", &["rest.extension.classes: a.B is not available here"]);
    check("listeners=https://127.0.0.1:0", &["set ssl.keystore.location"]);
    check("access.control.allow.origin=(", &["access.control.allow.origin"]);
}
