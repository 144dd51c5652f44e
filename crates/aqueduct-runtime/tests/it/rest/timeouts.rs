//! Requests that take longer than they may say what the worker is busy with.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aqueduct_runtime::rest::{Limits, RestServer};
use tokio::sync::Notify;

use super::group::{FakeHerder, Leader};
use super::http::{plan, request};

const JSON: &str = "Content-Type: application/json\r\n";

#[tokio::test]
async fn what_takes_too_long_says_what_it_waits_for() {
    let limits = Limits { request: Duration::from_millis(300), health: Duration::from_millis(100) };
    let plan = plan(&[], None).expect("a plan").with_limits(limits);
    let mut server = RestServer::open(plan).await.expect("free ports");
    let address = server.local_addresses().expect("bound")[0];
    server.start();
    let begun = Arc::new(Notify::new());
    server.set_herder(Arc::new(FakeHerder::new(Leader::Here).hanging(&begun)));
    let check = async |method: &str, path: &str, limit: Duration, begin: &str, end: &str| {
        let since = Instant::now();
        let (reply, ()) = tokio::join!(request(address, method, path, JSON, "{}"), begun.notified());
        assert!(since.elapsed() >= limit, "{path} was given up after {:?}", since.elapsed());
        let is_told = reply.body.starts_with(begin) && reply.body.ends_with(end);
        assert!(reply.status == 500 && is_told, "{path}: {reply:?}");
    };
    let busy = "The worker is currently";
    let health = format!(
        r#"{{"status":"unhealthy","message":"Worker was unable to handle this request and may be unable to handle other requests. {busy} waiting for the coordinator, which began at "#
    );
    check("GET", "/health", limits.health, &health, r#"."}"#).await;
    let config = format!(
        r#"{{"error_code":500,"message":"Request timed out. {busy} writing a config for connector c to the config topic, which began at "#
    );
    check("PUT", "/connectors/c/config", limits.request, &config, r#"."}"#).await;
    let validation = format!(
        r#"{{"error_code":500,"message":"Request timed out. {busy} performing multi-property validation for the connector, which began at "#
    );
    check("PUT", "/connector-plugins/x/config/validate", limits.request, &validation, r#"Z"}"#).await;
    // What needs nobody else is still told.
    assert_eq!(request(address, "GET", "/connectors", "", "").await.status, 200);
}
