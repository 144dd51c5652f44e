//! Records on their way out.

use std::fmt;
use std::sync::Arc;

use crate::error::KafkaError;

/// A topic and a partition of it. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicPartition {
    /// Topic name.
    pub topic: Arc<str>,
    /// Partition number, from 0.
    pub partition: i32,
}

impl TopicPartition {
    /// The partition `partition` of `topic`.
    pub fn new(topic: impl Into<Arc<str>>, partition: i32) -> TopicPartition {
        TopicPartition { topic: topic.into(), partition }
    }
}

impl fmt::Display for TopicPartition {
    /// As Java prints it: `topic-partition`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// A header of a record to send; borrowed, like the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutHeader<'a> {
    /// Header name.
    pub key: &'a str,
    /// Header value; `None` is Kafka's null, different from empty.
    pub value: Option<&'a [u8]>,
}

/// A record to send. All bytes are borrowed: the producer copies them once, into its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutRecord<'a> {
    /// Topic to write to.
    pub topic: &'a str,
    /// Partition to write to; `None` lets the configured partitioner choose.
    pub partition: Option<i32>,
    /// Milliseconds since the epoch; `None` is the time of sending.
    pub timestamp: Option<i64>,
    /// Key; `None` is Kafka's null, different from empty.
    pub key: Option<&'a [u8]>,
    /// Value; `None` is Kafka's null (a tombstone), different from empty.
    pub value: Option<&'a [u8]>,
    /// Headers, in order; names may repeat.
    pub headers: &'a [OutHeader<'a>],
}

/// Bytes of a record batch's own header (magic 2).
const BATCH_OVERHEAD_BYTES: usize = 61;
/// The most that a record's fixed fields and varint lengths can take besides key, value and headers.
const RECORD_OVERHEAD_BYTES_MAX: usize = 21;

impl<'a> OutRecord<'a> {
    /// A record with only a topic; the rest is set by struct update syntax.
    pub fn to(topic: &'a str) -> OutRecord<'a> {
        OutRecord { topic, partition: None, timestamp: None, key: None, value: None, headers: &[] }
    }

    /// The upper bound of this record's size in a request, computed as Java does for `max.request.size`: a batch
    /// of its own, not compressed.
    pub fn size_upper_bound(&self) -> usize {
        let sized = |bytes: Option<&[u8]>| bytes.map_or(1, |b| varint_len(b.len()) + b.len());
        let headers = self.headers.iter().fold(varint_len(self.headers.len()), |sum, header| {
            sum + sized(Some(header.key.as_bytes())) + sized(header.value)
        });
        BATCH_OVERHEAD_BYTES + RECORD_OVERHEAD_BYTES_MAX + sized(self.key) + sized(self.value) + headers
    }
}

/// Length of a zigzag varint for a non-negative number.
fn varint_len(value: usize) -> usize {
    let zigzag = (value as u64) << 1;
    (64 - (zigzag | 1).leading_zeros() as usize).div_ceil(7)
}

/// Where a record went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordMetadata {
    /// The partition, chosen by the caller or by the partitioner.
    pub partition: i32,
    /// The record's offset; -1 with `acks=0`.
    pub offset: i64,
    /// Milliseconds since the epoch, or -1 if unknown.
    pub timestamp: i64,
}

/// A delivery report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ack {
    /// The number that `send` gave to the record.
    pub sequence: u64,
    /// Where it went, or why it did not.
    pub result: Result<RecordMetadata, KafkaError>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_is_javas_upper_bound() {
        let check = |record: OutRecord<'_>, expected| assert_eq!(record.size_upper_bound(), expected);
        // 61 + 21, then one byte each for null key, null value and no headers.
        check(OutRecord::to("t"), 85);
        let value = vec![0; 1_048_576];
        // The value's length takes a varint of four bytes.
        check(OutRecord { value: Some(&value), ..OutRecord::to("t") }, 85 + 3 + 1_048_576);
        let headers = [OutHeader { key: "ab", value: Some(b"c") }, OutHeader { key: "d", value: None }];
        check(OutRecord { key: Some(b""), headers: &headers, ..OutRecord::to("t") }, 85 + 3 + 2 + 2 + 1);
    }

    #[test]
    fn varint_lengths_change_at_the_zigzag_bounds() {
        for (value, len) in [(0, 1), (63, 1), (64, 2), (8191, 2), (8192, 3), (1 << 20, 4)] {
            assert_eq!(varint_len(value), len, "{value}");
        }
    }
}
