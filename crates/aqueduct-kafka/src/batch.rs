//! Records on their way in: one arena for the bytes of a whole poll.

use std::ops::Range;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use crate::record::TopicPartition;

/// Who set a record's timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimestampType {
    /// The record has none.
    NoTimestampType,
    /// The producer.
    CreateTime,
    /// The broker.
    LogAppendTime,
}

/// A place in the arena; `NULL` is Kafka's null.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: u32,
    len: u32,
}

const NULL: Span = Span { start: 0, len: u32::MAX };

#[derive(Clone, Debug)]
struct Header {
    key: Span,
    value: Span,
}

#[derive(Clone, Debug)]
struct Entry {
    topic: u32,
    partition: i32,
    offset: i64,
    timestamp: i64,
    timestamp_type: TimestampType,
    key: Span,
    value: Span,
    headers: Range<u32>,
}

/// The records of one poll.
///
/// Their bytes lie in one buffer, which the next poll uses again unless a [`Bytes`] of it is still held somewhere.
/// Reading borrows; keeping is a cheap slice.
#[derive(Debug, Default)]
pub struct FetchedBatch {
    filling: BytesMut,
    arena: Bytes,
    entries: Vec<Entry>,
    headers: Vec<Header>,
    topics: Vec<Arc<str>>,
}

impl FetchedBatch {
    /// An empty batch. Make one per consumer and hand it to every poll.
    pub fn new() -> FetchedBatch {
        FetchedBatch::default()
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no records.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of all keys, values and headers.
    pub fn bytes(&self) -> usize {
        self.arena.len() + self.filling.len()
    }

    /// The records in order of arrival (per partition: of offset).
    pub fn iter(&self) -> impl ExactSizeIterator<Item = FetchedRecord<'_>> + Clone {
        self.entries.iter().map(|entry| FetchedRecord { batch: self, entry })
    }

    /// The record at `index`.
    pub fn get(&self, index: usize) -> Option<FetchedRecord<'_>> {
        self.entries.get(index).map(|entry| FetchedRecord { batch: self, entry })
    }

    /// Forgets the records and keeps the buffers.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.headers.clear();
        let arena = std::mem::take(&mut self.arena);
        if let Ok(mut reusable) = arena.try_into_mut() {
            reusable.clear();
            if reusable.capacity() > self.filling.capacity() {
                self.filling = reusable;
            }
        }
        self.filling.clear();
    }

    /// Adds a record; its headers follow through [`push_header`](Self::push_header).
    pub(crate) fn push(
        &mut self,
        topic: u32,
        partition: i32,
        offset: i64,
        (timestamp, timestamp_type): (i64, TimestampType),
        key: Option<&[u8]>,
        value: Option<&[u8]>,
    ) {
        let key = self.store(key);
        let value = self.store(value);
        let at = self.headers.len() as u32;
        self.entries.push(Entry {
            topic,
            partition,
            offset,
            timestamp,
            timestamp_type,
            key,
            value,
            headers: at..at,
        });
    }

    /// Adds a header to the record pushed last.
    pub(crate) fn push_header(&mut self, key: &[u8], value: Option<&[u8]>) {
        let key = match std::str::from_utf8(key) {
            Ok(_) => self.store(Some(key)),
            // Java decodes names with replacement characters; so must we, and names stay `str`.
            Err(_) => self.store(Some(String::from_utf8_lossy(key).as_bytes())),
        };
        let value = self.store(value);
        self.headers.push(Header { key, value });
        if let Some(entry) = self.entries.last_mut() {
            entry.headers.end = self.headers.len() as u32;
        }
    }

    /// The number of a topic within the batch. Few topics take part in a poll, so a scan beats a map.
    pub(crate) fn topic_index(&mut self, name: &str) -> u32 {
        if let Some(index) = self.topics.iter().position(|topic| &**topic == name) {
            return index as u32;
        }
        self.topics.push(Arc::from(name));
        (self.topics.len() - 1) as u32
    }

    /// Makes the bytes readable. After the last push, before the batch is handed out.
    pub(crate) fn seal(&mut self) {
        self.arena = std::mem::take(&mut self.filling).freeze();
    }

    fn store(&mut self, bytes: Option<&[u8]>) -> Span {
        let Some(bytes) = bytes else { return NULL };
        let start = self.filling.len() as u32;
        self.filling.put_slice(bytes);
        Span { start, len: bytes.len() as u32 }
    }

    fn slice(&self, span: Span) -> Option<&[u8]> {
        if span.len == NULL.len {
            return None;
        }
        let start = span.start as usize;
        self.arena.get(start..start + span.len as usize)
    }
}

/// One record of a [`FetchedBatch`].
#[derive(Clone, Copy, Debug)]
pub struct FetchedRecord<'a> {
    batch: &'a FetchedBatch,
    entry: &'a Entry,
}

impl<'a> FetchedRecord<'a> {
    /// Topic name, shared by all records of the topic.
    pub fn topic(&self) -> &'a Arc<str> {
        // `push` takes only numbers that `topic_index` gave, and topics are never removed.
        &self.batch.topics[self.entry.topic as usize]
    }

    /// Partition number.
    pub fn partition(&self) -> i32 {
        self.entry.partition
    }

    /// Topic and partition.
    pub fn topic_partition(&self) -> TopicPartition {
        TopicPartition { topic: Arc::clone(self.topic()), partition: self.entry.partition }
    }

    /// Offset of this record.
    pub fn offset(&self) -> i64 {
        self.entry.offset
    }

    /// Milliseconds since the epoch; `None` if the record has no timestamp.
    pub fn timestamp(&self) -> Option<i64> {
        (self.entry.timestamp_type != TimestampType::NoTimestampType).then_some(self.entry.timestamp)
    }

    /// Who set the timestamp.
    pub fn timestamp_type(&self) -> TimestampType {
        self.entry.timestamp_type
    }

    /// Key; `None` is Kafka's null.
    pub fn key(&self) -> Option<&'a [u8]> {
        self.batch.slice(self.entry.key)
    }

    /// Value; `None` is Kafka's null.
    pub fn value(&self) -> Option<&'a [u8]> {
        self.batch.slice(self.entry.value)
    }

    /// The key as bytes that can be kept.
    pub fn key_bytes(&self) -> Option<Bytes> {
        self.key().map(|bytes| self.batch.arena.slice_ref(bytes))
    }

    /// The value as bytes that can be kept.
    pub fn value_bytes(&self) -> Option<Bytes> {
        self.value().map(|bytes| self.batch.arena.slice_ref(bytes))
    }

    /// Headers in order.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = FetchedHeader<'a>> + use<'a> {
        let batch = self.batch;
        let range = self.entry.headers.start as usize..self.entry.headers.end as usize;
        batch.headers.get(range).unwrap_or_default().iter().map(move |header| FetchedHeader { batch, header })
    }
}

/// One header of a [`FetchedRecord`].
#[derive(Clone, Copy, Debug)]
pub struct FetchedHeader<'a> {
    batch: &'a FetchedBatch,
    header: &'a Header,
}

impl<'a> FetchedHeader<'a> {
    /// Header name.
    pub fn key(&self) -> &'a str {
        let bytes = self.batch.slice(self.header.key).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    /// Header value; `None` is Kafka's null.
    pub fn value(&self) -> Option<&'a [u8]> {
        self.batch.slice(self.header.value)
    }

    /// The value as bytes that can be kept.
    pub fn value_bytes(&self) -> Option<Bytes> {
        self.value().map(|bytes| self.batch.arena.slice_ref(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled() -> FetchedBatch {
        let mut batch = FetchedBatch::new();
        let topic = batch.topic_index("orders");
        batch.push(topic, 3, 7, (99, TimestampType::CreateTime), Some(b"k"), Some(b""));
        batch.push_header(b"h", Some(b"v"));
        batch.push_header(b"bad\xff", None);
        batch.push(topic, 3, 8, (-1, TimestampType::NoTimestampType), None, None);
        batch.seal();
        batch
    }

    #[test]
    fn records_come_back_as_they_were_pushed() {
        let batch = filled();
        let records: Vec<_> = batch.iter().collect();
        assert_eq!(records[0].topic_partition().to_string(), "orders-3");
        assert_eq!((records[0].key(), records[0].value()), (Some(&b"k"[..]), Some(&b""[..])));
        assert_eq!((records[0].offset(), records[0].timestamp()), (7, Some(99)));
        let headers: Vec<_> = records[0].headers().map(|h| (h.key(), h.value())).collect();
        assert_eq!(headers, [("h", Some(&b"v"[..])), ("bad\u{fffd}", None)]);
        assert_eq!((records[1].key(), records[1].value(), records[1].timestamp()), (None, None, None));
        assert_eq!(records[1].headers().len(), 0);
    }

    #[test]
    fn the_arena_is_used_again_only_when_nobody_holds_a_slice() {
        let mut batch = filled();
        let first = batch.arena.as_ptr();
        batch.clear();
        batch.push(0, 0, 0, (0, TimestampType::CreateTime), None, Some(b"x"));
        batch.seal();
        assert_eq!(batch.arena.as_ptr(), first);
        let kept = batch.get(0).unwrap().value_bytes().unwrap();
        batch.clear();
        batch.push(0, 0, 0, (0, TimestampType::CreateTime), None, Some(b"y"));
        batch.seal();
        assert_eq!(&kept[..], b"x");
        assert_ne!(batch.arena.as_ptr(), first);
    }
}
