//! Topics are made if they are missing, and looked at if they are not.

use std::collections::BTreeMap;
use std::time::Duration;

use aqueduct_api::{Error, Result};
use aqueduct_kafka::admin::{ConfigResource, NewTopic};
use aqueduct_kafka::{Admin, KafkaError, ResponseError};
use tokio::time::{Instant, sleep};

use crate::errors::kafka_error;
use crate::worker_config::InternalTopic;

/// How long creation is tried, and the wait between two tries.
const CREATION_TIMEOUT: Duration = Duration::from_secs(30);
const CREATION_BACKOFF: Duration = Duration::from_secs(1);

const POLICY: &str = "cleanup.policy";
const COMPACT: &str = "compact";

/// What a topic is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Connectors, tasks, keys, levels.
    Configs,
    /// Offsets of sources.
    Offsets,
    /// States of connectors and tasks.
    Statuses,
}

impl Purpose {
    /// The worker's setting that names the topic.
    pub const fn property(self) -> &'static str {
        match self {
            Self::Configs => "config.storage.topic",
            Self::Offsets => "offset.storage.topic",
            Self::Statuses => "status.storage.topic",
        }
    }

    /// In error messages.
    const fn contents(self) -> &'static str {
        match self {
            Self::Configs => "connector configurations",
            Self::Offsets => "source connector offsets",
            Self::Statuses => "connector and task statuses",
        }
    }

    pub(super) const fn client_suffix(self) -> &'static str {
        match self {
            Self::Configs => "configs",
            Self::Offsets => "offsets",
            Self::Statuses => "statuses",
        }
    }
}

/// Makes a topic, compacted, if it is missing. One that is there must be compacted and nothing else, for whatever else a
/// broker removes is lost for good. Creation is tried again for up to 30 s when it takes too long or there are not enough
/// brokers yet. A worker without rights goes on, as the topic may be there.
///
/// `property` names the setting that the topic's name comes from.
///
/// # Errors
/// `Config` for another cleanup policy, `Connect` for all else.
pub async fn create_or_check(
    admin: &Admin,
    topic: &InternalTopic,
    property: &str,
    purpose: Purpose,
) -> Result<()> {
    if create(admin, topic).await? {
        return Ok(());
    }
    let Some(policy) = cleanup_policy(admin, &topic.name).await? else { return Ok(()) };
    if policy == COMPACT {
        return Ok(());
    }
    let (name, contents) = (&topic.name, purpose.contents());
    Err(Error::config(format!(
        "Topic '{name}' supplied via the '{property}' property is required to have '{POLICY}={COMPACT}' to guarantee \
         consistency and durability of {contents}, but found the topic currently has '{POLICY}={policy}'. Continuing would \
         likely result in eventually losing {contents} and problems restarting this Connect cluster in the future. Change \
         the '{property}' property in the Connect worker configurations to use a topic with '{POLICY}={COMPACT}'."
    )))
}

/// Whether it was made now.
async fn create(admin: &Admin, topic: &InternalTopic) -> Result<bool> {
    let name = topic.name.as_str();
    let settings = topic.settings.iter().filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())));
    let mut configs: BTreeMap<_, _> = settings.collect();
    configs.insert(POLICY.to_owned(), COMPACT.to_owned());
    let new = NewTopic {
        name: name.to_owned(),
        partitions: (topic.partitions > 0).then_some(topic.partitions),
        replication_factor: (topic.replication_factor > 0).then_some(topic.replication_factor),
        configs,
    };
    let deadline = Instant::now() + CREATION_TIMEOUT;
    loop {
        let error = match create_once(admin, &new).await {
            Ok(()) => {
                tracing::info!(topic = name, "created an internal topic");
                return Ok(true);
            }
            Err(error) if error.is(ResponseError::TopicAlreadyExists) => return Ok(false),
            Err(error) if is_refused(&error) => {
                tracing::warn!(topic = name, %error, "cannot create an internal topic; it is assumed to exist");
                return Ok(false);
            }
            Err(error) => error,
        };
        let can_pass = error.is_retriable() || error.is(ResponseError::InvalidReplicationFactor);
        if !can_pass || Instant::now() >= deadline {
            return Err(Error::connect(format!("Error while attempting to create/find topic(s) '{name}'"))
                .with_source(error));
        }
        tracing::warn!(topic = name, %error, "an internal topic could not be created, trying again");
        sleep(CREATION_BACKOFF).await;
    }
}

async fn create_once(admin: &Admin, topic: &NewTopic) -> aqueduct_kafka::Result<()> {
    let created = admin.create_topics(std::slice::from_ref(topic)).await?;
    created.into_values().next().unwrap_or(Ok(()))
}

/// Whether the cluster does not allow a call, or does not know it.
fn is_refused(error: &KafkaError) -> bool {
    error.is_authorization() || error.is(ResponseError::UnsupportedVersion)
}

/// The policy of a topic; `None` if it cannot be told.
async fn cleanup_policy(admin: &Admin, topic: &str) -> Result<Option<String>> {
    let resource = ConfigResource::Topic(topic.to_owned());
    let described = match admin.describe_configs(std::slice::from_ref(&resource)).await {
        Ok(mut described) => described.remove(&resource).unwrap_or_else(|| Ok(BTreeMap::new())),
        Err(error) => Err(error),
    };
    let error = match described {
        Ok(mut entries) => {
            let policy = entries.remove(POLICY).and_then(|entry| entry.value);
            return Ok(policy.map(|policy| policy.split(',').map(str::trim).collect::<Vec<_>>().join(",")));
        }
        Err(error) => error,
    };
    if is_refused(&error) || error.is(ResponseError::UnknownTopicOrPartition) {
        tracing::warn!(
            topic, %error,
            "cannot verify that the cleanup policy of an internal topic is {COMPACT}: the broker is too old, or the worker \
             may not describe the topic"
        );
        return Ok(None);
    }
    Err(kafka_error(
        error.context(format!("Error while attempting to describe topic config for topic '{topic}'")),
    ))
}

/// Checks that a topic has one partition, whose order is the order of all that is configured. To be called once the topic is
/// known to exist.
pub(crate) fn check_single_partition(name: &str, property: &str, partitions: usize) -> Result<()> {
    if partitions == 1 {
        return Ok(());
    }
    Err(Error::config(format!(
        "Topic '{name}' supplied via the '{property}' property is required to have a single partition in order to guarantee \
         consistency of connector configurations, but found {partitions} partitions."
    )))
}
