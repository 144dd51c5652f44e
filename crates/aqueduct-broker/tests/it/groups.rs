use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::producer::FutureProducer;
use rdkafka::{Offset, TopicPartitionList};

use crate::clients::{DEADLINE, blocking, client, create_topic, memory_broker, record_of, send_all};

fn member(bootstrap: &str, group: &str, extra: &[(&str, &str)]) -> BaseConsumer {
    let mut settings = vec![
        ("group.id", group),
        ("session.timeout.ms", "6000"),
        ("heartbeat.interval.ms", "200"),
        ("auto.offset.reset", "earliest"),
        ("enable.auto.commit", "false"),
    ];
    settings.extend_from_slice(extra);
    let consumer: BaseConsumer = client(bootstrap, &settings).create().unwrap();
    consumer.subscribe(&["t"]).unwrap();
    consumer
}

fn partitions(consumer: &BaseConsumer) -> BTreeSet<i32> {
    consumer.assignment().unwrap().elements().iter().map(|element| element.partition()).collect()
}

/// Polls all until `done`, which sees the assignments.
fn poll_until(consumers: &[&BaseConsumer], done: impl Fn(&[BTreeSet<i32>]) -> bool) {
    let until = Instant::now() + DEADLINE;
    loop {
        for consumer in consumers {
            let _ = consumer.poll(Duration::from_millis(20));
        }
        let assigned: Vec<_> = consumers.iter().map(|consumer| partitions(consumer)).collect();
        if done(&assigned) {
            return;
        }
        assert!(Instant::now() < until, "assignments stay {assigned:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_members_share_and_the_last_one_inherits() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 4, &[]).await;
    blocking(move || {
        for strategy in ["range", "cooperative-sticky"] {
            let group = format!("group-{strategy}");
            let extra = [("partition.assignment.strategy", strategy)];
            let first = member(&bootstrap, &group, &extra);
            poll_until(&[&first], |assigned| assigned[0].len() == 4);
            let second = member(&bootstrap, &group, &extra);
            poll_until(&[&first, &second], |assigned| {
                assigned[0].len() == 2 && assigned[1].len() == 2 && assigned[0].is_disjoint(&assigned[1])
            });
            drop(first);
            poll_until(&[&second], |assigned| assigned[0].len() == 4);
        }
    })
    .await;
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_static_member_comes_back_to_its_partitions() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 4, &[]).await;
    blocking(move || {
        let range = ("partition.assignment.strategy", "range");
        let first = member(&bootstrap, "g", &[("group.instance.id", "a"), range]);
        let second = member(&bootstrap, "g", &[("group.instance.id", "b"), range]);
        poll_until(&[&first, &second], |assigned| assigned[0].len() == 2 && assigned[1].len() == 2);
        let (before, others) = (partitions(&second), partitions(&first));
        drop(second);
        let again = member(&bootstrap, "g", &[("group.instance.id", "b"), range]);
        poll_until(&[&first, &again], |assigned| assigned[1] == before);
        assert_eq!(partitions(&first), others);
    })
    .await;
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_offsets_are_where_the_next_member_begins() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[]).await;
    let producer: FutureProducer = client(&bootstrap, &[]).create().unwrap();
    send_all(&producer, "t", &[("a", "1"), ("b", "2"), ("c", "3")]).await;
    blocking(move || {
        let first = member(&bootstrap, "g", &[]);
        poll_until(&[&first], |assigned| assigned[0].len() == 1);
        let mut offsets = TopicPartitionList::new();
        offsets.add_partition_offset("t", 0, Offset::Offset(2)).unwrap();
        first.commit(&offsets, CommitMode::Sync).unwrap();
        drop(first);
        let second = member(&bootstrap, "g", &[]);
        let until = Instant::now() + DEADLINE;
        let message = loop {
            assert!(Instant::now() < until);
            if let Some(message) = second.poll(Duration::from_millis(100)) {
                break record_of(&message.unwrap());
            }
        };
        assert_eq!(message, (2, "c".to_owned(), "3".to_owned()));
        let committed = second.committed(DEADLINE).unwrap();
        assert_eq!(committed.elements()[0].offset(), Offset::Offset(2));
        let groups = second.fetch_group_list(Some("g"), DEADLINE).unwrap();
        let group = &groups.groups()[0];
        assert_eq!((group.state(), group.protocol_type(), group.members().len()), ("Stable", "consumer", 1));
    })
    .await;
    broker.shutdown().await;
}
