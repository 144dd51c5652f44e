//! Figures of a worker, by the groups, tags and names of Kafka Connect's JMX beans (spec: metrics).
//!
//! Loops count by the batch into [`TaskMetrics`]; all else is worked out when somebody looks ([`figures`]).

mod bean;
mod clients;
mod context;
mod group;
mod plugins;
mod prometheus;
mod stages;
mod startups;
mod task;
mod task_beans;
mod worker_beans;

use aqueduct_kafka::sampled::Sampling;

pub use aqueduct_kafka::sampled::{Lately, Sampled};
pub use bean::{Bean, Distribution, Value};
pub use context::Cluster;
pub(crate) use context::warn_of_reporters;
pub use group::GroupSnapshot;
pub(crate) use plugins::PluginStore;
pub use prometheus::{CONTENT_TYPE, text};
pub(crate) use stages::BatchTimer;
pub use stages::{Histogram, Stages, TaskStage};
pub use startups::{Attempts, Startups};
pub(crate) use task::now_ms;
pub use task::{ClassVersion, ErrorMetrics, LatelyOfTask, StateClock, TaskMetrics, TaskParts};
pub use worker_beans::figures;

use crate::herder::{DistributedHerder, Herder, StandaloneHerder};
use crate::worker_config::MetricsConfig;

/// All figures of one moment.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    /// What the user wants every series to be labelled with: `metrics.context.LABEL`.
    pub labels: Vec<(String, String)>,
    /// The figures.
    pub beans: Vec<Bean>,
}

/// What can tell its figures.
pub trait Metered: Send + Sync {
    /// All there is to tell now. Quick: nothing is asked of anybody.
    fn figures(&self) -> Figures;
}

impl Metered for StandaloneHerder {
    fn figures(&self) -> Figures {
        figures(self.worker(), &Cluster { kafka_cluster_id: self.kafka_cluster_id(), group: None })
    }
}

impl Metered for DistributedHerder {
    fn figures(&self) -> Figures {
        let group = Some(self.group_snapshot());
        figures(self.worker(), &Cluster { kafka_cluster_id: self.kafka_cluster_id(), group })
    }
}

impl From<&MetricsConfig> for Sampling {
    fn from(config: &MetricsConfig) -> Self {
        Self::new(config.sample_window, config.samples)
    }
}
