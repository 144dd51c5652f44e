//! Figures of a worker, by the groups, tags and names of Kafka Connect's JMX beans (spec: metrics).
//!
//! Loops count by the batch into [`TaskMetrics`]; all else is worked out when somebody looks ([`beans`]).

mod beans;
mod prometheus;
mod sampled;
mod startups;
mod task;

pub use beans::{Bean, Value, beans};
pub use prometheus::{CONTENT_TYPE, text};
pub(crate) use sampled::Sampling;
pub use sampled::{Lately, Sampled};
pub use startups::{Attempts, Startups};
pub(crate) use task::now_ms;
pub use task::{ClassVersion, ErrorMetrics, LatelyOfTask, StateClock, TaskMetrics, TaskParts};

/// What can tell its figures.
pub trait Metered: Send + Sync {
    /// All there is to tell now.
    fn beans(&self) -> Vec<Bean>;
}

impl Metered for crate::herder::StandaloneHerder {
    fn beans(&self) -> Vec<Bean> {
        beans(self.worker())
    }
}
