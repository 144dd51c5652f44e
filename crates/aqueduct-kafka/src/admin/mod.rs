//! Administrative calls: topics, configurations, offsets, groups, producers.
//!
//! Calls about many things give one result for each, so that a caller can tell an unknown topic from one without
//! rights ([`KafkaError::is`]). Errors that can be retried are, for as long as `default.api.timeout.ms`; what is left
//! after that is `Timeout`.

mod configs;
mod groups;
mod offsets;
mod producers;
mod topics;

pub use configs::{AlterOp, ConfigEntry, ConfigResource};
pub use groups::{GroupDescription, GroupListing, GroupMember};
pub use offsets::{IsolationLevel, ListedOffset, OffsetSpec};
pub use topics::{NewTopic, PartitionDescription, TopicDescription};

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::error::ParseResponseErrorCode;
use kafka_protocol::messages::TopicName;
use kafka_protocol::protocol::StrBytes;

use crate::config::{ConnectionSettings, Properties};
use crate::control::{Cluster, Node};
use crate::error::{KafkaError, Result};
use crate::record::TopicPartition;

/// An administrative client. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Admin {
    cluster: Arc<Cluster>,
}

/// A cluster's name and members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterDescription {
    /// The cluster's id.
    pub cluster_id: Option<String>,
    /// The brokers, by id.
    pub nodes: Vec<Node>,
    /// The controller's id, or of a broker that stands for it.
    pub controller_id: i32,
}

impl Admin {
    /// A client for Java's administrative client properties. Nothing is connected yet.
    ///
    /// # Errors
    /// `Config` for properties that Java refuses, and for stores that cannot be read.
    pub fn new(properties: &Properties) -> Result<Admin> {
        ConnectionSettings::log_unused(properties)?;
        Ok(Admin { cluster: Arc::new(Cluster::new(ConnectionSettings::new(properties)?)?) })
    }

    /// The cluster behind it, for requests of the caller's own.
    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.cluster
    }

    /// The cluster's id and members.
    pub async fn describe_cluster(&self) -> Result<ClusterDescription> {
        let response = self.cluster.retrying("describeCluster", || self.cluster.metadata(Some(&[]))).await?;
        Ok(ClusterDescription {
            cluster_id: response.cluster_id.as_ref().map(|id| id.as_str().to_owned()),
            nodes: self.cluster.nodes().await,
            controller_id: response.controller_id.0,
        })
    }

    /// How long brokers may take for a call that changes something.
    fn timeout_ms(&self) -> i32 {
        self.cluster.settings().request_timeout.as_millis().try_into().unwrap_or(i32::MAX)
    }
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn topic_name(name: &str) -> TopicName {
    TopicName(text(name))
}

/// The result of one thing from its code and message.
fn outcome(code: i16, message: Option<&StrBytes>) -> Result<()> {
    match code.err() {
        None => Ok(()),
        Some(code) => Err(KafkaError::broker(code, message.map(|message| message.as_str()))),
    }
}

/// Partitions by topic, as requests want them.
fn by_topic<'a, T: Copy + 'a>(
    partitions: impl IntoIterator<Item = (&'a TopicPartition, T)>,
) -> BTreeMap<&'a str, Vec<(i32, T)>> {
    let mut topics: BTreeMap<&str, Vec<(i32, T)>> = BTreeMap::new();
    for (partition, value) in partitions {
        topics.entry(&partition.topic).or_default().push((partition.partition, value));
    }
    topics
}
