//! Workers in this process: REST server, herder, and the way they start and stop.
//!
//! The order is Java's: the REST port is bound, then Kafka is asked for its cluster id, then the herder starts, then all
//! routes open, then connectors are created. Unlike Java's, a worker whose Kafka cannot be reached does not end: it goes on
//! asking, and `/health` says that it is starting.

mod address;
mod alone;
mod cluster;
mod door;
mod jaas;
mod member;

use std::sync::Arc;

use anyhow::Result;
use aqueduct_api::ConfigMap;
use aqueduct_runtime::providers::ConfigTransformer;
use aqueduct_runtime::registry::Registry;
use aqueduct_runtime::worker_config::{TEST_PLUGINS, WorkerConfig};

use crate::plugins;
pub use alone::Node;
pub use member::MemberNode;

/// What a worker is made from, once its properties have been found good.
pub struct Plan {
    config: Arc<WorkerConfig>,
    registry: Arc<Registry>,
    transformer: ConfigTransformer,
}

impl Plan {
    /// Reads the properties of a worker that stands alone. References to config providers in them are resolved.
    pub fn standalone(properties: &ConfigMap) -> Result<Self> {
        Self::new(properties, WorkerConfig::standalone)
    }

    /// Reads the properties of a worker in a group. References to config providers in them are resolved.
    pub fn distributed(properties: &ConfigMap) -> Result<Self> {
        Self::new(properties, WorkerConfig::distributed_worker)
    }

    fn new(
        properties: &ConfigMap,
        parse: impl FnOnce(ConfigMap) -> aqueduct_api::Result<WorkerConfig>,
    ) -> Result<Self> {
        let wants_tests =
            properties.get(TEST_PLUGINS).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        let registry = Arc::new(plugins::registry(wants_tests));
        let transformer = ConfigTransformer::from_worker(properties, &registry)?;
        let config = Arc::new(parse(transformer.transform(properties)?.config)?);
        Ok(Self { config, registry, transformer })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_may_refer_to_config_providers() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let secrets = dir.path().join("secrets.properties");
        std::fs::write(&secrets, "servers=h:9092\n").expect("written");
        let mut properties: ConfigMap = [
            ("key.converter", "StringConverter"),
            ("value.converter", "StringConverter"),
            ("offset.storage.file.filename", "offsets"),
            ("config.providers", "file"),
            ("config.providers.file.class", "FileConfigProvider"),
        ]
        .into();
        properties.insert("bootstrap.servers", format!("${{file:{}:servers}}", secrets.display()));
        let plan = Plan::standalone(&properties).expect("good");
        assert_eq!(plan.config.bootstrap_servers, ["h:9092"]);
        properties.insert("config.providers.file.class", "a.B");
        assert!(Plan::standalone(&properties).is_err());
    }
}
