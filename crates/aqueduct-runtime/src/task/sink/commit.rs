//! Which offsets are committed, and when.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{Offsets, Result};
use aqueduct_kafka::{
    CommitCompleted, FetchedBatch, FetchedRecord, KafkaError, Polled, Rebalance, TopicPartition,
};
use tokio::time::Instant;

use super::SinkLoop;
use crate::errors::kafka_error;
use crate::worker::TaskReport;

/// How soon the group is asked again that took no offsets because of a rebalance.
const REBALANCE_RETRY: Duration = Duration::from_millis(50);

/// Offsets by partition, of the next record.
type ByPartition = BTreeMap<TopicPartition, i64>;

/// The offsets of one sink task on their way to the group.
pub(crate) struct Commits {
    interval: Duration,
    timeout: Duration,
    next: Instant,
    requested: bool,
    /// Of the records fetched and not yet put, in order of arrival.
    fetched: Vec<(TopicPartition, i64)>,
    /// Of all records put, those left out included.
    current: ByPartition,
    committed: ByPartition,
    /// The commit that is under way.
    in_flight: Option<InFlight>,
}

struct InFlight {
    sequence: u64,
    since: Instant,
    offsets: ByPartition,
}

/// What a task leaves behind of partitions that it had to let go.
struct Left {
    since: Instant,
    offsets: ByPartition,
}

impl Commits {
    pub(crate) fn new(interval: Duration, timeout: Duration) -> Self {
        Self {
            interval,
            timeout,
            next: Instant::now() + interval,
            requested: false,
            fetched: Vec::new(),
            current: ByPartition::new(),
            committed: ByPartition::new(),
            in_flight: None,
        }
    }

    /// `offset.flush.timeout.ms`
    pub(crate) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// When offsets are due next.
    pub(crate) fn next(&self) -> Instant {
        self.next
    }

    /// Asks for a commit as soon as none is under way.
    pub(crate) fn request(&mut self) {
        self.requested = true;
    }

    pub(crate) fn is_due(&self) -> bool {
        self.in_flight.is_none() && (self.requested || Instant::now() >= self.next)
    }

    /// Notes a fetched record, whatever becomes of it.
    pub(crate) fn fetched(&mut self, record: FetchedRecord<'_>) {
        let next = record.offset() + 1;
        let same = |partition: &TopicPartition| {
            partition.partition == record.partition()
                && (Arc::ptr_eq(&partition.topic, record.topic()) || partition.topic == *record.topic())
        };
        // Records come partition by partition.
        match self.fetched.iter_mut().rev().find(|(partition, _)| same(partition)) {
            Some((_, offset)) => *offset = next,
            None => self.fetched.push((record.topic_partition(), next)),
        }
    }

    /// The task has taken all that was fetched.
    pub(crate) fn put(&mut self) {
        for (partition, offset) in self.fetched.drain(..) {
            if let Some(current) = self.current.get_mut(&partition) {
                *current = offset;
            }
        }
    }

    pub(crate) fn assigned(&mut self, positions: &ByPartition) {
        for (partition, offset) in positions {
            self.current.insert(partition.clone(), *offset);
            self.committed.insert(partition.clone(), *offset);
        }
    }

    pub(crate) fn forget(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.current.remove(partition);
            self.committed.remove(partition);
        }
        self.fetched.retain(|(partition, _)| !partitions.contains(partition));
    }

    /// The task reads on from here: what it read before does not count any more.
    pub(crate) fn rewound(&mut self, partition: TopicPartition, offset: i64) {
        self.current.insert(partition.clone(), offset);
        self.committed.insert(partition, offset);
    }

    /// A commit that takes too long counts as failed, and the next one may start.
    pub(crate) fn expire(&mut self, report: &TaskReport) {
        if self.in_flight.as_ref().is_some_and(|commit| commit.since.elapsed() > self.timeout)
            && let Some(commit) = self.in_flight.take()
        {
            tracing::warn!("Commit of offsets timed out");
            report.committed(commit.since.elapsed(), false);
        }
    }

    pub(crate) fn completed(&mut self, done: CommitCompleted, report: &TaskReport) {
        let Some(commit) = self.in_flight.take_if(|commit| commit.sequence == done.sequence) else {
            tracing::debug!(sequence = done.sequence, "heard late of an older commit");
            return;
        };
        match &done.result {
            Ok(()) => {
                for (partition, offset) in commit.offsets {
                    if self.current.contains_key(&partition) {
                        self.committed.insert(partition, offset);
                    }
                }
            }
            Err(error) => tracing::error!("Commit of offsets threw an unexpected exception: {error}"),
        }
        report.committed(commit.since.elapsed(), done.result.is_ok());
    }

    fn current_of(&self, partitions: Option<&[TopicPartition]>) -> ByPartition {
        self.current
            .iter()
            .filter(|(partition, _)| partitions.is_none_or(|wanted| wanted.contains(partition)))
            .map(|(partition, offset)| (partition.clone(), *offset))
            .collect()
    }

    /// Of what the task says is safe, what may be committed and is not: partitions that it was asked about, and offsets
    /// that it was given.
    fn committable(&self, asked: &ByPartition, safe: Offsets) -> ByPartition {
        let mut offsets = ByPartition::new();
        for (partition, offset) in safe {
            let partition = TopicPartition { topic: partition.topic, partition: partition.partition };
            match asked.get(&partition) {
                Some(current) if offset <= *current => {
                    if self.committed.get(&partition) != Some(&offset) {
                        offsets.insert(partition, offset);
                    }
                }
                Some(current) => tracing::warn!(
                    %partition, offset, current, "the task wants to commit an offset beyond what it was given: ignored"
                ),
                None => tracing::warn!(
                    %partition, "the task wants to commit an offset of a partition that is not its own: ignored"
                ),
            }
        }
        offsets
    }
}

fn for_task(offsets: &ByPartition) -> Offsets {
    offsets
        .iter()
        .map(|(partition, offset)| {
            (aqueduct_api::TopicPartition::new(Arc::clone(&partition.topic), partition.partition), *offset)
        })
        .collect()
}

impl SinkLoop {
    /// Asks the task what is safe, and starts committing it.
    pub(super) async fn commit(&mut self) -> Result<()> {
        self.commits.requested = false;
        self.commits.next = Instant::now() + self.commits.interval;
        let asked = self.commits.current_of(None);
        if asked.is_empty() {
            return Ok(());
        }
        self.flush_dead_letters().await?;
        let started = Instant::now();
        let safe = match self.task.pre_commit(&for_task(&asked)).await {
            Ok(safe) => safe,
            Err(error) => {
                tracing::error!(
                    task = %self.id,
                    "offset commit failed, the consumer goes back to the last committed offsets: {error:#}"
                );
                self.report.committed(started.elapsed(), false);
                return self.rewind_to_committed().await;
            }
        };
        let offsets = self.commits.committable(&asked, safe);
        if offsets.is_empty() {
            self.report.commit_skipped();
            return Ok(());
        }
        let sequence = self.consumer.commit_async(&offsets).map_err(kafka_error)?;
        self.commits.in_flight = Some(InFlight { sequence, since: started, offsets });
        Ok(())
    }

    async fn rewind_to_committed(&mut self) -> Result<()> {
        let committed = self.commits.committed.clone();
        for (partition, offset) in committed {
            self.consumer.seek(&partition, offset).await.map_err(kafka_error)?;
            self.commits.current.insert(partition, offset);
        }
        self.commits.fetched.clear();
        self.batch.records.clear();
        if std::mem::take(&mut self.batch.redelivery) {
            self.apply_pauses()?;
        }
        Ok(())
    }

    /// Takes partitions away from the task, committing what it says is safe.
    pub(super) async fn close(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let (left, closed) = self.let_go(partitions).await?;
        if let Some(left) = left {
            let result = self.consumer.commit_sync(&left.offsets, self.commits.timeout).await;
            self.left(left, result);
        }
        closed
    }

    /// Takes all partitions away from a task that stops. A rebalance that is under way does not cost it its last commit.
    pub(super) async fn close_all(&mut self) -> Result<()> {
        let held = self.context.assignment_kafka();
        let (left, closed) = self.let_go(&held).await?;
        if let Some(mut left) = left {
            let result = self.commit_through_rebalances(&mut left.offsets).await;
            self.left(left, result);
        }
        closed
    }

    /// Asks the task what is safe of these partitions, and closes them. Gives what is to be committed, and how closing went.
    async fn let_go(&mut self, partitions: &[TopicPartition]) -> Result<(Option<Left>, Result<()>)> {
        if partitions.is_empty() {
            return Ok((None, Ok(())));
        }
        self.flush_dead_letters().await?;
        let asked = self.commits.current_of(Some(partitions));
        let since = Instant::now();
        let safe = self.task.pre_commit(&for_task(&asked)).await;
        let closed = self.task.close(&self.context.held(partitions)).await;
        let left = match safe {
            Ok(safe) => {
                let offsets = self.commits.committable(&asked, safe);
                if offsets.is_empty() {
                    self.report.commit_skipped();
                }
                (!offsets.is_empty()).then_some(Left { since, offsets })
            }
            Err(error) => {
                self.report.committed(since.elapsed(), false);
                tracing::warn!(task = %self.id, "offsets are not committed, their records come again: {error:#}");
                None
            }
        };
        Ok((left, closed))
    }

    /// Notes what became of the last commit of partitions.
    fn left(&mut self, left: Left, result: std::result::Result<(), KafkaError>) {
        self.report.committed(left.since.elapsed(), result.is_ok());
        match result {
            Ok(()) => self.commits.committed.extend(left.offsets),
            Err(error) => {
                tracing::error!(task = %self.id, "the last offsets could not be committed: {error}")
            }
        }
    }

    /// Commits for a task that is closed. Between the joining of a generation and its first assignment a group takes no
    /// offsets: then this takes part in the rebalance and tries again, for `offset.flush.timeout.ms` at most. Offsets of
    /// partitions that go to another member meanwhile are left out, for that one may have committed later ones.
    async fn commit_through_rebalances(
        &mut self,
        offsets: &mut ByPartition,
    ) -> std::result::Result<(), KafkaError> {
        let deadline = Instant::now() + self.commits.timeout;
        let mut unread = FetchedBatch::new();
        let mut leaving = self.consumer.leaving().to_vec();
        loop {
            let remaining = deadline.saturating_duration_since(Instant::now());
            let refused = match self.consumer.commit_sync(offsets, remaining).await {
                Err(error) if error.is_rebalance() => error,
                other => return other,
            };
            self.leave_out(offsets, &leaving);
            self.consumer.pause(&self.consumer.assignment())?;
            match self.consumer.poll(REBALANCE_RETRY, &mut unread).await? {
                // Until it takes effect, offsets of these can still be committed.
                Polled::Rebalance(Rebalance::Revoked(partitions)) => leaving = partitions,
                Polled::Rebalance(Rebalance::Lost(lost)) => self.leave_out(offsets, &lost),
                Polled::Committed(done) => self.commits.completed(done, &self.report),
                Polled::Rebalance(Rebalance::Assigned(_)) | Polled::Records | Polled::EndReached(_) => {}
            }
            if offsets.is_empty() || Instant::now() >= deadline {
                return Err(refused);
            }
        }
    }

    fn leave_out(&self, offsets: &mut ByPartition, partitions: &[TopicPartition]) {
        let before = offsets.len();
        offsets.retain(|partition, _| !partitions.contains(partition));
        if offsets.len() < before {
            tracing::warn!(
                task = %self.id,
                "offsets of partitions that went to other members are not committed, their records come again"
            );
        }
    }

    /// Reported records are safe before the offsets behind them are.
    async fn flush_dead_letters(&mut self) -> Result<()> {
        let settled = self.settle_errant().await;
        if let Some(dead_letters) = &mut self.errors.dead_letters {
            dead_letters.flush(self.commits.timeout).await;
        }
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(n: i32) -> TopicPartition {
        TopicPartition::new("t", n)
    }

    #[test]
    fn a_task_can_commit_only_what_it_was_given() {
        let mut commits = Commits::new(Duration::from_secs(60), Duration::from_secs(5));
        commits.assigned(&[(partition(0), 10), (partition(1), 20)].into());
        commits.fetched.push((partition(0), 15));
        commits.put();
        let asked = commits.current_of(None);
        let check = |safe: &[(i32, i64)], expected: &[(i32, i64)]| {
            let safe = safe.iter().map(|(n, o)| (aqueduct_api::TopicPartition::new("t", *n), *o)).collect();
            let expected: ByPartition = expected.iter().map(|(n, o)| (partition(*n), *o)).collect();
            assert_eq!(commits.committable(&asked, safe), expected);
        };
        check(&[(0, 15), (1, 20)], &[(0, 15)]);
        check(&[(0, 12)], &[(0, 12)]);
        check(&[(0, 16)], &[]);
        check(&[(7, 1)], &[]);
        check(&[], &[]);
    }

    #[test]
    fn records_of_a_partition_that_went_away_do_not_count() {
        let mut commits = Commits::new(Duration::from_secs(60), Duration::from_secs(5));
        commits.assigned(&[(partition(0), 0)].into());
        commits.fetched.push((partition(0), 5));
        commits.forget(&[partition(0)]);
        commits.put();
        assert_eq!(commits.current_of(None), ByPartition::new());
    }
}
