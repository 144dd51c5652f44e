//! What a partition knows of its producers: sequence numbers, epochs, open transactions.

use std::collections::{BTreeSet, HashMap, VecDeque};

use kafka_protocol::ResponseError;

use super::batch::{BatchHeader, add_sequence};

/// Batches of a producer that can be recognised when they come again; clients keep at most five in flight.
const REMEMBERED_BATCHES: usize = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Remembered {
    first_sequence: i32,
    last_sequence: i32,
    base_offset: i64,
    last_offset: i64,
    append_time_ms: i64,
}

/// One producer's state in one partition.
#[derive(Debug, Clone)]
pub(crate) struct Producer {
    pub(crate) epoch: i16,
    pub(crate) last_timestamp_ms: i64,
    /// First offset of its open transaction here.
    pub(crate) transaction_start: Option<i64>,
    recent: VecDeque<Remembered>,
}

impl Producer {
    fn new(epoch: i16) -> Producer {
        Producer { epoch, last_timestamp_ms: -1, transaction_start: None, recent: VecDeque::new() }
    }

    /// -1 if no data batch of the current epoch is known.
    pub(crate) fn last_sequence(&self) -> i32 {
        self.recent.back().map_or(-1, |batch| batch.last_sequence)
    }

    fn last_offset(&self) -> Option<i64> {
        self.recent.back().map(|batch| batch.last_offset)
    }
}

/// What to do with a producer's batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Append,
    /// It is in the log already, at this offset.
    Duplicate {
        base_offset: i64,
        append_time_ms: i64,
    },
}

#[derive(Debug, Default)]
pub(crate) struct Producers {
    by_id: HashMap<i64, Producer>,
    /// First offsets of the open transactions.
    open: BTreeSet<i64>,
}

impl Producers {
    /// Judges a data batch that carries a producer id, without changing anything.
    pub(crate) fn check(&self, header: &BatchHeader) -> Result<Verdict, ResponseError> {
        let Some(producer) = self.by_id.get(&header.producer_id) else { return Ok(Verdict::Append) };
        if header.producer_epoch < producer.epoch {
            return Err(ResponseError::InvalidProducerEpoch);
        }
        if header.producer_epoch > producer.epoch {
            // A new epoch starts its numbers again.
            return if header.base_sequence == 0 {
                Ok(Verdict::Append)
            } else {
                Err(ResponseError::OutOfOrderSequenceNumber)
            };
        }
        let (first, last) = (header.base_sequence, header.last_sequence());
        if let Some(known) =
            producer.recent.iter().find(|batch| batch.first_sequence == first && batch.last_sequence == last)
        {
            return Ok(Verdict::Duplicate {
                base_offset: known.base_offset,
                append_time_ms: known.append_time_ms,
            });
        }
        match producer.recent.back() {
            // A marker brought the epoch, or its batches are gone: any number may be next.
            None => Ok(Verdict::Append),
            Some(batch) if first == add_sequence(batch.last_sequence, 1) => Ok(Verdict::Append),
            Some(_) => Err(ResponseError::OutOfOrderSequenceNumber),
        }
    }

    /// Takes note of a data batch now in the log.
    pub(crate) fn appended(&mut self, header: &BatchHeader) {
        let producer =
            self.by_id.entry(header.producer_id).or_insert_with(|| Producer::new(header.producer_epoch));
        if header.producer_epoch > producer.epoch {
            producer.epoch = header.producer_epoch;
            producer.recent.clear();
        }
        if producer.recent.len() == REMEMBERED_BATCHES {
            producer.recent.pop_front();
        }
        let append_time_ms = if header.is_log_append_time() { header.max_timestamp } else { -1 };
        producer.recent.push_back(Remembered {
            first_sequence: header.base_sequence,
            last_sequence: header.last_sequence(),
            base_offset: header.base_offset,
            last_offset: header.last_offset(),
            append_time_ms,
        });
        producer.last_timestamp_ms = header.max_timestamp;
        if header.is_transactional() && producer.transaction_start.is_none() {
            producer.transaction_start = Some(header.base_offset);
            self.open.insert(header.base_offset);
        }
    }

    /// Takes note of a marker; returns the first offset of the transaction that it ends, if one was open.
    pub(crate) fn ended(&mut self, producer_id: i64, epoch: i16, timestamp_ms: i64) -> Option<i64> {
        let producer = self.by_id.entry(producer_id).or_insert_with(|| Producer::new(epoch));
        if epoch > producer.epoch {
            producer.epoch = epoch;
            producer.recent.clear();
        }
        producer.last_timestamp_ms = timestamp_ms;
        let start = producer.transaction_start.take()?;
        self.open.remove(&start);
        Some(start)
    }

    pub(crate) fn get(&self, producer_id: i64) -> Option<&Producer> {
        self.by_id.get(&producer_id)
    }

    /// First offset of the oldest open transaction.
    pub(crate) fn first_open_offset(&self) -> Option<i64> {
        self.open.first().copied()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (i64, &Producer)> {
        self.by_id.iter().map(|(id, producer)| (*id, producer))
    }

    /// Whether the batch ending at `last_offset` is the newest of its producer: compaction must keep its header, or
    /// the sequence number would be forgotten at the next start.
    pub(crate) fn is_newest(&self, header: &BatchHeader) -> bool {
        self.by_id.get(&header.producer_id).and_then(Producer::last_offset) == Some(header.last_offset())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(epoch: i16, base_sequence: i32, count: i32, base_offset: i64) -> BatchHeader {
        BatchHeader {
            base_offset,
            size: 100,
            leader_epoch: 0,
            crc: 0,
            attributes: 0,
            last_offset_delta: count - 1,
            base_timestamp: 1,
            max_timestamp: 1,
            producer_id: 9,
            producer_epoch: epoch,
            base_sequence,
            record_count: count,
        }
    }

    #[test]
    fn sequences_epochs_and_duplicates() {
        let mut producers = Producers::default();
        for n in 0..7 {
            let batch = header(1, n * 10, 10, i64::from(n) * 10);
            assert_eq!(producers.check(&batch), Ok(Verdict::Append));
            producers.appended(&batch);
        }
        let check = |batch: BatchHeader, expected: Result<Verdict, ResponseError>| {
            assert_eq!(producers.check(&batch), expected, "{batch:?}");
        };
        check(header(1, 70, 10, 0), Ok(Verdict::Append));
        check(header(1, 80, 10, 0), Err(ResponseError::OutOfOrderSequenceNumber));
        check(header(1, 60, 10, 0), Ok(Verdict::Duplicate { base_offset: 60, append_time_ms: -1 }));
        check(header(1, 20, 10, 0), Ok(Verdict::Duplicate { base_offset: 20, append_time_ms: -1 }));
        check(header(1, 10, 10, 0), Err(ResponseError::OutOfOrderSequenceNumber));
        check(header(1, 60, 5, 0), Err(ResponseError::OutOfOrderSequenceNumber));
        check(header(0, 70, 10, 0), Err(ResponseError::InvalidProducerEpoch));
        check(header(2, 70, 10, 0), Err(ResponseError::OutOfOrderSequenceNumber));
        check(header(2, 0, 10, 0), Ok(Verdict::Append));
    }

    #[test]
    fn a_marker_ends_the_transaction_and_fences_older_epochs() {
        let mut producers = Producers::default();
        let mut batch = header(1, 0, 1, 5);
        batch.attributes = 0x10;
        producers.appended(&batch);
        assert_eq!(producers.first_open_offset(), Some(5));
        assert_eq!(producers.ended(9, 2, 3), Some(5));
        assert_eq!(producers.first_open_offset(), None);
        assert_eq!(producers.check(&header(1, 1, 1, 6)), Err(ResponseError::InvalidProducerEpoch));
    }
}
