//! Metrics of a plugin's own, beside those that the runtime keeps for every plugin (KIP-877).

use std::sync::Arc;

use crate::error::Result;

/// The name of a metric. Name and tags together are unique within one plugin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MetricName {
    /// Words between hyphens, such as `rows-read-total`.
    pub name: String,
    /// What it measures, with its unit.
    pub description: String,
    /// Tags of the plugin's own, in order. They come after those of the runtime (`connector`, `task`, …), whose names
    /// they cannot have.
    pub tags: Vec<(String, String)>,
}

impl MetricName {
    /// A metric without tags of its own.
    pub fn new(name: impl Into<String>, description: impl Into<String>) -> Self {
        Self { name: name.into(), description: description.into(), tags: Vec::new() }
    }

    /// The same with one more tag.
    pub fn with_tag(mut self, tag: impl Into<String>, value: impl Into<String>) -> Self {
        self.tags.push((tag.into(), value.into()));
        self
    }
}

/// The value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricValue {
    /// Not a number where there is none.
    Number(f64),
    /// A state, a version and the like.
    Text(String),
}

/// Gives the value of a metric whenever somebody looks, from any thread; must return at once.
pub type MetricSource = Box<dyn Fn() -> MetricValue + Send + Sync>;

/// What a sensor shows of the values that were recorded. All but the last two are of the last while only, as the
/// worker's `metrics.sample.window.ms` and `metrics.num.samples` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stat {
    /// Their mean.
    Average,
    /// The least.
    Minimum,
    /// The most.
    Maximum,
    /// Their sum by second.
    Rate,
    /// Their sum since the start.
    Total,
    /// How many there were since the start.
    Count,
}

/// Takes values, and shows them as one or more metrics.
pub trait Sensor: Send + Sync {
    /// Shows the values in one more way.
    ///
    /// # Errors
    /// The name is in use or has a tag of the runtime's, or the metrics are closed.
    fn add(&self, name: MetricName, stat: Stat) -> Result<()>;

    /// Records a value. Cheap, but not free: once a batch rather than once a record.
    fn record(&self, value: f64);
}

/// Where a plugin's own metrics go: `kafka.connect:type=plugins`, tagged with what the plugin is.
///
/// Connectors and tasks find it in their contexts; converters, transformations and predicates are given it after
/// `configure`. Everything that is still there when the plugin is closed goes by itself.
pub trait PluginMetrics: Send + Sync {
    /// Adds a metric whose value is asked for when somebody looks.
    ///
    /// # Errors
    /// The name is in use or has a tag of the runtime's, or the metrics are closed.
    fn add_metric(&self, name: MetricName, value: MetricSource) -> Result<()>;

    /// Removes a metric.
    ///
    /// # Errors
    /// There is none of this name and these tags, or the metrics are closed.
    fn remove_metric(&self, name: &MetricName) -> Result<()>;

    /// Adds a sensor, which shows nothing until it is told what.
    ///
    /// # Errors
    /// The name is in use, or the metrics are closed.
    fn add_sensor(&self, name: &str) -> Result<Arc<dyn Sensor>>;

    /// Removes a sensor with all its metrics.
    ///
    /// # Errors
    /// There is none of this name, or the metrics are closed.
    fn remove_sensor(&self, name: &str) -> Result<()>;
}
