//! What a task loop needs from a producer.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::error::{KafkaError, Result};
use crate::record::{Ack, OutRecord};
use crate::statistics::ClientStatistics;

/// Why a record was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendError {
    /// The buffer is full. Await [`BatchProducer::ready`] (and take acks), then send the same record again.
    Full,
    /// The record cannot be sent, or the producer can't be used. Retriable or not as the error says.
    Failed(KafkaError),
}

/// Sends records in order per partition and reports each one's fate.
///
/// One owner drives it: `send` in a loop, [`ready`](Self::ready) when the buffer is full, [`acks`](Self::acks)
/// between batches and while idle. Reports are collected only inside these calls and [`flush`](Self::flush), never
/// on a thread of the producer's own; an owner that sends and never takes acks keeps them all in memory.
///
/// All async methods are cancel safe: dropping the future loses no report and no record.
#[async_trait]
pub trait BatchProducer: Send {
    /// Puts a record into the buffer and returns its sequence number: 0 for the first, each one more than the last.
    /// Every accepted record gets exactly one [`Ack`], also when the producer is closed, so that acks can be
    /// matched with a deque. Never blocks.
    fn send(&mut self, record: OutRecord<'_>) -> std::result::Result<u64, SendError>;

    /// Appends the reports that have arrived to `out`, in order of arrival; waits for the first one up to `max_wait`
    /// (a zero wait only looks). Returns how many were added; 0 means that the time is up.
    async fn acks(&mut self, out: &mut Vec<Ack>, max_wait: Duration) -> usize;

    /// Waits until a report has arrived or the buffer has room, whichever is sooner.
    async fn ready(&mut self);

    /// Accepted records without a report taken or waiting to be taken.
    fn in_flight(&self) -> usize;

    /// What the client has done, for metrics; `None` if nobody counts.
    fn statistics(&self) -> Option<Arc<ClientStatistics>> {
        None
    }

    /// Sends what is buffered without lingering and waits until every record has its report (they still have to be
    /// taken with [`acks`](Self::acks)); `Timeout` if that takes longer than `timeout`.
    async fn flush(&mut self, timeout: Duration) -> Result<()>;

    /// Registers the transactional id, which fences earlier producers with it. Before any other transactional call.
    async fn init_transactions(&mut self, timeout: Duration) -> Result<()>;

    /// Opens a transaction; all sends until its end are part of it.
    fn begin_transaction(&mut self) -> Result<()>;

    /// Flushes and commits. A failed send of the transaction fails the commit. On an error that
    /// [`is_abortable`](KafkaError::is_abortable) the transaction must be aborted.
    async fn commit_transaction(&mut self, timeout: Duration) -> Result<()>;

    /// Drops what is buffered and aborts; the dropped records are reported as failed.
    async fn abort_transaction(&mut self, timeout: Duration) -> Result<()>;

    /// Flushes for up to `timeout` (zero: not at all), fails the rest, and releases the client. Later sends fail;
    /// remaining reports can still be taken. Dropping the producer is closing it with zero.
    async fn close(&mut self, timeout: Duration);
}
