//! Sinks: from Kafka into a system.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::connector::Connector;
use crate::error::{Error, Result};
use crate::metrics::PluginMetrics;
use crate::props::ConfigMap;
use crate::record::{SinkRecord, TopicPartition};

/// The next offset to read, by partition: one more than that of the last record that is done.
pub type Offsets = HashMap<TopicPartition, i64>;

/// A connector that exports.
#[async_trait]
pub trait SinkConnector: Connector {
    /// As [`SourceConnector::alter_offsets`](crate::SourceConnector::alter_offsets), for offsets in Kafka.
    async fn alter_offsets(
        &self,
        config: &ConfigMap,
        offsets: &[(TopicPartition, Option<i64>)],
    ) -> Result<bool> {
        let _ = (config, offsets);
        Ok(false)
    }
}

/// A task that exports: one owner, no locks needed.
///
/// The runtime calls, one after the other: `start`, then `open` for partitions that it was assigned, `put` again and
/// again (also with no records, so that the task sees time pass), `pre_commit` when offsets are due, `close` before
/// partitions go away, `stop` at the end.
#[async_trait]
pub trait SinkTask: Send {
    /// Starts the task, before any partition is assigned.
    async fn start(&mut self, context: Arc<dyn SinkTaskContext>, config: &ConfigMap) -> Result<()>;

    /// These partitions are now this task's. Only the new ones, where others stay.
    async fn open(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let _ = partitions;
        Ok(())
    }

    /// Writes records, or keeps them to be written by the next `pre_commit` at the latest. Of one partition they come
    /// in order. A retriable error presents the same records again, with no others before them; any other error fails
    /// the task, and nothing of the batch is committed.
    async fn put(&mut self, records: &[SinkRecord]) -> Result<()>;

    /// Writes out what `put` kept. `offsets`: of all records given to `put` so far.
    async fn flush(&mut self, offsets: &Offsets) -> Result<()> {
        let _ = offsets;
        Ok(())
    }

    /// Says which offsets may be committed now, given those of all records given to `put` so far: at most these, by
    /// default all of them after a flush. Nothing is committed for a partition left out. After an error the consumer
    /// goes back to the offsets committed last.
    async fn pre_commit(&mut self, offsets: &Offsets) -> Result<Offsets> {
        self.flush(offsets).await?;
        Ok(offsets.clone())
    }

    /// These partitions are about to go to another task, after a `pre_commit`; or they are lost, without one.
    async fn close(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let _ = partitions;
        Ok(())
    }

    /// Releases what `start` took. No other call follows.
    async fn stop(&mut self) -> Result<()>;
}

/// What the runtime offers to a sink task. Requests take effect between calls to the task.
pub trait SinkTaskContext: Send + Sync {
    /// The task's newest configuration, with references to config providers resolved again.
    fn config(&self) -> ConfigMap;

    /// Reads on from these offsets instead.
    fn rewind(&self, offsets: &Offsets);

    /// The longest time until the next `put`, once: how soon a batch is presented again after a retriable error.
    fn set_timeout(&self, timeout: Duration);

    /// The partitions that are this task's now.
    fn assignment(&self) -> Vec<TopicPartition>;

    /// Stops reading these partitions until [`SinkTaskContext::resume`]. Fails for one that is not this task's.
    fn pause(&self, partitions: &[TopicPartition]) -> Result<()>;

    /// Reads these partitions again.
    fn resume(&self, partitions: &[TopicPartition]) -> Result<()>;

    /// Asks for a commit soon.
    fn request_commit(&self);

    /// Where to report records that can't be written (KIP-610); `None` without dead letter queue and error log.
    fn errant_record_reporter(&self) -> Option<Arc<dyn ErrantRecordReporter>>;

    /// Where metrics of the task's own go; `None` where nobody keeps any.
    fn plugin_metrics(&self) -> Option<Arc<dyn PluginMetrics>> {
        None
    }
}

/// Takes the records that a sink task can't write.
#[async_trait]
pub trait ErrantRecordReporter: Send + Sync {
    /// Reports a record. Fails when the connector tolerates no errors: pass that error on. The record's offset is
    /// committed only after the report is safe; nothing needs to be awaited for that but this call.
    async fn report(&self, record: &SinkRecord, error: Error) -> Result<()>;
}
