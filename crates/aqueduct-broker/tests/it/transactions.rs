use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, Producer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::clients::{DEADLINE, Seen, blocking, client, create_topic, memory_broker, read_to_end, send_all};

pub(crate) fn transactional(bootstrap: &str, id: &str) -> FutureProducer {
    client(bootstrap, &[("transactional.id", id), ("transaction.timeout.ms", "60000")]).create().unwrap()
}

async fn init(producer: &FutureProducer) {
    let producer = producer.clone();
    blocking(move || producer.init_transactions(DEADLINE).unwrap()).await;
}

async fn commit(producer: &FutureProducer) {
    let producer = producer.clone();
    blocking(move || producer.commit_transaction(DEADLINE).unwrap()).await;
}

async fn abort(producer: &FutureProducer) {
    let producer = producer.clone();
    blocking(move || producer.abort_transaction(DEADLINE).unwrap()).await;
}

pub(crate) async fn values(bootstrap: &str, topic: &'static str, isolation: &'static str) -> Vec<String> {
    let bootstrap = bootstrap.to_owned();
    let seen: Vec<Seen> = blocking(move || read_to_end(&bootstrap, topic, isolation)).await;
    seen.into_iter().map(|(_, _, value)| value).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn committed_is_seen_aborted_is_not_open_waits() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[]).await;
    let producer = transactional(&bootstrap, "tx");
    init(&producer).await;
    producer.begin_transaction().unwrap();
    send_all(&producer, "t", &[("k", "c1"), ("k", "c2")]).await;
    commit(&producer).await;
    producer.begin_transaction().unwrap();
    send_all(&producer, "t", &[("k", "a1")]).await;
    abort(&producer).await;
    producer.begin_transaction().unwrap();
    send_all(&producer, "t", &[("k", "o1")]).await;
    let plain: FutureProducer = client(&bootstrap, &[]).create().unwrap();
    send_all(&plain, "t", &[("k", "p1")]).await;
    assert_eq!(values(&bootstrap, "t", "read_committed").await, ["c1", "c2"]);
    assert_eq!(values(&bootstrap, "t", "read_uncommitted").await, ["c1", "c2", "a1", "o1", "p1"]);
    commit(&producer).await;
    assert_eq!(values(&bootstrap, "t", "read_committed").await, ["c1", "c2", "o1", "p1"]);
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_producer_fences_the_first() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[]).await;
    let first = transactional(&bootstrap, "tx");
    init(&first).await;
    first.begin_transaction().unwrap();
    send_all(&first, "t", &[("k", "lost")]).await;
    let second = transactional(&bootstrap, "tx");
    init(&second).await;
    second.begin_transaction().unwrap();
    send_all(&second, "t", &[("k", "kept")]).await;
    commit(&second).await;
    let zombie = first.clone();
    let error = blocking(move || zombie.commit_transaction(DEADLINE).unwrap_err()).await;
    let rdkafka::error::KafkaError::Transaction(error) = error else { panic!("{error}") };
    assert!(error.is_fatal());
    assert_eq!(error.code(), RDKafkaErrorCode::Fenced, "{error}");
    assert_eq!(values(&bootstrap, "t", "read_committed").await, ["kept"]);
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_transaction_is_aborted_at_its_timeout() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[]).await;
    let settings =
        [("transactional.id", "tx"), ("transaction.timeout.ms", "1000"), ("message.timeout.ms", "1000")];
    let producer: FutureProducer = client(&bootstrap, &settings).create().unwrap();
    init(&producer).await;
    producer.begin_transaction().unwrap();
    send_all(&producer, "t", &[("k", "forgotten")]).await;
    let plain: FutureProducer = client(&bootstrap, &[]).create().unwrap();
    send_all(&plain, "t", &[("k", "after")]).await;
    let until = Instant::now() + DEADLINE;
    while values(&bootstrap, "t", "read_committed").await != ["after"] {
        assert!(Instant::now() < until, "the transaction stays open");
    }
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offsets_of_a_transaction_follow_its_outcome() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[]).await;
    let producer = transactional(&bootstrap, "tx");
    init(&producer).await;
    blocking(move || {
        let settings =
            [("group.id", "g"), ("enable.auto.commit", "false"), ("isolation.level", "read_committed")];
        let consumer: BaseConsumer = client(&bootstrap, &settings).create().unwrap();
        consumer.subscribe(&["t"]).unwrap();
        let until = Instant::now() + DEADLINE;
        while consumer.assignment().unwrap().count() == 0 {
            assert!(Instant::now() < until);
            let _ = consumer.poll(Duration::from_millis(50));
        }
        let committed = || consumer.committed(DEADLINE).unwrap().elements()[0].offset();
        let send_offset = |offset| {
            let mut offsets = TopicPartitionList::new();
            offsets.add_partition_offset("t", 0, Offset::Offset(offset)).unwrap();
            let metadata = consumer.group_metadata().unwrap();
            producer.send_offsets_to_transaction(&offsets, &metadata, DEADLINE).unwrap();
        };
        producer.begin_transaction().unwrap();
        send_offset(7);
        producer.abort_transaction(DEADLINE).unwrap();
        assert_eq!(committed(), Offset::Invalid);
        producer.begin_transaction().unwrap();
        send_offset(9);
        producer.commit_transaction(DEADLINE).unwrap();
        assert_eq!(committed(), Offset::Offset(9));
    })
    .await;
    broker.shutdown().await;
}
