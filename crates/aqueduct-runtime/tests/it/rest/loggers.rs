//! `/admin/loggers`; the answers are those of a Java worker 4.3.1.

use std::sync::Arc;

use super::group::{FakeHerder, Leader, Member};
use super::http::{get, put, request, serve};

const SOURCE_TASK: &str = "org.apache.kafka.connect.runtime.WorkerSourceTask";

#[tokio::test]
async fn levels_are_shown_and_set() {
    let served = serve(&[], None).await;
    let address = served.main[0];
    let check_put = async |name: &str, body: &str, status, expected: &str| {
        put(address, &format!("/admin/loggers/{name}"), body).await.expect(status, expected);
    };
    get(address, "/admin/loggers/ROOT").await.expect(200, r#"{"level":"INFO","last_modified":null}"#);
    get(address, "/admin/loggers/noisy").await.expect(200, r#"{"level":"WARN","last_modified":null}"#);
    let missing = r#"{"error_code":404,"message":"Logger zzz not found."}"#;
    get(address, "/admin/loggers/zzz").await.expect(404, missing);

    check_put(SOURCE_TASK, r#"{"level":"debug"}"#, 200, &format!("[\"{SOURCE_TASK}\"]")).await;
    check_put(SOURCE_TASK, r#"{"level":"debug"}"#, 200, "[]").await;
    check_put("a.b", r#"{"level":"x"}"#, 404, r#"{"error_code":404,"message":"invalid log level 'x'."}"#)
        .await;
    check_put("a.b", r#"{"level":5}"#, 404, r#"{"error_code":404,"message":"invalid log level '5'."}"#).await;
    let unsaid = r#"{"error_code":400,"message":"Desired 'level' parameter was not specified in request."}"#;
    check_put("a.b", "{}", 400, unsaid).await;
    assert_eq!(put(address, "/admin/loggers/a.b", "").await.status, 500);
    check_put("a.b", r#"{"level":"warn"}"#, 200, r#"["a.b"]"#).await;
    // Nobody knows yet whether this worker is in a group.
    assert_eq!(put(address, "/admin/loggers/a?scope=cluster", r#"{"level":"fatal"}"#).await.status, 404);
    served.server.set_herder(Arc::new(FakeHerder::new(Leader::Unknown)));
    check_put("a?scope=Cluster", r#"{"level":"fatal"}"#, 204, "").await;
    let shown = get(address, "/admin/loggers/a.b").await;
    assert!(shown.body.starts_with(r#"{"level":"FATAL","last_modified":1"#), "{shown:?}");
    check_put("a.b", r#"{"level":"OFF"}"#, 200, r#"["a.b"]"#).await;
    let all = get(address, "/admin/loggers").await;
    assert!(all.body.contains(r#""a":{"level":"FATAL""#) && !all.body.contains(r#""a.b""#), "{all:?}");
    let changed = format!(r#"["a","a.b","noisy","{SOURCE_TASK}"]"#);
    check_put("ROOT?scope=foo", r#"{"level":"INFO"}"#, 200, &changed).await;

    let options = request(address, "OPTIONS", "/admin/loggers/x", "", "").await;
    options.expect(200, "HEAD, GET, OPTIONS, PUT");
    assert_eq!(request(address, "POST", "/admin/loggers", "", "").await.status, 405);
    served.server.shutdown().await;
}

#[tokio::test]
async fn the_level_of_a_group_is_set_when_it_is_read_back() {
    let member = Member::leader().await;
    let address = member.address;
    let before = get(address, "/admin/loggers/noisy").await.body;
    put(address, "/admin/loggers/noisy?scope=cluster", r#"{"level":"Debug"}"#).await.expect(204, "");
    assert_eq!(member.done(), ["level noisy Debug"]);
    get(address, "/admin/loggers/noisy").await.expect(200, &before);
    assert_eq!(put(address, "/admin/loggers/noisy?scope=cluster", r#"{"level":"x"}"#).await.status, 404);
    assert_eq!(put(address, "/admin/loggers/noisy?scope=worker", r#"{"level":"ERROR"}"#).await.status, 200);
    assert!(member.done().is_empty());
}

#[tokio::test]
async fn administrators_may_have_listeners_of_their_own_or_none() {
    let apart = serve(&[("admin.listeners", "http://127.0.0.1:0")], None).await;
    let not_found = r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#;
    get(apart.main[0], "/admin/loggers/root").await.expect(404, not_found);
    get(apart.admin[0], "/admin/loggers/root").await.expect(200, r#"{"level":"INFO","last_modified":null}"#);
    get(apart.admin[0], "/health").await.expect(404, not_found);
    assert!(!get(apart.main[0], "/openapi.json").await.body.contains("/admin/loggers"));
    let none = serve(&[("admin.listeners", "")], None).await;
    assert!(none.admin.is_empty());
    get(none.main[0], "/admin/loggers/root").await.expect(404, not_found);
}
