//! Requests that another worker of the group does.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::group::{FakeHerder, Leader, Member};
use super::http::{Reply, request};

const JSON: &str = "Content-Type: application/json\r\n";
const CONFLICT: &str = r#"{"error_code":409,"message":"Cannot complete request because of a conflicting operation (e.g. worker rebalance)"}"#;
const NO_LEADER: &str = r#"{"error_code":409,"message":"Cannot complete request momentarily due to no known leader URL, likely because a rebalance was underway."}"#;

async fn create(address: SocketAddr, query: &str) -> Reply {
    request(address, "POST", &format!("/connectors{query}"), JSON, r#"{"name":"c","config":{"a":1}}"#).await
}

#[tokio::test]
async fn the_leader_does_what_changes_something() {
    let leader = Member::leader().await;
    let follower = Member::follower(&leader).await;
    let body = r#"{"name":" s p ","config":{"a":1.50},"initial_state":"paused"}"#;
    let created = request(follower.address, "POST", "/connectors", JSON, body).await;
    let info = r#"{"name":"s p","config":{"a":"1.50","name":"s p"},"tasks":[],"type":"source"}"#;
    created.expect(201, info);
    assert_eq!(created.header("location"), ["http://localhost/connectors/s%20p"]);
    assert_eq!(created.header("content-type"), ["application/json"]);
    assert_eq!(leader.done(), ["put s p Some(Paused) false"]);

    let check = async |method: &str, path: &str, body: &str, expected: (u16, &str), done: &str| {
        request(follower.address, method, path, JSON, body).await.expect(expected.0, expected.1);
        assert_eq!((leader.done(), follower.done()), (vec![done.to_owned()], vec![]), "{method} {path}");
    };
    let named = r#"{"name":"n","config":{"name":"n"},"tasks":[],"type":"source"}"#;
    check("PUT", "/connectors/n/config", "{}", (201, named), "put n None true").await;
    check("PUT", "/connectors/n/config", "{}", (200, named), "put n None true").await;
    let patched = r#"{"name":"n","config":{"name":"n","b":null},"tasks":[],"type":"source"}"#;
    check("PATCH", "/connectors/n/config", r#"{"b":null}"#, (200, patched), "patch n").await;
    let offsets = r#"{"offsets":[{"partition":{"f":"x"},"offset":{"p":1}}]}"#;
    let changed = r#"{"message":"The offsets have been changed"}"#;
    check("PATCH", "/connectors/s%20p/offsets", offsets, (200, changed), "offsets s p Some(1)").await;
    check("DELETE", "/connectors/n/offsets", "", (200, changed), "offsets n None").await;
    check("PUT", "/connectors/n/stop", "", (204, ""), "stop n").await;
    check("POST", "/connectors/n/restart", "", (204, ""), "restart n").await;
    check("POST", "/connectors/n/tasks/7/restart", "", (204, ""), "restart task n-7").await;
    let plan = r#"{"name":"n","connector":{"state":"RESTARTING","worker_id":"leader:1","version":null},"tasks":[],"type":"source"}"#;
    for (query, done) in [
        ("includeTasks=true", "restart n onlyFailed=false includeTasks=true"),
        ("onlyFailed=TRUE&x=1", "restart n onlyFailed=true includeTasks=false"),
        ("onlyFailed=true&includeTasks=true", "restart n onlyFailed=true includeTasks=true"),
    ] {
        check("POST", &format!("/connectors/n/restart?{query}"), "", (202, plan), done).await;
    }
    check("DELETE", "/connectors/n;v=1/", "", (204, ""), "delete n").await;

    // What the leader refuses is refused in its words.
    let missing = r#"{"error_code":404,"message":"Connector zzz not found"}"#;
    check("DELETE", "/connectors/zzz", "", (404, missing), "delete zzz").await;
    check("PATCH", "/connectors/zzz/config", "{}", (404, missing), "patch zzz").await;
    let exists = r#"{"error_code":409,"message":"Connector n already exists"}"#;
    let again = r#"{"name":"n","config":{}}"#;
    check("POST", "/connectors", again, (409, exists), "put n None false").await;
}

#[tokio::test]
async fn requests_pass_two_workers_at_most() {
    let last = Member::leader().await;
    let third = Member::follower(&last).await;
    let second = Member::follower(&third).await;
    let first = Member::follower(&second).await;
    create(first.address, "").await.expect(409, CONFLICT);
    assert_eq!(create(second.address, "").await.status, 201);
    assert_eq!(last.done().len(), 1);
    // Two that take each other for the leader.
    last.follow(&third);
    create(third.address, "").await.expect(409, CONFLICT);
    create(third.address, "?forward=true").await.expect(409, CONFLICT);
    third.follow(&first);
    for query in ["?forward=false", "?forward=bad", "?forward=false&forward=true"] {
        create(last.address, query).await.expect(409, CONFLICT);
    }
}

#[tokio::test]
async fn without_a_leader_it_is_a_conflict() {
    let lost = Member::start(FakeHerder::new(Leader::Unknown)).await;
    for query in ["", "?forward=true"] {
        create(lost.address, query).await.expect(409, NO_LEADER);
    }
    create(lost.address, "?forward=false").await.expect(409, CONFLICT);
    let blank = Member::start(FakeHerder::new(Leader::At(" ".to_owned()))).await;
    create(blank.address, "").await.expect(409, NO_LEADER);
    assert_eq!((lost.done(), blank.done()), (vec![], vec![]));
}

async fn expect_failure(leader_url: String, reason: &str) {
    let follower = Member::start(FakeHerder::new(Leader::At(leader_url))).await;
    let reply = create(follower.address, "").await;
    let expected = format!(r#"{{"error_code":500,"message":"{reason}"#);
    assert!(reply.status == 500 && reply.body.starts_with(&expected), "{reply:?}");
}

#[tokio::test]
async fn a_leader_that_cannot_be_asked_is_an_error() {
    let gone = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("bound");
    let refused = format!("IO Error trying to forward REST request: http://{gone}: Connection refused");
    expect_failure(format!("http://{gone}/"), &refused).await;
    expect_failure("nowhere".to_owned(), "Error trying to forward REST request: nowhere").await;
    for (answer, reason) in [
        ("302 Found\r\nLocation: http://h/", "Unexpected status code when handling forwarded request: 302"),
        (
            "401 Unauthorized",
            "IO Error trying to forward REST request: the answer with status 401 is no JSON",
        ),
    ] {
        let (url, _) = tapped(format!("HTTP/1.1 {answer}\r\nContent-Length: 0\r\n\r\n")).await;
        expect_failure(url, reason).await;
    }
    let (url, _) = tapped("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"a\"".to_owned()).await;
    expect_failure(
        url.clone(),
        &format!("IO Error trying to forward REST request: {}: ", url.trim_end_matches('/')),
    )
    .await;
}

/// A worker that gives this answer to its first request, and what it was asked.
async fn tapped(answer: String) -> (String, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let heard = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a request");
        let mut heard = Vec::new();
        let complete = |heard: &[u8]| {
            let text = String::from_utf8_lossy(heard);
            let (head, body) = text.split_once("\r\n\r\n")?;
            let lower = head.to_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
            (body.len() >= length.map_or(0, |length| length.parse().expect("a length")))
                .then(|| text.to_string())
        };
        loop {
            if let Some(heard) = complete(&heard) {
                stream.write_all(answer.as_bytes()).await.expect("sent");
                return heard;
            }
            assert_ne!(stream.read_buf(&mut heard).await.expect("a request"), 0, "{heard:?}");
        }
    });
    (url, heard)
}

#[tokio::test]
async fn only_what_the_leader_needs_goes_along() {
    let refusal = r#"{"error_code":40901,"message":null}"#;
    let answer = format!("HTTP/1.1 409 Conflict\r\nContent-Length: {}\r\n\r\n{refusal}", refusal.len());
    let more = format!(
        "{JSON}Authorization: Basic YTpi\r\nX-Connect-Authorization: s\r\nX-Connect-Request-Signature-Algorithm: a\r\nCookie: k\r\n"
    );
    let check = async |method: &str, path: &str, body: &str, line: &str, content_type: bool| {
        let (url, heard) = tapped(answer.clone()).await;
        let follower = Member::start(FakeHerder::new(Leader::At(url.clone()))).await;
        request(follower.address, method, path, &more, body).await.expect(409, refusal);
        let heard = heard.await.expect("a request");
        let (head, sent) = heard.split_once("\r\n\r\n").expect("a head");
        let mut lines = head.lines();
        assert_eq!((lines.next(), sent), (Some(line), body), "{head}");
        let mut headers: Vec<String> = lines.map(str::to_lowercase).collect();
        headers.retain(|line| !line.starts_with("content-length: "));
        headers.sort();
        let host = format!("host: {}", url.trim_start_matches("http://").trim_end_matches('/'));
        let mut expected = vec!["accept: application/json", "authorization: basic ytpi", "connection: close"];
        expected.extend(content_type.then_some("content-type: application/json"));
        expected.extend([host.as_str(), "user-agent: kafka-connect"]);
        assert_eq!(headers, expected);
    };
    let body = r#"{"name":"c", "config":{"a":1.50}}"#;
    check("POST", "/connectors?x=1", body, "POST /connectors?forward=true HTTP/1.1", true).await;
    check(
        "POST",
        "/connectors/s%20p/restart?onlyFailed=x&includeTasks=True&y=2&forward=true",
        "",
        "POST /connectors/s%20p/restart?forward=false&includeTasks=true&onlyFailed=false HTTP/1.1",
        false,
    )
    .await;
}

fn file(name: &str) -> String {
    format!("{}/../aqueduct-kafka/testdata/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[tokio::test]
async fn leaders_may_speak_tls() {
    let (keys, trusted) = (file("keystore.p12"), file("truststore.jks"));
    let leader_properties = [
        ("listeners", "https://127.0.0.1:0"),
        ("listeners.https.ssl.keystore.location", keys.as_str()),
        ("listeners.https.ssl.keystore.password", "storepass"),
        ("listeners.https.ssl.truststore.location", trusted.as_str()),
        ("listeners.https.ssl.truststore.password", "storepass"),
        ("listeners.https.ssl.client.auth", "required"),
    ];
    let leader = Member::with_properties(&leader_properties, FakeHerder::new(Leader::Here)).await;
    let port = leader.address.port();
    let trust = [("ssl.truststore.location", trusted.as_str()), ("ssl.truststore.password", "storepass")];
    let identity = [("ssl.keystore.location", keys.as_str()), ("ssl.keystore.password", "storepass")];
    let any_host = [("ssl.endpoint.identification.algorithm", "")];
    let check = async |host: &str, settings: &[&[(&str, &str)]], prefix: &str, expected: Result<(), &str>| {
        let settings = settings.concat();
        let properties: Vec<(String, &str)> =
            settings.iter().map(|(key, value)| (format!("{prefix}{key}"), *value)).collect();
        let properties: Vec<(&str, &str)> =
            properties.iter().map(|(key, value)| (key.as_str(), *value)).collect();
        let herder = FakeHerder::new(Leader::At(format!("https://{host}:{port}/")));
        let follower = Member::with_properties(&properties, herder).await;
        let reply = request(follower.address, "PUT", "/connectors/c/stop", "", "").await;
        match expected {
            Ok(()) => reply.expect(204, ""),
            Err(reason) => assert!(reply.status == 500 && reply.body.contains(reason), "{reply:?}"),
        }
        assert_eq!(leader.done().len(), usize::from(expected.is_ok()), "{host} {properties:?}");
    };
    let io = "IO Error trying to forward REST request: https://";
    check("localhost", &[&trust, &identity], "", Ok(())).await;
    check("localhost", &[&trust, &identity], "listeners.https.", Ok(())).await;
    check("127.0.0.1", &[&trust, &identity, &any_host], "listeners.https.", Ok(())).await;
    // Another name, no certificate of its own, nobody to trust, no store.
    check("127.0.0.1", &[&trust, &identity], "", Err(io)).await;
    check("localhost", &[&trust], "", Err(io)).await;
    let missing = [("ssl.truststore.location", "/missing")];
    check("localhost", &[&missing], "", Err("Failed to start RestClient: ")).await;
}
