//! OffsetCommit, OffsetFetch, OffsetDelete.

use std::collections::BTreeMap;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_delete_response::{
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopics;
use kafka_protocol::messages::offset_fetch_response::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartition, OffsetFetchResponsePartitions,
    OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use kafka_protocol::messages::{
    GroupId, OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest, OffsetDeleteResponse,
    OffsetFetchRequest, OffsetFetchResponse, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use super::{code, text};
use crate::dispatch::Context;
use crate::group::{CommitIdentity, OffsetKey};
use crate::journal::CommittedOffset;

/// From this version on OffsetFetch asks for several groups at once (KIP-709).
const BATCHED_FROM: i16 = 8;
/// `offset.metadata.max.bytes`.
pub(super) const METADATA_BYTES_MAX: usize = 4096;

pub(crate) fn commit(context: &Context, request: OffsetCommitRequest) -> OffsetCommitResponse {
    let identity = CommitIdentity {
        generation: request.generation_id_or_member_epoch,
        member_id: request.member_id.clone(),
        instance_id: request.group_instance_id.clone(),
    };
    let mut accepted = Vec::new();
    let mut answers = Vec::with_capacity(request.topics.len());
    for topic in &request.topics {
        let mut partitions = Vec::with_capacity(topic.partitions.len());
        for asked in &topic.partitions {
            let metadata = asked.committed_metadata.as_ref().map_or("", |metadata| metadata.as_str());
            let checked = check_commit(context, &topic.name, asked.partition_index, metadata);
            if checked.is_ok() {
                let (offset, leader_epoch) = (asked.committed_offset, asked.committed_leader_epoch);
                let committed = CommittedOffset { offset, leader_epoch, metadata: metadata.to_owned() };
                accepted.push(((topic.name.to_string(), asked.partition_index), committed));
            }
            let answer = OffsetCommitResponsePartition::default().with_partition_index(asked.partition_index);
            partitions.push(answer.with_error_code(code(&checked)));
        }
        answers.push(
            OffsetCommitResponseTopic::default().with_name(topic.name.clone()).with_partitions(partitions),
        );
    }
    let committed = commit_to_group(context, &request.group_id, &identity, accepted);
    if let Err(error) = committed {
        let all = answers.iter_mut().flat_map(|topic| &mut topic.partitions);
        all.for_each(|partition| partition.error_code = error.code());
    }
    OffsetCommitResponse::default().with_topics(answers)
}

fn commit_to_group(
    context: &Context,
    group: &str,
    identity: &CommitIdentity,
    offsets: Vec<(OffsetKey, CommittedOffset)>,
) -> Result<(), ResponseError> {
    if group.is_empty() && identity.generation >= 0 {
        return Err(ResponseError::InvalidGroupId);
    }
    let group = match context.node.groups.get(group) {
        Some(group) => group,
        // A group that nobody is in exists as soon as it has offsets.
        None if identity.generation < 0 => context.node.groups.obtain(group),
        None => return Err(ResponseError::IllegalGeneration),
    };
    group.commit(identity, offsets)
}

/// Whether one partition's offset can be committed.
pub(super) fn check_commit(
    context: &Context,
    topic: &str,
    partition: i32,
    metadata: &str,
) -> Result<(), ResponseError> {
    context.node.topics.partition(topic, partition)?;
    if metadata.len() > METADATA_BYTES_MAX { Err(ResponseError::OffsetMetadataTooLarge) } else { Ok(()) }
}

pub(crate) fn fetch(context: &Context, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let stable = request.require_stable;
    if context.version >= BATCHED_FROM {
        let groups = request
            .groups
            .iter()
            .map(|asked| fetch_group(context, &asked.group_id, asked.topics.as_deref(), stable));
        return OffsetFetchResponse::default().with_groups(groups.collect());
    }
    let topics: Option<Vec<OffsetFetchRequestTopics>> = request.topics.map(|topics| {
        let convert = |topic: kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestTopic| {
            OffsetFetchRequestTopics::default()
                .with_name(topic.name)
                .with_partition_indexes(topic.partition_indexes)
        };
        topics.into_iter().map(convert).collect()
    });
    let group = fetch_group(context, &request.group_id, topics.as_deref(), stable);
    let convert = |topic: OffsetFetchResponseTopics| {
        let partitions = topic.partitions.into_iter().map(|partition| {
            OffsetFetchResponsePartition::default()
                .with_partition_index(partition.partition_index)
                .with_committed_offset(partition.committed_offset)
                .with_committed_leader_epoch(partition.committed_leader_epoch)
                .with_metadata(partition.metadata)
                .with_error_code(partition.error_code)
        });
        OffsetFetchResponseTopic::default().with_name(topic.name).with_partitions(partitions.collect())
    };
    OffsetFetchResponse::default()
        .with_error_code(group.error_code)
        .with_topics(group.topics.into_iter().map(convert).collect())
}

/// `None` asks for all topics. An unknown group is one without offsets.
fn fetch_group(
    context: &Context,
    group_id: &GroupId,
    topics: Option<&[OffsetFetchRequestTopics]>,
    stable: bool,
) -> OffsetFetchResponseGroup {
    let group = context.node.groups.get(group_id);
    let partition = |topic: &str, index: i32| {
        let answer = OffsetFetchResponsePartitions::default()
            .with_partition_index(index)
            .with_committed_offset(-1)
            .with_committed_leader_epoch(-1)
            .with_metadata(Some(StrBytes::default()));
        let key = (topic.to_owned(), index);
        match group.as_ref().map_or(Ok(None), |group| group.offset(&key, stable)) {
            Ok(Some(committed)) => answer
                .with_committed_offset(committed.offset)
                .with_committed_leader_epoch(committed.leader_epoch)
                .with_metadata(Some(text(committed.metadata))),
            Ok(None) => answer,
            Err(error) => answer.with_error_code(error.code()),
        }
    };
    let topics = match topics {
        Some(topics) => topics
            .iter()
            .map(|topic| {
                let partitions = topic.partition_indexes.iter().map(|index| partition(&topic.name, *index));
                OffsetFetchResponseTopics::default()
                    .with_name(topic.name.clone())
                    .with_partitions(partitions.collect())
            })
            .collect(),
        None => {
            let mut by_topic: BTreeMap<String, Vec<i32>> = BTreeMap::new();
            for (topic, index) in group.iter().flat_map(|group| group.offsets().into_keys()) {
                by_topic.entry(topic).or_default().push(index);
            }
            by_topic
                .into_iter()
                .map(|(topic, indexes)| {
                    let partitions = indexes.into_iter().map(|index| partition(&topic, index)).collect();
                    OffsetFetchResponseTopics::default()
                        .with_partitions(partitions)
                        .with_name(TopicName(text(topic)))
                })
                .collect()
        }
    };
    OffsetFetchResponseGroup::default().with_group_id(group_id.clone()).with_topics(topics)
}

pub(crate) fn delete(context: &Context, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let keys: Vec<OffsetKey> = request
        .topics
        .iter()
        .flat_map(|topic| {
            topic.partitions.iter().map(|asked| (topic.name.to_string(), asked.partition_index))
        })
        .collect();
    let group = context.node.groups.get(&request.group_id).ok_or(ResponseError::GroupIdNotFound);
    let results = match group.and_then(|group| group.delete_offsets(&keys)) {
        Ok(results) => results,
        Err(error) => return OffsetDeleteResponse::default().with_error_code(error.code()),
    };
    let mut results = results.iter();
    let topics = request.topics.into_iter().map(|topic| {
        let partitions = topic.partitions.iter().zip(results.by_ref()).map(|(asked, result)| {
            OffsetDeleteResponsePartition::default()
                .with_partition_index(asked.partition_index)
                .with_error_code(code(result))
        });
        let partitions = partitions.collect();
        OffsetDeleteResponseTopic::default().with_name(topic.name).with_partitions(partitions)
    });
    OffsetDeleteResponse::default().with_topics(topics.collect())
}
