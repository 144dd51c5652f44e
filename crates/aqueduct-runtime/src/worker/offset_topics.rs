//! Where a source's offsets are kept: with the worker's, or in a topic of its own besides (spec: offsets topic).

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use aqueduct_api::{ConfigMap, Result};
use aqueduct_kafka::{Admin, Properties};
use aqueduct_proto::state::TaskId;

use super::Worker;
use super::client_properties::{ClientRole, client_properties};
use crate::connector_config::{ConnectorConfig, keys};
use crate::errors::kafka_error;
use crate::internal_topics::{LogClients, on_one_thread};
use crate::offsets::{ConnectorOffsets, KafkaOffsetStore, OffsetStore};
use crate::worker_config::{DistributedConfig, InternalTopic};

/// The stores of connectors that have topics of their own. A connector, its tasks, and who looks at its offsets share one for as
/// long as one of them has it.
#[derive(Default)]
pub(super) struct OffsetTopics(Mutex<HashMap<String, Slot>>);

/// Of one connector. Locked while its store is opened: who comes meanwhile waits for that.
type Slot = Arc<tokio::sync::Mutex<Option<Open>>>;

struct Open {
    access: Access,
    store: Weak<ConnectorOffsets>,
}

/// Which topic it is, and how it is reached. Another configuration of the connector may mean another one.
#[derive(PartialEq)]
struct Access {
    topic: String,
    producer: Properties,
    consumer: Properties,
    admin: Properties,
}

impl Open {
    fn of(&self, access: &Access) -> Option<Arc<ConnectorOffsets>> {
        self.store.upgrade().filter(|_| self.access == *access)
    }
}

impl OffsetTopics {
    fn slot(&self, connector: &str) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |open: &Option<Open>| open.as_ref().is_some_and(|open| open.store.strong_count() > 0);
        slots.retain(|_, slot| {
            Arc::strong_count(slot) > 1 || slot.try_lock().is_ok_and(|open| is_open(&open))
        });
        Arc::clone(slots.entry(connector.to_owned()).or_default())
    }
}

impl Access {
    fn new(topic: &str, worker: &Worker, connector: &str, config: &ConfigMap) -> Self {
        let id = TaskId::new(connector, 0);
        let properties = |role| client_properties(role, &worker.parts.config, config, &id);
        Self {
            topic: topic.to_owned(),
            producer: properties(ClientRole::OffsetsProducer),
            consumer: properties(ClientRole::OffsetsConsumer),
            admin: properties(ClientRole::OffsetsAdmin),
        }
    }

    /// Whether this is the worker's own topic.
    fn is_workers(&self, worker: &Worker, group: &DistributedConfig) -> bool {
        let brokers: BTreeSet<&str> =
            worker.parts.config.bootstrap_servers.iter().map(String::as_str).collect();
        let own = self.producer.get("bootstrap.servers").unwrap_or_default();
        let own: BTreeSet<&str> = own.split(',').map(str::trim).filter(|one| !one.is_empty()).collect();
        self.topic == group.offset_topic.name && own == brokers
    }
}

impl Worker {
    /// Where the offsets of a source are kept. A topic of its own is made if it is missing, as the worker's is, and read.
    /// Standalone workers know no such topics. Must be called on the runtime of the control plane.
    ///
    /// # Errors
    /// `Connect` where the topic cannot be reached, made or read, or the worker is stopping, and `Config` for client
    /// settings that are refused.
    pub(super) async fn offset_store(
        &self,
        connector: &str,
        config: &ConfigMap,
        parsed: &ConnectorConfig,
    ) -> Result<Arc<dyn OffsetStore>> {
        let global = &self.parts.offsets;
        let topic = parsed.source().and_then(|source| source.offsets_topic.as_deref());
        let (Some(group), Some(topic)) = (self.parts.config.distributed(), topic) else {
            return Ok(Arc::clone(global));
        };
        let access = Access::new(topic, self, connector, config);
        if access.is_workers(self, group) {
            return Ok(Arc::clone(global));
        }
        let slot = self.offset_topics.slot(connector);
        let mut open = slot.lock().await;
        if let Some(store) = open.as_ref().and_then(|open| open.of(&access)) {
            return Ok(store);
        }
        tracing::info!(connector, topic, "offsets are kept in the connector's own topic too");
        let clients = LogClients {
            plane: Arc::clone(&self.parts.data_plane),
            admin: Admin::new(&access.admin).map_err(kafka_error)?,
            producer: access.producer.clone(),
            consumer: access.consumer.clone(),
        };
        let topic = InternalTopic { name: topic.to_owned(), ..group.offset_topic.clone() };
        let opening =
            async move || KafkaOffsetStore::open(&clients, &topic, keys::OFFSETS_STORAGE_TOPIC).await;
        let own = on_one_thread(opening).await??;
        let store = Arc::new(ConnectorOffsets::new(Arc::new(own), Arc::clone(global)));
        *open = Some(Open { access, store: Arc::downgrade(&store) });
        Ok(store)
    }
}
