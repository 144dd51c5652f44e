//! How a transaction ends.

use kafka_protocol::ResponseError;

use super::{ProducerIdentity, State, Transactions, current};
use crate::journal::{Entry, TransactionImage, TransactionPhase};

impl Transactions {
    /// EndTxn. A repeated request for the same outcome succeeds.
    pub(crate) fn end(
        &self,
        id: &str,
        producer: ProducerIdentity,
        committed: bool,
    ) -> Result<(), ResponseError> {
        let mut state = self.state.lock();
        let transaction = current(&mut state, id, producer)?;
        match (transaction.phase, committed) {
            (TransactionPhase::Ongoing, _) => {
                let decided = prepared(transaction, committed);
                self.replace(&mut state, id, decided)?;
                self.finish(&mut state, id, false)
            }
            (TransactionPhase::CompleteCommit, true) | (TransactionPhase::CompleteAbort, false) => Ok(()),
            (TransactionPhase::PrepareCommit | TransactionPhase::PrepareAbort, _) => {
                Err(ResponseError::ConcurrentTransactions)
            }
            _ => Err(ResponseError::InvalidTxnState),
        }
    }

    /// Aborts an open transaction under the next epoch, so that its producer can do no more.
    pub(super) fn fence_and_abort(&self, state: &mut State, id: &str) -> Result<(), ResponseError> {
        let transaction = state.by_id.get(id).ok_or(ResponseError::InvalidProducerIdMapping)?;
        let mut decided = prepared(transaction, false);
        decided.last_epoch = decided.epoch;
        decided.epoch = decided.epoch.saturating_add(1);
        self.replace(state, id, decided)?;
        self.finish(state, id, false)
    }

    /// Writes the markers of a decided transaction, then its offsets and its end in one frame. With `again`, markers that
    /// are there already are not repeated.
    pub(super) fn finish(&self, state: &mut State, id: &str, again: bool) -> Result<(), ResponseError> {
        let transaction = state.by_id.get(id).ok_or(ResponseError::InvalidProducerIdMapping)?;
        let committed = transaction.phase == TransactionPhase::PrepareCommit;
        for (topic, index) in &transaction.partitions {
            // A topic deleted meanwhile needs no marker.
            if let Ok(partition) = self.topics.partition(topic, *index) {
                partition.end_transaction(transaction.producer_id, transaction.epoch, committed, again)?;
            }
        }
        let mut entries = Vec::new();
        if committed {
            entries.extend(transaction.pending.iter().map(|pending| Entry::Offset {
                group: pending.group.clone(),
                topic: pending.topic.clone(),
                partition: pending.partition,
                committed: Some(pending.committed.clone()),
            }));
        }
        let phase =
            if committed { TransactionPhase::CompleteCommit } else { TransactionPhase::CompleteAbort };
        let groups = transaction.groups.clone();
        let ended = TransactionImage {
            phase,
            partitions: Vec::new(),
            groups: Vec::new(),
            pending: Vec::new(),
            started_ms: -1,
            ..*transaction
        };
        let producer_id = ended.producer_id;
        entries.push(Entry::Transaction { id: id.to_owned(), transaction: ended.clone() });
        self.journal.append(&entries)?;
        for group in groups.iter().filter_map(|group| self.groups.get(group)) {
            group.release(producer_id, committed);
        }
        state.by_id.insert(id.to_owned(), ended);
        Ok(())
    }
}

fn prepared(transaction: &TransactionImage, committed: bool) -> TransactionImage {
    let phase = if committed { TransactionPhase::PrepareCommit } else { TransactionPhase::PrepareAbort };
    TransactionImage { phase, ..transaction.clone() }
}
