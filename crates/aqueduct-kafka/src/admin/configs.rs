//! Settings of topics and brokers.

use std::collections::BTreeMap;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{DescribeConfigsRequest, IncrementalAlterConfigsRequest};

use super::{Admin, outcome, text};
use crate::error::Result;

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
/// The source of a value that nobody has set.
const DEFAULT_SOURCE: i8 = 5;

/// What has settings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConfigResource {
    /// A topic, by name.
    Topic(String),
    /// A broker, by id.
    Broker(i32),
}

impl ConfigResource {
    fn on_wire(&self) -> (i8, String) {
        match self {
            ConfigResource::Topic(name) => (TOPIC, name.clone()),
            ConfigResource::Broker(id) => (BROKER, id.to_string()),
        }
    }

    fn from_wire(kind: i8, name: &str) -> Option<ConfigResource> {
        match kind {
            TOPIC => Some(ConfigResource::Topic(name.to_owned())),
            BROKER => name.parse().ok().map(ConfigResource::Broker),
            _ => None,
        }
    }
}

/// A setting's value and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigEntry {
    /// The value; `None` if it is sensitive or not set.
    pub value: Option<String>,
    /// Whether it can't be changed.
    pub read_only: bool,
    /// Whether brokers keep the value to themselves.
    pub sensitive: bool,
    /// Whether it is Kafka's own default.
    pub is_default: bool,
    /// The protocol's number of the source: 1 topic, 2 to 4 broker, 5 default.
    pub source: i8,
}

/// A change of one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlterOp {
    /// Sets a value.
    Set(String),
    /// Goes back to the default.
    Delete,
    /// Adds to a list.
    Append(String),
    /// Removes from a list.
    Subtract(String),
}

impl Admin {
    /// All settings of these topics and brokers. A broker's are asked of that broker.
    pub async fn describe_configs(
        &self,
        resources: &[ConfigResource],
    ) -> Result<BTreeMap<ConfigResource, Result<BTreeMap<String, ConfigEntry>>>> {
        let mut described = BTreeMap::new();
        let (brokers, topics): (Vec<_>, Vec<_>) =
            resources.iter().partition(|resource| matches!(resource, ConfigResource::Broker(_)));
        if !topics.is_empty() {
            described.extend(self.describe_from(None, &topics).await?);
        }
        for resource in brokers {
            let ConfigResource::Broker(id) = resource else { continue };
            described.extend(self.describe_from(Some(*id), &[resource]).await?);
        }
        Ok(described)
    }

    async fn describe_from(
        &self,
        broker: Option<i32>,
        resources: &[&ConfigResource],
    ) -> Result<BTreeMap<ConfigResource, Result<BTreeMap<String, ConfigEntry>>>> {
        let wanted = |resource: &&ConfigResource| {
            let (kind, name) = resource.on_wire();
            DescribeConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(text(&name))
                .with_configuration_keys(None)
        };
        let request =
            DescribeConfigsRequest::default().with_resources(resources.iter().map(wanted).collect());
        let response = self
            .cluster()
            .retrying("describeConfigs", async || {
                let connection = match broker {
                    Some(id) => self.cluster().node(id).await?,
                    None => self.cluster().any().await?,
                };
                connection.call(&request, i16::MAX).await
            })
            .await?;
        let mut described = BTreeMap::new();
        for result in &response.results {
            let Some(resource) = ConfigResource::from_wire(result.resource_type, &result.resource_name)
            else {
                continue;
            };
            let entries = outcome(result.error_code, result.error_message.as_ref()).map(|()| {
                result
                    .configs
                    .iter()
                    .map(|config| {
                        let entry = ConfigEntry {
                            value: config.value.as_ref().map(|value| value.as_str().to_owned()),
                            read_only: config.read_only,
                            sensitive: config.is_sensitive,
                            is_default: config.config_source == DEFAULT_SOURCE,
                            source: config.config_source,
                        };
                        (config.name.as_str().to_owned(), entry)
                    })
                    .collect()
            });
            described.insert(resource, entries);
        }
        Ok(described)
    }

    /// Changes single settings of topics and brokers, leaving the others as they are.
    pub async fn incremental_alter_configs(
        &self,
        changes: &BTreeMap<ConfigResource, BTreeMap<String, AlterOp>>,
    ) -> Result<BTreeMap<ConfigResource, Result<()>>> {
        let alterable = |(name, op): (&String, &AlterOp)| {
            let (operation, value) = match op {
                AlterOp::Set(value) => (0, Some(text(value))),
                AlterOp::Delete => (1, None),
                AlterOp::Append(value) => (2, Some(text(value))),
                AlterOp::Subtract(value) => (3, Some(text(value))),
            };
            AlterableConfig::default()
                .with_name(text(name))
                .with_config_operation(operation)
                .with_value(value)
        };
        let resource = |(resource, ops): (&ConfigResource, &BTreeMap<String, AlterOp>)| {
            let (kind, name) = resource.on_wire();
            AlterConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(text(&name))
                .with_configs(ops.iter().map(alterable).collect())
        };
        let request =
            IncrementalAlterConfigsRequest::default().with_resources(changes.iter().map(resource).collect());
        let response = self
            .cluster()
            .retrying("incrementalAlterConfigs", async || {
                self.cluster().controller().await?.call(&request, i16::MAX).await
            })
            .await?;
        let one = |result: &kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse| {
            let resource = ConfigResource::from_wire(result.resource_type, &result.resource_name)?;
            Some((resource, outcome(result.error_code, result.error_message.as_ref())))
        };
        Ok(response.responses.iter().filter_map(one).collect())
    }
}
