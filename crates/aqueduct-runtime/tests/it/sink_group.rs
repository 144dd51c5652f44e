//! Sink tasks that share partitions.

use std::collections::BTreeSet;

use aqueduct_testkit::{Call, EmbeddedCluster, Monitor, NewRecord, Probe, Trouble, eventually};

use super::setting::{TOPIC, cluster, sink, sink_of_pattern, texts};

async fn write(cluster: &EmbeddedCluster, numbers: std::ops::Range<usize>) {
    let records = texts(numbers).into_iter().enumerate();
    cluster
        .kafka()
        .produce(TOPIC, records.map(|(at, text)| NewRecord::value(text).partition(at as i32 % 4)))
        .await;
}

/// Waits until the partitions are shared like this.
async fn expect_shares(probe: &Probe, shares: &[usize]) {
    let shared = || {
        let counts: Vec<usize> = probe.assignments().values().map(Vec::len).collect();
        (counts == shares).then_some(())
    };
    eventually(&format!("the tasks have {shares:?} partitions"), shared).await;
}

async fn expect_each_once(probe: &Probe, count: usize) {
    let mut taken = probe.expect_taken(count).await;
    taken.sort();
    let mut expected = texts(0..count);
    expected.sort();
    assert_eq!(taken, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_share_partitions_and_repeat_nothing_when_one_leaves() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.kafka().create_topic(TOPIC, 4).await;
    write(&cluster, 0..40).await;
    cluster.create_running("c", sink(&[("tasks.max", "2")])).await;
    let probe = monitor.probe("c");
    expect_shares(&probe, &[2, 2]).await;
    expect_each_once(&probe, 40).await;
    // While one restarts, the other one has all, and gives back what is not its own.
    cluster.restart_task("c", 1).await;
    expect_shares(&probe, &[2, 2]).await;
    write(&cluster, 40..60).await;
    expect_each_once(&probe, 60).await;
    let shares = probe.assignments();
    let all: BTreeSet<i32> = shares.values().flatten().map(|partition| partition.partition).collect();
    assert_eq!(all, (0..4).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_to_be_put_again_goes_with_its_partitions() {
    let monitor = Monitor::new();
    let cluster = cluster(&monitor).await;
    cluster.kafka().create_topic(TOPIC, 4).await;
    write(&cluster, 0..40).await;
    let probe = monitor.probe("c");
    probe.fail(Call::Put, Trouble::Retriable, usize::MAX);
    cluster.create_running("c", sink(&[("tasks.max", "2")])).await;
    expect_shares(&probe, &[2, 2]).await;
    probe.expect_calls(Call::Put, 4).await;
    let opened = probe.calls(Call::Open);
    cluster.restart_task("c", 1).await;
    probe.expect_calls(Call::Open, opened + 2).await;
    expect_shares(&probe, &[2, 2]).await;
    probe.mend();
    expect_each_once(&probe, 40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revoked_partitions_are_committed_before_they_are_closed() {
    let monitor = Monitor::new();
    let cluster =
        EmbeddedCluster::with(monitor.plugins()).property("offset.flush.interval.ms", "60000").start().await;
    cluster.kafka().create_topic(TOPIC, 4).await;
    write(&cluster, 0..20).await;
    let probe = monitor.probe("c");
    cluster.create_running("c", sink(&[])).await;
    expect_each_once(&probe, 20).await;
    assert_eq!((probe.calls(Call::PreCommit), probe.calls(Call::Close)), (0, 0));
    // The new configuration has another task, and the first one is replaced.
    cluster.create_running("c", sink(&[("tasks.max", "2")])).await;
    assert!(probe.calls(Call::PreCommit) > 0 && probe.calls(Call::Close) > 0);
    expect_shares(&probe, &[2, 2]).await;
    write(&cluster, 20..40).await;
    expect_each_once(&probe, 40).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pattern_takes_up_topics_that_come_later() {
    let monitor = Monitor::new();
    let cluster = EmbeddedCluster::with(monitor.plugins())
        .property("consumer.metadata.max.age.ms", "200")
        .start()
        .await;
    cluster.kafka().create_topic("first-one", 1).await;
    cluster.kafka().produce("first-one", [NewRecord::value("a")]).await;
    let probe = monitor.probe("c");
    cluster.create_running("c", sink_of_pattern("first-.*")).await;
    assert_eq!(probe.expect_taken(1).await, ["a"]);
    for topic in ["first-two", "second"] {
        cluster.kafka().create_topic(topic, 1).await;
        cluster.kafka().produce(topic, [NewRecord::value(topic)]).await;
    }
    assert_eq!(probe.expect_taken(2).await, ["a", "first-two"]);
    let topics = cluster.herder().active_topics("c").expect("topics");
    assert_eq!(topics, ["first-one".to_owned(), "first-two".to_owned()].into());
}
