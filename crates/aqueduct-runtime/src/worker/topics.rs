//! Topics that the worker makes for connectors.

use aqueduct_api::{Error, Result};
use aqueduct_kafka::admin::NewTopic;
use aqueduct_kafka::{Admin, KafkaError, ResponseError};
use async_trait::async_trait;

use crate::connector_config::{DeadLetterQueue, TopicCreationGroup};
use crate::errors::kafka_error;
use crate::task::source::TopicCreator;

/// Makes topics by the topic creation groups of a connector (KIP-158).
pub(super) struct AdminTopics {
    admin: Admin,
    /// The default group is the last.
    groups: Vec<TopicCreationGroup>,
}

impl AdminTopics {
    pub(super) fn new(admin: Admin, groups: Vec<TopicCreationGroup>) -> Self {
        Self { admin, groups }
    }
}

/// As the error of a task: one that may go away is tried again.
fn task_error(error: KafkaError) -> Error {
    let retriable = error.is_retriable();
    let error = kafka_error(error);
    if retriable { error.into_retriable() } else { error }
}

async fn exists(admin: &Admin, topic: &str) -> Result<bool> {
    match admin.describe_topics(&[topic]).await.map_err(task_error)?.remove(topic) {
        Some(Ok(_)) => Ok(true),
        Some(Err(error)) if error.is(ResponseError::UnknownTopicOrPartition) => Ok(false),
        Some(Err(error)) => Err(task_error(error)),
        None => Ok(false),
    }
}

/// Makes a topic; one that somebody else has made meanwhile is as good.
async fn create(admin: &Admin, topic: NewTopic, refused: impl FnOnce(KafkaError) -> Error) -> Result<()> {
    let name = topic.name.clone();
    match admin.create_topics(std::slice::from_ref(&topic)).await.map_err(task_error)?.remove(&name) {
        Some(Err(error)) if error.is(ResponseError::TopicAlreadyExists) => Ok(()),
        Some(Err(error)) => Err(refused(error)),
        Some(Ok(())) => Ok(()),
        None => Err(Error::connect(format!("The brokers did not answer about the new topic {name}"))),
    }
}

/// What a task says of a topic that the broker does not make for it, in Java's words.
fn not_made(topic: &str, error: KafkaError) -> Error {
    const UNSUITABLE: [ResponseError; 2] =
        [ResponseError::InvalidConfig, ResponseError::InvalidReplicationFactor];
    const FORBIDDEN: [ResponseError; 2] =
        [ResponseError::TopicAuthorizationFailed, ResponseError::ClusterAuthorizationFailed];
    if error.is_retriable() {
        return task_error(error);
    }
    let is_one_of = |codes: [ResponseError; 2]| codes.into_iter().any(|code| error.is(code));
    let message = if is_one_of(UNSUITABLE) {
        format!("Unable to create topic(s) '{topic}': {error}")
    } else if is_one_of(FORBIDDEN) {
        format!(
            "Task failed to create new topic {topic}. Ensure that the task is authorized to create topics or that the topic exists and restart the task"
        )
    } else {
        format!("Error while attempting to create/find topic(s) '{topic}'")
    };
    Error::connect(message).with_source(error)
}

/// What the broker chooses, where the user says -1.
fn unless_default<N: Into<i64> + Copy>(number: N) -> Option<N> {
    (number.into() >= 0).then_some(number)
}

#[async_trait]
impl TopicCreator for AdminTopics {
    async fn create_if_missing(&mut self, topic: &str) -> Result<()> {
        if exists(&self.admin, topic).await? {
            return Ok(());
        }
        let Some(group) = self.groups.iter().find(|group| group.matches(topic)).or(self.groups.last()) else {
            return Ok(());
        };
        tracing::info!(topic, group = %group.name, "creating a topic that records go to");
        let new = NewTopic {
            name: topic.to_owned(),
            partitions: unless_default(group.partitions),
            replication_factor: unless_default(group.replication_factor),
            configs: group.configs.clone(),
        };
        create(&self.admin, new, |error| not_made(topic, error)).await
    }
}

/// Makes the topic of a dead letter queue if it is missing, with one partition.
pub(super) async fn create_dead_letter_topic(admin: &Admin, queue: &DeadLetterQueue) -> Result<()> {
    let wrap = |error: Error| {
        Error::connect(format!("Could not initialize dead letter queue with topic={}", queue.topic))
            .with_source(error)
    };
    if exists(admin, &queue.topic).await.map_err(wrap)? {
        return Ok(());
    }
    tracing::error!(topic = %queue.topic, "the topic of the dead letter queue does not exist and is created");
    let new = NewTopic {
        name: queue.topic.clone(),
        partitions: Some(1),
        replication_factor: unless_default(queue.replication_factor),
        ..NewTopic::default()
    };
    create(admin, new, task_error).await.map_err(wrap)
}
