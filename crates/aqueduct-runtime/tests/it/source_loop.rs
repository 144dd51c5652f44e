//! Source tasks while nothing is wrong with their records.

use std::time::{Duration, Instant};

use aqueduct_broker::{ApiKey, Fault, ResponseError};
use aqueduct_proto::state::{State, TargetState, TaskId};
use aqueduct_testkit::{Call, EmbeddedCluster, Ending, Monitor, Trouble, values};

use super::setting::{TOPIC, cluster, expect_saved, saved, source, source_values};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_arrive_whole_and_in_order() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.create_running("c", source(&[("max.messages", "20"), ("messages.per.poll", "3")])).await;
    let records = cluster.kafka().expect_records(TOPIC, 20).await;
    assert_eq!(values(&records), source_values(1..=20));
    assert_eq!(records[4].key.as_deref(), Some(b"key-c-0-5".as_slice()));
    assert_eq!(records[4].headers, [("header-5".to_owned(), Some(b"5".to_vec()))]);
    let probe = monitor.probe("c");
    probe.expect_acknowledged(20).await;
    assert_eq!(probe.acknowledged(), (1..=20).map(|seqno| (0, seqno)).collect::<Vec<_>>());
    let topics = cluster.herder().active_topics("c").expect("topics are tracked");
    assert_eq!(topics, [TOPIC.to_owned()].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offsets_are_stored_only_behind_acknowledged_records() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    let hits = cluster.faults().inject(Fault::fail(ApiKey::Produce, ResponseError::NotLeaderOrFollower));
    cluster.create_running("c", source(&[("max.messages", "5"), ("messages.per.poll", "5")])).await;
    let probe = monitor.probe("c");
    probe.expect_polled(5).await;
    // Offsets have been due since, twice.
    let before = probe.calls(Call::Commit);
    probe.expect_calls(Call::Commit, before + 2).await;
    assert_eq!(saved(&cluster, "c").await, None);
    assert!(hits.count() > 0);
    assert_eq!(probe.acknowledged(), []);
    cluster.faults().clear();
    expect_saved(&cluster, "c", 5).await;
    assert_eq!(values(&cluster.kafka().records(TOPIC).await), source_values(1..=5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offsets_are_stored_while_a_poll_hangs() {
    let monitor = Monitor::new();
    let cluster =
        EmbeddedCluster::with(monitor.plugins()).property("offset.flush.interval.ms", "500").start().await;
    let probe = monitor.probe("c");
    cluster.create_running("c", source(&[("max.messages", "5"), ("messages.per.poll", "5")])).await;
    probe.expect_polled(5).await;
    let hold = probe.hang(Call::Poll);
    expect_saved(&cluster, "c", 5).await;
    drop(hold);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_fails_for_now_is_repeated() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let probe = monitor.probe("c");
    probe.fail(Call::Poll, Trouble::Retriable, 3);
    cluster.create_running("c", source(&[("max.messages", "3")])).await;
    assert_eq!(values(&cluster.kafka().expect_records(TOPIC, 3).await), source_values(1..=3));
    cluster.expect_tasks("c", 1, State::Running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_poll_that_fails_ends_the_task_behind_what_it_gave() {
    let monitor = Monitor::new();
    let cluster =
        EmbeddedCluster::with(monitor.plugins()).property("offset.flush.interval.ms", "60000").start().await;
    let probe = monitor.probe("c");
    cluster.create_running("c", source(&[("max.messages", "5")])).await;
    probe.expect_polled(5).await;
    probe.fail(Call::Poll, Trouble::Fatal, 1);
    let trace = cluster.expect_task("c", 0, State::Failed).await.expect("a trace");
    assert!(
        trace.starts_with("org.apache.kafka.connect.errors.ConnectException: injected in Poll"),
        "{trace}"
    );
    assert_eq!(probe.calls(Call::Stop), 1);
    assert_eq!(saved(&cluster, "c").await, Some(5));
    assert_eq!(values(&cluster.kafka().records(TOPIC).await), source_values(1..=5));
    // The connector itself is well, and the task can be started again.
    cluster.expect_state("c", State::Running).await;
    cluster.restart_task("c", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_poll_does_not_hold_up_the_stop() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let probe = monitor.probe("c");
    let hold = probe.hang(Call::Poll);
    cluster.create_running("c", source(&[])).await;
    probe.expect_calls(Call::Poll, 1).await;
    let since = Instant::now();
    cluster.stop("c").await;
    assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
    assert_eq!(probe.calls(Call::Stop), 1);
    drop(hold);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_task_is_not_polled() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let probe = monitor.probe("c");
    cluster.create_running("c", source(&[("throughput", "200")])).await;
    probe.expect_acknowledged(3).await;
    cluster.pause("c").await;
    let polls = probe.calls(Call::Poll);
    probe.expect_acknowledged(probe.polled().len()).await;
    cluster.expect_silence(TOPIC, Duration::from_millis(200)).await;
    assert_eq!(probe.calls(Call::Poll), polls);
    // What was acknowledged is stored although it is paused.
    let last = i64::try_from(probe.polled().len()).expect("few");
    expect_saved(&cluster, "c", last).await;
    cluster.resume("c").await;
    probe.expect_calls(Call::Poll, polls + 1).await;
    assert_eq!(probe.calls(Call::Start), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_begins_paused_is_started_when_it_is_resumed() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    let probe = monitor.probe("c");
    cluster.create_in("c", source(&[("max.messages", "1")]), TargetState::Paused).await;
    cluster.expect_state("c", State::Paused).await;
    cluster.resume("c").await;
    cluster.pause("c").await;
    assert_eq!(probe.calls(Call::Start), 1);
    cluster.herder().restart_task(&TaskId::new("c", 0)).await.expect("a task to restart");
    cluster.expect_tasks("c", 1, State::Paused).await;
    assert_eq!(probe.calls(Call::Start), 1);
    cluster.resume("c").await;
    probe.expect_calls(Call::Start, 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_task_goes_on_where_it_was() {
    let monitor = Monitor::new();
    let mut cluster = cluster(&monitor).await;
    cluster.create_running("c", source(&[("tasks.max", "2"), ("max.messages", "30")])).await;
    cluster.kafka().expect_records(TOPIC, 10).await;
    cluster.restart_worker(Ending::Clean).await;
    let mut found = values(&cluster.kafka().expect_records(TOPIC, 60).await);
    found.sort();
    let mut expected: Vec<String> =
        (0..2).flat_map(|task| (1..=30).map(move |seqno| format!("value-c-{task}-{seqno}"))).collect();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_made_as_the_connector_says() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::with(monitor.plugins())
        .broker(|broker| broker.auto_create_topics = false)
        .start()
        .await;
    let config = source(&[
        ("max.messages", "6"),
        ("topic.creation.default.partitions", "3"),
        ("topic.creation.default.replication.factor", "1"),
    ]);
    cluster.create_running("c", config).await;
    cluster.kafka().expect_records(TOPIC, 6).await;
    assert_eq!(cluster.kafka().end_offsets(TOPIC).await.len(), 3);
}

/// What is there is left as it is, and a worker that makes no topics makes none, whatever the connector says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_are_made_only_where_they_may_be_and_are_missing() {
    let config = source(&[
        ("max.messages", "6"),
        ("topic.creation.default.partitions", "3"),
        ("topic.creation.default.replication.factor", "1"),
    ]);
    for (enabled, exists, partitions) in [(false, false, 0), (true, false, 3), (true, true, 1)] {
        let monitor = Monitor::new();
        let cluster = EmbeddedCluster::with(monitor.plugins())
            .broker(|broker| broker.auto_create_topics = false)
            .property("topic.creation.enable", enabled.to_string())
            .property("task.shutdown.graceful.timeout.ms", "500")
            .start()
            .await;
        if exists {
            cluster.kafka().create_topic(TOPIC, 1).await;
        }
        cluster.create_running("c", config.clone()).await;
        monitor.probe("c").expect_polled(6).await;
        if partitions > 0 {
            cluster.kafka().expect_records(TOPIC, 6).await;
        }
        assert_eq!(cluster.kafka().end_offsets(TOPIC).await.len(), partitions, "{enabled} {exists}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_nobody_makes_does_not_hold_up_the_stop() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::with(monitor.plugins())
        .broker(|broker| broker.auto_create_topics = false)
        .property("offset.flush.timeout.ms", "200")
        .property("task.shutdown.graceful.timeout.ms", "500")
        .start()
        .await;
    cluster.create_running("c", source(&[("max.messages", "5")])).await;
    monitor.probe("c").expect_polled(5).await;
    let since = Instant::now();
    cluster.stop("c").await;
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    assert_eq!(saved(&cluster, "c").await, None);
}
