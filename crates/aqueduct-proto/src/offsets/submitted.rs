//! Which source offsets may be stored, given which records Kafka has acknowledged.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use aqueduct_api::OffsetMap;

use super::json::key_of;

/// The records of one source task that were sent and may not be acknowledged yet.
///
/// Of each source partition, only the offset of the last record before the first one that is not acknowledged may be
/// stored. One owner: `submit` in the order of sending, `ack` in any order, [`SubmittedRecords::committable`] when offsets
/// are due. Sequences are those of the producer: each one more than the last.
#[derive(Debug, Default)]
pub struct SubmittedRecords {
    /// The partition of each record from `first` on, until all before it are done.
    in_flight: VecDeque<u32>,
    /// The sequence of the first record in `in_flight`.
    first: u64,
    /// Acknowledged records at the head of `in_flight` are let go lazily: this many at least are done.
    partitions: Vec<Partition>,
    /// Partitions by the bytes of their key.
    by_key: HashMap<Vec<u8>, u32>,
    /// The partition of the last record: most batches stay with one.
    last: Option<u32>,
    unacked: usize,
}

#[derive(Debug)]
struct Partition {
    partition: Option<Arc<OffsetMap>>,
    key: Vec<u8>,
    records: VecDeque<Submitted>,
    /// Of the last record of the acknowledged head run that was taken off.
    committable: Option<Option<OffsetMap>>,
    acked: u64,
}

#[derive(Debug)]
struct Submitted {
    sequence: u64,
    offset: Option<OffsetMap>,
    acked: bool,
}

/// An offset that may be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Committable {
    /// The bytes of the key: what identifies the partition.
    pub key: Vec<u8>,
    /// The source partition, which may be null.
    pub partition: Option<Arc<OffsetMap>>,
    /// Its offset; `None` is stored as a null.
    pub offset: Option<OffsetMap>,
}

impl Partition {
    /// The record of this sequence. It nearly always is the first: acknowledgements come in the order of sending.
    fn find(&mut self, sequence: u64) -> Option<&mut Submitted> {
        if self.records.front().is_some_and(|first| first.sequence == sequence) {
            return self.records.front_mut();
        }
        let index = self.records.binary_search_by_key(&sequence, |record| record.sequence).ok()?;
        self.records.get_mut(index)
    }

    /// Takes the acknowledged records off the head.
    fn take_acked(&mut self) {
        while let Some(record) = self.records.pop_front_if(|record| record.acked) {
            self.committable = Some(record.offset);
            self.acked += 1;
        }
    }
}

impl SubmittedRecords {
    /// Notes a record that the producer has taken. Its partition must hold only primitive values.
    pub fn submit(
        &mut self,
        sequence: u64,
        connector: &str,
        partition: Option<&Arc<OffsetMap>>,
        offset: Option<OffsetMap>,
    ) -> aqueduct_api::Result<()> {
        let at = self.partition(connector, partition)?;
        if self.in_flight.is_empty() {
            self.first = sequence;
        }
        // Records without a partition are not submitted, so sequences may have gaps.
        while self.first + (self.in_flight.len() as u64) < sequence {
            self.in_flight.push_back(u32::MAX);
        }
        self.in_flight.push_back(at);
        self.partitions[at as usize].records.push_back(Submitted { sequence, offset, acked: false });
        self.unacked += 1;
        Ok(())
    }

    fn partition(
        &mut self,
        connector: &str,
        partition: Option<&Arc<OffsetMap>>,
    ) -> aqueduct_api::Result<u32> {
        if let Some(last) = self.last
            && self.partitions[last as usize].partition.as_ref().map(Arc::as_ptr)
                == partition.map(Arc::as_ptr)
        {
            return Ok(last);
        }
        let key = key_of(connector, partition.map(Arc::as_ref))?;
        let at = match self.by_key.get(&key) {
            Some(at) => *at,
            None => {
                let at = self.partitions.len() as u32;
                self.by_key.insert(key.clone(), at);
                self.partitions.push(Partition {
                    partition: partition.cloned(),
                    key,
                    records: VecDeque::new(),
                    committable: None,
                    acked: 0,
                });
                at
            }
        };
        self.partitions[at as usize].partition = partition.cloned();
        self.last = Some(at);
        Ok(at)
    }

    /// Notes that Kafka has a record, or that it is given up for good. A sequence that was not submitted is ignored.
    pub fn ack(&mut self, sequence: u64) {
        let Some(index) = sequence.checked_sub(self.first) else { return };
        let Some(at) = self.in_flight.get(index as usize).copied() else { return };
        let Some(partition) = self.partitions.get_mut(at as usize) else { return };
        let Some(record) = partition.find(sequence) else { return };
        if std::mem::replace(&mut record.acked, true) {
            return;
        }
        self.unacked -= 1;
        partition.take_acked();
        self.release();
    }

    /// Takes a record back that will not be sent after all: it holds back nothing any more, and its offset is not stored.
    /// `false`: there is no such record, or it is acknowledged.
    pub fn withdraw(&mut self, sequence: u64) -> bool {
        let Some(index) = sequence.checked_sub(self.first) else { return false };
        let Some(at) = self.in_flight.get(index as usize).copied() else { return false };
        let Some(partition) = self.partitions.get_mut(at as usize) else { return false };
        let Ok(index) = partition.records.binary_search_by_key(&sequence, |record| record.sequence) else {
            return false;
        };
        if partition.records[index].acked {
            return false;
        }
        partition.records.remove(index);
        self.unacked -= 1;
        partition.take_acked();
        self.release();
        true
    }

    /// Lets go of the records at the head that are done.
    fn release(&mut self) {
        while let Some(at) = self.in_flight.front() {
            let done = match self.partitions.get(*at as usize) {
                None => true,
                Some(partition) => {
                    partition.records.front().is_none_or(|record| record.sequence > self.first)
                }
            };
            if !done {
                return;
            }
            self.in_flight.pop_front();
            self.first += 1;
        }
    }

    /// The newest offset that may be stored of each partition that has a new one, and how many records that covers.
    /// They are not given again.
    pub fn committable(&mut self) -> (Vec<Committable>, u64) {
        let mut offsets = Vec::new();
        let mut records = 0;
        for partition in &mut self.partitions {
            if let Some(offset) = partition.committable.take() {
                records += std::mem::take(&mut partition.acked);
                offsets.push(Committable {
                    key: partition.key.clone(),
                    partition: partition.partition.clone(),
                    offset,
                });
            }
        }
        (offsets, records)
    }

    /// How many submitted records are not acknowledged.
    pub fn unacked(&self) -> usize {
        self.unacked
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(n: i64) -> Option<OffsetMap> {
        Some(OffsetMap::of("position", n))
    }

    fn committed(records: &mut SubmittedRecords) -> Vec<(String, Option<i64>)> {
        let (offsets, _) = records.committable();
        offsets
            .into_iter()
            .map(|one| {
                let name =
                    one.partition.as_ref().and_then(|map| map.get("f")?.as_text().map(ToString::to_string));
                (
                    name.unwrap_or_default(),
                    one.offset.and_then(|o| o.get("position").and_then(|v| v.as_i64())),
                )
            })
            .collect()
    }

    #[test]
    fn an_unacknowledged_record_holds_back_its_own_partition_only() {
        let (a, b) = (Arc::new(OffsetMap::of("f", "a")), Arc::new(OffsetMap::of("f", "b")));
        let mut records = SubmittedRecords::default();
        for (sequence, partition) in [(0, &a), (1, &b), (2, &a), (3, &b), (5, &a)] {
            records.submit(sequence, "c", Some(partition), offset(sequence as i64)).expect("primitive");
        }
        records.ack(2);
        records.ack(3);
        assert_eq!(committed(&mut records), []);
        records.ack(1);
        assert_eq!(committed(&mut records), [("b".to_owned(), Some(3))]);
        records.ack(0);
        records.ack(0);
        records.ack(4);
        assert_eq!(committed(&mut records), [("a".to_owned(), Some(2))]);
        assert_eq!(records.unacked(), 1);
        records.ack(5);
        assert_eq!(committed(&mut records), [("a".to_owned(), Some(5))]);
        assert_eq!(committed(&mut records), []);
        assert_eq!(records.in_flight.len(), 0);
    }

    #[test]
    fn equal_partitions_are_one() {
        let mut records = SubmittedRecords::default();
        for sequence in 0..3 {
            records
                .submit(sequence, "c", Some(&Arc::new(OffsetMap::of("f", "a"))), offset(sequence as i64))
                .expect("ok");
        }
        for sequence in [2, 0, 1] {
            records.ack(sequence);
        }
        assert_eq!(committed(&mut records), [("a".to_owned(), Some(2))]);
    }
}
