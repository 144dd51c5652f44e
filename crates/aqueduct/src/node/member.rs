//! A worker that shares its work with others of its group.

use std::net::SocketAddr;
use std::sync::Arc;

use aqueduct_kafka::NativeDataPlane;
use aqueduct_runtime::herder::{DistributedHerder, Herder, Membership};
use aqueduct_runtime::rest::RestServer;

use super::Plan;
use super::door::Door;
use crate::exit::{ExitWith, Outcome, Status};
use crate::logging;

/// A worker that runs, in its group or on its way there.
pub struct MemberNode {
    rest: RestServer,
    herder: DistributedHerder,
    address: SocketAddr,
}

impl MemberNode {
    /// Starts a worker, whose connectors and tasks run on the runtime `data`. Returns when its REST API is open: the internal
    /// topics have been read, and the worker joins its group. Until then Kafka may have to be waited for. Dropping the future
    /// stops the start.
    pub async fn start(plan: Plan, data: tokio::runtime::Handle) -> Outcome<Self> {
        let door = Door::open(&plan.config).await?;
        let kafka_cluster_id = door.wait_for_kafka(&plan.config).await?;
        let url = door.url();
        let Door { rest, address, id, .. } = door;
        let Plan { config, registry, transformer } = plan;
        let membership = Membership {
            id,
            url,
            config,
            registry,
            transformer,
            data_plane: Arc::new(NativeDataPlane),
            runtime: data,
            levels: logging::levels(),
            kafka_cluster_id,
        };
        let herder = DistributedHerder::join(membership).await.exit_with(Status::Failed)?;
        rest.set_herder(Arc::new(herder.clone()));
        rest.set_metrics(Arc::new(herder.clone()));
        tracing::info!("Kafka Connect started");
        Ok(Self { rest, herder, address })
    }

    /// Where the REST API listens: the first of its addresses.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until this worker has joined its group.
    pub async fn joined(&self) {
        self.herder.ping().await;
    }

    /// Waits until the group has refused this worker for good, and gives the reason.
    pub async fn failed(&self) -> String {
        self.herder.failed().await
    }

    /// Stops REST, then all connectors and tasks, whose offsets are committed, and leaves the group.
    pub async fn stop(self) {
        tracing::info!("Kafka Connect stopping");
        self.rest.shutdown().await;
        self.herder.shutdown().await;
        tracing::info!("Kafka Connect stopped");
    }
}
