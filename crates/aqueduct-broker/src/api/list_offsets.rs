//! ListOffsets and OffsetForLeaderEpoch.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::{
    ListOffsetsRequest, ListOffsetsResponse, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse,
};

use super::check_leader_epoch;
use crate::dispatch::Context;
use crate::log::Partition;

const READ_COMMITTED: i8 = 1;
/// From this version on the answer names the leader epoch.
const LEADER_EPOCH_FROM: i16 = 4;
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
/// KIP-405 and its successors: this broker keeps all of a log locally.
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

pub(crate) fn handle(context: &Context, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let committed = request.isolation_level == READ_COMMITTED;
    let leader_epoch = if context.version >= LEADER_EPOCH_FROM { 0 } else { -1 };
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let answer = ListOffsetsPartitionResponse::default()
                .with_partition_index(asked.partition_index)
                .with_timestamp(-1)
                .with_offset(-1)
                .with_leader_epoch(-1);
            let found = check_leader_epoch(asked.current_leader_epoch)
                .and_then(|()| context.node.topics.partition(&topic.name, asked.partition_index))
                .and_then(|partition| lookup(&partition, asked.timestamp, committed));
            match found {
                Ok(Some((timestamp_ms, offset))) => {
                    answer.with_timestamp(timestamp_ms).with_offset(offset).with_leader_epoch(leader_epoch)
                }
                Ok(None) => answer,
                Err(error) => answer.with_error_code(error.code()),
            }
        });
        let partitions = partitions.collect();
        ListOffsetsTopicResponse::default().with_name(topic.name).with_partitions(partitions)
    });
    ListOffsetsResponse::default().with_topics(topics.collect())
}

/// Timestamp (-1 where it is not a record's) and offset.
fn lookup(
    partition: &Partition,
    timestamp_ms: i64,
    committed: bool,
) -> Result<Option<(i64, i64)>, ResponseError> {
    let bounds = partition.bounds();
    let end = if committed { bounds.last_stable } else { bounds.end };
    let found = match timestamp_ms {
        LATEST => return Ok(Some((-1, end))),
        EARLIEST | EARLIEST_LOCAL => return Ok(Some((-1, bounds.start))),
        LATEST_TIERED | EARLIEST_PENDING_UPLOAD => return Ok(None),
        MAX_TIMESTAMP => partition.offset_of_max_time()?,
        timestamp_ms if timestamp_ms >= 0 => partition.offset_at_time(timestamp_ms)?,
        _ => return Err(ResponseError::InvalidRequest),
    };
    Ok(found.filter(|found| found.offset < end).map(|found| (found.timestamp_ms, found.offset)))
}

pub(crate) fn for_leader_epoch(
    context: &Context,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().map(|asked| {
            let answer = EpochEndOffset::default().with_partition(asked.partition);
            let found = check_leader_epoch(asked.current_leader_epoch)
                .and_then(|()| context.node.topics.partition(&topic.topic, asked.partition));
            match found {
                Ok(partition) if asked.leader_epoch == 0 => {
                    answer.with_leader_epoch(0).with_end_offset(partition.bounds().end)
                }
                Ok(_) => answer.with_leader_epoch(-1).with_end_offset(-1),
                Err(error) => answer.with_error_code(error.code()).with_leader_epoch(-1).with_end_offset(-1),
            }
        });
        let partitions = partitions.collect();
        OffsetForLeaderTopicResult::default().with_topic(topic.topic).with_partitions(partitions)
    });
    OffsetForLeaderEpochResponse::default().with_topics(topics.collect())
}
