//! Sink tasks: what they get, and when they get it again.

use std::ops::Range;
use std::time::Duration;

use aqueduct_api::TopicPartition;
use aqueduct_proto::state::State;
use aqueduct_testkit::{Batch, Call, EmbeddedCluster, Monitor, NewRecord, Trouble, eventually};

use super::setting::{GROUP, TOPIC, cluster, expect_committed, sink, texts};

pub(crate) async fn write(cluster: &EmbeddedCluster, numbers: Range<usize>) {
    cluster.kafka().produce(TOPIC, texts(numbers).iter().map(NewRecord::value)).await;
}

/// A cluster with a topic of one partition that has so many records.
pub(crate) async fn filled(monitor: &Monitor, count: usize) -> EmbeddedCluster {
    let cluster = cluster(monitor).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    write(&cluster, 0..count).await;
    cluster
}

fn offsets(batch: &Batch) -> Vec<i64> {
    batch.records.iter().map(|record| record.origin.offset).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_arrive_whole_and_are_committed() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    let record =
        NewRecord { timestamp: Some(1_700_000_000_000), ..NewRecord::value("v").key("k").header("h", "1") };
    cluster.kafka().produce(TOPIC, [record]).await;
    cluster.create_running("c", sink(&[])).await;
    let probe = monitor.probe("c");
    probe.expect_taken(1).await;
    let taken = probe.taken().remove(0);
    assert_eq!(taken.record.key.as_text().map(|text| text.as_str()), Some("k"));
    assert_eq!(taken.record.value.as_text().map(|text| text.as_str()), Some("v"));
    assert_eq!(taken.record.timestamp, Some(1_700_000_000_000));
    assert_eq!(taken.record.headers.last_with_name("h").map(|header| header.value.clone()), Some("1".into()));
    assert_eq!((&*taken.origin.topic, taken.origin.partition, taken.origin.offset), (TOPIC, 0, 0));
    expect_committed(&cluster, 1).await;
    assert_eq!(cluster.herder().active_topics("c").expect("topics"), [TOPIC.to_owned()].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_that_fails_for_now_gets_the_same_records_again_and_no_others() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 5).await;
    let probe = monitor.probe("c");
    probe.fail(Call::Put, Trouble::Retriable, usize::MAX);
    cluster.create_running("c", sink(&[])).await;
    probe.expect_calls(Call::Put, 2).await;
    write(&cluster, 5..10).await;
    let puts = probe.calls(Call::Put);
    probe.expect_calls(Call::Put, puts + 2).await;
    // Nothing of the batch is committed meanwhile.
    assert_eq!(cluster.kafka().committed(GROUP, TOPIC).await, [].into());
    probe.mend();
    assert_eq!(probe.expect_taken(10).await, texts(0..10));
    let batches = probe.batches();
    let refused: Vec<_> = batches.iter().filter(|batch| !batch.taken).map(offsets).collect();
    let first = &refused[0];
    assert!(refused.iter().all(|batch| batch == first), "{refused:?}");
    assert_eq!(batches.iter().find(|batch| batch.taken).map(offsets).as_ref(), Some(first));
    expect_committed(&cluster, 10).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_to_be_put_again_does_not_spin_while_the_user_has_paused() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 1).await;
    let probe = monitor.probe("c");
    probe.fail(Call::Put, Trouble::Retriable, usize::MAX);
    cluster.create_running("c", sink(&[("retry.timeout.ms", "50")])).await;
    probe.expect_calls(Call::Put, 1).await;
    cluster.pause("c").await;
    let before = probe.calls(Call::Put);
    cluster.expect_silence(TOPIC, Duration::from_millis(300)).await;
    let puts = probe.calls(Call::Put) - before;
    // A loop that spins puts hundreds of thousands of times; a slow machine makes the wait longer than it says.
    assert!(puts <= 100, "{puts} puts in about 300 ms");
    probe.mend();
    cluster.resume("c").await;
    probe.expect_taken(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_to_be_put_again_is_read_again_after_a_stop() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 4).await;
    let probe = monitor.probe("c");
    probe.fail(Call::Put, Trouble::Retriable, usize::MAX);
    cluster.create_running("c", sink(&[])).await;
    probe.expect_calls(Call::Put, 2).await;
    cluster.stop("c").await;
    assert_eq!(cluster.kafka().committed(GROUP, TOPIC).await, [].into());
    probe.mend();
    cluster.resume("c").await;
    assert_eq!(probe.expect_taken(4).await, texts(0..4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_put_that_fails_ends_the_task_and_commits_what_was_put_before() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 5).await;
    let probe = monitor.probe("c");
    cluster.create_running("c", sink(&[])).await;
    probe.expect_taken(5).await;
    probe.fail(Call::Put, Trouble::Fatal, 1);
    write(&cluster, 5..8).await;
    let trace = cluster.expect_task("c", 0, State::Failed).await.expect("a trace");
    assert!(trace.contains("Exiting WorkerSinkTask due to unrecoverable exception."), "{trace}");
    assert!(
        trace.contains("Caused by: org.apache.kafka.connect.errors.ConnectException: injected in Put"),
        "{trace}"
    );
    assert_eq!(cluster.kafka().committed(GROUP, TOPIC).await, [(0, 5)].into());
    assert_eq!((probe.calls(Call::Close), probe.calls(Call::Stop)), (1, 1));
    cluster.restart_task("c", 0).await;
    assert_eq!(probe.expect_taken(8).await, texts(0..8));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_task_gets_nothing_and_keeps_its_partitions() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 3).await;
    let probe = monitor.probe("c");
    cluster.create_running("c", sink(&[])).await;
    probe.expect_taken(3).await;
    cluster.pause("c").await;
    write(&cluster, 3..6).await;
    cluster.expect_silence(TOPIC, Duration::from_millis(200)).await;
    assert_eq!(probe.taken_texts(), texts(0..3));
    assert_eq!(probe.calls(Call::Close), 0);
    expect_committed(&cluster, 3).await;
    cluster.resume("c").await;
    assert_eq!(probe.expect_taken(6).await, texts(0..6));
    assert_eq!(probe.calls(Call::Open), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_can_pause_its_partitions_itself() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 3).await;
    let probe = monitor.probe("c");
    cluster.create_running("c", sink(&[])).await;
    probe.expect_taken(3).await;
    let context = probe.sink_context(0).await;
    let own = TopicPartition::new(TOPIC, 0);
    assert_eq!(context.assignment(), std::slice::from_ref(&own));
    let error = context.pause(&[TopicPartition::new("foreign", 0)]).expect_err("not its own");
    assert_eq!(error.kind(), aqueduct_api::ErrorKind::IllegalWorkerState);
    // A commit after the request says that the loop has come by.
    context.pause(std::slice::from_ref(&own)).expect("its own");
    let commits = probe.calls(Call::PreCommit);
    probe.expect_calls(Call::PreCommit, commits + 2).await;
    write(&cluster, 3..6).await;
    probe.expect_calls(Call::PreCommit, commits + 3).await;
    assert_eq!(probe.taken_texts(), texts(0..3));
    context.resume(&[own]).expect("its own");
    assert_eq!(probe.expect_taken(6).await, texts(0..6));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_can_read_again() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 4).await;
    let probe = monitor.probe("c");
    cluster.create_running("c", sink(&[])).await;
    probe.expect_taken(4).await;
    probe.sink_context(0).await.rewind(&[(TopicPartition::new(TOPIC, 0), 1)].into());
    let again = [texts(0..4), texts(1..4)].concat();
    assert_eq!(probe.expect_taken(7).await, again);
    expect_committed(&cluster, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hanging_stop_is_given_up_and_leaves_the_status_alone() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::with(monitor.plugins())
        .property("task.shutdown.graceful.timeout.ms", "300")
        .start()
        .await;
    let hold = monitor.probe("c").hang(Call::Stop);
    for name in ["c", "other"] {
        cluster.create_running(name, sink(&[])).await;
    }
    cluster.herder().shutdown().await;
    cluster.expect_tasks("other", 1, State::Unassigned).await;
    cluster.expect_tasks("c", 1, State::Running).await;
    drop(hold);
    eventually("the hanging task is gone", || {
        cluster.standalone_herder().worker().task_ids(None).is_empty().then_some(())
    })
    .await;
    cluster.expect_tasks("c", 1, State::Running).await;
}
