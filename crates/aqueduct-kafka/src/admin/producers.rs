//! Transactional producers.

use std::collections::BTreeMap;

use kafka_protocol::messages::{InitProducerIdRequest, ProducerId, TransactionalId};

use super::{Admin, outcome, text};
use crate::control::CoordinatorKind;
use crate::error::Result;

/// A transaction of this timeout is never opened; the number only has to be allowed by all brokers.
const TRANSACTION_TIMEOUT_MS: i32 = 60_000;

impl Admin {
    /// Fences all producers that use these transactional ids: their open transactions are aborted, and what they send
    /// from now on fails. One result for each id, as one may be refused and others not.
    pub async fn fence_producers(&self, transactional_ids: &[&str]) -> BTreeMap<String, Result<()>> {
        let mut results = BTreeMap::new();
        for id in transactional_ids {
            results.insert((*id).to_owned(), self.fence_producer(id).await);
        }
        results
    }

    async fn fence_producer(&self, transactional_id: &str) -> Result<()> {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(Some(TransactionalId(text(transactional_id))))
            .with_transaction_timeout_ms(TRANSACTION_TIMEOUT_MS)
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1);
        self.cluster()
            .retrying("fenceProducer", async || {
                let cluster = self.cluster();
                let connection = cluster.coordinator(CoordinatorKind::Transaction, transactional_id).await?;
                let response = connection.call(&request, i16::MAX).await?;
                outcome(response.error_code, None).map_err(|error| {
                    // The transaction that we interrupt is being aborted; then it is our turn.
                    let busy = error.is(kafka_protocol::error::ResponseError::ConcurrentTransactions);
                    let retriable = error.is_retriable() || busy;
                    error.with_retriable(retriable)
                })
            })
            .await
    }
}
