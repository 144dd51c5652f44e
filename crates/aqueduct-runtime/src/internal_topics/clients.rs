//! The worker's own clients (spec: client settings, internal).

use std::sync::Arc;

use aqueduct_api::Result;
use aqueduct_kafka::{Admin, DataPlane, Properties};

use super::Purpose;
use crate::errors::kafka_error;
use crate::worker::worker_admin_properties;
use crate::worker_config::{DistributedConfig, WorkerConfig};

/// Settings of producers and consumers that count for the worker's own ones too, when the worker has them without a prefix:
/// large configurations need some of them.
const PRODUCER_KEYS: [&str; 4] = ["batch.size", "buffer.memory", "compression.type", "max.request.size"];
const CONSUMER_KEYS: [&str; 3] = ["fetch.max.bytes", "fetch.max.wait.ms", "max.partition.fetch.bytes"];

/// Makes the clients of one internal topic.
#[derive(Clone)]
pub struct LogClients {
    /// What makes producers and consumers.
    pub plane: Arc<dyn DataPlane>,
    /// For creation, checks and end offsets.
    pub admin: Admin,
    /// Of producers.
    pub producer: Properties,
    /// Of consumers.
    pub consumer: Properties,
}

/// Makes the clients of all internal topics of a worker.
#[derive(Clone)]
pub struct InternalClients {
    plane: Arc<dyn DataPlane>,
    admin: Admin,
    producer: Properties,
    consumer: Properties,
    client_id_base: String,
    group_id: String,
    reads_committed: bool,
}

impl InternalClients {
    /// From a worker's settings. Nothing is connected yet.
    pub fn new(plane: Arc<dyn DataPlane>, worker: &WorkerConfig, group: &DistributedConfig) -> Result<Self> {
        let client_id_base = match group.client_id.trim() {
            "" => format!("{}-", group.group_id),
            _ => format!("{}-{}-", group.group_id, group.client_id),
        };
        let connection = worker_admin_properties(worker);
        let admin_properties = connection.clone().with("client.id", format!("{client_id_base}shared-admin"));
        let with = |keys: &[&str]| {
            let mut properties = connection.clone();
            properties.extend(keys.iter().filter_map(|key| Some((*key, worker.properties.get(key)?))));
            properties
        };
        // One request at a time keeps the order without idempotence, which old brokers may not allow.
        let producer = with(&PRODUCER_KEYS)
            .with("acks", "all")
            .with("enable.idempotence", "false")
            .with("max.in.flight.requests.per.connection", "1")
            .with("linger.ms", "0");
        Ok(Self {
            plane,
            admin: Admin::new(&admin_properties).map_err(kafka_error)?,
            producer,
            consumer: with(&CONSUMER_KEYS).with("auto.offset.reset", "earliest"),
            client_id_base,
            group_id: group.group_id.clone(),
            reads_committed: group.exactly_once.is_enabled(),
        })
    }

    /// The administrative client that all share.
    pub fn admin(&self) -> &Admin {
        &self.admin
    }

    /// The clients of a topic. Producers try for as long as they live, except for statuses, which grow old.
    pub fn of(&self, purpose: Purpose) -> LogClients {
        let client_id = format!("{}{}", self.client_id_base, purpose.client_suffix());
        let mut producer = self.producer.clone().with("client.id", &client_id);
        let mut consumer = self.consumer.clone().with("client.id", client_id);
        if purpose == Purpose::Statuses {
            producer.set("retries", "0");
        } else {
            producer.set("delivery.timeout.ms", i32::MAX.to_string());
            if self.reads_committed {
                consumer.set("isolation.level", "read_committed");
            }
        }
        LogClients { plane: Arc::clone(&self.plane), admin: self.admin.clone(), producer, consumer }
    }

    /// The properties of the producer with which the leader writes configurations when sources may deliver exactly once:
    /// it fences those of earlier leaders.
    pub fn leader_producer(&self) -> Properties {
        self.producer
            .clone()
            .with("client.id", format!("{}configs-leader", self.client_id_base))
            .with("enable.idempotence", "true")
            .with("transactional.id", format!("connect-cluster-{}", self.group_id))
    }
}
