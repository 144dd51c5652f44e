//! `/metrics` of a worker that moves records.

use std::net::SocketAddr;
use std::sync::Arc;

use aqueduct_api::{
    ConfigDef, ConfigMap, MetricName, Origin, Plugin, PluginKind, PluginMetrics, Record, Result, Sensor,
    Stat, Transformation,
};
use aqueduct_proto::state::State;
use aqueduct_runtime::metrics::{Bean, Cluster, GroupSnapshot, figures};
use aqueduct_runtime::rest::RestServer;
use aqueduct_testkit::{Call, EmbeddedCluster, Monitor, Trouble};
use serde_json::{Value, json};

use super::super::setting::{
    CHANGED, CHANGING, cluster, expect, expect_committed, failing_for, plugins, sink, source,
};
use super::http::{Reply, get, request};

/// A transformation that counts with metrics of its own.
#[derive(Default)]
struct Counting(Option<Arc<dyn Sensor>>);

impl Transformation for Counting {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }

    fn configure(&mut self, _config: &ConfigMap) -> Result<()> {
        Ok(())
    }

    fn apply(&mut self, _record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        if let Some(sensor) = &self.0 {
            sensor.record(1.0);
        }
        Ok(true)
    }

    fn with_plugin_metrics(&mut self, metrics: Arc<dyn PluginMetrics>) {
        let sensor = metrics.add_sensor("seen").expect("the first");
        let name = MetricName::new("records-seen-total", "Records seen").with_tag("kind", "all");
        sensor.add(name, Stat::Count).expect("the first");
        self.0 = Some(sensor);
    }
}

fn counting() -> Plugin {
    let make = || Box::new(Counting::default()) as Box<dyn Transformation>;
    Plugin { class: CHANGING, version: "1", kind: PluginKind::Transformation(Arc::new(make)) }
}

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

/// A worker whose clients give figures each second, with a source and a sink that have moved five records.
async fn moved(monitor: &Monitor) -> EmbeddedCluster {
    let cluster = EmbeddedCluster::with(plugins(monitor, counting()))
        .property("metrics.sample.window.ms", "1000")
        .property("metrics.context.data-center", "north")
        .start()
        .await;
    let more = [("max.messages", "5")];
    cluster.create_running("in", source(&[&CHANGED, more.as_slice()].concat())).await;
    cluster.create_running("c", sink(&CHANGED)).await;
    expect_committed(&cluster, 5).await;
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_stages_and_plugins_have_figures() {
    let monitor = Monitor::new();
    let cluster = moved(&monitor).await;
    let (_server, address) = serve(&cluster).await;
    let shows = async |series: &str, tags: &str, holds: &(dyn Fn(f64) -> bool + Sync)| {
        let series = format!("{series}{{{tags}}}");
        expect(&series, async || value(&get(address, "/metrics").await, &series).is_some_and(holds)).await;
    };
    let some = |number: f64| number > 0.0;
    let producer = r#"client_id="connector-producer-in-0",data_center="north""#;
    shows("kafka_producer_producer_metrics_record_send_total", producer, &|sent| sent == 5.0).await;
    shows("kafka_producer_producer_metrics_outgoing_byte_total", producer, &some).await;
    shows("kafka_producer_producer_metrics_connection_count", producer, &some).await;
    shows("kafka_producer_producer_metrics_request_rate", producer, &|rate| !rate.is_nan()).await;
    let topic = r#"client_id="connector-producer-in-0",topic="topic",data_center="north""#;
    shows("kafka_producer_producer_topic_metrics_record_send_total", topic, &|sent| sent == 5.0).await;
    let consumer = r#"client_id="connector-consumer-c-0",data_center="north""#;
    let fetched = "kafka_consumer_consumer_fetch_manager_metrics";
    shows(&format!("{fetched}_records_consumed_total"), consumer, &|read| read == 5.0).await;
    shows(&format!("{fetched}_records_lag_max"), consumer, &|lag| lag == 0.0).await;
    shows("kafka_consumer_consumer_coordinator_metrics_assigned_partitions", consumer, &|held| held == 1.0)
        .await;
    let partition = r#"client_id="connector-consumer-c-0",topic="topic",partition="0",data_center="north""#;
    shows(&format!("{fetched}_records_lag"), partition, &|lag| lag == 0.0).await;
    shows(&format!("{fetched}_records_lead"), partition, &|lead| lead == 5.0).await;

    let stages = [
        ("in", ["poll", "transform", "convert", "send", "commit"]),
        ("c", ["poll", "convert", "transform", "put", "commit"]),
    ];
    for (connector, stages) in stages {
        for stage in stages {
            let tags = format!(r#"connector="{connector}",task="0",stage="{stage}",data_center="north""#);
            // A source commits when its interval is over, or when it ends.
            if (connector, stage) != ("in", "commit") {
                shows("aqueduct_task_metrics_stage_seconds_count", &tags, &some).await;
                let all = format!(r#"{tags},le="+Inf""#);
                shows("aqueduct_task_metrics_stage_seconds_bucket", &all, &some).await;
            }
        }
        let tags = format!(
            r#"connector="{connector}",task="0",transformation="change",kind="all",data_center="north""#
        );
        shows("kafka_connect_plugins_records_seen_total", &tags, &|seen| seen == 5.0).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beans_are_served_as_json() {
    let monitor = Monitor::new();
    let cluster = moved(&monitor).await;
    let (_server, address) = serve(&cluster).await;
    let reply = request(address, "GET", "/metrics", "Accept: application/json\r\n", "").await;
    assert_eq!(reply.header("content-type"), ["application/json"]);
    let beans: Value = serde_json::from_str(&reply.body).expect("JSON");
    let bean = |name: &str| {
        let found = beans.as_array().into_iter().flatten().find(|bean| bean["name"] == name);
        found.cloned().unwrap_or_else(|| panic!("no {name} in {beans:#}"))
    };
    let task = bean("kafka.connect:type=source-task-metrics,connector=in,task=0");
    assert_eq!(task["type"], "source-task-metrics");
    assert_eq!(task["tags"], json!({ "connector": "in", "task": "0" }));
    assert_eq!(task["attributes"]["source-record-poll-total"], 5.0);
    let stage = bean("aqueduct:type=aqueduct-task-metrics,connector=in,task=0,stage=send");
    let seconds = &stage["attributes"]["stage-seconds"];
    assert!(seconds["count"].as_u64().is_some_and(|count| count >= 1), "{seconds}");
    assert_eq!(seconds["buckets"]["60"], seconds["count"]);
    let worker = bean(r#"kafka.connect:type=app-info,client-id="127.0.0.1:8083""#);
    assert_eq!(worker["attributes"]["commit-id"], "26b251a451ce941d");
    assert_eq!(bean("kafka.connect:type=app-info")["attributes"]["version"], "4.3.1");
    let count = bean("kafka.connect:type=kafka-metrics-count")["attributes"]["count"].as_f64();
    assert!(count.is_some_and(|count| count > 100.0), "{count:?}");
    let text = get(address, "/metrics?format=prometheus").await;
    assert_eq!(text.header("content-type"), ["text/plain; version=0.0.4; charset=utf-8"]);
}

/// The guide names every series, and a worker in a group shows what one that stands alone cannot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_figure_is_in_the_guide() {
    let monitor = Monitor::new();
    let cluster = moved(&monitor).await;
    let group = GroupSnapshot {
        group_id: "workers".to_owned(),
        client_id: "connect-1".to_owned(),
        connect_protocol: "SESSIONED".to_owned(),
        leader_name: Some("http://h:8083/".to_owned()),
        epoch: 3,
        rebalancing: false,
        assigned_connectors: 1,
        assigned_tasks: 2,
        metrics: Arc::default(),
    };
    let of_cluster = Cluster { kafka_cluster_id: Some("id".to_owned()), group: Some(group) };
    let worker = cluster.standalone_herder().worker();
    let beans = || figures(worker, &of_cluster).beans;
    let has = |group: &str| beans().iter().any(|bean| bean.group == group);
    expect("clients have figures", async || has("producer-metrics") && has("consumer-node-metrics")).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/guide/metrics.md");
    let guide = std::fs::read_to_string(path).expect("the guide");
    let names = |text: &str| guide.contains(&format!("`{text}`"));
    let all = beans();
    for Bean { group, attributes, tags } in all.iter().filter(|bean| bean.group != "plugins") {
        assert!(names(group), "{group}");
        let user = |tag: &str| *group == "aqueduct-metrics-context" && tag == "data-center";
        let missing: Vec<_> = attributes.iter().map(|(name, _)| name).filter(|name| !names(name)).collect();
        assert!(missing.is_empty(), "{group}: {missing:?}");
        assert!(tags.iter().all(|(tag, _)| names(tag) || user(tag)), "{group}: {tags:?}");
    }
    let context = all.iter().find(|bean| bean.group == "aqueduct-metrics-context").expect("the context");
    let tags: Vec<_> = context.tags.iter().map(|(tag, value)| (tag.as_ref(), value.as_str())).collect();
    let expected =
        [("connect.kafka.cluster.id", "id"), ("connect.group.id", "workers"), ("data-center", "north")];
    assert_eq!(tags, expected);
}
