//! A look at Kafka from outside: a client that has nothing to do with the worker's.

use std::collections::BTreeMap;
use std::time::Duration;

use aqueduct_kafka::admin::NewTopic;
use aqueduct_kafka::{Admin, Properties};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::wait::PATIENCE;

/// How long one request to the broker may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// Writes and reads topics of one broker. Every call makes a client of its own, so tests don't hinder each other.
#[derive(Debug, Clone)]
pub struct KafkaClient {
    bootstrap: String,
}

/// A record to write.
#[derive(Debug, Clone, Default)]
pub struct NewRecord {
    /// `None`: by the key, or any.
    pub partition: Option<i32>,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The headers in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
    /// Milliseconds since 1970 UTC; `None`: now.
    pub timestamp: Option<i64>,
}

impl NewRecord {
    /// A record with this value, for partition 0.
    pub fn value(value: impl AsRef<[u8]>) -> Self {
        Self { partition: Some(0), value: Some(value.as_ref().to_vec()), ..Self::default() }
    }

    /// The same with a key.
    #[must_use]
    pub fn key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.key = Some(key.as_ref().to_vec());
        self
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, key: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((key.to_owned(), Some(value.as_ref().to_vec())));
        self
    }

    /// The same for another partition.
    #[must_use]
    pub fn partition(mut self, partition: i32) -> Self {
        self.partition = Some(partition);
        self
    }
}

/// A record as it lies in Kafka.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicRecord {
    /// Where it lies.
    pub partition: i32,
    /// Where it lies there.
    pub offset: i64,
    /// Milliseconds since 1970 UTC.
    pub timestamp: Option<i64>,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// The headers in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl TopicRecord {
    fn of(message: &BorrowedMessage<'_>) -> Self {
        let header = |header: Header<'_, &[u8]>| (header.key.to_owned(), header.value.map(<[u8]>::to_vec));
        Self {
            partition: message.partition(),
            offset: message.offset(),
            timestamp: message.timestamp().to_millis(),
            key: message.key().map(<[u8]>::to_vec),
            value: message.payload().map(<[u8]>::to_vec),
            headers: message.headers().map(|all| all.iter().map(header).collect()).unwrap_or_default(),
        }
    }

    /// The value as text; a null is empty.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value.as_deref().unwrap_or_default()).into_owned()
    }

    /// The value of the last header of this name as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().rev().find(|(key, _)| key == name)?;
        value.as_ref().map(|value| String::from_utf8_lossy(value).into_owned())
    }
}

/// The values of records as texts.
pub fn values(records: &[TopicRecord]) -> Vec<String> {
    records.iter().map(TopicRecord::text).collect()
}

impl KafkaClient {
    /// A client of this broker.
    pub fn new(bootstrap: impl Into<String>) -> Self {
        Self { bootstrap: bootstrap.into() }
    }

    fn config(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.bootstrap).set("client.id", "testkit");
        config
    }

    fn admin(&self) -> Admin {
        Admin::new(&Properties::new().with("bootstrap.servers", &self.bootstrap)).expect("an admin client")
    }

    async fn blocking<T: Send + 'static>(&self, work: impl FnOnce(&Self) -> T + Send + 'static) -> T {
        let this = self.clone();
        tokio::task::spawn_blocking(move || work(&this)).await.expect("a thread that does not panic")
    }

    /// Makes a topic.
    pub async fn create_topic(&self, topic: &str, partitions: i32) {
        let new = NewTopic { name: topic.to_owned(), partitions: Some(partitions), ..NewTopic::default() };
        for (name, result) in self.admin().create_topics(&[new]).await.expect("an answer about topics") {
            result.unwrap_or_else(|error| panic!("{name} could not be made: {error}"));
        }
    }

    /// Writes records, and returns when Kafka has all of them.
    pub async fn produce(&self, topic: &str, records: impl IntoIterator<Item = NewRecord>) {
        let (topic, records) = (topic.to_owned(), records.into_iter().collect::<Vec<_>>());
        self.blocking(move |this| this.produce_now(&topic, &records)).await;
    }

    fn produce_now(&self, topic: &str, records: &[NewRecord]) {
        let producer: BaseProducer = self.config().set("linger.ms", "1").create().expect("a producer");
        for record in records {
            let headers = record.headers.iter().fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header { key, value: value.as_ref() })
            });
            let mut message = BaseRecord::<[u8], [u8]>::to(topic).headers(headers);
            message.partition = record.partition;
            message.key = record.key.as_deref();
            message.payload = record.value.as_deref();
            message.timestamp = record.timestamp;
            producer.send(message).map_err(|(error, _)| error).expect("room for a record");
            producer.poll(Duration::ZERO);
        }
        producer.flush(PATIENCE).expect("all records written");
    }

    /// The offsets of the next records of a topic by partition; none while the topic does not exist.
    pub async fn end_offsets(&self, topic: &str) -> BTreeMap<i32, i64> {
        let topic = topic.to_owned();
        self.blocking(move |this| this.ends(&this.consumer(), &topic)).await
    }

    fn consumer(&self) -> BaseConsumer {
        self.config()
            .set("group.id", "testkit")
            .set("enable.auto.commit", "false")
            .set("fetch.wait.max.ms", "10")
            .create()
            .expect("a consumer")
    }

    fn ends(&self, consumer: &BaseConsumer, topic: &str) -> BTreeMap<i32, i64> {
        let metadata = consumer.fetch_metadata(Some(topic), REQUEST_TIMEOUT).expect("metadata");
        let partitions = metadata.topics().iter().flat_map(|topic| topic.partitions());
        partitions
            .map(|partition| {
                let ends = consumer.fetch_watermarks(topic, partition.id(), REQUEST_TIMEOUT);
                (partition.id(), ends.expect("offsets of a partition").1)
            })
            .collect()
    }

    /// All records that a topic has now, by partition and offset; none if it does not exist.
    pub async fn records(&self, topic: &str) -> Vec<TopicRecord> {
        let topic = topic.to_owned();
        self.blocking(move |this| this.records_now(&topic)).await
    }

    fn records_now(&self, topic: &str) -> Vec<TopicRecord> {
        let consumer = self.consumer();
        let mut ends = self.ends(&consumer, topic);
        ends.retain(|_, end| *end > 0);
        let mut assignment = TopicPartitionList::new();
        for partition in ends.keys() {
            assignment.add_partition_offset(topic, *partition, Offset::Beginning).expect("an offset");
        }
        consumer.assign(&assignment).expect("an assignment");
        let mut records = Vec::new();
        while !ends.is_empty() {
            let message = consumer.poll(REQUEST_TIMEOUT).expect("records up to the end");
            let record = TopicRecord::of(&message.expect("a record"));
            let end = ends.get(&record.partition).copied();
            if end.is_some_and(|end| record.offset + 1 >= end) {
                ends.remove(&record.partition);
            }
            if end.is_some_and(|end| record.offset < end) {
                records.push(record);
            }
        }
        records.sort_by_key(|record| (record.partition, record.offset));
        records
    }

    /// Waits until a topic has at least so many records, and gives all that it has then.
    ///
    /// # Panics
    /// When [`PATIENCE`] is over.
    pub async fn expect_records(&self, topic: &str, count: usize) -> Vec<TopicRecord> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let wanted = i64::try_from(count).unwrap_or(i64::MAX);
        loop {
            let found: i64 = self.end_offsets(topic).await.values().sum();
            if found >= wanted {
                return self.records(topic).await;
            }
            assert!(
                tokio::time::Instant::now() < deadline,
                "waited {PATIENCE:?} in vain until {topic} has {count} records: it has {found}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// The committed offsets of a group in a topic by partition.
    pub async fn committed(&self, group: &str, topic: &str) -> BTreeMap<i32, i64> {
        let offsets = self.admin().list_group_offsets(group).await.expect("offsets of a group");
        offsets
            .into_iter()
            .filter(|(partition, _)| &*partition.topic == topic)
            .map(|(partition, offset)| (partition.partition, offset))
            .collect()
    }
}
