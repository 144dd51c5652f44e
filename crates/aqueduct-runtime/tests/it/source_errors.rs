//! Source tasks whose records fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aqueduct_api::data::java_text::value_text;
use aqueduct_api::{Error, Plugin, SourceRecord};
use aqueduct_broker::{ApiKey, Fault, ResponseError};
use aqueduct_proto::state::State;
use aqueduct_testkit::{EmbeddedCluster, Monitor, values};

use super::setting::{
    CHANGED, TOPIC, changing, cluster, expect_saved, failing_for, plugins, saved, source, source_values,
};

const TOLERANT: (&str, &str) = ("errors.tolerance", "all");

fn with(more: &[(&'static str, &'static str)]) -> aqueduct_api::ConfigMap {
    let all: Vec<_> =
        [("max.messages", "8"), ("messages.per.poll", "8")].iter().chain(more).copied().collect();
    source(&all)
}

fn changed(more: &[(&'static str, &'static str)]) -> aqueduct_api::ConfigMap {
    with(&[&CHANGED, more].concat())
}

fn skipped(cluster: &EmbeddedCluster) -> u64 {
    let metrics = cluster.standalone_herder().worker().task_metrics();
    metrics.iter().map(|(_, metrics)| metrics.records_skipped.load(Ordering::Relaxed)).sum()
}

/// Checks that the task has failed at record 4 with this text, and that the records before it count.
async fn check_failed_at_4(cluster: &EmbeddedCluster, text: &str) {
    let trace = cluster.expect_task("c", 0, State::Failed).await.expect("a trace");
    assert!(trace.contains(text), "{trace}");
    assert_eq!(values(&cluster.kafka().records(TOPIC).await), source_values(1..=3));
    assert_eq!(saved(cluster, "c").await, Some(3));
}

/// Checks that all but record 4 have arrived, that the task goes on, and has heard of it.
async fn check_skipped_4(cluster: &EmbeddedCluster, monitor: &Monitor) {
    let found = values(&cluster.kafka().expect_records(TOPIC, 7).await);
    assert_eq!(found, source_values([1, 2, 3, 5, 6, 7, 8]));
    expect_saved(cluster, "c", 8).await;
    assert_eq!(monitor.probe("c").dropped(), [(0, 4)]);
    assert_eq!(skipped(cluster), 1);
    cluster.expect_tasks("c", 1, State::Running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_record_fails_the_task_behind_the_records_before_it() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::start(plugins(&monitor, failing_for("value-c-0-4"))).await;
    cluster.create("c", changed(&[])).await;
    check_failed_at_4(&cluster, "Tolerance exceeded in error handler").await;
    check_failed_at_4(&cluster, "Caused by: org.apache.kafka.connect.errors.DataException: value-c-0-4")
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_record_is_left_out_where_that_is_tolerated() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::start(plugins(&monitor, failing_for("value-c-0-4"))).await;
    cluster.create("c", changed(&[TOLERANT])).await;
    check_skipped_4(&cluster, &monitor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_record_is_no_failure() {
    let monitor = Monitor::new();
    let drop_4 = changing(|record| Ok((value_text(&record.value) != "value-c-0-4").then_some(record)));
    let cluster = EmbeddedCluster::start(plugins(&monitor, drop_4)).await;
    cluster.create("c", changed(&[])).await;
    cluster.kafka().expect_records(TOPIC, 7).await;
    expect_saved(&cluster, "c", 8).await;
    assert_eq!((monitor.probe("c").dropped(), skipped(&cluster)), (vec![(0, 4)], 0));
}

/// A transformation that can't take record 4 for the first `times`; and how often it was tried.
fn retriable_at_4(times: usize) -> (Plugin, Arc<AtomicUsize>) {
    let attempts = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&attempts);
    let plugin = changing(move |record| {
        if value_text(&record.value) == "value-c-0-4" && counter.fetch_add(1, Ordering::SeqCst) < times {
            return Err(Error::retriable("not yet"));
        }
        Ok(Some(record))
    });
    (plugin, attempts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_is_tried_again_as_long_as_the_user_allows() {
    let monitor = Monitor::new();
    let (plugin, attempts) = retriable_at_4(3);
    let cluster = EmbeddedCluster::start(plugins(&monitor, plugin)).await;
    cluster
        .create("c", changed(&[("errors.retry.timeout", "-1"), ("errors.retry.delay.max.ms", "20")]))
        .await;
    assert_eq!(values(&cluster.kafka().expect_records(TOPIC, 8).await), source_values(1..=8));
    assert_eq!(attempts.load(Ordering::SeqCst), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retries_come_to_an_end() {
    let monitor = Monitor::new();
    let (plugin, attempts) = retriable_at_4(usize::MAX);
    let cluster = EmbeddedCluster::start(plugins(&monitor, plugin)).await;
    cluster
        .create("c", changed(&[("errors.retry.timeout", "200"), ("errors.retry.delay.max.ms", "20")]))
        .await;
    check_failed_at_4(&cluster, "Caused by: org.apache.kafka.connect.errors.RetriableException: not yet")
        .await;
    assert!(attempts.load(Ordering::SeqCst) > 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_retry_timeout_the_first_failure_counts() {
    let monitor = Monitor::new();
    let (plugin, attempts) = retriable_at_4(usize::MAX);
    let cluster = EmbeddedCluster::start(plugins(&monitor, plugin)).await;
    cluster.create("c", changed(&[TOLERANT])).await;
    check_skipped_4(&cluster, &monitor).await;
    assert_eq!(attempts.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_being_tried_again_does_not_hold_up_the_stop() {
    let monitor = Monitor::new();
    let (plugin, attempts) = retriable_at_4(1);
    let cluster = EmbeddedCluster::start(plugins(&monitor, plugin)).await;
    cluster.create("c", changed(&[("errors.retry.timeout", "-1")])).await;
    aqueduct_testkit::eventually("record 4 was tried", || {
        (attempts.load(Ordering::SeqCst) > 0).then_some(())
    })
    .await;
    let since = Instant::now();
    cluster.stop("c").await;
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    assert_eq!(saved(&cluster, "c").await, Some(3));
    cluster.resume("c").await;
    assert_eq!(values(&cluster.kafka().expect_records(TOPIC, 8).await), source_values(1..=8));
}

fn at_4(
    change: impl Fn(&mut SourceRecord) + Send + Sync + 'static,
) -> impl Fn(SourceRecord) -> SourceRecord + Send + Sync {
    move |mut record| {
        if value_text(&record.record.value) == "value-c-0-4" {
            change(&mut record);
        }
        record
    }
}

fn grow(record: &mut SourceRecord) {
    record.record.value = "x".repeat(2 << 20).into();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_too_large_fails_the_task() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    monitor.probe("c").change_records(at_4(grow));
    cluster.create("c", with(&[])).await;
    check_failed_at_4(&cluster, "max.request.size").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_is_too_large_is_left_out_where_that_is_tolerated() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    monitor.probe("c").change_records(at_4(grow));
    cluster.create("c", with(&[TOLERANT])).await;
    check_skipped_4(&cluster, &monitor).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_before_time_fails_the_task_whatever_is_tolerated() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    monitor.probe("c").change_records(at_4(|record| record.record.timestamp = Some(-5)));
    cluster.create("c", with(&[TOLERANT])).await;
    check_failed_at_4(&cluster, "Invalid record timestamp -5").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_refuses_fails_the_task() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    cluster.faults().inject(Fault::fail(ApiKey::Produce, ResponseError::TopicAuthorizationFailed).times(1));
    cluster.create("c", with(&[])).await;
    let trace = cluster.expect_task("c", 0, State::Failed).await.expect("a trace");
    assert!(trace.contains("Unrecoverable exception from producer send callback"), "{trace}");
    assert_eq!(saved(&cluster, "c").await, None);
    cluster.restart_task("c", 0).await;
    assert_eq!(values(&cluster.kafka().expect_records(TOPIC, 8).await), source_values(1..=8));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_broker_refuses_is_left_out_where_that_is_tolerated() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    cluster.faults().inject(Fault::fail(ApiKey::Produce, ResponseError::TopicAuthorizationFailed).times(1));
    cluster.create("c", with(&[TOLERANT])).await;
    expect_saved(&cluster, "c", 8).await;
    let lost = monitor.probe("c").dropped().len();
    assert!(lost > 0);
    assert_eq!(cluster.kafka().records(TOPIC).await.len(), 8 - lost);
    cluster.expect_tasks("c", 1, State::Running).await;
}
