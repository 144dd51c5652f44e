use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use aqueduct_kafka::config::REPORT_ENDS;
use aqueduct_kafka::{
    BatchConsumer, FetchedBatch, NativeConsumer, Offsets, Polled, Properties, Rebalance, Subscription,
    TopicPartition,
};

use crate::support::{PATIENCE, properties, unique, write};

fn group(name: &str) -> Properties {
    properties()
        .with("group.id", name)
        .with("auto.offset.reset", "earliest")
        .with("session.timeout.ms", "10000")
        .with("heartbeat.interval.ms", "200")
}

fn values(batch: &FetchedBatch) -> Vec<String> {
    batch
        .iter()
        .map(|record| String::from_utf8_lossy(record.value().unwrap_or_default()).into_owned())
        .collect()
}

/// Polls until something else than an empty batch comes.
async fn next(consumer: &mut NativeConsumer, batch: &mut FetchedBatch) -> Polled {
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "nothing came");
        match consumer.poll(Duration::from_secs(1), batch).await.unwrap() {
            Polled::Records if batch.is_empty() => {}
            other => return other,
        }
    }
}

async fn read(consumer: &mut NativeConsumer, count: usize) -> Vec<String> {
    let mut batch = FetchedBatch::new();
    let mut read = Vec::new();
    while read.len() < count {
        next(consumer, &mut batch).await;
        read.extend(values(&batch));
    }
    read
}

#[tokio::test]
async fn a_group_member_sees_its_assignment_before_any_record_and_resumes_where_it_committed() {
    let (topic, group_id) = (unique("resume"), unique("g"));
    write(&topic, (0..10).map(|n| n.to_string())).await;
    let partition = TopicPartition::new(&*topic, 0);

    let mut batch = FetchedBatch::new();
    let mut consumer = NativeConsumer::new(&group(&group_id).with("max.poll.records", "4")).unwrap();
    consumer.subscribe(Subscription::Topics(vec![topic.clone()])).await.unwrap();
    let first = next(&mut consumer, &mut batch).await;
    assert_eq!(first, Polled::Rebalance(Rebalance::Assigned(vec![partition.clone()])));
    let positions = consumer.positions(std::slice::from_ref(&partition), PATIENCE).await.unwrap();
    assert_eq!(positions, Offsets::from([(partition.clone(), 0)]));
    assert_eq!(next(&mut consumer, &mut batch).await, Polled::Records);
    assert_eq!(values(&batch), ["0", "1", "2", "3"]);
    assert_eq!(consumer.position_of(&partition), Some(4));

    let sequence = consumer.commit_async(&Offsets::from([(partition.clone(), 3)])).unwrap();
    let completed = loop {
        if let Polled::Committed(completed) = next(&mut consumer, &mut batch).await {
            break completed;
        }
    };
    assert_eq!((completed.sequence, completed.result), (sequence, Ok(())));
    consumer.commit_sync(&Offsets::from([(partition.clone(), 6)]), PATIENCE).await.unwrap();
    consumer.close(PATIENCE).await;

    let mut consumer = NativeConsumer::new(&group(&group_id)).unwrap();
    consumer.subscribe(Subscription::Topics(vec![topic])).await.unwrap();
    assert_eq!(read(&mut consumer, 4).await, ["6", "7", "8", "9"]);
    let committed = consumer.committed(std::slice::from_ref(&partition), PATIENCE).await.unwrap();
    assert_eq!(committed, Offsets::from([(partition, 6)]));
}

#[tokio::test]
async fn revoked_partitions_can_still_be_committed_before_the_rebalance_completes() {
    let (topic, group_id) = (unique("revoke"), unique("g"));
    write(&topic, ["a".to_owned(), "b".to_owned()]).await;
    let partition = TopicPartition::new(&*topic, 0);
    let mut batch = FetchedBatch::new();
    let mut first = NativeConsumer::new(&group(&group_id)).unwrap();
    first.subscribe(Subscription::Topics(vec![topic.clone()])).await.unwrap();
    assert_eq!(read(&mut first, 2).await, ["a", "b"]);

    let mut second = NativeConsumer::new(&group(&group_id)).unwrap();
    second.subscribe(Subscription::Topics(vec![topic])).await.unwrap();
    let (stop, mut stopped) = tokio::sync::oneshot::channel();
    let joining = tokio::spawn(async move {
        let mut batch = FetchedBatch::new();
        while stopped.try_recv().is_err() {
            second.poll(Duration::from_millis(50), &mut batch).await.unwrap();
        }
        second
    });
    let revoked = next(&mut first, &mut batch).await;
    assert_eq!(revoked, Polled::Rebalance(Rebalance::Revoked(vec![partition.clone()])));
    assert_eq!(first.assignment(), std::slice::from_ref(&partition));
    first.commit_sync(&Offsets::from([(partition.clone(), 2)]), PATIENCE).await.unwrap();
    first.complete_rebalance().await.unwrap();
    assert!(first.assignment().is_empty());
    first.close(PATIENCE).await;
    stop.send(()).unwrap();
    let mut second = joining.await.unwrap();
    let committed = second.committed(std::slice::from_ref(&partition), PATIENCE).await.unwrap();
    assert_eq!(committed, Offsets::from([(partition, 2)]));
}

#[tokio::test]
async fn seek_and_pause_work_on_an_assignment_that_has_not_taken_effect() {
    let topic = unique("early");
    write(&topic, (0..5).map(|n| n.to_string())).await;
    let partition = TopicPartition::new(&*topic, 0);
    let mut batch = FetchedBatch::new();
    let mut consumer = NativeConsumer::new(&group(&unique("g"))).unwrap();
    consumer.subscribe(Subscription::Topics(vec![topic])).await.unwrap();
    next(&mut consumer, &mut batch).await;
    consumer.seek(&partition, 3).await.unwrap();
    consumer.pause(std::slice::from_ref(&partition)).unwrap();
    assert_eq!(consumer.poll(Duration::from_millis(700), &mut batch).await.unwrap(), Polled::Records);
    assert!(batch.is_empty(), "{:?}", values(&batch));
    consumer.resume(std::slice::from_ref(&partition)).unwrap();
    assert_eq!(read(&mut consumer, 2).await, ["3", "4"]);
    consumer.seek(&partition, 1).await.unwrap();
    assert_eq!(read(&mut consumer, 4).await, ["1", "2", "3", "4"]);
    assert_eq!(consumer.position_of(&partition), Some(5));
}

#[tokio::test]
async fn a_pattern_matches_whole_names_and_finds_new_topics() {
    let prefix = unique("pattern");
    write(&format!("{prefix}-a"), ["1".to_owned()]).await;
    write(&format!("x{prefix}-a"), ["wrong".to_owned()]).await;
    let properties = group(&unique("g")).with("metadata.max.age.ms", "500");
    let mut consumer = NativeConsumer::new(&properties).unwrap();
    consumer.subscribe(Subscription::Pattern(format!("{prefix}-(a|b)"))).await.unwrap();
    assert_eq!(read(&mut consumer, 1).await, ["1"]);
    write(&format!("{prefix}-b"), ["2".to_owned()]).await;
    let mut seen = BTreeSet::new();
    while !seen.contains("2") {
        seen.extend(read(&mut consumer, 1).await);
    }
    assert!(!seen.contains("wrong"), "{seen:?}");
}

#[tokio::test]
async fn records_taken_ahead_follow_pause_and_seek_and_come_once() {
    let topic = unique("ahead");
    let padded = |n: usize| format!("{n:0400}");
    write(&topic, (0..20).map(padded)).await;
    let partition = TopicPartition::new(&*topic, 0);
    // A poll ends when it is over these bytes, in the middle of what was taken from the queue.
    let mut consumer = NativeConsumer::new(&properties().with("fetch.max.bytes", "1000")).unwrap();
    consumer.assign(Offsets::from([(partition.clone(), 0)])).unwrap();
    assert_eq!(read(&mut consumer, 3).await, (0..3).map(padded).collect::<Vec<_>>());
    consumer.pause(std::slice::from_ref(&partition)).unwrap();
    let mut batch = FetchedBatch::new();
    assert_eq!(consumer.poll(Duration::from_millis(300), &mut batch).await.unwrap(), Polled::Records);
    assert!(batch.is_empty(), "{:?}", values(&batch));
    consumer.resume(std::slice::from_ref(&partition)).unwrap();
    assert_eq!(read(&mut consumer, 6).await, (3..9).map(padded).collect::<Vec<_>>());
    consumer.seek(&partition, 1).await.unwrap();
    let rest = read(&mut consumer, 19).await;
    assert_eq!(rest, (1..20).map(padded).collect::<Vec<_>>());
    assert_eq!(consumer.position_of(&partition), Some(20));
}

#[tokio::test]
async fn partitions_take_turns_keep_their_order_and_tell_their_own_ends() {
    let topics = [unique("busy"), unique("other")];
    for topic in &topics {
        write(topic, (0..50).map(|n| n.to_string())).await;
    }
    let properties = properties().with("max.poll.records", "5").with(REPORT_ENDS, "true");
    let mut consumer = NativeConsumer::new(&properties).unwrap();
    let partitions: Vec<_> = topics.iter().map(|topic| TopicPartition::new(&**topic, 0)).collect();
    consumer.assign(partitions.iter().map(|partition| (partition.clone(), 0)).collect()).unwrap();
    let mut batch = FetchedBatch::new();
    let (mut ended, mut offsets) = (BTreeSet::new(), vec![Vec::new(); 2]);
    while ended.len() < 2 {
        let polled = next(&mut consumer, &mut batch).await;
        assert!(batch.len() <= 5);
        for record in batch.iter() {
            let index = partitions.iter().position(|p| *p == record.topic_partition()).unwrap();
            offsets[index].push(record.offset());
        }
        if let Polled::EndReached(partition) = polled {
            let index = partitions.iter().position(|p| *p == partition).unwrap();
            assert_eq!(offsets[index].len(), 50, "{partition}");
            ended.insert(partition);
        }
    }
    assert_eq!(offsets, [(0..50).collect::<Vec<_>>(), (0..50).collect()]);
}

/// A group member that checks that it gets records of held partitions only.
struct Member {
    consumer: NativeConsumer,
    batch: FetchedBatch,
    held: BTreeSet<TopicPartition>,
}

impl Member {
    async fn join(properties: &Properties, topics: &[String]) -> Member {
        let mut consumer = NativeConsumer::new(properties).unwrap();
        consumer.subscribe(Subscription::Topics(topics.to_vec())).await.unwrap();
        Member { consumer, batch: FetchedBatch::new(), held: BTreeSet::new() }
    }

    /// Polls for a moment and adds what came.
    async fn poll(&mut self, seen: &mut Vec<String>) {
        let polled = self.consumer.poll(Duration::from_millis(50), &mut self.batch).await.unwrap();
        for record in self.batch.iter() {
            assert!(self.held.contains(&record.topic_partition()), "{}", record.topic_partition());
        }
        seen.extend(values(&self.batch));
        match polled {
            Polled::Rebalance(Rebalance::Assigned(partitions)) => self.held.extend(partitions),
            Polled::Rebalance(Rebalance::Revoked(partitions) | Rebalance::Lost(partitions)) => {
                self.held.retain(|partition| !partitions.contains(partition));
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn a_partition_that_moves_cooperatively_and_comes_back_is_read_by_who_holds_it() {
    let (topics, group_id) = ([unique("stay"), unique("move")], unique("g"));
    let properties = group(&group_id)
        .with("partition.assignment.strategy", "org.apache.kafka.clients.consumer.CooperativeStickyAssignor");
    let write_both = async |value: &str| {
        for topic in &topics {
            write(topic, [value.to_owned()]).await;
        }
    };
    let deadline = Instant::now() + PATIENCE;
    let in_time = || assert!(Instant::now() < deadline);
    write_both("alone").await;
    let mut first = Member::join(&properties, &topics).await;
    let mut seen = Vec::new();
    while seen.len() < 2 {
        first.poll(&mut seen).await;
        in_time();
    }
    let mut second = Member::join(&properties, &topics).await;
    let mut others = Vec::new();
    while (first.held.len(), second.held.len()) != (1, 1) {
        first.poll(&mut seen).await;
        second.poll(&mut others).await;
        in_time();
    }
    write_both("shared").await;
    while others.len() < 2 || seen.len() < 3 {
        first.poll(&mut seen).await;
        second.poll(&mut others).await;
        in_time();
    }
    // Nothing was committed, so the second begins again.
    assert_eq!((others.join(" "), seen.join(" ")), ("alone shared".into(), "alone alone shared".into()));
    second.consumer.close(PATIENCE).await;
    while first.held.len() < 2 {
        first.poll(&mut seen).await;
        in_time();
    }
    write_both("again").await;
    while seen.iter().filter(|value| *value == "again").count() < 2 {
        first.poll(&mut seen).await;
        in_time();
    }
}
