//! `/metrics` of a worker that moves records.

use std::net::SocketAddr;
use std::sync::Arc;

use aqueduct_proto::state::State;
use aqueduct_runtime::rest::RestServer;
use aqueduct_testkit::{Call, EmbeddedCluster, Monitor, Trouble};
use serde_json::Value;

use super::super::setting::{CHANGED, cluster, expect, expect_committed, failing_for, plugins, sink, source};
use super::http::{Reply, get, request};

async fn serve(cluster: &EmbeddedCluster) -> (RestServer, SocketAddr) {
    let mut server = RestServer::bind(&[("127.0.0.1".to_owned(), 0)]).await.expect("a free port");
    let address = server.local_addresses().expect("bound")[0];
    server.start();
    server.set_metrics(Arc::new(cluster.standalone_herder().clone()));
    (server, address)
}

/// The value of a series, by its name and labels.
fn value(reply: &Reply, series: &str) -> Option<f64> {
    let line = |line: &str| line.strip_prefix(series)?.strip_prefix(' ')?.parse().ok();
    reply.body.lines().find_map(line)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_moves_is_counted() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let (_server, address) = serve(&cluster).await;
    cluster.create_running("in", source(&[("max.messages", "5")])).await;
    cluster.create_running("c", sink(&[])).await;
    expect_committed(&cluster, 5).await;
    let shows = async |series: &str, expected: f64| {
        let series = series.to_owned();
        expect(&format!("{series} is {expected}"), async || {
            value(&get(address, "/metrics").await, &series) == Some(expected)
        })
        .await;
    };
    let of_source =
        |name: &str| format!("kafka_connect_source_task_metrics_{name}{{connector=\"in\",task=\"0\"}}");
    let of_sink =
        |name: &str| format!("kafka_connect_sink_task_metrics_{name}{{connector=\"c\",task=\"0\"}}");
    shows(&of_source("source_record_poll_total"), 5.0).await;
    shows(&of_source("source_record_write_total"), 5.0).await;
    shows(&of_source("source_record_active_count"), 0.0).await;
    shows(&of_sink("sink_record_read_total"), 5.0).await;
    shows(&of_sink("sink_record_send_total"), 5.0).await;
    shows(&of_sink("sink_record_active_count"), 0.0).await;
    shows(&of_sink("partition_count"), 1.0).await;
    shows("kafka_connect_connect_worker_metrics_task_count", 2.0).await;
    shows("kafka_connect_connect_worker_metrics_connector_startup_success_total", 2.0).await;
    shows("kafka_connect_connect_worker_metrics_task_startup_success_total", 2.0).await;
    shows("kafka_connect_connect_worker_metrics_connector_running_task_count{connector=\"in\"}", 1.0).await;
    shows("kafka_connect_connector_metrics_status{connector=\"in\",status=\"running\"}", 1.0).await;
    let text = get(address, "/metrics").await;
    assert_eq!(text.header("content-type"), ["text/plain; version=0.0.4; charset=utf-8"]);
    let age = value(&text, "aqueduct_task_metrics_last_commit_age_ms{connector=\"c\",task=\"0\"}");
    assert!(age.is_some_and(|age| (0.0..60_000.0).contains(&age)), "{age:?}");
    assert!(value(&text, &of_sink("put_batch_max_time_ms")).is_some_and(|time| time > 0.0), "{text:?}");
    assert_eq!(request(address, "GET", "/metrics", "Accept: text/plain\r\n", "").await.status, 200);

    cluster.pause("in").await;
    shows("kafka_connect_connector_task_metrics_status{connector=\"in\",task=\"0\",status=\"paused\"}", 1.0)
        .await;
    cluster.delete("in").await;
    shows("kafka_connect_connect_worker_metrics_task_count", 1.0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_cannot_start_is_a_failure() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let (_server, address) = serve(&cluster).await;
    monitor.probe("e").fail(Call::Start, Trouble::Fatal, 1);
    cluster.create("e", source(&[])).await;
    cluster.expect_task("e", 0, State::Failed).await;
    let beans: Value = serde_json::from_str(&get(address, "/metrics?format=json").await.body).expect("JSON");
    let bean = |group: &str| -> Value {
        beans.as_array().into_iter().flatten().find(|bean| bean["type"] == group).cloned().unwrap_or_default()
    };
    let worker = bean("connect-worker-metrics");
    assert_eq!(worker["attributes"]["task-startup-attempts-total"], 1.0);
    assert_eq!(worker["attributes"]["task-startup-failure-percentage"], 1.0);
    let task = bean("connector-task-metrics");
    assert_eq!(task["tags"], serde_json::json!({ "connector": "e", "task": "0" }));
    assert_eq!(task["attributes"]["status"], "failed");
    assert_eq!(task["attributes"]["connector-type"], "source");
    assert_eq!(task["attributes"]["batch-size-max"], Value::Null);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_fail_are_counted() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::start(plugins(&monitor, failing_for("value-in-0-3"))).await;
    let (_server, address) = serve(&cluster).await;
    let tolerant = [("errors.tolerance", "all"), ("errors.log.enable", "true"), ("max.messages", "5")];
    cluster.create_running("in", source(&[&CHANGED, tolerant.as_slice()].concat())).await;
    let shows = async |name: &str, expected: f64| {
        let series = format!("kafka_connect_{name}{{connector=\"in\",task=\"0\"}}");
        expect(&format!("{series} is {expected}"), async || {
            value(&get(address, "/metrics").await, &series) == Some(expected)
        })
        .await;
    };
    shows("source_task_metrics_source_record_poll_total", 5.0).await;
    shows("source_task_metrics_source_record_write_total", 4.0).await;
    shows("source_task_metrics_source_record_active_count", 0.0).await;
    shows("task_error_metrics_total_record_errors", 1.0).await;
    shows("task_error_metrics_total_record_failures", 1.0).await;
    shows("task_error_metrics_total_records_skipped", 1.0).await;
    shows("task_error_metrics_total_errors_logged", 1.0).await;
    shows("task_error_metrics_total_retries", 0.0).await;
    let text = get(address, "/metrics").await;
    let transform = r#"kafka_connect_connector_transform_metrics_transform_class{connector="in",task="0",transform="change",transform_class="test.Changing"}"#;
    assert_eq!(value(&text, transform), Some(1.0), "{text:?}");
}
