//! Connectors that tell a test what happens to them, and do what the test wants.
//!
//! They are Kafka's `MonitorableSourceConnector` and `MonitorableSinkConnector`, with the same records and keys. What in
//! Kafka is shared through a global table is a value here: each test has its own [`Monitor`].

mod connector;
mod probe;
mod sink;
mod source;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use aqueduct_api::{ConfigMap, Plugin, PluginKind};

pub use probe::{Batch, Call, Hold, Probe, Trouble};

use connector::MonitorableConnector;
use sink::MonitorableSinkTask;
use source::MonitorableSourceTask;

/// The class of the source connector.
pub const SOURCE_CLASS: &str = "org.apache.kafka.connect.integration.MonitorableSourceConnector";
/// The class of the sink connector.
pub const SINK_CLASS: &str = "org.apache.kafka.connect.integration.MonitorableSinkConnector";

/// The monitorable connectors of one test: clones share what they know.
#[derive(Clone, Default)]
pub struct Monitor(Arc<Mutex<HashMap<String, Arc<Probe>>>>);

impl Monitor {
    /// A monitor that knows of no connector.
    pub fn new() -> Self {
        Self::default()
    }

    /// What happens to the connector of this name, which may not exist yet.
    pub fn probe(&self, connector: &str) -> Arc<Probe> {
        let mut probes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(probes.entry(connector.to_owned()).or_default())
    }

    /// The probe of the connector that a configuration names.
    fn probe_of(&self, config: &ConfigMap) -> Arc<Probe> {
        self.probe(config.get("name").unwrap_or_default())
    }

    /// Source and sink, to be given to a worker.
    pub fn plugins(&self) -> Vec<Plugin> {
        let (a, b, c, d) = (self.clone(), self.clone(), self.clone(), self.clone());
        vec![
            Plugin {
                class: SOURCE_CLASS,
                version: "1",
                kind: PluginKind::Source {
                    connector: Arc::new(move || Box::new(MonitorableConnector::source(a.clone()))),
                    task_class: "org.apache.kafka.connect.integration.MonitorableSourceConnector$MonitorableSourceTask",
                    task: Arc::new(move || Box::new(MonitorableSourceTask::new(b.clone()))),
                },
            },
            Plugin {
                class: SINK_CLASS,
                version: "1",
                kind: PluginKind::Sink {
                    connector: Arc::new(move || Box::new(MonitorableConnector::sink(c.clone()))),
                    task_class: "org.apache.kafka.connect.integration.MonitorableSinkConnector$MonitorableSinkTask",
                    task: Arc::new(move || Box::new(MonitorableSinkTask::new(d.clone()))),
                },
            },
        ]
    }
}

/// A whole number of a configuration, or what it is without.
fn number<N: std::str::FromStr>(config: &ConfigMap, key: &str, default: N) -> aqueduct_api::Result<N> {
    match config.get(key) {
        None => Ok(default),
        Some(text) => text.trim().parse().map_err(|_| {
            aqueduct_api::Error::config(format!("Invalid value {text} for configuration {key}"))
        }),
    }
}
