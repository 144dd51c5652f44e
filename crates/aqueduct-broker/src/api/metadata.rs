//! Metadata and DescribeTopicPartitions.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_topic_partitions_response::{
    Cursor, DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic,
};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::metadata_response::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use kafka_protocol::messages::{
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse, MetadataRequest, MetadataResponse,
    TopicName,
};

use super::text;
use crate::dispatch::Context;
use crate::node::NODE_ID;
use crate::topic::{NewTopic, Topic, TopicConfigs, name};

/// Before this version a request always allows topics to be created.
const AUTO_CREATION_FLAG_FROM: i16 = 4;
/// From this version on the name of a topic that is asked for by id may be null.
const NULL_NAME_FROM: i16 = 12;

pub(crate) fn handle(context: &Context, request: MetadataRequest) -> MetadataResponse {
    let node = &context.node;
    let may_create = node.config.auto_create_topics
        && (request.allow_auto_topic_creation || context.version < AUTO_CREATION_FLAG_FROM);
    let topics = match &request.topics {
        Some(named) if !named.is_empty() || context.version > 0 => {
            named.iter().map(|topic| named_topic(context, topic, may_create)).collect()
        }
        _ => node.topics.all().iter().map(|topic| describe(topic)).collect(),
    };
    let broker = MetadataResponseBroker::default()
        .with_node_id(NODE_ID)
        .with_host(node.host.clone())
        .with_port(i32::from(node.port));
    MetadataResponse::default()
        .with_brokers(vec![broker])
        .with_cluster_id(Some(node.cluster_id.clone()))
        .with_controller_id(NODE_ID)
        .with_topics(topics)
}

fn named_topic(context: &Context, asked: &MetadataRequestTopic, may_create: bool) -> MetadataResponseTopic {
    let topics = &context.node.topics;
    let Some(name) = &asked.name else {
        let unknown = MetadataResponseTopic::default()
            .with_error_code(ResponseError::UnknownTopicId.code())
            .with_name((context.version < NULL_NAME_FROM).then(TopicName::default))
            .with_topic_id(asked.topic_id);
        return topics.by_id(asked.topic_id).map_or(unknown, |topic| describe(&topic));
    };
    let refused = |error: ResponseError| {
        MetadataResponseTopic::default().with_error_code(error.code()).with_name(Some(name.clone()))
    };
    if let Some(topic) = topics.get(name) {
        return describe(&topic);
    }
    if name::check(name).is_err() {
        return refused(ResponseError::InvalidTopicException);
    }
    if !may_create {
        return refused(ResponseError::UnknownTopicOrPartition);
    }
    let partitions = context.node.config.default_partitions;
    let new = NewTopic { name, partitions, configs: TopicConfigs::default() };
    match topics.create(new) {
        Ok(topic) => describe(&topic),
        // Another request was faster.
        Err(error) => topics.get(name).map_or_else(|| refused(error.code), |topic| describe(&topic)),
    }
}

fn describe(topic: &Topic) -> MetadataResponseTopic {
    let partition = |index| {
        MetadataResponsePartition::default()
            .with_partition_index(index)
            .with_leader_id(NODE_ID)
            .with_leader_epoch(0)
            .with_replica_nodes(vec![NODE_ID])
            .with_isr_nodes(vec![NODE_ID])
    };
    MetadataResponseTopic::default()
        .with_name(Some(TopicName(text(&*topic.name))))
        .with_topic_id(topic.id)
        .with_is_internal(name::is_internal(&topic.name))
        .with_partitions((0..topic.partition_count()).map(partition).collect())
}

/// All asked topics in the order of their names, `response_partition_limit` partitions at a time (KIP-966).
pub(crate) fn describe_partitions(
    context: &Context,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    let topics = &context.node.topics;
    let mut names: Vec<String> = request.topics.iter().map(|topic| topic.name.to_string()).collect();
    if names.is_empty() {
        names = topics.all().iter().map(|topic| topic.name.to_string()).collect();
    }
    names.sort();
    names.dedup();
    let (from_topic, mut from_partition) = request
        .cursor
        .as_ref()
        .map_or((String::new(), 0), |cursor| (cursor.topic_name.to_string(), cursor.partition_index));
    let mut room = request.response_partition_limit.max(1);
    let mut described = Vec::new();
    let mut next = None;
    for name in names.into_iter().filter(|name| *name >= from_topic) {
        let first = if name == from_topic { std::mem::take(&mut from_partition) } else { 0 };
        if room == 0 {
            next = Some(Cursor::default().with_topic_name(TopicName(text(name))).with_partition_index(first));
            break;
        }
        let topic_name = TopicName(text(name.clone()));
        let Some(topic) = topics.get(&name) else {
            described.push(
                DescribeTopicPartitionsResponseTopic::default()
                    .with_error_code(ResponseError::UnknownTopicOrPartition.code())
                    .with_name(Some(topic_name)),
            );
            continue;
        };
        let count = topic.partition_count();
        let end = count.min(first.max(0).saturating_add(room));
        let partitions: Vec<_> = (first.max(0)..end).map(described_partition).collect();
        room -= partitions.len() as i32;
        described.push(
            DescribeTopicPartitionsResponseTopic::default()
                .with_name(Some(topic_name.clone()))
                .with_topic_id(topic.id)
                .with_is_internal(name::is_internal(&topic.name))
                .with_partitions(partitions),
        );
        if end < count {
            next = Some(Cursor::default().with_topic_name(topic_name).with_partition_index(end));
            break;
        }
    }
    DescribeTopicPartitionsResponse::default().with_topics(described).with_next_cursor(next)
}

fn described_partition(index: i32) -> DescribeTopicPartitionsResponsePartition {
    DescribeTopicPartitionsResponsePartition::default()
        .with_partition_index(index)
        .with_leader_id(NODE_ID)
        .with_leader_epoch(0)
        .with_replica_nodes(vec![NODE_ID])
        .with_isr_nodes(vec![NODE_ID])
        .with_eligible_leader_replicas(Some(Vec::new()))
        .with_last_known_elr(Some(Vec::new()))
}
