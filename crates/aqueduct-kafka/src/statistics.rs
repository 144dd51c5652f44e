//! What a native client has done, by the statistics that librdkafka gives every
//! [`STATISTICS_INTERVAL`](crate::config::STATISTICS_INTERVAL).
//!
//! Only what is measured is told, in the units of Java's client metrics. librdkafka's texts are kept as they come, the
//! last two of them, and read when somebody asks: a client that nobody looks at pays for little more than the copy.

mod figures;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

pub use figures::{
    ClientFigures, Counted, GroupFigures, NodeFigures, PartitionFigures, Spread, TopicFigures,
};

/// Which kind of client it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientKind {
    /// A producer.
    Producer,
    /// A consumer.
    Consumer,
}

/// The statistics of one client. Any thread may read, also after the client is closed.
#[derive(Debug)]
pub struct ClientStatistics {
    kind: ClientKind,
    client_id: String,
    read_committed: bool,
    /// The newest last, two at most.
    texts: Mutex<VecDeque<Taken>>,
    failed_records: AtomicU64,
}

/// One of librdkafka's texts.
#[derive(Debug)]
struct Taken {
    at: Instant,
    json: Box<[u8]>,
}

impl ClientStatistics {
    /// Of a consumer that reads committed records only, or all, the lag is another.
    pub(crate) fn new(kind: ClientKind, client_id: &str, read_committed: bool) -> ClientStatistics {
        ClientStatistics {
            kind,
            client_id: client_id.to_owned(),
            read_committed,
            texts: Mutex::default(),
            failed_records: AtomicU64::new(0),
        }
    }

    /// Producer or consumer.
    pub fn kind(&self) -> ClientKind {
        self.kind
    }

    /// `client.id`, possibly empty.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// Records that a producer accepted and could not deliver.
    pub fn failed_records(&self) -> u64 {
        self.failed_records.load(Ordering::Relaxed)
    }

    pub(crate) fn record_failed(&self) {
        self.failed_records.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn take(&self, json: &[u8]) {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        if texts.len() > 1 {
            texts.pop_front();
        }
        texts.push_back(Taken { at: Instant::now(), json: json.into() });
    }

    /// What the newest statistics say; `None` before the first. Rates are over the interval before them, and not
    /// numbers as long as there is only one.
    pub fn figures(&self) -> Option<ClientFigures> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        let parse = |taken: &Taken| serde_json::from_slice(&taken.json).ok();
        let newest = texts.back()?;
        let before = texts.front().filter(|_| texts.len() > 1);
        let elapsed = before.map(|before| newest.at.saturating_duration_since(before.at));
        let before = before.and_then(parse).zip(elapsed);
        Some(ClientFigures::new(&parse(newest)?, before.as_ref(), self.read_committed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_statistics_is_no_figures() {
        let statistics = ClientStatistics::new(ClientKind::Consumer, "c", false);
        assert!(statistics.figures().is_none());
        statistics.take(b"{}");
        assert!(statistics.figures().is_none());
        for _ in 0..3 {
            statistics.take(b"not json");
        }
        assert_eq!(statistics.texts.lock().expect("no panic before").len(), 2);
    }
}
