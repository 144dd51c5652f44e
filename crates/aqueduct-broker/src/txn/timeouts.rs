//! Transactions that stay open for too long are aborted.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::Transactions;
use crate::clock::now_ms;
use crate::journal::{TransactionImage, TransactionPhase};

/// Pause after an abort that failed, for want of disk as a rule.
const RETRY_MS: i64 = 1000;

fn deadline_ms(transaction: &TransactionImage) -> Option<i64> {
    let is_open = transaction.phase == TransactionPhase::Ongoing;
    is_open.then(|| transaction.started_ms.saturating_add(i64::from(transaction.timeout_ms)))
}

impl Transactions {
    /// Starts the task that aborts expired transactions. It sleeps until the next deadline, or until a transaction
    /// begins.
    pub(crate) fn watch_timeouts(self: &Arc<Self>) {
        let transactions = Arc::clone(self);
        let watcher = tokio::spawn(async move {
            loop {
                let next_ms = transactions.abort_expired();
                match next_ms {
                    None => transactions.alarm.notified().await,
                    Some(next_ms) => {
                        let left_ms = u64::try_from(next_ms - now_ms()).unwrap_or(0);
                        tokio::select! {
                            () = tokio::time::sleep(Duration::from_millis(left_ms + 1)) => {}
                            () = transactions.alarm.notified() => {}
                        }
                    }
                }
            }
        });
        *self.watcher.lock() = Some(watcher);
    }

    /// Ends the task, which would keep everything alive; the handle tells when it has ended.
    pub(crate) fn stop(&self) -> Option<JoinHandle<()>> {
        self.watcher.lock().take().inspect(JoinHandle::abort)
    }

    /// Aborts what has expired; returns when to look again.
    fn abort_expired(&self) -> Option<i64> {
        let mut state = self.state.lock();
        let now = now_ms();
        let is_expired =
            |transaction: &TransactionImage| deadline_ms(transaction).is_some_and(|at| at <= now);
        let expired: Vec<String> =
            state.by_id.iter().filter(|(_, found)| is_expired(found)).map(|(id, _)| id.clone()).collect();
        let mut failed = false;
        for id in expired {
            tracing::info!(transactional_id = id, "aborting a transaction that exceeded its timeout");
            failed |= self.fence_and_abort(&mut state, &id).is_err();
        }
        let next = state.by_id.values().filter_map(deadline_ms).min();
        if failed { Some(now + RETRY_MS) } else { next }
    }
}
