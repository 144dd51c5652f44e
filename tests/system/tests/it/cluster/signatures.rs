//! What workers ask of each other is signed with a key that the leader makes, and makes anew.

use std::process::Command;

use serde_json::{Value, json};
use xtask::oracle::live;
use xtask::oracle::wire::Record;
use xtask::oracle::worker::Program;

use super::group::{Group, source};
use super::requests::json_request;
use crate::rest::exchange::{self, Request};
use crate::stage::{Kafka, ours};
use crate::waiting::{tell, until};

const KEY: &str = "session-key";
const ALGORITHM: &str = "HmacSHA256";
const KEY_TTL_MS: i64 = 4_000;

#[test]
fn requests_between_workers_are_signed() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    scene(&kafka, "signed", [ours(), ours()]);
    rotation(&kafka, "rotated", [ours(), ours()]);
}

/// RB-09: each kind of signature, to the leader and to a follower.
pub(super) fn scene(kafka: &Kafka, name: &str, programs: [Program; 2]) {
    let mut group = Group::start(kafka, name, &[], &programs);
    group.put(0, "signed", &source(&format!("{name}-topic"), 2, 5));
    group.balanced();
    let mut task = group.get(0, "/connectors/signed/tasks")[1]["config"].clone();
    task["throughput"] = json!("7");
    let body = json!([task]).to_string();
    let key = key(&keys(&mut group).pop().expect("the leader has made a key"));
    let good = signature(&key, &body);
    let unsupported = "This worker does not support the 'HmacMD5' key signing algorithm used by other workers. This \
        worker is currently configured to use: [HmacSHA256]. Check that all workers' configuration files permit the same \
        set of signature algorithms, and correct any misconfigured worker and restart it.";
    let missing = "Internal request missing required signature";
    for (index, connector, headers, status, message) in [
        (0, "signed", None, 400, missing),
        (1, "signed", None, 400, missing),
        (0, "nobody", None, 400, missing),
        (0, "signed", Some((good.as_str(), "HmacMD5")), 400, unsupported),
        (0, "signed", Some(("bm9wZQ==", ALGORITHM)), 403, "Internal request contained invalid signature."),
        (1, "signed", Some(("bm9wZQ==", ALGORITHM)), 403, "Internal request contained invalid signature."),
        (0, "nobody", Some((good.as_str(), ALGORITHM)), 404, "Connector nobody not found"),
        // What a follower passes on is no longer signed.
        (1, "signed", Some((good.as_str(), ALGORITHM)), 400, missing),
    ] {
        let answer = submit(&group, index, connector, headers, &body);
        let text: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        assert_eq!(
            (answer.status, text["message"].as_str()),
            (status, Some(message)),
            "{headers:?} to {index} for {connector}"
        );
    }
    let answer = fence(&group, 0, "signed", None);
    assert!(answer.status == 400 && answer.body.contains(missing), "{answer:?}");
    let answer = fence(&group, 0, "nobody", Some(&key));
    assert!(answer.status == 404 && answer.body.contains("Connector nobody not found"), "{answer:?}");

    // The good one: a single task, which the leader writes down.
    let end = group.config_end();
    let answer = submit(&group, 0, "signed", Some((&good, ALGORITHM)), &body);
    assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{answer:?}");
    let written: Vec<(String, Value)> = group
        .configs_from(end)
        .iter()
        .take(2)
        .map(|record| (record.key_text(), serde_json::from_str(&record.value_text()).unwrap()))
        .collect();
    let expected = [
        ("task-signed-0".to_owned(), json!({"properties": task})),
        ("commit-signed".to_owned(), json!({"tasks": 1})),
    ];
    assert_eq!(written, expected);
}

/// RB-10: a new key whenever the old one is too old, and each once, though there are two workers.
pub(super) fn rotation(kafka: &Kafka, name: &str, programs: [Program; 2]) {
    let ttl = KEY_TTL_MS.to_string();
    let mut group = Group::start(kafka, name, &[("inter.worker.key.ttl.ms", ttl.as_str())], &programs);
    group.put(1, "steady", &source(&format!("{name}-topic"), 1, 5));
    let mut all = Vec::new();
    until("there have been four keys", || {
        all = keys(&mut group);
        all.len() >= 4
    });
    let made: Vec<i64> =
        all.iter().map(|record| key(record)["creation-timestamp"].as_i64().unwrap()).collect();
    for pair in made.windows(2) {
        let age = pair[1] - pair[0];
        assert!((KEY_TTL_MS..2 * KEY_TTL_MS).contains(&age), "a key lived for {age} ms: {made:?}");
    }
    let mut texts: Vec<String> = all.iter().map(|record| key(record)["key"].to_string()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), all.len(), "no key is used twice");
    for record in &all {
        let key = key(record);
        let fields: Vec<&String> = key.as_object().unwrap().keys().collect();
        assert_eq!(fields.len(), 3, "{key}");
        assert_eq!(key["algorithm"], ALGORITHM);
        // 32 bytes.
        assert_eq!(key["key"].as_str().map(str::len), Some(44), "{key}");
    }
    // The newest key is the one in force.
    group.put(1, "steady", &source(&format!("{name}-topic"), 3, 5));
    group.balanced();
    tell(&format!("{name}: {} keys, each {KEY_TTL_MS} ms old when the next came", all.len()));
}

/// All keys that have been written.
pub(super) fn keys(group: &mut Group) -> Vec<Record> {
    group.configs_from(0).into_iter().filter(|record| record.key_text() == KEY).collect()
}

/// The JSON of a record with a key.
pub(super) fn key(record: &Record) -> Value {
    serde_json::from_str(&record.value_text()).unwrap()
}

/// A signature by Python's hand.
pub(super) fn signature(key: &Value, body: &str) -> String {
    let script = "import base64, hashlib, hmac, sys\n\
        key = base64.b64decode(sys.argv[1])\n\
        print(base64.b64encode(hmac.new(key, sys.argv[2].encode(), hashlib.sha256).digest()).decode())";
    let key = key["key"].as_str().unwrap();
    let output =
        Command::new("python3").args(["-c", script, key, body]).output().expect("python3 can be run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Asks for the fencing of a connector's old tasks, signed with a key or not at all.
pub(super) fn fence(group: &Group, index: usize, connector: &str, key: Option<&Value>) -> exchange::Response {
    let headers = key.map(|key| signed(&signature(key, ""), ALGORITHM).to_vec()).unwrap_or_default();
    let path = format!("/connectors/{connector}/fence");
    send(group, index, &Request { method: "PUT", path, headers, body: None })
}

fn signed(signature: &str, algorithm: &str) -> [(&'static str, String); 2] {
    [
        ("X-Connect-Authorization", signature.to_owned()),
        ("X-Connect-Request-Signature-Algorithm", algorithm.to_owned()),
    ]
}

/// Sends task configurations as a worker would.
fn submit(
    group: &Group,
    index: usize,
    connector: &str,
    signature: Option<(&str, &str)>,
    body: &str,
) -> exchange::Response {
    let mut request = json_request("POST", &format!("/connectors/{connector}/tasks"), body);
    if let Some((signature, algorithm)) = signature {
        request.headers.extend(signed(signature, algorithm));
    }
    send(group, index, &request)
}

fn send(group: &Group, index: usize, request: &Request) -> exchange::Response {
    let mut answer = None;
    until("the request is served", || {
        let last = exchange::send(group.cluster.port(index), request).unwrap();
        let served = last.status != 409;
        answer = Some(last);
        served
    });
    answer.expect("it was served")
}
