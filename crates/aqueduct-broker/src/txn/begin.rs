//! InitProducerId, and what joins a transaction.

use kafka_protocol::ResponseError;

use super::{ProducerIdentity, State, TIMEOUT_MAX_MS, Transactions, current};
use crate::clock::now_ms;
use crate::group::{CommitIdentity, OffsetKey};
use crate::journal::{CommittedOffset, PendingOffset, TransactionImage, TransactionPhase};

/// Above this a bump would leave no room for the next fence: a new producer id is given instead.
const EPOCH_MAX: i16 = i16::MAX - 2;

impl Transactions {
    /// An id for an idempotent producer without transactions.
    pub(crate) fn new_producer(&self) -> Result<ProducerIdentity, ResponseError> {
        let id = self.state.lock().producer_ids.take(&self.journal)?;
        Ok(ProducerIdentity { id, epoch: 0 })
    }

    /// An id and a new epoch for a transactional producer. Whoever had the transactional id before is fenced, and its
    /// open transaction aborted. `expected` is what the producer believes to be (KIP-360): anything else is fenced.
    pub(crate) fn init(
        &self,
        id: &str,
        timeout_ms: i32,
        expected: Option<ProducerIdentity>,
    ) -> Result<ProducerIdentity, ResponseError> {
        if id.is_empty() {
            return Err(ResponseError::InvalidRequest);
        }
        if !(1..=TIMEOUT_MAX_MS).contains(&timeout_ms) {
            return Err(ResponseError::InvalidTransactionTimeout);
        }
        let mut state = self.state.lock();
        let Some(known) = state.by_id.get(id) else {
            return self.first_init(&mut state, id, timeout_ms);
        };
        if let Some(expected) = expected {
            if known.producer_id != expected.id {
                return Err(ResponseError::ProducerFenced);
            }
            // The answer to this very request was lost.
            if known.phase != TransactionPhase::Ongoing
                && expected.epoch == known.last_epoch
                && known.epoch == expected.epoch.wrapping_add(1)
            {
                return Ok(ProducerIdentity { id: known.producer_id, epoch: known.epoch });
            }
            if known.epoch != expected.epoch {
                return Err(ResponseError::ProducerFenced);
            }
        }
        match known.phase {
            TransactionPhase::PrepareCommit | TransactionPhase::PrepareAbort => {
                self.finish(&mut state, id, true)?
            }
            TransactionPhase::Ongoing => self.fence_and_abort(&mut state, id)?,
            TransactionPhase::Empty | TransactionPhase::CompleteCommit | TransactionPhase::CompleteAbort => {}
        }
        let mut transaction = state.by_id.get(id).cloned().ok_or(ResponseError::InvalidProducerIdMapping)?;
        if transaction.epoch >= EPOCH_MAX {
            transaction.producer_id = state.producer_ids.take(&self.journal)?;
            transaction.last_epoch = -1;
            transaction.epoch = 0;
        } else {
            transaction.last_epoch = transaction.epoch;
            transaction.epoch += 1;
        }
        transaction.timeout_ms = timeout_ms;
        transaction.phase = TransactionPhase::Empty;
        let identity = ProducerIdentity { id: transaction.producer_id, epoch: transaction.epoch };
        self.replace(&mut state, id, transaction)?;
        Ok(identity)
    }

    fn first_init(
        &self,
        state: &mut State,
        id: &str,
        timeout_ms: i32,
    ) -> Result<ProducerIdentity, ResponseError> {
        let producer_id = state.producer_ids.take(&self.journal)?;
        let transaction = TransactionImage {
            producer_id,
            epoch: 0,
            last_epoch: -1,
            timeout_ms,
            phase: TransactionPhase::Empty,
            partitions: Vec::new(),
            groups: Vec::new(),
            pending: Vec::new(),
            started_ms: -1,
        };
        self.replace(state, id, transaction)?;
        Ok(ProducerIdentity { id: producer_id, epoch: 0 })
    }

    /// Journals a state, then makes it the one in force.
    pub(super) fn replace(
        &self,
        state: &mut State,
        id: &str,
        transaction: TransactionImage,
    ) -> Result<(), ResponseError> {
        self.record(id, &transaction)?;
        state.by_id.insert(id.to_owned(), transaction);
        Ok(())
    }

    /// Adds partitions, which must exist, to the open transaction; begins one if none is open.
    pub(crate) fn add_partitions(
        &self,
        id: &str,
        producer: ProducerIdentity,
        partitions: &[(String, i32)],
    ) -> Result<(), ResponseError> {
        self.extend(id, producer, |transaction| {
            let mut changed = false;
            for partition in partitions {
                if !transaction.partitions.contains(partition) {
                    transaction.partitions.push(partition.clone());
                    changed = true;
                }
            }
            changed
        })
    }

    /// Adds a group whose offsets will be committed with the transaction.
    pub(crate) fn add_group(
        &self,
        id: &str,
        producer: ProducerIdentity,
        group: &str,
    ) -> Result<(), ResponseError> {
        self.extend(id, producer, |transaction| {
            let is_new = !transaction.groups.iter().any(|known| known == group);
            if is_new {
                transaction.groups.push(group.to_owned());
            }
            is_new
        })
    }

    fn extend(
        &self,
        id: &str,
        producer: ProducerIdentity,
        change: impl FnOnce(&mut TransactionImage) -> bool,
    ) -> Result<(), ResponseError> {
        let mut state = self.state.lock();
        let mut transaction = current(&mut state, id, producer)?.clone();
        match transaction.phase {
            TransactionPhase::PrepareCommit | TransactionPhase::PrepareAbort => {
                return Err(ResponseError::ConcurrentTransactions);
            }
            TransactionPhase::Ongoing => {}
            TransactionPhase::Empty | TransactionPhase::CompleteCommit | TransactionPhase::CompleteAbort => {
                transaction.phase = TransactionPhase::Ongoing;
                transaction.started_ms = now_ms();
                self.alarm.notify_one();
            }
        }
        if change(&mut transaction) { self.replace(&mut state, id, transaction) } else { Ok(()) }
    }

    /// Takes offsets into the open transaction. All of them must be checked already.
    pub(crate) fn commit_offsets(
        &self,
        id: &str,
        producer: ProducerIdentity,
        group_id: &str,
        member: &CommitIdentity,
        offsets: Vec<(OffsetKey, CommittedOffset)>,
    ) -> Result<(), ResponseError> {
        let mut state = self.state.lock();
        let mut transaction = match current(&mut state, id, producer) {
            Ok(transaction) => transaction.clone(),
            // This API knows the fence only under its older name.
            Err(ResponseError::ProducerFenced) => return Err(ResponseError::InvalidProducerEpoch),
            Err(error) => return Err(error),
        };
        let added = transaction.groups.iter().any(|known| known == group_id);
        if transaction.phase != TransactionPhase::Ongoing || !added {
            return Err(ResponseError::InvalidTxnState);
        }
        let group = self.groups.obtain(group_id);
        group.check_transactional(member)?;
        for ((topic, partition), committed) in &offsets {
            transaction.pending.retain(|known| {
                known.group != group_id || known.topic != *topic || known.partition != *partition
            });
            transaction.pending.push(PendingOffset {
                group: group_id.to_owned(),
                topic: topic.clone(),
                partition: *partition,
                committed: committed.clone(),
            });
        }
        self.replace(&mut state, id, transaction)?;
        group.hold(producer.id, offsets);
        Ok(())
    }
}
