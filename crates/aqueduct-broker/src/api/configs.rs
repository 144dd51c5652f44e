//! DescribeConfigs, AlterConfigs, IncrementalAlterConfigs.

use std::collections::BTreeMap;
use std::sync::Arc;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::alter_configs_response::AlterConfigsResourceResponse;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::incremental_alter_configs_request::AlterableConfig;
use kafka_protocol::messages::incremental_alter_configs_response::AlterConfigsResourceResponse as IncrementalResponse;
use kafka_protocol::messages::{
    AlterConfigsRequest, AlterConfigsResponse, DescribeConfigsRequest, DescribeConfigsResponse,
    IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

use super::text;
use crate::dispatch::Context;
use crate::node::NODE_ID;
use crate::topic::configs::{DEFINITIONS, Definition, Kind, definition};
use crate::topic::{Topic, TopicConfigs, TopicError};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Where a value comes from, by the wire's codes.
const SOURCE_TOPIC: i8 = 1;
const SOURCE_STATIC_BROKER: i8 = 4;
const SOURCE_DEFAULT: i8 = 5;

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

pub(super) fn source_of(configs: &TopicConfigs, name: &str) -> i8 {
    if configs.overrides().contains_key(name) { SOURCE_TOPIC } else { SOURCE_DEFAULT }
}

pub(crate) fn describe(context: &Context, request: DescribeConfigsRequest) -> DescribeConfigsResponse {
    let describe = |resource: DescribeConfigsResource| {
        let wanted = |name: &str| {
            let keys = resource.configuration_keys.as_ref();
            keys.is_none_or(|keys| keys.iter().any(|key| key.as_str() == name))
        };
        let configs = match resource.resource_type {
            TOPIC => describe_topic(context, &resource.resource_name, request.include_synonyms),
            BROKER => describe_broker(context, &resource.resource_name),
            other => Err(unsupported_resource(other)),
        };
        let answer = DescribeConfigsResult::default().with_resource_type(resource.resource_type);
        let answer = match configs {
            Ok(configs) => {
                answer.with_configs(configs.into_iter().filter(|config| wanted(&config.name)).collect())
            }
            Err(error) => {
                answer.with_error_code(error.code.code()).with_error_message(Some(text(error.message)))
            }
        };
        answer.with_resource_name(resource.resource_name)
    };
    DescribeConfigsResponse::default().with_results(request.resources.into_iter().map(describe).collect())
}

fn unsupported_resource(kind: i8) -> TopicError {
    TopicError::new(ResponseError::InvalidRequest, format!("Unsupported resource type: {kind}"))
}

fn find_topic(context: &Context, name: &str) -> Result<Arc<Topic>, TopicError> {
    context.node.topics.get(name).ok_or_else(|| {
        TopicError::new(
            ResponseError::UnknownTopicOrPartition,
            "This server does not host this topic-partition.",
        )
    })
}

fn describe_topic(
    context: &Context,
    name: &str,
    synonyms: bool,
) -> Result<Vec<DescribeConfigsResourceResult>, TopicError> {
    let configs = find_topic(context, name)?.configs();
    let describe = |definition: &Definition| {
        let own = configs.overrides().get(definition.name);
        let synonym = |value: &str, source| {
            DescribeConfigsSynonym::default()
                .with_name(text(definition.name))
                .with_value(Some(text(value)))
                .with_source(source)
        };
        let own_synonym = own.map(|value| synonym(value, SOURCE_TOPIC));
        let default_synonym = synonym(definition.default, SOURCE_DEFAULT);
        let known: Vec<_> = own_synonym.into_iter().chain([default_synonym]).filter(|_| synonyms).collect();
        DescribeConfigsResourceResult::default()
            .with_name(text(definition.name))
            .with_value(Some(text(configs.get(definition.name))))
            .with_config_source(source_of(&configs, definition.name))
            .with_config_type(definition.kind as i8)
            .with_synonyms(known)
    };
    Ok(DEFINITIONS.iter().map(describe).collect())
}

/// The settings that clients of a broker look at; all of them are read-only here.
fn describe_broker(context: &Context, name: &str) -> Result<Vec<DescribeConfigsResourceResult>, TopicError> {
    if !name.is_empty() && name.parse() != Ok(NODE_ID.0) {
        return Err(TopicError::new(
            ResponseError::InvalidRequest,
            format!("Unexpected broker id, expected {}, but received {name}", NODE_ID.0),
        ));
    }
    let config = &context.node.config;
    let data_dir = config.data_dir.as_ref().map_or_else(String::new, |dir| dir.display().to_string());
    let values = [
        (
            "advertised.listeners",
            Kind::List,
            format!("PLAINTEXT://{}:{}", context.node.host, context.node.port),
        ),
        ("auto.create.topics.enable", Kind::Boolean, config.auto_create_topics.to_string()),
        ("broker.id", Kind::Int, NODE_ID.0.to_string()),
        ("default.replication.factor", Kind::Int, "1".to_owned()),
        ("delete.topic.enable", Kind::Boolean, "true".to_owned()),
        ("log.dirs", Kind::String, data_dir),
        (
            "message.max.bytes",
            Kind::Int,
            definition("max.message.bytes").map_or("", |found| found.default).to_owned(),
        ),
        ("min.insync.replicas", Kind::Int, "1".to_owned()),
        ("node.id", Kind::Int, NODE_ID.0.to_string()),
        ("num.partitions", Kind::Int, config.default_partitions.to_string()),
        ("offsets.topic.replication.factor", Kind::Int, "1".to_owned()),
        ("socket.request.max.bytes", Kind::Int, config.frame_bytes_max.to_string()),
        ("transaction.state.log.replication.factor", Kind::Int, "1".to_owned()),
    ];
    let describe = |(name, kind, value): (&str, Kind, String)| {
        DescribeConfigsResourceResult::default()
            .with_name(text(name))
            .with_value(Some(text(value)))
            .with_read_only(true)
            .with_config_source(SOURCE_STATIC_BROKER)
            .with_config_type(kind as i8)
    };
    Ok(values.into_iter().map(describe).collect())
}

pub(crate) fn alter(context: &Context, request: AlterConfigsRequest) -> AlterConfigsResponse {
    let responses = request.resources.into_iter().map(|resource| {
        let overrides: BTreeMap<String, String> = resource
            .configs
            .iter()
            .filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())))
            .collect();
        let set = |_current: &TopicConfigs| Ok(overrides);
        let result =
            change(context, resource.resource_type, &resource.resource_name, request.validate_only, set);
        let answer = AlterConfigsResourceResponse::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name);
        match result {
            Ok(()) => answer,
            Err(error) => {
                answer.with_error_code(error.code.code()).with_error_message(Some(text(error.message)))
            }
        }
    });
    AlterConfigsResponse::default().with_responses(responses.collect())
}

pub(crate) fn incremental_alter(
    context: &Context,
    request: IncrementalAlterConfigsRequest,
) -> IncrementalAlterConfigsResponse {
    let responses = request.resources.into_iter().map(|resource| {
        let edit = |current: &TopicConfigs| {
            resource
                .configs
                .iter()
                .try_fold(current.overrides().clone(), |overrides, edit| apply(current, overrides, edit))
        };
        let result =
            change(context, resource.resource_type, &resource.resource_name, request.validate_only, edit);
        let answer = IncrementalResponse::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match result {
            Ok(()) => answer,
            Err(error) => {
                answer.with_error_code(error.code.code()).with_error_message(Some(text(error.message)))
            }
        }
    });
    IncrementalAlterConfigsResponse::default().with_responses(responses.collect())
}

fn change(
    context: &Context,
    resource_type: i8,
    name: &str,
    validate_only: bool,
    edit: impl FnOnce(&TopicConfigs) -> Result<BTreeMap<String, String>, String>,
) -> Result<(), TopicError> {
    if resource_type != TOPIC {
        return Err(unsupported_resource(resource_type));
    }
    let invalid = |why| TopicError::new(ResponseError::InvalidConfig, why);
    let topic = find_topic(context, name)?;
    let overrides = edit(&topic.configs()).map_err(invalid)?;
    let configs = TopicConfigs::new(overrides).map_err(invalid)?;
    if validate_only {
        return Ok(());
    }
    context
        .node
        .topics
        .set_configs(&topic, configs)
        .map_err(|code| TopicError::new(code, "The broker could not write to its data directory."))
}

/// One edit of IncrementalAlterConfigs (KIP-339). Append and subtract are for lists, on top of the value in force.
fn apply(
    current: &TopicConfigs,
    mut overrides: BTreeMap<String, String>,
    edit: &AlterableConfig,
) -> Result<BTreeMap<String, String>, String> {
    let name = edit.name.to_string();
    let value = edit.value.as_ref().map_or("", |value| value.as_str());
    let is_list = definition(&name).is_some_and(|definition| definition.kind == Kind::List);
    match edit.config_operation {
        SET => {
            overrides.insert(name, value.to_owned());
        }
        DELETE => {
            overrides.remove(&name);
        }
        APPEND | SUBTRACT if is_list => {
            let mut items: Vec<&str> =
                current.get(&name).split(',').map(str::trim).filter(|item| !item.is_empty()).collect();
            for item in value.split(',').map(str::trim) {
                items.retain(|known| *known != item);
                if edit.config_operation == APPEND {
                    items.push(item);
                }
            }
            let joined = items.join(",");
            overrides.insert(name, joined);
        }
        APPEND | SUBTRACT => return Err(format!("Can't apply list operations to {name}: it is not a list.")),
        other => return Err(format!("Unknown operation {other} for configuration {name}")),
    }
    Ok(overrides)
}
