//! How a worker becomes a member of its group.

use std::sync::{Arc, Mutex};

use aqueduct_api::{Error, Result};
use aqueduct_kafka::DataPlane;
use aqueduct_kafka::group::{GroupLink, GroupSettings};
use tokio::sync::{mpsc, watch};

use super::driver::Driver;
use super::news::Wanted;
use super::settings::DriverSettings;
use super::view::View;
use super::{DistributedHerder, Shared, StageRegister};
use crate::configs::ConfigTopic;
use crate::internal_topics::{InternalClients, Purpose};
use crate::logging::LogLevels;
use crate::offsets::KafkaOffsetStore;
use crate::providers::ConfigTransformer;
use crate::registry::Registry;
use crate::rest::RestClient;
use crate::status::KafkaStatusStore;
use crate::validation::ConfigValidator;
use crate::worker::{Worker, WorkerParts};
use crate::worker_config::WorkerConfig;

/// Requests that wait for the driver. Who comes later waits for room.
const COMMANDS_MAX: usize = 1_000;

/// What a worker of a group is made of.
pub struct Membership {
    /// The advertised `host:port`: what statuses call this worker.
    pub id: String,
    /// Where this worker's REST API is reached by others, such as `http://host:8083/`.
    pub url: String,
    /// The worker's configuration, which must be that of a group.
    pub config: Arc<WorkerConfig>,
    /// The plugins.
    pub registry: Arc<Registry>,
    /// What replaces references to config providers.
    pub transformer: ConfigTransformer,
    /// What makes producers and consumers.
    pub data_plane: Arc<dyn DataPlane>,
    /// The runtime of the data plane: connectors and tasks run there, and nothing else.
    pub runtime: tokio::runtime::Handle,
    /// Set when somebody sets them for the whole group.
    pub levels: LogLevels,
    /// The id of the Kafka cluster.
    pub kafka_cluster_id: Option<String>,
}

impl DistributedHerder {
    /// Opens the group's topics, which are made if they are missing, reads them, and begins to join the group. Must be called on
    /// the runtime of the control plane, where the herder's own tasks run from now on. Dropping the future stops the start.
    ///
    /// # Errors
    /// Of topics that cannot be used, and of settings that no member of a group can have.
    pub async fn join(membership: Membership) -> Result<Self> {
        let Membership { id, url, config, registry, transformer, data_plane, .. } = membership;
        let Membership { runtime, levels, kafka_cluster_id, .. } = membership;
        let no_group = || Error::config("The worker stands alone: it has no group.id");
        let group = config.distributed().ok_or_else(no_group)?.clone();
        let settings = DriverSettings::new(&group, &id, url)?;
        let clients = InternalClients::new(Arc::clone(&data_plane), &config, &group)?;
        let (offset_clients, status_clients) = (clients.of(Purpose::Offsets), clients.of(Purpose::Statuses));
        // None needs another: all are read at the same time.
        let (offsets, status, (topic, records)) = tokio::try_join!(
            KafkaOffsetStore::open(&offset_clients, &group.offset_topic, Purpose::Offsets.property()),
            KafkaStatusStore::open(&status_clients, &group.status_topic),
            ConfigTopic::open(&clients, &group),
        )?;
        let status = Arc::new(status);
        let client = RestClient::new(&config.rest);
        let worker = Worker::new(WorkerParts {
            id,
            config,
            registry,
            transformer,
            status: status.clone(),
            offsets: Arc::new(offsets),
            data_plane,
            runtime,
        });
        let admin = clients.admin().clone();
        let link_settings =
            GroupSettings { group_id: group.group_id, member: settings.herder.member.clone() };
        let parts = worker.parts();
        let link = GroupLink::new(Arc::clone(admin.cluster()), &link_settings)
            .sampled_by((&parts.config.metrics).into());
        let validator = ConfigValidator::new(
            Arc::clone(&parts.registry),
            parts.transformer.clone(),
            Arc::clone(&parts.config),
        );
        let shared = Arc::new(Shared {
            worker,
            status,
            topic,
            admin,
            client,
            levels,
            validator,
            stages: StageRegister::default(),
            view: watch::Sender::new(View::default()),
            fatal: watch::Sender::new(None),
            wanted: Wanted::default(),
            edits: Mutex::default(),
            group_metrics: Arc::clone(link.metrics()),
            kafka_cluster_id,
            settings,
        });
        let (commands, waiting) = mpsc::channel(COMMANDS_MAX);
        let (end, ended) = watch::channel(false);
        let driver = Driver::new(Arc::clone(&shared), link, records, waiting);
        tokio::spawn(async move {
            driver.run().await;
            end.send_replace(true);
        });
        Ok(Self { shared, commands, ended })
    }
}
