//! Sources: from a system into Kafka.

use std::sync::Arc;

use async_trait::async_trait;

use crate::connector::Connector;
use crate::error::Result;
use crate::metrics::PluginMetrics;
use crate::props::ConfigMap;
use crate::record::{OffsetMap, RecordMetadata, SourceRecord};

/// An answer about an ability that depends on the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Yes, with this configuration.
    Supported,
    /// No, with this configuration.
    Unsupported,
}

/// One partition of a source and its new offset; `None` resets it.
pub type OffsetChange = (OffsetMap, Option<OffsetMap>);

/// A connector that imports.
#[async_trait]
pub trait SourceConnector: Connector {
    /// Whether the source can be read exactly once with this configuration. `None`: the connector does not say, which
    /// counts as no. May be asked before `start`.
    fn exactly_once_support(&self, config: &ConfigMap) -> Result<Option<Support>> {
        let _ = config;
        Ok(None)
    }

    /// Whether tasks can say where transactions end. Asked only with `transaction.boundary=connector`.
    fn can_define_transaction_boundaries(&self, config: &ConfigMap) -> Result<Option<Support>> {
        let _ = config;
        Ok(Some(Support::Unsupported))
    }

    /// Hears that a user wants to change stored offsets while the connector is stopped, and may refuse with an error
    /// (KIP-875). `true`: external offsets, if any, were changed too. `false`: the connector does not take part.
    /// An [`ErrorKind::Unsupported`](crate::ErrorKind::Unsupported) error says that offsets can't be changed at all.
    async fn alter_offsets(&self, config: &ConfigMap, offsets: &[OffsetChange]) -> Result<bool> {
        let _ = (config, offsets);
        Ok(false)
    }
}

/// A task that imports: one owner, no locks needed.
///
/// The runtime calls, one after the other: `start`, then `poll` and now and then `commit` and `commit_record`, then
/// `stop`. A task that fails is stopped too.
#[async_trait]
pub trait SourceTask: Send {
    /// Starts the task. For a task that begins paused it is called when the task is resumed for the first time.
    async fn start(&mut self, context: Arc<dyn SourceTaskContext>, config: &ConfigMap) -> Result<()>;

    /// Waits for data, a while at most (about a second), and gives the next records, in the order in which they shall
    /// be in Kafka. `None`: there is nothing now. A retriable error is logged, and the poll repeated.
    ///
    /// When the task is stopped the future may be dropped at any await point: records that were taken from the source
    /// and not returned are then not sent, and the offsets say so after a restart.
    async fn poll(&mut self) -> Result<Option<Vec<SourceRecord>>>;

    /// The offsets of all records acknowledged so far have been stored. Also called when there was nothing to store.
    /// An error is logged and changes nothing.
    async fn commit(&mut self) -> Result<()> {
        Ok(())
    }

    /// Whether [`SourceTask::commit_record`] does anything. Without it, the runtime lets go of a record once it is sent.
    fn wants_commit_record(&self) -> bool {
        false
    }

    /// Kafka has a record; or, without metadata, the record was dropped by a transformation or by error tolerance.
    /// An error is logged and changes nothing.
    fn commit_record(&mut self, record: &SourceRecord, metadata: Option<&RecordMetadata>) -> Result<()> {
        let _ = (record, metadata);
        Ok(())
    }

    /// Releases what `start` took. No other call follows.
    async fn stop(&mut self) -> Result<()>;
}

/// What the runtime offers to a source task.
pub trait SourceTaskContext: Send + Sync {
    /// The task's newest configuration, with references to config providers resolved again.
    fn config(&self) -> ConfigMap;

    /// The stored offsets of the connector.
    fn offset_storage_reader(&self) -> Arc<dyn OffsetStorageReader>;

    /// The transactions of an exactly-once task with `transaction.boundary=connector`; otherwise `None`.
    fn transaction_context(&self) -> Option<Arc<dyn TransactionContext>>;

    /// Where metrics of the task's own go; `None` where nobody keeps any.
    fn plugin_metrics(&self) -> Option<Arc<dyn PluginMetrics>> {
        None
    }
}

/// Reads the stored offsets of one source connector.
#[async_trait]
pub trait OffsetStorageReader: Send + Sync {
    /// The stored offset of each partition, in the order of the partitions; `None` where there is none.
    async fn offsets(&self, partitions: &[OffsetMap]) -> Result<Vec<Option<OffsetMap>>>;

    /// The stored offset of one partition.
    async fn offset(&self, partition: &OffsetMap) -> Result<Option<OffsetMap>> {
        Ok(self.offsets(std::slice::from_ref(partition)).await?.pop().flatten())
    }
}

/// Where a task says which of its records form a transaction (KIP-618).
///
/// What is said about a record wins over what is said about a batch. To ask for both commit and abort of the same
/// record or batch fails the task. The records of an aborted transaction are discarded, yet their offsets are stored.
pub trait TransactionContext: Send + Sync {
    /// Commits after the batch that the running poll returns.
    fn commit_transaction(&self);
    /// Commits after this record, which the running poll returns at this index.
    fn commit_transaction_at(&self, index: usize);
    /// Aborts after the batch that the running poll returns.
    fn abort_transaction(&self);
    /// Aborts after this record, which the running poll returns at this index.
    fn abort_transaction_at(&self, index: usize);
}
