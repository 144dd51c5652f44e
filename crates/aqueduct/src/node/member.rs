//! A worker that shares its work with others of its group.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use aqueduct_kafka::NativeDataPlane;
use aqueduct_runtime::configs::ConfigTopic;
use aqueduct_runtime::herder::{DistributedHerder, DistributedParts, Herder};
use aqueduct_runtime::internal_topics::{InternalClients, Purpose};
use aqueduct_runtime::offsets::KafkaOffsetStore;
use aqueduct_runtime::rest::{RestClient, RestServer};
use aqueduct_runtime::status::KafkaStatusStore;
use aqueduct_runtime::worker::{Worker, WorkerParts};

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
        let group = config.distributed().context("the worker is in no group").exit_with(Status::Start)?;
        let plane = Arc::new(NativeDataPlane);
        let clients = InternalClients::new(plane.clone(), &config, group).exit_with(Status::Start)?;
        let (offset_clients, status_clients) = (clients.of(Purpose::Offsets), clients.of(Purpose::Statuses));
        let property = Purpose::Offsets.property();
        // None needs another: all are read at the same time.
        let (offsets, status, configs) = tokio::try_join!(
            KafkaOffsetStore::open(&offset_clients, &group.offset_topic, property),
            KafkaStatusStore::open(&status_clients, &group.status_topic),
            ConfigTopic::open(&clients, group),
        )
        .exit_with(Status::Failed)?;
        let status = Arc::new(status);
        let client = RestClient::new(&config.rest);
        let worker = Worker::new(WorkerParts {
            id,
            registry,
            transformer,
            status: status.clone(),
            offsets: Arc::new(offsets),
            data_plane: plane,
            runtime: data,
            config,
        });
        let herder = DistributedHerder::start(DistributedParts {
            worker,
            status,
            configs,
            admin: clients.admin().clone(),
            client,
            levels: logging::levels(),
            url,
            kafka_cluster_id,
        })
        .exit_with(Status::Start)?;
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
