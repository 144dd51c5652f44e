//! When and how a source task's offsets are stored.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::Error;
use aqueduct_proto::offsets::{Committable, SubmittedRecords, value_bytes};
use aqueduct_proto::state::TaskId;
use tokio::time::Instant;

use crate::offsets::{OffsetEntry, OffsetStore};
use crate::worker::TaskReport;

/// Stores the offsets of one task, every `offset.flush.interval.ms`, in `offset.flush.timeout.ms` at most.
pub(crate) struct Committer {
    id: TaskId,
    store: Arc<dyn OffsetStore>,
    interval: Duration,
    timeout: Duration,
    next: Instant,
    /// What an earlier attempt could not store, oldest first.
    unstored: Vec<Committable>,
    /// Whether offsets were stored that the task has not heard of.
    stored: bool,
}

impl Committer {
    pub(crate) fn new(
        id: TaskId,
        store: Arc<dyn OffsetStore>,
        interval: Duration,
        timeout: Duration,
    ) -> Self {
        let next = Instant::now() + interval;
        Self { id, store, interval, timeout, next, unstored: Vec::new(), stored: false }
    }

    pub(crate) fn flush_timeout(&self) -> Duration {
        self.timeout
    }

    pub(crate) fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Waits until offsets are due.
    pub(crate) async fn due(&self) {
        tokio::time::sleep_until(self.next).await;
    }

    /// Whether the task should hear that its offsets are stored; asks once for each time.
    pub(crate) fn take_stored(&mut self) -> bool {
        std::mem::take(&mut self.stored)
    }

    /// Stores what may be stored. What fails is kept, and stored with the next.
    pub(crate) async fn store(&mut self, submitted: &mut SubmittedRecords, report: &TaskReport) {
        self.next = Instant::now() + self.interval;
        let (offsets, records) = submitted.committable();
        for offset in offsets {
            self.unstored.retain(|older| older.key != offset.key);
            self.unstored.push(offset);
        }
        if self.unstored.is_empty() {
            self.stored = true;
            return;
        }
        let started = Instant::now();
        let result = match self.entries() {
            Ok(entries) => match tokio::time::timeout(self.timeout, self.store.set(entries)).await {
                Ok(result) => result,
                Err(_) => Err(Error::connect(format!("it took longer than {} ms", self.timeout.as_millis()))),
            },
            Err(error) => Err(error),
        };
        report.offsets_stored(started.elapsed(), result.is_ok());
        match result {
            Ok(()) => {
                tracing::debug!(task = %self.id, records, "stored the offsets of acknowledged records");
                self.unstored.clear();
                self.stored = true;
            }
            Err(error) => tracing::error!(
                task = %self.id,
                "Failed to flush offsets: {error:#}. They are stored with the next ones"
            ),
        }
    }

    fn entries(&self) -> Result<Vec<OffsetEntry>, Error> {
        self.unstored
            .iter()
            .map(|one| Ok((one.key.clone(), one.offset.as_ref().map(value_bytes).transpose()?)))
            .collect()
    }
}
