//! What a task loop needs from a consumer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::batch::FetchedBatch;
use crate::error::Result;
use crate::record::TopicPartition;
use crate::statistics::ClientStatistics;

/// Which topics a group consumer reads.
#[derive(Clone, Debug)]
pub enum Subscription {
    /// These topics.
    Topics(Vec<String>),
    /// The topics whose whole name matches this pattern (Java's syntax), looked up every `metadata.max.age.ms`.
    Pattern(String),
}

/// A change of the assignment. It has not taken effect yet: run what must happen first, then call
/// [`BatchConsumer::complete_rebalance`] (the next poll does so otherwise).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rebalance {
    /// These partitions come in addition to those held. Position, seek and pause already work on them.
    Assigned(Vec<TopicPartition>),
    /// These partitions go to another member. They are still ours: offsets can be committed until completion.
    Revoked(Vec<TopicPartition>),
    /// These partitions already belong to somebody else (the member was expelled): commits would fail.
    Lost(Vec<TopicPartition>),
}

/// What a poll brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Polled {
    /// The records are in the batch; none means that the time is up.
    Records,
    /// The records that came before it are in the batch; the rebalance waits for the caller.
    Rebalance(Rebalance),
    /// The records that came before it are in the batch; this partition has no more for now. Told only for partitions
    /// given by [`BatchConsumer::assign`] when the property [`REPORT_ENDS`](crate::config::REPORT_ENDS) is on.
    EndReached(TopicPartition),
    /// The records that came before it are in the batch; an asynchronous commit has finished.
    Committed(CommitCompleted),
}

/// The outcome of [`BatchConsumer::commit_async`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitCompleted {
    /// The number that `commit_async` gave.
    pub sequence: u64,
    /// Whether all of its offsets are committed.
    pub result: Result<()>,
}

/// Offsets by partition: of the next record to read, so one more than the last one handled.
pub type Offsets = BTreeMap<TopicPartition, i64>;

/// Reads records in batches, alone or in a group.
///
/// One owner drives it; group membership lives as long as [`poll`](Self::poll) is called at least every
/// `max.poll.interval.ms`. Offsets are committed only by the calls below, never by itself.
#[async_trait]
pub trait BatchConsumer: Send {
    /// Joins the group with these topics; replaces an earlier subscription.
    async fn subscribe(&mut self, subscription: Subscription) -> Result<()>;

    /// Reads exactly these partitions from the given offsets, without a group. Replaces an earlier assignment.
    fn assign(&mut self, offsets: Offsets) -> Result<()>;

    /// Clears `batch` and fills it with up to `max.poll.records` records, waiting up to `max_wait` for the first.
    /// Returns as soon as there is something to say. Completes a rebalance that is still open.
    ///
    /// Cancel safe: dropping the future loses nothing, so interrupting a poll is dropping it.
    async fn poll(&mut self, max_wait: Duration, batch: &mut FetchedBatch) -> Result<Polled>;

    /// Lets the reported rebalance take effect. Nothing happens if there is none.
    async fn complete_rebalance(&mut self) -> Result<()>;

    /// The partitions of a `Revoked` or `Lost` that has not taken effect.
    fn leaving(&self) -> &[TopicPartition];

    /// The partitions held, including those of an open `Assigned`.
    fn assignment(&self) -> Vec<TopicPartition>;

    /// Stops fetching these partitions; polls go on and return nothing of them. Unknown partitions are ignored.
    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<()>;

    /// Undoes [`pause`](Self::pause).
    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<()>;

    /// Makes `offset` the next one to be read of a held partition.
    async fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<()>;

    /// The next offset to be read of each partition: after the last one returned, else as sought, else as
    /// committed, else by `auto.offset.reset`. A network round trip at most the first time.
    async fn positions(&mut self, partitions: &[TopicPartition], timeout: Duration) -> Result<Offsets>;

    /// The group's committed offsets; partitions without one are left out.
    async fn committed(&mut self, partitions: &[TopicPartition], timeout: Duration) -> Result<Offsets>;

    /// The log end offsets of partitions as a `isolation.level` reader sees them.
    async fn end_offsets(&mut self, partitions: &[TopicPartition], timeout: Duration) -> Result<Offsets>;

    /// Starts committing; a later poll returns [`Polled::Committed`] with the number returned here.
    fn commit_async(&mut self, offsets: &Offsets) -> Result<u64>;

    /// Commits and waits for the answer. Legal while a `Revoked` is open.
    async fn commit_sync(&mut self, offsets: &Offsets, timeout: Duration) -> Result<()>;

    /// The next offset to be read, if it is known without asking the cluster.
    fn position_of(&self, partition: &TopicPartition) -> Option<i64>;

    /// What the client has done, for metrics; `None` if nobody counts.
    fn statistics(&self) -> Option<Arc<ClientStatistics>> {
        None
    }

    /// Leaves the group and releases the client, waiting up to `timeout`. Commit before: a rebalance during close
    /// is completed without being reported. Dropping the consumer is closing it with zero.
    async fn close(&mut self, timeout: Duration);
}
