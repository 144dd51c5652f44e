//! What workers of a group ask of each other.

use aqueduct_proto::session::{Algorithm, SessionKey, Signature, sign};
use aqueduct_runtime::rest::{BASIC_AUTH_EXTENSION, ClientError, RestClient};
use aqueduct_testkit::{EmbeddedCluster, Monitor};

use super::group::{FakeHerder, Leader, Member};
use super::http::{request, serve};

const TASKS: &str = "/connectors/c/tasks";
const FENCE: &str = "/connectors/c/fence";
const CONFIGS: &str = r#"[{"a":"1","b":2,"c":null},{}]"#;
const STORED: &str = r#"tasks c [[("a", Some("1")), ("b", Some("2")), ("c", None)], []]"#;

fn key() -> SessionKey {
    SessionKey { key: vec![7; 32], algorithm: "HmacSHA256".to_owned(), created_ms: 0 }
}

fn headers(Signature { signature, algorithm }: &Signature) -> String {
    format!("X-Connect-Authorization: {signature}\r\nX-Connect-Request-Signature-Algorithm: {algorithm}\r\n")
}

async fn signing(leader: Leader, key: Option<SessionKey>) -> Member {
    Member::start(FakeHerder::new(leader).signed(&["HmacSHA256", "HmacSHA1"], key)).await
}

#[tokio::test]
async fn signatures_come_before_the_connector() {
    let leader = signing(Leader::Here, Some(key())).await;
    let follower = signing(Leader::At(leader.url()), Some(key())).await;
    let new = signing(Leader::Here, None).await;
    let good = sign(&key(), Algorithm::Sha256, CONFIGS.as_bytes());
    let other_key = SessionKey { key: vec![8; 32], ..key() };
    let forged = sign(&other_key, Algorithm::Sha256, CONFIGS.as_bytes());
    let md5 = sign(&key(), Algorithm::Md5, CONFIGS.as_bytes());
    let check = async |member: &Member, more: &str, body: &str, status: u16, message: &str| {
        for (method, path) in [("POST", TASKS), ("PUT", FENCE), ("POST", "/connectors/zzz/tasks/")] {
            let reply = request(member.address, method, path, more, body).await;
            let expected = format!(r#"{{"error_code":{status},"message":"{message}"#);
            assert!(reply.status == status && reply.body.starts_with(&expected), "{path} {more} {reply:?}");
        }
        assert!(member.done().is_empty());
    };
    let missing = "Internal request missing required signature";
    for member in [&leader, &follower, &new] {
        check(member, "", CONFIGS, 400, missing).await;
        check(member, "X-Connect-Authorization: AA==\r\n", "[]", 400, missing).await;
        let unheard_of = Signature { algorithm: "HmacNothing".to_owned(), ..good.clone() };
        check(member, &headers(&unheard_of), CONFIGS, 400, "Algorithm HmacNothing not available").await;
        let unknown = "This worker does not support the 'HmacMD5' key signing algorithm";
        check(member, &headers(&md5), CONFIGS, 400, unknown).await;
        let coded = Signature { signature: "%".to_owned(), ..good.clone() };
        check(member, &headers(&coded), CONFIGS, 400, "Illegal base64 character 25").await;
        let cut = Signature { signature: "AAA".to_owned(), ..good.clone() };
        check(member, &headers(&cut), CONFIGS, 400, "Illegal base64 in the signature").await;
    }
    let invalid = r#"Internal request contained invalid signature."}"#;
    for member in [&leader, &follower] {
        check(member, &headers(&forged), CONFIGS, 403, invalid).await;
        check(member, &headers(&good), "[]", 403, invalid).await;
        check(member, &headers(&good), &format!("{CONFIGS} "), 403, invalid).await;
    }
    let starting = "This worker is still starting up and has not been able to read a session key";
    check(&new, &headers(&good), CONFIGS, 503, starting).await;
    // As in Java, what is no list of configurations is not even looked at.
    let reply = request(leader.address, "POST", TASKS, "", "no JSON").await;
    assert_eq!(reply.status, 500, "{reply:?}");
    // The follower takes the signature, and does not give it on: the leader misses it.
    let reply = request(follower.address, "POST", TASKS, &headers(&good), CONFIGS).await;
    reply.expect(400, &format!(r#"{{"error_code":400,"message":"{missing}"}}"#));
    assert!(leader.done().is_empty());
}

#[tokio::test]
async fn signed_requests_are_done() {
    let leader = signing(Leader::Here, Some(key())).await;
    let check = async |method: &str, path: &str, more: &str, body: &str, status: u16, done: &[&str]| {
        let signed = headers(&sign(&key(), Algorithm::Sha1, body.as_bytes()));
        let reply = request(leader.address, method, path, &format!("{signed}{more}"), body).await;
        assert_eq!(
            (reply.status, leader.done()),
            (status, done.iter().map(|&s| s.to_owned()).collect()),
            "{reply:?}"
        );
    };
    for content_type in ["", "Content-Type: application/json\r\n", "Content-Type: text/plain\r\n"] {
        check("POST", TASKS, content_type, CONFIGS, 204, &[STORED]).await;
        check("PUT", FENCE, content_type, "", 204, &["fence c"]).await;
    }
    for body in ["", "null", "{}", "[null]", r#"[{"a":{}}]"#, "[["] {
        check("POST", TASKS, "", body, 500, &[]).await;
    }
    let options = request(leader.address, "OPTIONS", FENCE, "", "").await;
    options.expect(200, "OPTIONS, PUT");
    assert_eq!(request(leader.address, "GET", FENCE, "", "").await.status, 405);
}

#[tokio::test]
async fn groups_without_signatures_forward_to_the_leader() {
    let leader = Member::leader().await;
    let follower = Member::follower(&leader).await;
    request(follower.address, "POST", TASKS, "", CONFIGS).await.expect(204, "");
    request(follower.address, "PUT", FENCE, "", "").await.expect(204, "");
    assert_eq!(leader.done(), [STORED, "fence c"]);
}

#[tokio::test]
async fn workers_ask_the_leader_themselves() {
    let leader = signing(Leader::Here, Some(key())).await;
    let client = RestClient::default();
    let body = CONFIGS.as_bytes().to_vec();
    let signature = sign(&key(), Algorithm::Sha256, &body);
    client.post_task_configs(&leader.url(), "c", body.clone(), Some(&signature)).await.expect("done");
    let fencing = sign(&key(), Algorithm::Sha256, b"");
    client.fence(&leader.url(), "s p", Some(&fencing)).await.expect("done");
    assert_eq!(leader.done(), [STORED, "fence s p"]);

    let refused = client.fence(&leader.url(), "c", Some(&signature)).await.expect_err("another body");
    assert_eq!(refused.status(), Some(403));
    assert_eq!(refused.to_string(), "Internal request contained invalid signature.");
    let unsigned = client.post_task_configs(&leader.url(), "c", body, None).await.expect_err("no signature");
    assert_eq!(unsigned.status(), Some(400));
    let nobody = client.fence("", "c", None).await.expect_err("no URL");
    assert!(matches!(nobody, ClientError::Request(_)) && nobody.status().is_none(), "{nobody}");
}

#[tokio::test]
async fn passwords_are_not_for_workers() {
    let dir = tempfile::tempdir().expect("a folder");
    let properties = [("rest.extension.classes", BASIC_AUTH_EXTENSION)];
    let served = serve(&properties, Some(&super::guard::jaas(&dir))).await;
    served.server.set_herder(std::sync::Arc::new(FakeHerder::new(Leader::Here)));
    let check = async |method: &str, path: &str, body: &str, status: u16| {
        assert_eq!(request(served.main[0], method, path, "", body).await.status, status, "{method} {path}");
    };
    check("POST", TASKS, "[]", 204).await;
    check("POST", "/connectors/c/tasks/", "[]", 204).await;
    check("PUT", FENCE, "", 204).await;
    check("GET", TASKS, "", 401).await;
    check("OPTIONS", FENCE, "", 401).await;
    check("POST", "/connectors/c/tasks/0/restart", "", 401).await;
    check("DELETE", "/connectors/c", "", 401).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_alone_has_nobody_to_ask_it() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::start(monitor.plugins()).await;
    let (_server, address) = cluster.serve_rest().await;
    let message = |what: &str| {
        format!(
            r#"{{"error_code":500,"message":"Kafka Connect in standalone mode does not support {what}."}}"#
        )
    };
    let tasks = request(address, "POST", TASKS, "", "[]").await;
    tasks.expect(500, &message("externally setting task configurations"));
    let fence = request(address, "PUT", FENCE, "", "").await;
    fence.expect(500, &message("exactly-once source connectors"));
}
