//! How a worker is reached, and its first words with Kafka.

use std::net::SocketAddr;

use anyhow::Context;
use aqueduct_runtime::rest::{RestPlan, RestServer};
use aqueduct_runtime::worker_config::WorkerConfig;

use super::{address, cluster, jaas};
use crate::exit::{ExitWith, Outcome, Status};
use crate::logging;

/// The REST server of a worker that has no herder yet.
pub(super) struct Door {
    pub(super) rest: RestServer,
    /// The first address that it listens on.
    pub(super) address: SocketAddr,
    /// The `host:port` by which others know the worker.
    pub(super) id: String,
    /// Whether others reach it with TLS.
    pub(super) https: bool,
}

impl Door {
    /// Binds the ports, and begins to say that the worker is starting.
    pub(super) async fn open(config: &WorkerConfig) -> Outcome<Self> {
        logging::keep_files(&config.properties).exit_with(Status::Start)?;
        let jaas = jaas::file(&config.properties, std::env::var("KAFKA_OPTS").ok().as_deref());
        let plan =
            RestPlan::new(&config.rest, jaas.as_deref(), logging::levels()).exit_with(Status::Start)?;
        let mut rest = RestServer::open(plan).await.exit_with(Status::Start)?;
        let local = rest.local_addresses().exit_with(Status::Start)?;
        let address = *local.first().context("there is no listener").exit_with(Status::Start)?;
        let (id, https) = address::advertised(&config.rest, &local);
        let admin = rest.admin_addresses().exit_with(Status::Start)?;
        rest.start();
        tracing::info!("The REST API listens on {}, advertised as {id}", address::shown(&local));
        if !admin.is_empty() {
            tracing::info!("The REST API for administrators listens on {}", address::shown(&admin));
        }
        Ok(Self { rest, address, id, https })
    }

    /// Waits until Kafka can be reached, and gives the id of its cluster.
    pub(super) async fn wait_for_kafka(&self, config: &WorkerConfig) -> Outcome<Option<String>> {
        cluster::wait_for_id(config).await.exit_with(Status::Start)
    }

    /// The URL by which other workers reach this one.
    pub(super) fn url(&self) -> String {
        format!("{}://{}/", if self.https { "https" } else { "http" }, self.id)
    }
}
