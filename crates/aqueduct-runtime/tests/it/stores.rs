//! The stores of a worker in a group, on the dev broker.

mod configs;
mod offsets;
mod status;
mod topics;

use std::sync::Arc;

use aqueduct_api::ConfigMap;
use aqueduct_broker::{Broker, BrokerConfig};
use aqueduct_kafka::NativeDataPlane;
use aqueduct_runtime::internal_topics::InternalClients;
use aqueduct_runtime::worker_config::{DistributedConfig, WorkerConfig};
use aqueduct_testkit::{KafkaClient, NewRecord, TopicRecord};

const CONFIGS: &str = "configs";
const OFFSETS: &str = "offsets";
const STATUSES: &str = "statuses";

/// A broker, and the settings of workers that use it.
struct Place {
    broker: Broker,
    kafka: KafkaClient,
    settings: Vec<(&'static str, &'static str)>,
}

impl Place {
    /// With these settings beside those that workers need.
    async fn with(settings: &[(&'static str, &'static str)]) -> Self {
        let broker = Broker::start(BrokerConfig::default()).await.expect("a broker");
        let kafka = KafkaClient::new(broker.bootstrap());
        Self { broker, kafka, settings: settings.to_vec() }
    }

    async fn new() -> Self {
        Self::with(&[]).await
    }

    fn worker(&self) -> (WorkerConfig, DistributedConfig) {
        let mut properties = ConfigMap::from([
            ("group.id", "g"),
            ("key.converter", "org.apache.kafka.connect.storage.StringConverter"),
            ("value.converter", "org.apache.kafka.connect.storage.StringConverter"),
            ("config.storage.topic", CONFIGS),
            ("offset.storage.topic", OFFSETS),
            ("status.storage.topic", STATUSES),
            ("config.storage.replication.factor", "1"),
            ("offset.storage.replication.factor", "1"),
            ("status.storage.replication.factor", "1"),
            ("offset.storage.partitions", "3"),
            ("status.storage.partitions", "2"),
            ("fetch.max.wait.ms", "50"),
        ]);
        properties.insert("bootstrap.servers", self.broker.bootstrap());
        properties.extend_with(&self.settings.iter().copied().collect());
        let worker = WorkerConfig::distributed_worker(properties).expect("settings of a worker");
        let group = worker.distributed().expect("of a worker in a group").clone();
        (worker, group)
    }

    fn clients(&self) -> (InternalClients, DistributedConfig) {
        let (worker, group) = self.worker();
        let clients = InternalClients::new(Arc::new(NativeDataPlane), &worker, &group);
        (clients.expect("clients"), group)
    }

    /// Writes records from outside. Brokers refuse some: those of a compacted topic must have keys.
    async fn produce(&self, topic: &str, records: impl IntoIterator<Item = NewRecord>) {
        let records: Vec<_> = records.into_iter().collect();
        let count = async || self.kafka.end_offsets(topic).await.values().sum::<i64>();
        let expected = count().await + records.len() as i64;
        self.kafka.produce(topic, records).await;
        assert_eq!(count().await, expected, "refused records");
    }

    /// The records of a topic as `key value`; the value of a tombstone is empty.
    async fn lines(&self, topic: &str) -> Vec<String> {
        self.kafka.records(topic).await.iter().map(line).collect()
    }
}

fn line(record: &TopicRecord) -> String {
    let key = String::from_utf8_lossy(record.key.as_deref().unwrap_or_default());
    format!("{key} {}", record.text())
}
