//! Produce.

use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::{ProduceRequest, ProduceResponse};

use crate::connection::ConnectionError;
use crate::dispatch::{Context, Reply};
use crate::log::batch::{Batch, BatchError};
use crate::log::partition::Appended;
use crate::topic::Topic;

/// From this version on topics go by id.
const TOPIC_IDS_FROM: i16 = 13;
/// From this version on zstd is allowed.
const ZSTD_FROM: i16 = 7;
const ZSTD: i16 = 4;

pub(crate) fn handle(context: &Context, request: ProduceRequest) -> ProduceResponse {
    let transactional_id = request.transactional_id.as_ref().map(|id| id.as_str());
    let acks_valid = matches!(request.acks, -1..=1);
    let responses = request.topic_data.into_iter().map(|data| {
        let topic = find_topic(context, &data);
        let answer = TopicProduceResponse::default().with_name(data.name).with_topic_id(data.topic_id);
        let partitions = data.partition_data.into_iter().map(|data| {
            let index = data.index;
            let result = match &topic {
                _ if !acks_valid => Err(ResponseError::InvalidRequiredAcks),
                Err(error) => Err(*error),
                Ok(topic) => append(context, topic, transactional_id, data),
            };
            respond(index, result)
        });
        answer.with_partition_responses(partitions.collect())
    });
    ProduceResponse::default().with_responses(responses.collect())
}

fn find_topic(context: &Context, data: &TopicProduceData) -> Result<Arc<Topic>, ResponseError> {
    let topics = &context.node.topics;
    if context.version >= TOPIC_IDS_FROM {
        topics.by_id(data.topic_id).ok_or(ResponseError::UnknownTopicId)
    } else {
        topics.get(&data.name).ok_or(ResponseError::UnknownTopicOrPartition)
    }
}

fn append(
    context: &Context,
    topic: &Topic,
    transactional_id: Option<&str>,
    data: PartitionProduceData,
) -> Result<Appended, ResponseError> {
    let partition = topic.partition(data.index).ok_or(ResponseError::UnknownTopicOrPartition)?;
    let batches = split(data.records.unwrap_or_default())?;
    for batch in &batches {
        let header = &batch.header;
        if header.codec() == ZSTD && context.version < ZSTD_FROM {
            return Err(ResponseError::UnsupportedCompressionType);
        }
        if header.is_transactional() {
            let id = transactional_id.ok_or(ResponseError::InvalidRecord)?;
            context.node.transactions.check_produce(
                id,
                header.producer_id,
                header.producer_epoch,
                &topic.name,
                data.index,
            )?;
        }
    }
    partition.append(batches, topic.append_policy())
}

/// Cuts a record set into batches of magic 2 and checks their checksums.
fn split(mut records: Bytes) -> Result<Vec<Batch>, ResponseError> {
    let mut batches = Vec::with_capacity(1);
    while !records.is_empty() {
        let batch = Batch::split_from(&mut records).map_err(|error| match error {
            BatchError::Magic(_) => ResponseError::UnsupportedForMessageFormat,
            BatchError::Truncated | BatchError::Checksum | BatchError::Header | BatchError::Records => {
                ResponseError::CorruptMessage
            }
        })?;
        batches.push(batch);
    }
    if batches.is_empty() { Err(ResponseError::InvalidRecord) } else { Ok(batches) }
}

fn respond(index: i32, result: Result<Appended, ResponseError>) -> PartitionProduceResponse {
    let response = PartitionProduceResponse::default().with_index(index);
    match result {
        Ok(appended) => response
            .with_base_offset(appended.base_offset)
            .with_log_append_time_ms(appended.append_time_ms)
            .with_log_start_offset(appended.start_offset),
        Err(error) => response.with_error_code(error.code()).with_base_offset(-1).with_log_start_offset(-1),
    }
}

/// With `acks=0` nobody hears of an error: closing the connection is the only sign, as in Kafka.
pub(crate) fn unacknowledged(response: &ProduceResponse) -> Result<Reply, ConnectionError> {
    let mut partitions = response.responses.iter().flat_map(|topic| &topic.partition_responses);
    if partitions.any(|partition| partition.error_code != 0) {
        return Err(ConnectionError::UnacknowledgedFailure);
    }
    Ok(Reply::None)
}
