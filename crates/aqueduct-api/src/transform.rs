//! Transformations and predicates: small changes and choices, one record at a time.

use std::sync::Arc;

use crate::config::ConfigDef;
use crate::error::Result;
use crate::metrics::PluginMetrics;
use crate::props::ConfigMap;
use crate::record::{Origin, Record};

/// Changes a record, or drops it. Called for each record by one task; no locks needed, and nothing may block.
pub trait Transformation: Send {
    /// The keys that it understands.
    fn config(&self) -> ConfigDef;

    /// Takes its configuration: the keys under `transforms.ALIAS.`, without the prefix.
    fn configure(&mut self, config: &ConfigMap) -> Result<()>;

    /// Changes the record in its place. `false` drops it. The place that it comes from can be looked at, not changed.
    ///
    /// Of a record that is dropped, or that it fails for, anything may be left: parts of it may have moved already.
    fn apply(&mut self, record: &mut Record, origin: Origin<'_>) -> Result<bool>;

    /// As [`Transformation::apply`], with the record by value: the changed one, or `None`.
    fn applied(&mut self, mut record: Record, origin: Origin<'_>) -> Result<Option<Record>> {
        Ok(self.apply(&mut record, origin)?.then_some(record))
    }

    /// Takes the place for metrics of its own, once, after `configure`.
    fn with_plugin_metrics(&mut self, metrics: Arc<dyn PluginMetrics>) {
        let _ = metrics;
    }
}

/// Tells records apart, to apply a transformation to some of them.
pub trait Predicate: Send {
    /// The keys that it understands.
    fn config(&self) -> ConfigDef;

    /// Takes its configuration: the keys under `predicates.ALIAS.`, without the prefix.
    fn configure(&mut self, config: &ConfigMap) -> Result<()>;

    /// Whether the record is one of those meant.
    fn test(&mut self, record: &Record) -> Result<bool>;

    /// Takes the place for metrics of its own, once, after `configure`.
    fn with_plugin_metrics(&mut self, metrics: Arc<dyn PluginMetrics>) {
        let _ = metrics;
    }
}
