//! The transaction coordinator: producer ids, and transactions in version 1 of the protocol (before KIP-890's epoch bump
//! at each end).
//!
//! One lock guards all transactions. A transaction's end is three steps: the decision is journalled (`Prepare…`), markers
//! go to the partitions, and the offsets become committed in the same journal frame that says `Complete…`. A start
//! finishes what stands at the first step.

mod begin;
mod end;
mod producer_ids;
mod timeouts;

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::ResponseError;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::group::Groups;
use crate::journal::{Entry, Image, Journal, TransactionImage, TransactionPhase};
use crate::topic::Topics;

use producer_ids::ProducerIds;

/// `transaction.max.timeout.ms`.
const TIMEOUT_MAX_MS: i32 = 900_000;

/// A producer's id and epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ProducerIdentity {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
}

#[derive(Debug)]
struct State {
    by_id: BTreeMap<String, TransactionImage>,
    producer_ids: ProducerIds,
}

#[derive(Debug)]
pub(crate) struct Transactions {
    state: Mutex<State>,
    topics: Arc<Topics>,
    groups: Arc<Groups>,
    journal: Arc<Journal>,
    /// Rung when a transaction begins.
    alarm: Notify,
    watcher: Mutex<Option<JoinHandle<()>>>,
}

impl Transactions {
    /// Takes the state over from the journal, and ends what was being ended.
    pub(crate) fn open(
        topics: Arc<Topics>,
        groups: Arc<Groups>,
        journal: Arc<Journal>,
        image: &Image,
    ) -> Arc<Transactions> {
        let state = State {
            by_id: image.transactions.clone(),
            producer_ids: ProducerIds::new(image.next_producer_id),
        };
        let transactions = Transactions {
            state: Mutex::new(state),
            topics,
            groups,
            journal,
            alarm: Notify::new(),
            watcher: Mutex::new(None),
        };
        transactions.recover();
        Arc::new(transactions)
    }

    fn recover(&self) {
        let mut state = self.state.lock();
        let mut half_ended = Vec::new();
        for (id, transaction) in &state.by_id {
            for pending in &transaction.pending {
                let offset = ((pending.topic.clone(), pending.partition), pending.committed.clone());
                self.groups.obtain(&pending.group).hold(transaction.producer_id, [offset]);
            }
            if matches!(transaction.phase, TransactionPhase::PrepareCommit | TransactionPhase::PrepareAbort) {
                half_ended.push(id.clone());
            }
        }
        for id in half_ended {
            if let Err(error) = self.finish(&mut state, &id, true) {
                tracing::error!(transactional_id = id, "cannot finish a transaction: {error}");
            }
        }
    }

    fn record(&self, id: &str, transaction: &TransactionImage) -> Result<(), ResponseError> {
        self.journal.append(&[Entry::Transaction { id: id.to_owned(), transaction: transaction.clone() }])
    }

    /// Whether a transactional batch may be appended: the partition must have been added to the producer's open
    /// transaction (KIP-890, part 1).
    pub(crate) fn check_produce(
        &self,
        id: &str,
        producer_id: i64,
        epoch: i16,
        topic: &str,
        partition: i32,
    ) -> Result<(), ResponseError> {
        let state = self.state.lock();
        let transaction = state.by_id.get(id).ok_or(ResponseError::InvalidProducerIdMapping)?;
        if transaction.producer_id != producer_id {
            return Err(ResponseError::InvalidProducerIdMapping);
        }
        if transaction.epoch != epoch {
            return Err(ResponseError::InvalidProducerEpoch);
        }
        let added = transaction.partitions.iter().any(|(name, index)| name == topic && *index == partition);
        if transaction.phase == TransactionPhase::Ongoing && added {
            Ok(())
        } else {
            Err(ResponseError::InvalidTxnState)
        }
    }

    /// A copy of one transaction's state.
    pub(crate) fn get(&self, id: &str) -> Option<TransactionImage> {
        self.state.lock().by_id.get(id).cloned()
    }

    /// Copies of all transactions' states, by transactional id.
    pub(crate) fn all(&self) -> Vec<(String, TransactionImage)> {
        self.state.lock().by_id.iter().map(|(id, transaction)| (id.clone(), transaction.clone())).collect()
    }
}

/// The named producer's transaction, if it is the current one.
fn current<'a>(
    state: &'a mut State,
    id: &str,
    producer: ProducerIdentity,
) -> Result<&'a mut TransactionImage, ResponseError> {
    let transaction = state.by_id.get_mut(id).ok_or(ResponseError::InvalidProducerIdMapping)?;
    if transaction.producer_id != producer.id {
        return Err(ResponseError::InvalidProducerIdMapping);
    }
    if transaction.epoch != producer.epoch {
        return Err(ResponseError::ProducerFenced);
    }
    Ok(transaction)
}
