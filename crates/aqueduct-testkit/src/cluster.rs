//! A broker and a worker for one test.

mod connectors;
mod worker;

use std::net::SocketAddr;
use std::sync::Arc;

use aqueduct_api::{ConfigMap, ConfigText, Plugin};
use aqueduct_broker::{Broker, BrokerConfig, Faults};
use aqueduct_runtime::herder::{Herder, StandaloneHerder};
use aqueduct_runtime::rest::RestServer;

use crate::client::KafkaClient;
use crate::text::{TEXT_CONVERTER, TEXT_HEADER_CONVERTER, text_plugins};
use worker::EmbeddedWorker;

/// How a worker ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All stop in peace: what they have is written and committed.
    Clean,
    /// The process dies: nothing more is written, and nothing committed.
    Killed,
}

/// A broker, in memory, and a standalone worker, in this process and on the real runtime. Everything goes when it is
/// dropped. Clusters share nothing, so tests may run beside each other.
pub struct EmbeddedCluster {
    broker: Broker,
    client: KafkaClient,
    folder: tempfile::TempDir,
    plugins: Vec<Plugin>,
    properties: ConfigMap,
    worker: EmbeddedWorker,
}

/// What a cluster is made of.
pub struct ClusterBuilder {
    plugins: Vec<Plugin>,
    properties: ConfigMap,
    broker: BrokerConfig,
}

impl ClusterBuilder {
    /// Sets a property of the worker.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<ConfigText>) -> Self {
        self.properties.insert(name, value);
        self
    }

    /// Changes the settings of the broker.
    #[must_use]
    pub fn broker(mut self, change: impl FnOnce(&mut BrokerConfig)) -> Self {
        change(&mut self.broker);
        self
    }

    /// Starts broker and worker.
    pub async fn start(self) -> EmbeddedCluster {
        let broker = Broker::start(self.broker).await.expect("a broker");
        let folder = tempfile::tempdir().expect("a folder");
        let mut properties = ConfigMap::from([
            ("bootstrap.servers", broker.bootstrap()),
            ("offset.storage.file.filename", folder.path().join("offsets").display().to_string()),
        ]);
        properties.extend_with(&self.properties);
        let mut plugins = self.plugins;
        plugins.extend(text_plugins());
        let client = KafkaClient::new(broker.bootstrap());
        let worker = EmbeddedWorker::start(&plugins, &properties).await;
        EmbeddedCluster { broker, client, folder, plugins, properties, worker }
    }
}

impl EmbeddedCluster {
    /// A cluster whose worker knows these plugins, and text converters, which it uses by default. Offsets are stored
    /// five times a second, and groups hear of changes at once.
    pub fn with(plugins: Vec<Plugin>) -> ClusterBuilder {
        let properties = ConfigMap::from([
            ("key.converter", TEXT_CONVERTER),
            ("value.converter", TEXT_CONVERTER),
            ("header.converter", TEXT_HEADER_CONVERTER),
            ("offset.flush.interval.ms", "200"),
            ("consumer.heartbeat.interval.ms", "50"),
            ("consumer.session.timeout.ms", "6000"),
            ("consumer.fetch.max.wait.ms", "50"),
        ]);
        ClusterBuilder { plugins, properties, broker: BrokerConfig::default() }
    }

    /// The same, started.
    pub async fn start(plugins: Vec<Plugin>) -> Self {
        Self::with(plugins).start().await
    }

    /// What reads and writes topics from outside.
    pub fn kafka(&self) -> &KafkaClient {
        &self.client
    }

    /// The broker.
    pub fn broker(&self) -> &Broker {
        &self.broker
    }

    /// The faults of the broker.
    pub fn faults(&self) -> &Faults {
        self.broker.faults()
    }

    /// A folder that goes with the cluster.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// The herder as the REST API knows it.
    pub fn herder(&self) -> &dyn Herder {
        &self.worker.herder
    }

    /// The herder, to give the worker a REST server or to look at what it runs.
    pub fn standalone_herder(&self) -> &StandaloneHerder {
        &self.worker.herder
    }

    /// Serves the worker's REST API at a free port, until the server is shut down or dropped.
    pub async fn serve_rest(&self) -> (RestServer, SocketAddr) {
        let mut server = RestServer::bind(&[("127.0.0.1".to_owned(), 0)]).await.expect("a free port");
        let address = server.local_addresses().expect("addresses")[0];
        server.start();
        server.set_herder(Arc::new(self.worker.herder.clone()));
        (server, address)
    }

    /// Ends the worker and starts another one with the same offsets, which knows no connectors yet.
    pub async fn replace_worker(&mut self, ending: Ending) {
        self.worker.end(ending).await;
        self.worker = EmbeddedWorker::start(&self.plugins, &self.properties).await;
    }

    /// The same, and gives the connectors of the old worker to the new one.
    pub async fn restart_worker(&mut self, ending: Ending) {
        let mut connectors = Vec::new();
        for name in self.herder().connectors().await.expect("names") {
            let config = self.herder().connector_config(&name).await.expect("a configuration");
            connectors.push((name, config));
        }
        self.replace_worker(ending).await;
        for (name, config) in connectors {
            self.create(&name, config).await;
        }
    }

    /// Ends the worker cleanly. Dropping the cluster kills it.
    pub async fn shutdown(mut self) {
        self.worker.end(Ending::Clean).await;
    }
}
