//! What the tests share: a broker, and librdkafka clients of it.

use std::time::{Duration, Instant};

use aqueduct_broker::{Broker, BrokerConfig};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// Broker logs go where the test's output goes.
pub(crate) async fn memory_broker() -> Broker {
    let _ = tracing_subscriber::fmt().with_test_writer().try_init();
    Broker::start(BrokerConfig::default()).await.unwrap()
}

pub(crate) fn client(bootstrap: &str, settings: &[(&str, &str)]) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("topic.metadata.refresh.interval.ms", "1000");
    for (name, value) in settings {
        config.set(*name, *value);
    }
    config
}

pub(crate) fn admin(bootstrap: &str) -> AdminClient<DefaultClientContext> {
    client(bootstrap, &[]).create().unwrap()
}

pub(crate) async fn create_topic(bootstrap: &str, name: &str, partitions: i32, configs: &[(&str, &str)]) {
    let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(1));
    for (key, value) in configs {
        topic = topic.set(key, value);
    }
    let results = admin(bootstrap).create_topics([&topic], &AdminOptions::new()).await.unwrap();
    assert_eq!(results, vec![Ok(name.to_owned())]);
}

/// Sends records one after another to partition 0; an empty value is a tombstone.
pub(crate) async fn send_all(producer: &FutureProducer, topic: &str, records: &[(&str, &str)]) -> Vec<i64> {
    let mut offsets = Vec::new();
    for (key, value) in records {
        let mut record = FutureRecord::<str, str>::to(topic).key(*key).partition(0);
        if !value.is_empty() {
            record = record.payload(*value);
        }
        let delivery = producer.send(record, DEADLINE).await.unwrap();
        offsets.push(delivery.offset);
    }
    offsets
}

/// A record as the tests compare it: offset, key, value.
pub(crate) type Seen = (i64, String, String);

/// Reads partition 0 from its start up to its end offset, as a read_committed or read_uncommitted consumer sees it.
pub(crate) fn read_to_end(bootstrap: &str, topic: &str, isolation: &str) -> Vec<Seen> {
    let settings = [
        ("group.id", "reader"),
        ("isolation.level", isolation),
        ("enable.partition.eof", "true"),
        ("enable.auto.commit", "false"),
    ];
    let consumer: BaseConsumer = client(bootstrap, &settings).create().unwrap();
    let mut assignment = TopicPartitionList::new();
    assignment.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&assignment).unwrap();
    let mut seen = Vec::new();
    let until = Instant::now() + DEADLINE;
    loop {
        assert!(Instant::now() < until, "no end of {topic} in sight after {seen:?}");
        match consumer.poll(Duration::from_millis(100)) {
            None => {}
            Some(Ok(message)) => seen.push(record_of(&message)),
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => return seen,
            Some(Err(error)) => panic!("{error}"),
        }
    }
}

pub(crate) fn record_of(message: &impl Message) -> Seen {
    let text = |bytes: Option<&[u8]>| String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned();
    (message.offset(), text(message.key()), text(message.payload()))
}

/// Low and high watermark of partition 0.
pub(crate) fn watermarks(bootstrap: &str, topic: &str) -> (i64, i64) {
    let consumer: BaseConsumer = client(bootstrap, &[("group.id", "watermarks")]).create().unwrap();
    consumer.fetch_watermarks(topic, 0, DEADLINE).unwrap()
}

/// Runs blocking client code without holding up the broker's runtime.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Waits until `condition` holds.
pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let until = Instant::now() + DEADLINE;
    while !condition() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
