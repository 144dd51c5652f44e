//! Offsets that users look at and change (KIP-875).

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::data::{Map as ValueMap, Value};
use aqueduct_api::{
    ConfigMap, ErrorKind, OffsetChange, OffsetMap, PluginKind, Result, SinkConnector, SourceConnector,
};
use aqueduct_kafka::{Admin, Offsets, ResponseError, TopicPartition};
use aqueduct_proto::offsets::{key_bytes, sink_changes, value_bytes};
use aqueduct_proto::state::TaskId;
use serde_json::{Map, Value as Json};
use tokio::time::timeout;

use super::Worker;
use super::client_properties::{ClientRole, client_properties};
use crate::connector_config::ConnectorConfig;
use crate::errors::kafka_error;
use crate::herder::{ConnectorOffset, ConnectorOffsets, HerderError, HerderResult, RequestedOffset};
use crate::offsets::OffsetStore;
use crate::registry::Wanted;

/// How long a connector may take to change its offsets, and then the store: as long as a request may.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(90);

/// A connector made only to be asked about its offsets.
enum Asked {
    /// With where its offsets are.
    Source(Box<dyn SourceConnector>, Arc<dyn OffsetStore>),
    Sink(Box<dyn SinkConnector>),
}

fn json_of(map: &OffsetMap) -> Map<String, Json> {
    let value = |value: &Value| match value {
        Value::Boolean(value) => Json::from(*value),
        Value::String(text) => Json::from(text.as_str()),
        Value::Float32(number) => Json::from(*number),
        Value::Float64(number) => Json::from(*number),
        other => other.as_i64().map_or(Json::Null, Json::from),
    };
    map.iter().map(|(name, one)| (name.to_string(), value(one))).collect()
}

/// Java has the changes of a request in a `HashMap`: of two of one partition the last counts, and the first error is that
/// of its order.
fn in_javas_order(changes: &[RequestedOffset]) -> ValueMap {
    let value = |map: &OffsetMap| -> Value {
        Value::Map(map.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
    };
    let value = |map: &Option<OffsetMap>| map.as_ref().map_or(Value::Null, value);
    let entries = changes.iter().map(|(partition, offset)| (value(partition), value(offset)));
    entries.collect::<ValueMap>().into_hash_order()
}

/// The messages for the user: what was done, and whether the connector took part.
fn done(word: &str, by_connector: bool) -> String {
    if by_connector {
        format!("The offsets for this connector have been {word} successfully")
    } else {
        format!(
            "The Connect framework-managed offsets for this connector have been {word} successfully. However, if this connector manages offsets externally, they will need to be manually {word} in the system that the connector uses."
        )
    }
}

impl Worker {
    async fn asked(&self, name: &str, raw: &ConfigMap) -> Result<(Asked, ConfigMap)> {
        let config = self.parts.transformer.resolve(raw).await?.config;
        let parsed = ConnectorConfig::parse(&config, &self.parts.registry)?;
        let plugin = self.parts.registry.get(Wanted::Connector, &parsed.class, parsed.version.as_ref())?;
        let asked = match &plugin.kind {
            PluginKind::Source { connector, .. } => {
                let offsets = self.offset_store(name, &config, &parsed).await?;
                Asked::Source(connector(), offsets)
            }
            PluginKind::Sink { connector, .. } => Asked::Sink(connector()),
            _ => return Err(aqueduct_api::Error::config(format!("{} is no connector", plugin.class))),
        };
        Ok((asked, config))
    }

    fn admin(&self, name: &str, config: &ConfigMap) -> Result<Admin> {
        let id = TaskId::new(name, 0);
        let properties = client_properties(ClientRole::Admin, &self.parts.config, config, &id);
        Admin::new(&properties).map_err(kafka_error)
    }

    fn group_of(name: &str, config: &ConfigMap) -> String {
        config.get("consumer.override.group.id").map_or_else(|| format!("connect-{name}"), str::to_owned)
    }

    /// The offsets of a connector.
    pub(crate) async fn connector_offsets(&self, name: &str, raw: &ConfigMap) -> Result<ConnectorOffsets> {
        let (asked, config) = self.asked(name, raw).await?;
        let offsets = match asked {
            Asked::Source(_, store) => {
                let stored = store.connector_offsets(name).await?;
                stored
                    .iter()
                    .map(|(partition, offset)| ConnectorOffset {
                        partition: json_of(partition),
                        offset: Some(json_of(offset)),
                    })
                    .collect()
            }
            Asked::Sink(_) => {
                let admin = self.admin(name, &config)?;
                let committed = admin.list_group_offsets(&Self::group_of(name, &config)).await;
                let committed = committed.map_err(|error| {
                    aqueduct_api::Error::connect(format!(
                        "Failed to retrieve consumer group offsets for sink connector {name}"
                    ))
                    .with_source(error)
                })?;
                committed
                    .iter()
                    .map(|(partition, offset)| ConnectorOffset {
                        partition: Map::from_iter([
                            ("kafka_partition".to_owned(), partition.partition.into()),
                            ("kafka_topic".to_owned(), (&*partition.topic).into()),
                        ]),
                        offset: Some(Map::from_iter([("kafka_offset".to_owned(), (*offset).into())])),
                    })
                    .collect()
            }
        };
        Ok(ConnectorOffsets { offsets })
    }

    /// Changes offsets of a connector that has no tasks, or with `None` resets all. Gives the message for the user.
    pub(crate) async fn alter_offsets(
        &self,
        name: &str,
        raw: &ConfigMap,
        changes: Option<Vec<RequestedOffset>>,
    ) -> HerderResult<String> {
        let (asked, config) = self.asked(name, raw).await?;
        match asked {
            Asked::Source(connector, store) => {
                alter_source(name, connector.as_ref(), &config, store.as_ref(), changes).await
            }
            Asked::Sink(connector) => self.alter_sink(name, connector.as_ref(), &config, changes).await,
        }
    }

    async fn alter_sink(
        &self,
        name: &str,
        connector: &dyn SinkConnector,
        config: &ConfigMap,
        changes: Option<Vec<RequestedOffset>>,
    ) -> HerderResult<String> {
        let (admin, group) = (self.admin(name, config)?, Self::group_of(name, config));
        let reset = changes.is_none();
        let changes: Vec<(TopicPartition, Option<i64>)> = match changes {
            Some(changes) => {
                let read = sink_changes(&in_javas_order(&changes)).map_err(HerderError::BadRequest)?;
                read.into_iter()
                    .map(|(one, offset)| (TopicPartition::new(&*one.topic, one.partition), offset))
                    .collect()
            }
            None => {
                let listed = admin.list_group_offsets(&group).await.map_err(|_| {
                    HerderError::Internal(format!(
                        "Failed to list offsets prior to resetting offsets for sink connector {name}"
                    ))
                })?;
                listed.into_keys().map(|partition| (partition, None)).collect()
            }
        };
        let for_connector: Vec<_> = changes
            .iter()
            .map(|(one, offset)| {
                (aqueduct_api::TopicPartition::new(one.topic.clone(), one.partition), *offset)
            })
            .collect();
        let asked = connector.alter_offsets(config, &for_connector);
        let by_connector =
            taken(name, timeout(CHANGE_TIMEOUT, asked).await.map_err(|_| hangs("sink", name))?)?;
        if reset {
            reset_group(&admin, name, &group).await?;
        } else {
            alter_group(&admin, name, &group, &changes).await?;
        }
        Ok(done(if reset { "reset" } else { "altered" }, by_connector))
    }
}

async fn alter_source(
    name: &str,
    connector: &dyn SourceConnector,
    config: &ConfigMap,
    store: &dyn OffsetStore,
    changes: Option<Vec<RequestedOffset>>,
) -> HerderResult<String> {
    let word = if changes.is_some() { "altered" } else { "reset" };
    let changes: Vec<OffsetChange> = match changes {
        Some(changes) => {
            let offsets = |value| if let Value::Map(map) = value { Some(OffsetMap::from(map)) } else { None };
            in_javas_order(&changes)
                .into_iter()
                .map(|(partition, offset)| (offsets(partition).unwrap_or_default(), offsets(offset)))
                .collect()
        }
        None => {
            let stored = store.connector_offsets(name).await?;
            stored.into_iter().map(|(partition, _)| (partition, None)).collect()
        }
    };
    let asked = timeout(CHANGE_TIMEOUT, connector.alter_offsets(config, &changes));
    let by_connector = taken(name, asked.await.map_err(|_| hangs("source", name))?)?;
    let mut entries = Vec::with_capacity(changes.len());
    for (partition, offset) in &changes {
        entries.push((key_bytes(name, partition)?, offset.as_ref().map(value_bytes).transpose()?));
    }
    let stored = timeout(CHANGE_TIMEOUT, store.set(entries)).await.map_err(|_| {
        let message = format!("Timed out while attempting to modify offsets for source connector {name}");
        HerderError::Internal(message)
    })?;
    stored.map_err(|error| {
        HerderError::Internal(format!("Failed to modify offsets for source connector {name}: {error}"))
    })?;
    Ok(done(word, by_connector))
}

fn hangs(kind: &str, name: &str) -> HerderError {
    HerderError::Internal(format!(
        "Timed out while calling the 'alterOffsets' method for {kind} connector {name}"
    ))
}

/// What a connector says of a change.
fn taken(name: &str, answer: Result<bool>) -> HerderResult<bool> {
    answer.map_err(|error| match error.kind() {
        ErrorKind::Unsupported => HerderError::Internal(format!(
            "Failed to modify offsets for connector {name} because it doesn't support external modification of offsets"
        )),
        _ => error.into(),
    })
}

fn in_use(name: &str, word: &str) -> HerderError {
    HerderError::Internal(format!(
        "Failed to {word} consumer group offsets for connector {name} either because its tasks haven't stopped completely yet or the connector was resumed before the request to {word} its offsets could be successfully completed. If the connector is in a stopped state, this operation can be safely retried. If it doesn't eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks."
    ))
}

async fn reset_group(admin: &Admin, name: &str, group: &str) -> HerderResult<()> {
    match admin.delete_group(group).await {
        Ok(()) => Ok(()),
        Err(error) if error.is(ResponseError::GroupIdNotFound) => Ok(()),
        Err(error) if error.is(ResponseError::NonEmptyGroup) => Err(in_use(name, "reset")),
        Err(error) => {
            tracing::error!(connector = name, "{error}");
            Err(HerderError::Internal(format!(
                "Failed to reset consumer group offsets for sink connector {name}"
            )))
        }
    }
}

async fn alter_group(
    admin: &Admin,
    name: &str,
    group: &str,
    changes: &[(TopicPartition, Option<i64>)],
) -> HerderResult<()> {
    let failed = |error: aqueduct_kafka::KafkaError| {
        if error.is(ResponseError::UnknownMemberId) || error.is(ResponseError::GroupSubscribedToTopic) {
            return in_use(name, "alter");
        }
        tracing::error!(connector = name, "{error}");
        HerderError::Internal(format!("Failed to alter consumer group offsets for connector {name}"))
    };
    let set: Offsets = changes.iter().filter_map(|(one, offset)| Some((one.clone(), (*offset)?))).collect();
    if set.values().any(|offset| *offset < 0) {
        return Err(HerderError::Internal(format!("Failed to modify offsets for sink connector {name}")));
    }
    let unset: Vec<TopicPartition> =
        changes.iter().filter(|(_, offset)| offset.is_none()).map(|(one, _)| one.clone()).collect();
    if !set.is_empty() {
        admin.alter_group_offsets(group, &set).await.map_err(failed)?;
    }
    if !unset.is_empty() {
        for result in admin.delete_group_offsets(group, &unset).await.map_err(failed)?.into_values() {
            result.map_err(failed)?;
        }
    }
    Ok(())
}
