//! Groups and their committed offsets.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_delete_request::{
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use kafka_protocol::messages::{
    DeleteGroupsRequest, DescribeGroupsRequest, GroupId, ListGroupsRequest, OffsetCommitRequest,
    OffsetDeleteRequest, OffsetFetchRequest,
};

use super::{Admin, by_topic, outcome, text, topic_name};
use crate::consumer::Offsets;
use crate::control::CoordinatorKind;
use crate::error::{KafkaError, Result};
use crate::record::TopicPartition;

/// Newer versions ask for many groups at once.
const OFFSET_FETCH_MAX: i16 = 7;
/// Newer versions name topics by id.
const OFFSET_COMMIT_MAX: i16 = 9;

/// A group in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupListing {
    /// Group id.
    pub group_id: String,
    /// Protocol type, as `consumer` or `connect`; empty if only offsets are kept.
    pub protocol_type: String,
    /// State, as `Stable` or `Empty`; empty from old brokers.
    pub state: String,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupDescription {
    /// Group id.
    pub group_id: String,
    /// State, as `Stable`, `Empty` or `Dead`.
    pub state: String,
    /// Protocol type.
    pub protocol_type: String,
    /// The protocol that its members agreed on.
    pub protocol: String,
    /// Its members.
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMember {
    /// Member id.
    pub member_id: String,
    /// Instance id of a static member.
    pub group_instance_id: Option<String>,
    /// Client id.
    pub client_id: String,
    /// Where it connects from.
    pub host: String,
    /// What it told the others, in the protocol's own format.
    pub metadata: Bytes,
    /// What it was assigned, in the protocol's own format.
    pub assignment: Bytes,
}

impl Admin {
    /// All groups, asked of every broker; by id.
    pub async fn list_groups(&self) -> Result<Vec<GroupListing>> {
        let mut groups = self
            .cluster()
            .retrying("listGroups", async || {
                self.cluster().metadata(Some(&[])).await?;
                let mut groups = Vec::new();
                for node in self.cluster().nodes().await {
                    let connection = self.cluster().node(node.id).await?;
                    let response = connection.call(&ListGroupsRequest::default(), i16::MAX).await?;
                    outcome(response.error_code, None)?;
                    groups.extend(response.groups.iter().map(|group| GroupListing {
                        group_id: group.group_id.as_str().to_owned(),
                        protocol_type: group.protocol_type.as_str().to_owned(),
                        state: group.group_state.as_str().to_owned(),
                    }));
                }
                Ok(groups)
            })
            .await?;
        groups.sort_by(|a, b| a.group_id.cmp(&b.group_id));
        Ok(groups)
    }

    /// A group and its members.
    ///
    /// # Errors
    /// `GROUP_ID_NOT_FOUND` from newer brokers; older ones describe an unknown group as `Dead`.
    pub async fn describe_group(&self, group_id: &str) -> Result<GroupDescription> {
        let request = DescribeGroupsRequest::default().with_groups(vec![group(group_id)]);
        self.cluster()
            .retrying("describeGroups", async || {
                let connection = self.cluster().coordinator(CoordinatorKind::Group, group_id).await?;
                let response = connection.call(&request, i16::MAX).await?;
                let group = response
                    .groups
                    .first()
                    .ok_or_else(|| KafkaError::broker(ResponseError::GroupIdNotFound, None))?;
                outcome(group.error_code, group.error_message.as_ref())?;
                let member =
                    |member: &kafka_protocol::messages::describe_groups_response::DescribedGroupMember| {
                        GroupMember {
                            member_id: member.member_id.as_str().to_owned(),
                            group_instance_id: member
                                .group_instance_id
                                .as_ref()
                                .map(|id| id.as_str().to_owned()),
                            client_id: member.client_id.as_str().to_owned(),
                            host: member.client_host.as_str().to_owned(),
                            metadata: member.member_metadata.clone(),
                            assignment: member.member_assignment.clone(),
                        }
                    };
                Ok(GroupDescription {
                    group_id: group.group_id.as_str().to_owned(),
                    state: group.group_state.as_str().to_owned(),
                    protocol_type: group.protocol_type.as_str().to_owned(),
                    protocol: group.protocol_data.as_str().to_owned(),
                    members: group.members.iter().map(member).collect(),
                })
            })
            .await
    }

    /// Deletes a group with its offsets.
    ///
    /// # Errors
    /// `NON_EMPTY_GROUP`, `GROUP_ID_NOT_FOUND`.
    pub async fn delete_group(&self, group_id: &str) -> Result<()> {
        let request = DeleteGroupsRequest::default().with_groups_names(vec![group(group_id)]);
        self.cluster()
            .retrying("deleteConsumerGroups", async || {
                let connection = self.cluster().coordinator(CoordinatorKind::Group, group_id).await?;
                let response = connection.call(&request, i16::MAX).await?;
                response.results.iter().try_for_each(|result| outcome(result.error_code, None))
            })
            .await
    }

    /// All committed offsets of a group; none for a group that does not exist.
    pub async fn list_group_offsets(&self, group_id: &str) -> Result<Offsets> {
        let request = OffsetFetchRequest::default()
            .with_group_id(group(group_id))
            .with_topics(None)
            .with_require_stable(true);
        self.cluster()
            .retrying("listConsumerGroupOffsets", async || {
                let connection = self.cluster().coordinator(CoordinatorKind::Group, group_id).await?;
                let response = connection.call(&request, OFFSET_FETCH_MAX).await?;
                outcome(response.error_code, None)?;
                let mut offsets = Offsets::new();
                for topic in &response.topics {
                    for partition in &topic.partitions {
                        outcome(partition.error_code, None)?;
                        if partition.committed_offset >= 0 {
                            let at = TopicPartition::new(topic.name.as_str(), partition.partition_index);
                            offsets.insert(at, partition.committed_offset);
                        }
                    }
                }
                Ok(offsets)
            })
            .await
    }

    /// Sets committed offsets of a group without members.
    ///
    /// # Errors
    /// `UNKNOWN_MEMBER_ID` if the group has members; the first error of a partition otherwise.
    pub async fn alter_group_offsets(&self, group_id: &str, offsets: &Offsets) -> Result<()> {
        let one = |(partition, offset): &(i32, i64)| {
            OffsetCommitRequestPartition::default()
                .with_partition_index(*partition)
                .with_committed_offset(*offset)
                .with_committed_metadata(Some(text("")))
        };
        let topics = by_topic(offsets.iter().map(|(partition, offset)| (partition, *offset)));
        let topics = topics.iter().map(|(name, partitions)| {
            OffsetCommitRequestTopic::default()
                .with_name(topic_name(name))
                .with_partitions(partitions.iter().map(one).collect())
        });
        let request = OffsetCommitRequest::default()
            .with_group_id(group(group_id))
            .with_generation_id_or_member_epoch(-1)
            .with_topics(topics.collect());
        self.cluster()
            .retrying("alterConsumerGroupOffsets", async || {
                let connection = self.cluster().coordinator(CoordinatorKind::Group, group_id).await?;
                let response = connection.call(&request, OFFSET_COMMIT_MAX).await?;
                let mut partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
                partitions.try_for_each(|partition| {
                    // An offset for a partition that isn't there is the caller's mistake: time doesn't heal it.
                    outcome(partition.error_code, None).map_err(|error| {
                        let heals = error.is_retriable() && !error.is(ResponseError::UnknownTopicOrPartition);
                        error.with_retriable(heals)
                    })
                })
            })
            .await
    }

    /// Deletes committed offsets of a group.
    ///
    /// # Errors
    /// For the whole call `GROUP_ID_NOT_FOUND`; for a partition `GROUP_SUBSCRIBED_TO_TOPIC`.
    pub async fn delete_group_offsets(
        &self,
        group_id: &str,
        partitions: &[TopicPartition],
    ) -> Result<BTreeMap<TopicPartition, Result<()>>> {
        let one = |(partition, ()): &(i32, ())| {
            OffsetDeleteRequestPartition::default().with_partition_index(*partition)
        };
        let topics = by_topic(partitions.iter().map(|partition| (partition, ())));
        let topics = topics.iter().map(|(name, partitions)| {
            OffsetDeleteRequestTopic::default()
                .with_name(topic_name(name))
                .with_partitions(partitions.iter().map(one).collect())
        });
        let request =
            OffsetDeleteRequest::default().with_group_id(group(group_id)).with_topics(topics.collect());
        self.cluster()
            .retrying("deleteConsumerGroupOffsets", async || {
                let connection = self.cluster().coordinator(CoordinatorKind::Group, group_id).await?;
                let response = connection.call(&request, i16::MAX).await?;
                outcome(response.error_code, None)?;
                let mut results = BTreeMap::new();
                for topic in &response.topics {
                    for partition in &topic.partitions {
                        let at = TopicPartition::new(topic.name.as_str(), partition.partition_index);
                        results.insert(at, outcome(partition.error_code, None));
                    }
                }
                Ok(results)
            })
            .await
    }
}

fn group(id: &str) -> GroupId {
    GroupId(text(id))
}
