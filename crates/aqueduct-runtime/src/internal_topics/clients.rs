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
    leader_is_transactional: bool,
}

/// How long a fetch waits for records at the end of a topic of transactions. A reader knows that it is there only when such a
/// fetch comes back empty, because the last entry of the log is no record.
const TRANSACTIONAL_FETCH_WAIT_MS: &str = "100";

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
            leader_is_transactional: group.exactly_once.uses_transactional_leader(),
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
        if purpose == Purpose::Configs
            && self.leader_is_transactional
            && consumer.get("fetch.max.wait.ms").is_none()
        {
            consumer.set("fetch.max.wait.ms", TRANSACTIONAL_FETCH_WAIT_MS);
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

#[cfg(test)]
mod tests {
    use aqueduct_api::ConfigMap;
    use aqueduct_kafka::NativeDataPlane;

    use super::*;

    fn clients(more: &[(&str, &str)]) -> InternalClients {
        let mut properties = ConfigMap::from([
            ("bootstrap.servers", "127.0.0.1:1"),
            ("group.id", "g"),
            ("key.converter", "test.Converter"),
            ("value.converter", "test.Converter"),
            ("config.storage.topic", "configs"),
            ("offset.storage.topic", "offsets"),
            ("status.storage.topic", "statuses"),
            ("max.request.size", "5000000"),
            ("producer.max.request.size", "7"),
        ]);
        properties.extend_with(&more.iter().copied().collect());
        let worker = WorkerConfig::distributed_worker(properties).expect("settings of a worker");
        let group = worker.distributed().expect("of a worker in a group").clone();
        InternalClients::new(Arc::new(NativeDataPlane), &worker, &group).expect("clients")
    }

    #[test]
    fn clients_are_named_after_group_and_worker() {
        for (client_id, base) in [("", "g-"), ("x", "g-x-")] {
            let clients = clients(&[("client.id", client_id)]);
            for (purpose, name) in [
                (Purpose::Configs, "configs"),
                (Purpose::Offsets, "offsets"),
                (Purpose::Statuses, "statuses"),
            ] {
                let LogClients { producer, consumer, .. } = clients.of(purpose);
                let expected = format!("{base}{name}");
                assert_eq!(producer.get("client.id"), Some(expected.as_str()));
                assert_eq!(consumer.get("client.id"), Some(expected.as_str()));
                assert_eq!(producer.get("max.request.size"), Some("5000000"));
                assert_eq!(consumer.get("max.request.size"), None);
            }
            let leader = clients.leader_producer();
            assert_eq!(leader.get("client.id"), Some(format!("{base}configs-leader").as_str()));
            assert_eq!(leader.get("transactional.id"), Some("connect-cluster-g"));
        }
    }

    #[test]
    fn only_workers_with_exactly_once_support_read_committed_records_alone() {
        let isolation = |support: &str, purpose| {
            let clients = clients(&[("exactly.once.source.support", support)]);
            clients.of(purpose).consumer.get("isolation.level").map(str::to_owned)
        };
        for purpose in [Purpose::Configs, Purpose::Offsets] {
            assert_eq!(isolation("disabled", purpose), None);
            assert_eq!(isolation("preparing", purpose), None);
            assert_eq!(isolation("enabled", purpose).as_deref(), Some("read_committed"));
        }
        assert_eq!(isolation("enabled", Purpose::Statuses), None);
    }
}
