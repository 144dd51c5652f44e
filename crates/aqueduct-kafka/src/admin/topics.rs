//! Topics: list, describe, create, delete, add partitions.

use std::collections::BTreeMap;

use kafka_protocol::error::{ParseResponseErrorCode, ResponseError};
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::{CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest};

use super::{Admin, outcome, text, topic_name};
use crate::error::{KafkaError, Result};

/// Newer versions name topics by id.
const DELETE_TOPICS_MAX: i16 = 5;

/// A topic to create.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: String,
    /// Number of partitions; `None` is the broker's default.
    pub partitions: Option<i32>,
    /// Replicas of each partition; `None` is the broker's default.
    pub replication_factor: Option<i16>,
    /// Topic settings.
    pub configs: BTreeMap<String, String>,
}

/// A topic as the cluster knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDescription {
    /// Its name.
    pub name: String,
    /// Whether it is one of Kafka's own.
    pub internal: bool,
    /// Its partitions, by number.
    pub partitions: Vec<PartitionDescription>,
}

/// A partition as the cluster knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionDescription {
    /// Its number.
    pub partition: i32,
    /// The leading broker's id; `None` while there is none.
    pub leader: Option<i32>,
    /// Ids of the brokers that hold it.
    pub replicas: Vec<i32>,
    /// Ids of those that are up to date.
    pub in_sync: Vec<i32>,
}

impl Admin {
    /// Names of all topics, by name.
    pub async fn list_topics(&self) -> Result<Vec<TopicDescription>> {
        let response = self.cluster().retrying("listTopics", || self.cluster().metadata(None)).await?;
        let mut topics: Vec<_> = response
            .topics
            .iter()
            .filter(|topic| topic.error_code.is_ok())
            .map(|topic| description(topic, String::new()))
            .collect();
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// These topics; one that does not exist has the error `UNKNOWN_TOPIC_OR_PARTITION`, without waiting for it.
    pub async fn describe_topics(
        &self,
        names: &[&str],
    ) -> Result<BTreeMap<String, Result<TopicDescription>>> {
        if names.is_empty() {
            return Ok(BTreeMap::new());
        }
        let response =
            self.cluster().retrying("describeTopics", || self.cluster().metadata(Some(names))).await?;
        let one = |topic: &MetadataResponseTopic| {
            let name = topic.name.as_ref().map_or_else(String::new, |name| name.as_str().to_owned());
            let result = outcome(topic.error_code, None).map(|()| description(topic, name.clone()));
            (name, result)
        };
        Ok(response.topics.iter().map(one).collect())
    }

    /// Creates topics; one that is there already has the error `TOPIC_ALREADY_EXISTS`.
    pub async fn create_topics(&self, topics: &[NewTopic]) -> Result<BTreeMap<String, Result<()>>> {
        let creatable = |topic: &NewTopic| {
            let config = |(name, value): (&String, &String)| {
                CreatableTopicConfig::default().with_name(text(name)).with_value(Some(text(value)))
            };
            CreatableTopic::default()
                .with_name(topic_name(&topic.name))
                .with_num_partitions(topic.partitions.unwrap_or(-1))
                .with_replication_factor(topic.replication_factor.unwrap_or(-1))
                .with_configs(topic.configs.iter().map(config).collect())
        };
        let request = CreateTopicsRequest::default()
            .with_topics(topics.iter().map(creatable).collect())
            .with_timeout_ms(self.timeout_ms());
        self.cluster()
            .retrying("createTopics", async || {
                let response = self.cluster().controller().await?.call(&request, i16::MAX).await?;
                not_controller(response.topics.iter().map(|topic| topic.error_code))?;
                let one = |topic: &kafka_protocol::messages::create_topics_response::CreatableTopicResult| {
                    (topic.name.as_str().to_owned(), outcome(topic.error_code, topic.error_message.as_ref()))
                };
                Ok(response.topics.iter().map(one).collect())
            })
            .await
    }

    /// Deletes topics.
    pub async fn delete_topics(&self, names: &[&str]) -> Result<BTreeMap<String, Result<()>>> {
        let request = DeleteTopicsRequest::default()
            .with_topic_names(names.iter().map(|name| topic_name(name)).collect())
            .with_timeout_ms(self.timeout_ms());
        self.cluster()
            .retrying("deleteTopics", async || {
                let response = self.cluster().controller().await?.call(&request, DELETE_TOPICS_MAX).await?;
                not_controller(response.responses.iter().map(|topic| topic.error_code))?;
                let named = response.responses.iter().filter_map(|topic| Some((topic.name.as_ref()?, topic)));
                let one = |(name, topic): (&kafka_protocol::messages::TopicName, &_)| {
                    let topic: &kafka_protocol::messages::delete_topics_response::DeletableTopicResult =
                        topic;
                    (name.as_str().to_owned(), outcome(topic.error_code, topic.error_message.as_ref()))
                };
                Ok(named.map(one).collect())
            })
            .await
    }

    /// Raises topics to these numbers of partitions.
    pub async fn create_partitions(
        &self,
        totals: &BTreeMap<String, i32>,
    ) -> Result<BTreeMap<String, Result<()>>> {
        let grown = |(name, total): (&String, &i32)| {
            CreatePartitionsTopic::default()
                .with_name(topic_name(name))
                .with_count(*total)
                .with_assignments(None)
        };
        let request = CreatePartitionsRequest::default()
            .with_topics(totals.iter().map(grown).collect())
            .with_timeout_ms(self.timeout_ms());
        self.cluster()
            .retrying("createPartitions", async || {
                let response = self.cluster().controller().await?.call(&request, i16::MAX).await?;
                not_controller(response.results.iter().map(|topic| topic.error_code))?;
                let results = response.results.iter();
                Ok(results
                    .map(|topic| {
                        (
                            topic.name.as_str().to_owned(),
                            outcome(topic.error_code, topic.error_message.as_ref()),
                        )
                    })
                    .collect())
            })
            .await
    }
}

/// A broker that is no longer the controller says so for each topic; that is the call's error, and can be retried.
fn not_controller(mut codes: impl Iterator<Item = i16>) -> Result<()> {
    if codes.any(|code| code == ResponseError::NotController.code()) {
        return Err(KafkaError::broker(ResponseError::NotController, None));
    }
    Ok(())
}

fn description(topic: &MetadataResponseTopic, fallback: String) -> TopicDescription {
    let ids = |brokers: &[kafka_protocol::messages::BrokerId]| brokers.iter().map(|id| id.0).collect();
    let mut partitions: Vec<_> = topic
        .partitions
        .iter()
        .map(|partition| PartitionDescription {
            partition: partition.partition_index,
            leader: Some(partition.leader_id.0).filter(|id| *id >= 0),
            replicas: ids(&partition.replica_nodes),
            in_sync: ids(&partition.isr_nodes),
        })
        .collect();
    partitions.sort_by_key(|partition| partition.partition);
    TopicDescription {
        name: topic.name.as_ref().map_or(fallback, |name| name.as_str().to_owned()),
        internal: topic.is_internal,
        partitions,
    }
}
