//! Offsets of a connector that has a topic of its own (spec: offsets topic; KIP-618).

use std::collections::BTreeMap;
use std::sync::Arc;

use aqueduct_api::{Error, OffsetMap, Result};
use aqueduct_proto::offsets::key_bytes;
use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use super::{OffsetEntry, OffsetStore};

/// Writes to the worker's store that wait for it: all tasks of a connector give theirs at the same time.
const COPIES_MAX: usize = 1_000;

/// A connector's own store over the worker's, which held its offsets before it had its own, and keeps a copy for when it has
/// none any more.
///
/// What the own store does not know is read from the worker's. So a removal must reach the worker's store first, or the
/// offset would come back from there. Other offsets reach it afterwards and when that is possible.
pub struct ConnectorOffsets {
    own: Arc<dyn OffsetStore>,
    global: Arc<dyn OffsetStore>,
    copies: mpsc::Sender<Copy>,
}

struct Copy {
    entries: Vec<OffsetEntry>,
    /// For who waits for it.
    reply: Option<oneshot::Sender<Result<()>>>,
}

impl ConnectorOffsets {
    /// Over two stores. One task, on the runtime of the caller, writes to the worker's store in order, and ends when this is
    /// dropped and all that was given is written.
    pub fn new(own: Arc<dyn OffsetStore>, global: Arc<dyn OffsetStore>) -> Self {
        let (copies, waiting) = mpsc::channel(COPIES_MAX);
        tokio::spawn(copy(Arc::clone(&global), waiting));
        Self { own, global, copies }
    }

    async fn remove_globally(&self, entries: Vec<OffsetEntry>) -> Result<()> {
        let ended = || Error::connect("The worker is stopping: offsets are not stored any more");
        let (reply, done) = oneshot::channel();
        self.copies.send(Copy { entries, reply: Some(reply) }).await.map_err(|_| ended())?;
        done.await.map_err(|_| ended())?
    }

    /// Copies to the worker's store what lies in the own topic already: also for a task that has written its offsets there
    /// itself, in a transaction. Does not wait. When the worker's store is too slow a copy is left out, with a warning.
    pub fn copy_to_global(&self, entries: Vec<OffsetEntry>) {
        if !entries.is_empty() && self.copies.try_send(Copy { entries, reply: None }).is_err() {
            tracing::warn!("offsets were not copied to the worker's offsets topic, which takes too long");
        }
    }
}

async fn copy(global: Arc<dyn OffsetStore>, mut waiting: mpsc::Receiver<Copy>) {
    let mut taken = Vec::new();
    let mut together = Vec::new();
    while waiting.recv_many(&mut taken, COPIES_MAX).await > 0 {
        for Copy { mut entries, reply } in taken.drain(..) {
            together.append(&mut entries);
            if let Some(reply) = reply {
                // Who gave up waiting does not want it.
                drop(reply.send(global.set(std::mem::take(&mut together)).await));
            }
        }
        if !together.is_empty()
            && let Err(error) = global.set(std::mem::take(&mut together)).await
        {
            tracing::warn!("offsets were not copied to the worker's offsets topic: {error:#}");
        }
    }
}

#[async_trait]
impl OffsetStore for ConnectorOffsets {
    async fn get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        let (own, global) = futures::try_join!(self.own.get(keys), self.global.get(keys))?;
        Ok(own.into_iter().zip(global).map(|(own, global)| own.or(global)).collect())
    }

    async fn set(&self, entries: Vec<OffsetEntry>) -> Result<()> {
        let (tombstones, offsets): (Vec<_>, Vec<_>) =
            entries.iter().cloned().partition(|(_, value)| value.is_none());
        if !tombstones.is_empty() {
            self.remove_globally(tombstones).await?;
        }
        self.own.set(entries).await?;
        self.copy_to_global(offsets);
        Ok(())
    }

    async fn connector_offsets(&self, connector: &str) -> Result<Vec<(OffsetMap, OffsetMap)>> {
        let (own, global) = futures::try_join!(
            self.own.connector_offsets(connector),
            self.global.connector_offsets(connector)
        )?;
        let mut merged = BTreeMap::new();
        for (partition, offset) in global.into_iter().chain(own) {
            merged.insert(key_bytes(connector, &partition)?, (partition, offset));
        }
        Ok(merged.into_values().collect())
    }
}
