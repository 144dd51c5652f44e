//! What every connector is, whichever way it moves data.

use std::sync::Arc;

use async_trait::async_trait;

use crate::config::{ConfigDef, ConfigValue};
use crate::error::{Error, Result};
use crate::metrics::PluginMetrics;
use crate::props::ConfigMap;
use crate::source::OffsetStorageReader;

/// A connector: it checks a configuration, splits the work into tasks, and watches for changes that need other tasks.
/// The data flows in the tasks.
///
/// Calls come one after the other, `initialize` first, on a thread that may change between calls. A method may take as
/// long as it needs: other connectors, the REST API and the group membership don't wait for it. It must not block the
/// thread, though: blocking drivers go to a thread of their own.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Gives the connector its context, once, before [`Connector::start`].
    fn initialize(&mut self, context: Arc<dyn ConnectorContext>) {
        let _ = context;
    }

    /// Starts the connector on a clean instance: a new one, or one that was stopped.
    async fn start(&mut self, config: &ConfigMap) -> Result<()>;

    /// The configurations of the tasks, at most `max_tasks` of them. Called after `start`, and again after
    /// [`ConnectorContext::request_task_reconfiguration`]. A retriable error is asked again later.
    async fn task_configs(&mut self, max_tasks: usize) -> Result<Vec<ConfigMap>>;

    /// Releases what `start` took.
    async fn stop(&mut self) -> Result<()>;

    /// The keys that the connector understands, without those that every connector has.
    fn config(&self) -> ConfigDef;

    /// Checks a configuration as a whole and gives a value for each key of [`Connector::config`], with errors. Called
    /// on an instance that may never have been started.
    async fn validate(&self, config: &ConfigMap) -> Result<Vec<ConfigValue>> {
        Ok(self.config().validate(config))
    }
}

/// What the runtime offers to a connector. May be called from any thread, at any time until the connector has stopped.
pub trait ConnectorContext: Send + Sync {
    /// Asks for [`Connector::task_configs`] to be called again. Returns at once.
    fn request_task_reconfiguration(&self);

    /// Makes the connector FAILED with this error. Returns at once.
    fn raise_error(&self, error: Error);

    /// The stored offsets of a source connector; `None` for a sink.
    fn offset_storage_reader(&self) -> Option<Arc<dyn OffsetStorageReader>>;

    /// Where metrics of the connector's own go; `None` where nobody keeps any.
    fn plugin_metrics(&self) -> Option<Arc<dyn PluginMetrics>> {
        None
    }
}
