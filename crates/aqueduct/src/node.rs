//! A standalone worker in this process: REST server, herder, and the way they start and stop.
//!
//! The order is Java's: the REST port is bound, then Kafka is asked for its cluster id, then the herder starts, then all
//! routes open, then connectors are created. Unlike Java's, a worker whose Kafka cannot be reached does not end: it goes on
//! asking, and `/health` says that it is starting.

mod address;
mod cluster;
mod jaas;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use aqueduct_api::ConfigMap;
use aqueduct_kafka::NativeDataPlane;
use aqueduct_runtime::herder::TargetState;
use aqueduct_runtime::herder::{Herder, StandaloneHerder};
use aqueduct_runtime::offsets::FileOffsetStore;
use aqueduct_runtime::properties::{ConnectorFile, InitialState};
use aqueduct_runtime::providers::ConfigTransformer;
use aqueduct_runtime::registry::Registry;
use aqueduct_runtime::rest::{RestPlan, RestServer};
use aqueduct_runtime::status::MemoryStatusStore;
use aqueduct_runtime::worker::{Worker, WorkerParts};
use aqueduct_runtime::worker_config::{Mode, TEST_PLUGINS, WorkerConfig};

use crate::exit::{ExitWith, Outcome, Status};
use crate::{logging, plugins};

/// What a worker is made from, once its properties have been found good.
pub struct Plan {
    config: Arc<WorkerConfig>,
    registry: Arc<Registry>,
    transformer: ConfigTransformer,
}

impl Plan {
    /// Reads the properties of a standalone worker. References to config providers in them are resolved.
    pub fn new(properties: &ConfigMap) -> Result<Self> {
        let wants_tests =
            properties.get(TEST_PLUGINS).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"));
        let registry = Arc::new(plugins::registry(wants_tests));
        let transformer = ConfigTransformer::from_worker(properties, &registry)?;
        let config = Arc::new(WorkerConfig::standalone(transformer.transform(properties)?.config)?);
        Ok(Self { config, registry, transformer })
    }
}

/// A worker that runs.
pub struct Node {
    rest: RestServer,
    herder: StandaloneHerder,
    address: SocketAddr,
}

impl Node {
    /// Starts a worker, whose connectors and tasks run on the runtime `data`. Returns when its REST API is open; until
    /// then Kafka may have to be waited for. Dropping the future stops the start.
    pub async fn start(plan: Plan, data: tokio::runtime::Handle) -> Outcome<Self> {
        let Plan { config, registry, transformer } = plan;
        let jaas = jaas::file(&config.properties, std::env::var("KAFKA_OPTS").ok().as_deref());
        let plan =
            RestPlan::new(&config.rest, jaas.as_deref(), logging::levels()).exit_with(Status::Start)?;
        let mut rest = RestServer::open(plan).await.exit_with(Status::Start)?;
        let local = rest.local_addresses().exit_with(Status::Start)?;
        let address = *local.first().context("there is no listener").exit_with(Status::Start)?;
        let id = address::advertised(&config.rest, &local);
        let admin = rest.admin_addresses().exit_with(Status::Start)?;
        rest.start();
        tracing::info!("The REST API listens on {}, advertised as {id}", address::shown(&local));
        if !admin.is_empty() {
            tracing::info!("The REST API for administrators listens on {}", address::shown(&admin));
        }

        let cluster_id = cluster::wait_for_id(&config).await.exit_with(Status::Start)?;
        let Mode::Standalone { offsets_file } = &config.mode else {
            return Err(anyhow::anyhow!("the worker is not standalone")).exit_with(Status::Start);
        };
        let offsets = FileOffsetStore::open(offsets_file).exit_with(Status::Connect)?;
        let worker = Worker::new(WorkerParts {
            id,
            registry,
            transformer,
            status: Arc::new(MemoryStatusStore::default()),
            offsets: Arc::new(offsets),
            data_plane: Arc::new(NativeDataPlane),
            runtime: data,
            config,
        });
        let herder = StandaloneHerder::new(worker);
        if let Some(id) = cluster_id {
            herder.set_kafka_cluster_id(id);
        }
        rest.set_herder(Arc::new(herder.clone()));
        rest.set_metrics(Arc::new(herder.clone()));
        Ok(Self { rest, herder, address })
    }

    /// Where the REST API listens: the first of its addresses.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Creates the connector of a file.
    pub async fn create(&self, file: &Path) -> Result<()> {
        let of_file = || format!("Failed to create connector for {}", file.display());
        let ConnectorFile { name, config, initial_state } =
            ConnectorFile::read(file).with_context(of_file)?;
        let target = match initial_state {
            InitialState::Running => TargetState::Started,
            InitialState::Paused => TargetState::Paused,
            InitialState::Stopped => TargetState::Stopped,
        };
        let put = self
            .herder
            .put_connector_config(&name, config, Some(target), false)
            .await
            .with_context(of_file)?;
        tracing::info!("Created connector {}", put.value.name);
        Ok(())
    }

    /// Says that start-up is over.
    pub fn set_ready(&self) {
        self.herder.set_ready();
        tracing::info!("Kafka Connect started");
    }

    /// Stops REST, then all connectors and tasks; their offsets are committed.
    pub async fn stop(self) {
        tracing::info!("Kafka Connect stopping");
        self.rest.shutdown().await;
        self.herder.shutdown().await;
        tracing::info!("Kafka Connect stopped");
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
        let plan = Plan::new(&properties).expect("good");
        assert_eq!(plan.config.bootstrap_servers, ["h:9092"]);
        properties.insert("config.providers.file.class", "a.B");
        assert!(Plan::new(&properties).is_err());
    }
}
