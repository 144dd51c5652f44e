//! Sink tasks whose records fail: tolerance, dead letter queue, and the reporter for the task itself.

use aqueduct_api::ConfigMap;
use aqueduct_api::data::java_text::value_text;
use aqueduct_proto::state::State;
use aqueduct_testkit::{EmbeddedCluster, Monitor, NewRecord, TopicRecord};

use super::setting::{CHANGED, CHANGING, GROUP, TOPIC, expect_committed, failing_for, plugins, sink, texts};
use super::sink_loop::{filled, write};

const LETTERS: &str = "letters";
const TOLERANT: (&str, &str) = ("errors.tolerance", "all");
const QUEUE: [(&str, &str); 3] = [
    ("errors.deadletterqueue.topic.name", LETTERS),
    ("errors.deadletterqueue.topic.replication.factor", "1"),
    ("errors.deadletterqueue.context.headers.enable", "true"),
];

/// A cluster with five records, whose third does not suit the transformation.
async fn with_bad_record(monitor: &Monitor) -> EmbeddedCluster {
    let cluster = EmbeddedCluster::start(plugins(monitor, failing_for("text-2"))).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    write(&cluster, 0..2).await;
    let record = NewRecord {
        timestamp: Some(1_700_000_000_000),
        ..NewRecord::value("text-2").key("k").header("h", "1")
    };
    cluster.kafka().produce(TOPIC, [record]).await;
    write(&cluster, 3..5).await;
    cluster
}

fn with(more: &[(&'static str, &'static str)]) -> ConfigMap {
    sink(&[&CHANGED, more].concat())
}

fn header(letter: &TopicRecord, name: &str) -> String {
    letter
        .header(&format!("__connect.errors.{name}"))
        .unwrap_or_else(|| panic!("no header {name} in {letter:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_record_fails_the_task() {
    let monitor = Monitor::new();
    let cluster = with_bad_record(&monitor).await;
    cluster.create("c", with(&[])).await;
    let trace = cluster.expect_task("c", 0, State::Failed).await.expect("a trace");
    assert!(trace.contains("Tolerance exceeded in error handler"), "{trace}");
    assert!(trace.contains("text-2 does not suit"), "{trace}");
    let committed = cluster.kafka().committed(GROUP, TOPIC).await.get(&0).copied().unwrap_or_default();
    assert!(committed <= 2, "{committed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_record_is_left_out_where_that_is_tolerated() {
    let monitor = Monitor::new();
    let cluster = with_bad_record(&monitor).await;
    cluster.create("c", with(&[TOLERANT])).await;
    assert_eq!(monitor.probe("c").expect_taken(4).await, texts([0, 1, 3, 4]));
    expect_committed(&cluster, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_is_what_was_consumed_with_the_reason_in_its_headers() {
    let monitor = Monitor::new();
    let cluster = with_bad_record(&monitor).await;
    cluster.create("c", with(&[&QUEUE[..], &[TOLERANT]].concat())).await;
    monitor.probe("c").expect_taken(4).await;
    let letters = cluster.kafka().expect_records(LETTERS, 1).await;
    let [letter] = letters.as_slice() else { panic!("{letters:?}") };
    assert_eq!(letter.key.as_deref(), Some(b"k".as_slice()));
    assert_eq!(letter.text(), "text-2");
    assert_eq!(letter.timestamp, Some(1_700_000_000_000));
    assert_eq!(letter.headers[0], ("h".to_owned(), Some(b"1".to_vec())));
    let names: Vec<&str> = letter.headers[1..].iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "topic",
            "partition",
            "offset",
            "connector.name",
            "task.id",
            "stage",
            "class.name",
            "exception.class.name",
            "exception.message",
            "exception.stacktrace",
        ]
        .map(|name| format!("__connect.errors.{name}"))
    );
    let found = ["topic", "partition", "offset", "connector.name", "task.id", "stage", "class.name"];
    assert_eq!(
        found.map(|name| header(letter, name)),
        [TOPIC, "0", "2", "c", "0", "TRANSFORMATION", CHANGING]
    );
    assert_eq!(header(letter, "exception.class.name"), "org.apache.kafka.connect.errors.DataException");
    assert_eq!(header(letter, "exception.message"), "text-2 does not suit");
    assert!(
        header(letter, "exception.stacktrace").starts_with("org.apache.kafka.connect.errors.DataException")
    );
    expect_committed(&cluster, 5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_can_report_records_that_it_cannot_write() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 6).await;
    let probe = monitor.probe("c");
    probe.report_records(|record| record.origin.offset % 2 == 1);
    cluster.create("c", sink(&[&QUEUE[..], &[TOLERANT]].concat())).await;
    probe.expect_taken(6).await;
    let letters = cluster.kafka().expect_records(LETTERS, 3).await;
    assert_eq!(letters.iter().map(TopicRecord::text).collect::<Vec<_>>(), texts([1, 3, 5]));
    assert_eq!(header(&letters[0], "stage"), "TASK_PUT");
    assert_eq!(header(&letters[0], "exception.message"), "this record is errant");
    expect_committed(&cluster, 6).await;
    cluster.expect_tasks("c", 1, State::Running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_fails_the_task_where_nothing_is_tolerated() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 3).await;
    monitor.probe("c").report_records(|record| value_text(&record.record.value) == "text-1");
    cluster.create("c", sink(&QUEUE)).await;
    let trace = cluster.expect_task("c", 0, State::Failed).await.expect("a trace");
    assert!(trace.contains("Tolerance exceeded in error handler"), "{trace}");
    assert_eq!(cluster.kafka().expect_records(LETTERS, 1).await.len(), 1);
    assert_eq!(cluster.kafka().committed(GROUP, TOPIC).await, [].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_queue_and_log_there_is_no_reporter() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 0).await;
    cluster.create_running("c", sink(&[TOLERANT])).await;
    assert!(monitor.probe("c").sink_context(0).await.errant_record_reporter().is_none());
    cluster.create_running("logs", sink(&[TOLERANT, ("errors.log.enable", "true")])).await;
    assert!(monitor.probe("logs").sink_context(0).await.errant_record_reporter().is_some());
}
