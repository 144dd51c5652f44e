//! CreateTopics, DeleteTopics, CreatePartitions, DeleteRecords.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::create_topics_response::{CreatableTopicConfigs, CreatableTopicResult};
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreateTopicsRequest, CreateTopicsResponse,
    DeleteRecordsRequest, DeleteRecordsResponse, DeleteTopicsRequest, DeleteTopicsResponse, TopicName,
};
use uuid::Uuid;

use super::configs::source_of;
use super::{code, text};
use crate::dispatch::Context;
use crate::topic::configs::DEFINITIONS;
use crate::topic::{NewTopic, TopicConfigs, TopicError};

/// From this version on topics may be deleted by id (KIP-516).
const DELETE_BY_ID_FROM: i16 = 6;

pub(crate) fn create(context: &Context, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let names: Vec<TopicName> = request.topics.iter().map(|topic| topic.name.clone()).collect();
    let results = request.topics.into_iter().map(|topic| {
        let result = if names.iter().filter(|name| **name == topic.name).count() > 1 {
            Err(TopicError::new(ResponseError::InvalidRequest, "Duplicate topic name."))
        } else {
            create_one(context, &topic, request.validate_only)
        };
        let answer = CreatableTopicResult::default().with_name(topic.name);
        match result {
            Ok(created) => answer
                .with_topic_id(created.id)
                .with_num_partitions(created.partitions)
                .with_replication_factor(1)
                .with_configs(Some(config_list(&created.configs))),
            Err(error) => answer
                .with_error_code(error.code.code())
                .with_error_message(Some(text(error.message)))
                .with_num_partitions(-1)
                .with_replication_factor(-1),
        }
    });
    CreateTopicsResponse::default().with_topics(results.collect())
}

struct Created {
    id: Uuid,
    partitions: i32,
    configs: TopicConfigs,
}

fn create_one(context: &Context, topic: &CreatableTopic, validate_only: bool) -> Result<Created, TopicError> {
    let partitions = partition_count(context, topic)?;
    let overrides: BTreeMap<String, String> = topic
        .configs
        .iter()
        .filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())))
        .collect();
    let configs =
        TopicConfigs::new(overrides).map_err(|why| TopicError::new(ResponseError::InvalidConfig, why))?;
    let new = NewTopic { name: &topic.name, partitions, configs: configs.clone() };
    if validate_only {
        context.node.topics.check_new(&new)?;
        return Ok(Created { id: Uuid::nil(), partitions, configs });
    }
    let created = context.node.topics.create(new)?;
    Ok(Created { id: created.id, partitions, configs })
}

/// From the count, or from a manual assignment, which can only name this one node.
fn partition_count(context: &Context, topic: &CreatableTopic) -> Result<i32, TopicError> {
    if !topic.assignments.is_empty() {
        if topic.num_partitions != -1 || topic.replication_factor != -1 {
            return Err(TopicError::new(
                ResponseError::InvalidRequest,
                "A manual partition assignment was specified, but numPartitions or replicationFactor was not set to -1.",
            ));
        }
        let mut indexes: Vec<i32> =
            topic.assignments.iter().map(|assigned| assigned.partition_index).collect();
        indexes.sort_unstable();
        let consecutive = (0..).zip(&indexes).all(|(expected, index)| expected == *index);
        let here = topic.assignments.iter().all(|assigned| assigned.broker_ids == [crate::node::NODE_ID]);
        if !consecutive || !here {
            return Err(TopicError::new(
                ResponseError::InvalidReplicaAssignment,
                "Partitions must be numbered from 0, and assigned to the only broker, 1.",
            ));
        }
        return Ok(indexes.len() as i32);
    }
    if !matches!(topic.replication_factor, -1 | 1) {
        let message = if topic.replication_factor < 1 {
            "Replication factor must be larger than 0, or -1 to use the default value.".to_owned()
        } else {
            format!(
                "Unable to replicate the partition {} time(s): The target replication factor of {} cannot be reached \
                 because only 1 broker(s) are registered or some brokers have all their log directories cordoned.",
                topic.replication_factor, topic.replication_factor
            )
        };
        return Err(TopicError::new(ResponseError::InvalidReplicationFactor, message));
    }
    Ok(if topic.num_partitions == -1 { context.node.config.default_partitions } else { topic.num_partitions })
}

fn config_list(configs: &TopicConfigs) -> Vec<CreatableTopicConfigs> {
    let describe = |definition: &crate::topic::configs::Definition| {
        CreatableTopicConfigs::default()
            .with_name(text(definition.name))
            .with_value(Some(text(configs.get(definition.name))))
            .with_config_source(source_of(configs, definition.name))
    };
    DEFINITIONS.iter().map(describe).collect()
}

pub(crate) fn delete(context: &Context, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let asked = if context.version >= DELETE_BY_ID_FROM {
        request.topics
    } else {
        let by_name = |name| DeleteTopicState::default().with_name(Some(name));
        request.topic_names.into_iter().map(by_name).collect()
    };
    let topics = &context.node.topics;
    let responses = asked.into_iter().map(|asked| {
        let name = match &asked.name {
            Some(name) => Ok(name.to_string()),
            None => {
                let topic = topics.by_id(asked.topic_id).ok_or(ResponseError::UnknownTopicId);
                topic.map(|topic| topic.name.to_string())
            }
        };
        let answer = DeletableTopicResult::default().with_name(asked.name).with_topic_id(asked.topic_id);
        let result = name.and_then(|name| {
            let deleted = topics.delete(&name)?;
            context.node.groups.topic_deleted(&name)?;
            Ok(deleted)
        });
        match result {
            Ok(topic) => answer.with_name(Some(TopicName(text(&*topic.name)))).with_topic_id(topic.id),
            Err(error) => answer.with_error_code(error.code()),
        }
    });
    DeleteTopicsResponse::default().with_responses(responses.collect())
}

pub(crate) fn create_partitions(
    context: &Context,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let grow = |asked: CreatePartitionsTopic| {
        let topic = context.node.topics.get(&asked.name).ok_or_else(|| {
            TopicError::new(ResponseError::UnknownTopicOrPartition, "The topic does not exist.")
        });
        let result = topic
            .and_then(|topic| context.node.topics.add_partitions(&topic, asked.count, request.validate_only));
        let answer = CreatePartitionsTopicResult::default().with_name(asked.name);
        match result {
            Ok(()) => answer,
            Err(error) => {
                answer.with_error_code(error.code.code()).with_error_message(Some(text(error.message)))
            }
        }
    };
    CreatePartitionsResponse::default().with_results(request.topics.into_iter().map(grow).collect())
}

pub(crate) fn delete_records(context: &Context, request: DeleteRecordsRequest) -> DeleteRecordsResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let index = asked.partition_index;
            let result = context.node.topics.delete_records(&topic.name, index, asked.offset);
            DeleteRecordsPartitionResult::default()
                .with_partition_index(index)
                .with_error_code(code(&result))
                .with_low_watermark(result.unwrap_or(-1))
        });
        let partitions = partitions.collect();
        DeleteRecordsTopicResult::default().with_name(topic.name).with_partitions(partitions)
    });
    DeleteRecordsResponse::default().with_topics(topics.collect())
}
