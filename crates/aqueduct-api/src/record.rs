//! Records on their way between a system and Kafka.

use std::fmt;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::data::{Headers, Map, Schema, Text, Value};

/// The name of a topic, shared by all records of it.
pub type Topic = Arc<str>;

/// What a transformation can change of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The topic to write to, or the topic read from.
    pub topic: Topic,
    /// The Kafka partition; `None` lets the producer choose.
    pub partition: Option<i32>,
    /// The schema of the key.
    pub key_schema: Option<Schema>,
    /// The key.
    pub key: Value,
    /// The schema of the value.
    pub value_schema: Option<Schema>,
    /// The value; [`Value::Null`] makes the record a tombstone.
    pub value: Value,
    /// Milliseconds since 1970 UTC; `None` lets the producer choose.
    pub timestamp: Option<i64>,
    /// The headers.
    pub headers: Headers,
}

impl Record {
    /// A record of this topic with nothing in it.
    pub fn new(topic: impl Into<Topic>) -> Self {
        Self {
            topic: topic.into(),
            partition: None,
            key_schema: None,
            key: Value::Null,
            value_schema: None,
            value: Value::Null,
            timestamp: None,
            headers: Headers::new(),
        }
    }

    /// Sets key and key schema.
    #[must_use]
    pub fn with_key(mut self, schema: impl Into<Option<Schema>>, key: impl Into<Value>) -> Self {
        self.key_schema = schema.into();
        self.key = key.into();
        self
    }

    /// Sets value and value schema.
    #[must_use]
    pub fn with_value(mut self, schema: impl Into<Option<Schema>>, value: impl Into<Value>) -> Self {
        self.value_schema = schema.into();
        self.value = value.into();
        self
    }
}

/// A source partition or a source offset: text keys to primitive values, in the order in which Java would iterate them.
///
/// The serialized form of a partition is its identity (spec: offsets topic keys), so the order counts. Values are null,
/// boolean, number or text; what is stored reads back with 64-bit numbers.
#[derive(Clone, Default, PartialEq)]
pub struct OffsetMap(SmallVec<[(Text, Value); 1]>);

impl OffsetMap {
    /// A map of one entry: what most connectors need, without an allocation for the entries.
    pub fn of(key: impl Into<Text>, value: impl Into<Value>) -> Self {
        let mut entries = SmallVec::new();
        entries.push((key.into(), value.into()));
        Self(entries)
    }

    /// A map without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an entry at the end, or a new value in the place of an existing key.
    #[must_use]
    pub fn with(mut self, key: impl Into<Text>, value: impl Into<Value>) -> Self {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
        self
    }

    /// Puts the entries into the order in which a `java.util.HashMap` iterates that got them one after the other:
    /// for connectors whose Java originals use one.
    #[must_use]
    pub fn into_hash_order(self) -> Self {
        self.0
            .into_iter()
            .map(|(key, value)| (Value::String(key), value))
            .collect::<Map>()
            .into_hash_order()
            .into()
    }

    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| value)
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Map> for OffsetMap {
    /// Entries whose key is no text are left out; check with [`Map::text_keys`] where that can happen.
    fn from(map: Map) -> Self {
        Self(
            map.into_iter()
                .filter_map(|(key, value)| match key {
                    Value::String(key) => Some((key, value)),
                    _ => None,
                })
                .collect(),
        )
    }
}

impl<K: Into<Text>, V: Into<Value>> FromIterator<(K, V)> for OffsetMap {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        entries.into_iter().fold(Self::new(), |map, (key, value)| map.with(key, value))
    }
}

impl fmt::Debug for OffsetMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// A record that a source task has read.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceRecord {
    /// What is written to Kafka.
    pub record: Record,
    /// Which part of the source it comes from, shared by all records of that part. `None`: no offset is stored.
    pub source_partition: Option<Arc<OffsetMap>>,
    /// Where to go on after it.
    pub source_offset: Option<OffsetMap>,
}

/// How Kafka set a record's timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimestampType {
    /// There is none.
    #[default]
    NoTimestampType,
    /// By the producer.
    CreateTime,
    /// By the broker.
    LogAppendTime,
}

impl TimestampType {
    /// As Java prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoTimestampType => "NoTimestampType",
            Self::CreateTime => "CreateTime",
            Self::LogAppendTime => "LogAppendTime",
        }
    }
}

/// A record that was consumed for a sink task.
#[derive(Debug, Clone, PartialEq)]
pub struct SinkRecord {
    /// The record after conversion and transformations.
    pub record: Record,
    /// Where it lies in Kafka, whatever transformations did to topic and partition.
    pub origin: SinkOrigin,
}

/// The place of a consumed record in Kafka (KIP-793).
#[derive(Debug, Clone, PartialEq)]
pub struct SinkOrigin {
    /// The topic it was read from.
    pub topic: Topic,
    /// The partition it was read from.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// How its timestamp was set.
    pub timestamp_type: TimestampType,
}

/// Where a record that is being transformed comes from; a transformation can look, and change nothing.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// A source task.
    Source {
        /// [`SourceRecord::source_partition`]
        partition: Option<&'a OffsetMap>,
        /// [`SourceRecord::source_offset`]
        offset: Option<&'a OffsetMap>,
    },
    /// A sink task.
    Sink(&'a SinkOrigin),
}

/// A partition of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// The topic.
    pub topic: Topic,
    /// The partition, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// A partition of a topic.
    pub fn new(topic: impl Into<Topic>, partition: i32) -> Self {
        Self { topic: topic.into(), partition }
    }
}

/// `topic-partition`, as Java prints it.
impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// Where Kafka has put a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordMetadata {
    /// The partition.
    pub partition: i32,
    /// The offset; -1 where the broker did not say.
    pub offset: i64,
    /// Milliseconds since 1970 UTC; -1 where there is none.
    pub timestamp: i64,
}
