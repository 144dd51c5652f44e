//! A worker that stands alone.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use aqueduct_kafka::NativeDataPlane;
use aqueduct_runtime::herder::{Herder, StandaloneHerder, TargetState};
use aqueduct_runtime::offsets::FileOffsetStore;
use aqueduct_runtime::properties::{ConnectorFile, InitialState};
use aqueduct_runtime::rest::RestServer;
use aqueduct_runtime::status::MemoryStatusStore;
use aqueduct_runtime::worker::{Worker, WorkerParts};
use aqueduct_runtime::worker_config::Mode;

use super::Plan;
use super::door::Door;
use crate::exit::{ExitWith, Outcome, Status};

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
        let door = Door::open(&plan.config).await?;
        let cluster_id = door.wait_for_kafka(&plan.config).await?;
        let Door { rest, address, id, .. } = door;
        let Plan { config, registry, transformer } = plan;
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
