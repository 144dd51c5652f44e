//! Which offsets of sink tasks are committed.

use aqueduct_api::{Offsets, TopicPartition};
use aqueduct_broker::{ApiKey, Fault, ResponseError};
use aqueduct_testkit::{Call, EmbeddedCluster, Monitor, Trouble, eventually};

use super::setting::{GROUP, TOPIC, expect_committed, sink, texts};
use super::sink_loop::{filled, write};

fn own() -> TopicPartition {
    TopicPartition::new(TOPIC, 0)
}

async fn committed(cluster: &EmbeddedCluster) -> Option<i64> {
    cluster.kafka().committed(GROUP, TOPIC).await.get(&0).copied()
}

/// A cluster with so many records, where offsets are committed only when a task asks for it.
async fn on_request(monitor: &Monitor, count: usize) -> EmbeddedCluster {
    let cluster = EmbeddedCluster::with(monitor.plugins());
    let cluster = cluster.property("offset.flush.interval.ms", "60000").start().await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    write(&cluster, 0..count).await;
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_may_hold_back_offsets() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 5).await;
    let probe = monitor.probe("c");
    probe.answer_pre_commit(|offsets| {
        offsets.iter().map(|(own, offset)| (own.clone(), (*offset).min(3))).collect()
    });
    cluster.create_running("c", sink(&[])).await;
    expect_committed(&cluster, 3).await;
    // It was offered all that was put.
    eventually("5 is offered", || {
        probe.offered().iter().any(|offsets| offsets.get(&own()) == Some(&5)).then_some(())
    })
    .await;
    // What it holds back comes again after a stop.
    cluster.stop("c").await;
    assert_eq!(committed(&cluster).await, Some(3));
    cluster.resume("c").await;
    assert_eq!(probe.expect_taken(7).await, [texts(0..5), texts(3..5)].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_cannot_commit_what_it_was_not_given() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 5).await;
    let probe = monitor.probe("c");
    let beyond = |offsets: &Offsets| {
        let mut answer: Offsets = offsets.keys().map(|own| (own.clone(), 100)).collect();
        answer.insert(TopicPartition::new("foreign", 0), 1);
        answer
    };
    probe.answer_pre_commit(beyond);
    cluster.create_running("c", sink(&[])).await;
    probe.expect_taken(5).await;
    let commits = probe.calls(Call::PreCommit);
    probe.expect_calls(Call::PreCommit, commits + 2).await;
    assert_eq!(committed(&cluster).await, None);
    assert_eq!(cluster.kafka().committed(GROUP, "foreign").await, [].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_may_commit_nothing_at_all() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 5).await;
    let probe = monitor.probe("c");
    probe.answer_pre_commit(|_| Offsets::new());
    cluster.create_running("c", sink(&[])).await;
    probe.expect_taken(5).await;
    cluster.stop("c").await;
    assert_eq!(committed(&cluster).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_that_fails_reads_again_from_the_last_one() {
    for call in [Call::PreCommit, Call::Flush] {
        let monitor = Monitor::new();
        let cluster = on_request(&monitor, 3).await;
        let probe = monitor.probe("c");
        cluster.create_running("c", sink(&[])).await;
        probe.expect_taken(3).await;
        let context = probe.sink_context(0).await;
        context.request_commit();
        expect_committed(&cluster, 3).await;
        write(&cluster, 3..6).await;
        probe.expect_taken(6).await;
        probe.fail(call, Trouble::Fatal, 1);
        context.request_commit();
        assert_eq!(probe.expect_taken(9).await, [texts(0..6), texts(3..6)].concat(), "{call:?}");
        assert_eq!(committed(&cluster).await, Some(3));
        context.request_commit();
        expect_committed(&cluster, 6).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_can_ask_for_a_commit() {
    let monitor = Monitor::new();
    let cluster = on_request(&monitor, 4).await;
    let probe = monitor.probe("c");
    cluster.create_running("c", sink(&[])).await;
    probe.expect_taken(4).await;
    assert_eq!(probe.calls(Call::PreCommit), 0);
    probe.sink_context(0).await.request_commit();
    expect_committed(&cluster, 4).await;
}

/// Stops a task that has taken four records, while the group refuses so many commits.
async fn stopped_while_refused(monitor: &Monitor, error: ResponseError, times: u64) -> EmbeddedCluster {
    let cluster = on_request(monitor, 4).await;
    cluster.create_running("c", sink(&[])).await;
    monitor.probe("c").expect_taken(4).await;
    let refused = cluster.faults().inject(Fault::fail(ApiKey::OffsetCommit, error).times(times));
    cluster.stop("c").await;
    eventually("all are refused", || (refused.count() == times).then_some(())).await;
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_stops_in_a_rebalance_commits_after_it() {
    let monitor = Monitor::new();
    let cluster = stopped_while_refused(&monitor, ResponseError::RebalanceInProgress, 3).await;
    expect_committed(&cluster, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_stops_after_it_was_expelled_commits_nothing() {
    let monitor = Monitor::new();
    // Outside of a rebalance this tells the member that its partitions are not its own any more.
    let cluster = stopped_while_refused(&monitor, ResponseError::IllegalGeneration, 1).await;
    assert_eq!(committed(&cluster).await, None);
    cluster.resume("c").await;
    let taken = monitor.probe("c").expect_taken(8).await;
    assert_eq!(taken, [texts(0..4), texts(0..4)].concat());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offsets_that_did_not_change_are_not_committed_again() {
    let monitor = Monitor::new();
    let cluster = filled(&monitor, 2).await;
    let probe = monitor.probe("c");
    cluster.create_running("c", sink(&[])).await;
    expect_committed(&cluster, 2).await;
    let commits = probe.calls(Call::PreCommit);
    probe.expect_calls(Call::PreCommit, commits + 2).await;
    let metrics = cluster.standalone_herder().worker().task_metrics();
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(std::sync::atomic::Ordering::Relaxed);
    assert!(
        metrics
            .iter()
            .all(|(_, metrics)| count(&metrics.commits) == 1 && count(&metrics.commits_skipped) > 0)
    );
}
