//! The records of the config topic as they are.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aqueduct_kafka::FetchedRecord;
use tokio::sync::Notify;

use crate::internal_topics::Fold;

/// With so many records waiting, no more are read until some are taken, or somebody asks for the end of the log.
const WAITING_MAX: usize = 10_000;

/// A record of the config topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigRecord {
    /// Where it lies.
    pub offset: i64,
    /// The key; empty if it is null or no text, for then it is no worker's.
    pub key: String,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

pub(super) fn key_text<'a>(record: &FetchedRecord<'a>) -> &'a str {
    std::str::from_utf8(record.key().unwrap_or_default()).unwrap_or_default()
}

/// Records that wait to be taken.
#[derive(Debug, Default)]
struct Waiting {
    records: Mutex<VecDeque<ConfigRecord>>,
    arrived: Notify,
    taken: Notify,
}

impl Waiting {
    fn records(&self) -> MutexGuard<'_, VecDeque<ConfigRecord>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// All records of the config topic in order, from the first one on.
#[derive(Debug)]
pub struct ConfigRecords(Arc<Waiting>);

impl ConfigRecords {
    /// Waits for records and takes all that are there. Cancel safe: dropping the future loses nothing.
    pub async fn next(&mut self) -> Vec<ConfigRecord> {
        loop {
            let taken = self.take();
            if !taken.is_empty() {
                return taken;
            }
            self.0.arrived.notified().await;
        }
    }

    /// Takes what is there. After [`ConfigTopic::read_to_end`](super::ConfigTopic::read_to_end) has returned that is all up to
    /// the end of then.
    pub fn take(&mut self) -> Vec<ConfigRecord> {
        let taken = self.0.records().drain(..).collect();
        self.0.taken.notify_one();
        taken
    }
}

/// What puts the records there.
pub(super) struct Feeding(Arc<Waiting>);

/// Both ends of the queue.
pub(super) fn feed() -> (Feeding, ConfigRecords) {
    let waiting = Arc::<Waiting>::default();
    (Feeding(Arc::clone(&waiting)), ConfigRecords(waiting))
}

impl Fold for Feeding {
    fn apply(&mut self, record: FetchedRecord<'_>) {
        self.0.records().push_back(ConfigRecord {
            offset: record.offset(),
            key: key_text(&record).to_owned(),
            value: record.value().map(<[u8]>::to_vec),
        });
        self.0.arrived.notify_one();
    }

    async fn has_room(&self) {
        while self.0.records().len() >= WAITING_MAX {
            self.0.taken.notified().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn reading_waits_until_records_are_taken() {
        let (feeding, mut records) = feed();
        let record = |offset| ConfigRecord { offset, key: "k".to_owned(), value: None };
        for offset in 0..WAITING_MAX as i64 {
            assert!(feeding.has_room().now_or_never().is_some(), "{offset}");
            feeding.0.records().push_back(record(offset));
        }
        assert!(feeding.has_room().now_or_never().is_none());
        let taken = records.take();
        assert_eq!((taken.len(), taken.last()), (WAITING_MAX, Some(&record(WAITING_MAX as i64 - 1))));
        assert!(feeding.has_room().now_or_never().is_some());
    }
}
