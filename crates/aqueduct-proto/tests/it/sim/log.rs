//! The config topic, with the fencing of transactional producers and with compaction.

use std::collections::BTreeMap;

use aqueduct_proto::config_log::Record;

#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) records: Vec<(i64, Record)>,
    /// Everything that was ever written.
    pub(super) history: Vec<(i64, Record)>,
    next_offset: i64,
    epoch: u64,
}

impl Log {
    pub(super) fn claim(&mut self) -> u64 {
        // The transaction's marker has an offset too.
        self.next_offset += 1;
        self.epoch += 1;
        self.epoch
    }

    /// False if the producer is fenced.
    pub(super) fn append(&mut self, records: Vec<Record>, epoch: Option<u64>) -> bool {
        if epoch.is_some_and(|epoch| epoch != self.epoch) {
            return false;
        }
        for record in records {
            self.records.push((self.next_offset, record.clone()));
            self.history.push((self.next_offset, record));
            self.next_offset += 1;
        }
        true
    }

    /// Keeps the last record of each key, and forgets the tombstones that every reader has seen.
    pub(super) fn compact(&mut self, seen_by_all: i64) {
        let last: BTreeMap<String, i64> =
            self.records.iter().map(|(offset, record)| (record.key.clone(), *offset)).collect();
        let end = self.records.last().map(|(offset, _)| *offset);
        self.records.retain(|(offset, record)| {
            last.get(&record.key) == Some(offset)
                && (record.value.is_some() || *offset >= seen_by_all || Some(*offset) == end)
        });
    }

    pub(super) fn from(&self, offset: i64) -> impl Iterator<Item = &(i64, Record)> {
        let at = self.records.partition_point(|(other, _)| *other < offset);
        self.records[at..].iter()
    }

    pub(super) fn end(&self) -> i64 {
        self.records.last().map_or(0, |(offset, _)| offset + 1)
    }
}
