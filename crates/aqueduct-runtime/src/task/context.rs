//! What a source task can ask of its runtime.

use std::sync::Arc;

use aqueduct_api::{ConfigMap, OffsetStorageReader, PluginMetrics, SourceTaskContext, TransactionContext};

/// Gives a task its newest configuration.
pub(crate) type ConfigSource = Arc<dyn Fn() -> ConfigMap + Send + Sync>;

/// The context of one source task.
pub(crate) struct SourceContext {
    pub(crate) config: ConfigSource,
    pub(crate) offsets: Arc<dyn OffsetStorageReader>,
    pub(crate) metrics: Arc<dyn PluginMetrics>,
}

impl SourceTaskContext for SourceContext {
    fn config(&self) -> ConfigMap {
        (self.config)()
    }

    fn offset_storage_reader(&self) -> Arc<dyn OffsetStorageReader> {
        Arc::clone(&self.offsets)
    }

    fn transaction_context(&self) -> Option<Arc<dyn TransactionContext>> {
        // Exactly-once sources need a distributed worker.
        None
    }

    fn plugin_metrics(&self) -> Option<Arc<dyn PluginMetrics>> {
        Some(Arc::clone(&self.metrics))
    }
}
