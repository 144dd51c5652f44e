//! Responses that say nothing but an error, for injected faults.

use kafka_protocol::messages::add_partitions_to_txn_response::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnTopicResult,
};
use kafka_protocol::messages::create_partitions_response::CreatePartitionsTopicResult;
use kafka_protocol::messages::create_topics_response::CreatableTopicResult;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::delete_records_response::{
    DeleteRecordsPartitionResult, DeleteRecordsTopicResult,
};
use kafka_protocol::messages::delete_topics_response::DeletableTopicResult;
use kafka_protocol::messages::describe_configs_response::DescribeConfigsResult;
use kafka_protocol::messages::describe_groups_response::DescribedGroup;
use kafka_protocol::messages::describe_producers_response::{PartitionResponse, TopicResponse};
use kafka_protocol::messages::describe_topic_partitions_response::DescribeTopicPartitionsResponseTopic;
use kafka_protocol::messages::describe_transactions_response::TransactionState;
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::list_offsets_response::{
    ListOffsetsPartitionResponse, ListOffsetsTopicResponse,
};
use kafka_protocol::messages::metadata_response::MetadataResponseTopic;
use kafka_protocol::messages::offset_commit_response::{
    OffsetCommitResponsePartition, OffsetCommitResponseTopic,
};
use kafka_protocol::messages::offset_fetch_response::OffsetFetchResponseGroup;
use kafka_protocol::messages::offset_for_leader_epoch_response::{
    EpochEndOffset, OffsetForLeaderTopicResult,
};
use kafka_protocol::messages::produce_response::{PartitionProduceResponse, TopicProduceResponse};
use kafka_protocol::messages::txn_offset_commit_response::{
    TxnOffsetCommitResponsePartition, TxnOffsetCommitResponseTopic,
};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::Request;

/// From this version on OffsetFetch and FindCoordinator answer for several keys.
const OFFSET_FETCH_BATCHED_FROM: i16 = 8;
const FIND_COORDINATOR_BATCHED_FROM: i16 = 4;

/// A request that can be refused as a whole.
pub(crate) trait Failing: Request {
    /// The response with `code` at each place where this API tells of errors.
    fn failed(&self, code: i16, version: i16) -> Self::Response;
}

/// APIs with one error code for the whole response.
macro_rules! one_code {
    ($($request:ident),* $(,)?) => {$(
        impl Failing for $request {
            fn failed(&self, code: i16, _version: i16) -> Self::Response {
                Self::Response::default().with_error_code(code)
            }
        }
    )*};
}

one_code! {
    AddOffsetsToTxnRequest, DescribeClusterRequest, DescribeLogDirsRequest, EndTxnRequest, HeartbeatRequest,
    InitProducerIdRequest, JoinGroupRequest, LeaveGroupRequest, ListGroupsRequest, ListPartitionReassignmentsRequest,
    ListTransactionsRequest, OffsetDeleteRequest, SyncGroupRequest,
}

/// APIs with a code for each element: response field, request field, element's response, shared field.
macro_rules! code_each {
    ($($request:ident { $from:ident => $to:ident: |$element:ident| $answer:expr })*) => {$(
        impl Failing for $request {
            fn failed(&self, code: i16, _version: i16) -> Self::Response {
                let mut response = Self::Response::default();
                response.$to = self.$from.iter().map(|$element| $answer.with_error_code(code)).collect();
                response
            }
        }
    )*};
}

code_each! {
    CreateTopicsRequest { topics => topics: |topic| CreatableTopicResult::default().with_name(topic.name.clone()) }
    CreatePartitionsRequest { topics => results: |topic|
        CreatePartitionsTopicResult::default().with_name(topic.name.clone()) }
    DeleteGroupsRequest { groups_names => results: |id| DeletableGroupResult::default().with_group_id(id.clone()) }
    DescribeGroupsRequest { groups => groups: |id| DescribedGroup::default().with_group_id(id.clone()) }
    DescribeConfigsRequest { resources => results: |resource| DescribeConfigsResult::default()
        .with_resource_type(resource.resource_type).with_resource_name(resource.resource_name.clone()) }
    AlterConfigsRequest { resources => responses: |resource|
        alter_configs_response::AlterConfigsResourceResponse::default()
            .with_resource_type(resource.resource_type).with_resource_name(resource.resource_name.clone()) }
    IncrementalAlterConfigsRequest { resources => responses: |resource|
        incremental_alter_configs_response::AlterConfigsResourceResponse::default()
            .with_resource_type(resource.resource_type).with_resource_name(resource.resource_name.clone()) }
    DescribeTransactionsRequest { transactional_ids => transaction_states: |id|
        TransactionState::default().with_transactional_id(id.clone()) }
    DescribeTopicPartitionsRequest { topics => topics: |topic|
        DescribeTopicPartitionsResponseTopic::default().with_name(Some(topic.name.clone())) }
}

/// APIs with a code for each partition.
macro_rules! code_each_partition {
    ($($request:ident { $topics:ident => $answers:ident:
        |$topic:ident| $answer:expr, $partitions:ident => $results:ident: |$partition:ident| $result:expr })*) => {$(
        impl Failing for $request {
            fn failed(&self, code: i16, _version: i16) -> Self::Response {
                let mut response = Self::Response::default();
                response.$answers = self.$topics.iter().map(|$topic| {
                    let mut answer = $answer;
                    answer.$results =
                        $topic.$partitions.iter().map(|$partition| $result.with_error_code(code)).collect();
                    answer
                }).collect();
                response
            }
        }
    )*};
}

code_each_partition! {
    ProduceRequest { topic_data => responses: |topic| TopicProduceResponse::default()
        .with_name(topic.name.clone()).with_topic_id(topic.topic_id),
        partition_data => partition_responses: |partition| PartitionProduceResponse::default()
            .with_index(partition.index).with_base_offset(-1) }
    ListOffsetsRequest { topics => topics: |topic| ListOffsetsTopicResponse::default().with_name(topic.name.clone()),
        partitions => partitions: |partition| ListOffsetsPartitionResponse::default()
            .with_partition_index(partition.partition_index) }
    OffsetCommitRequest { topics => topics: |topic| OffsetCommitResponseTopic::default()
        .with_name(topic.name.clone()).with_topic_id(topic.topic_id),
        partitions => partitions: |partition| OffsetCommitResponsePartition::default()
            .with_partition_index(partition.partition_index) }
    DeleteRecordsRequest { topics => topics: |topic| DeleteRecordsTopicResult::default().with_name(topic.name.clone()),
        partitions => partitions: |partition| DeleteRecordsPartitionResult::default()
            .with_partition_index(partition.partition_index) }
    OffsetForLeaderEpochRequest { topics => topics: |topic| OffsetForLeaderTopicResult::default()
        .with_topic(topic.topic.clone()),
        partitions => partitions: |partition| EpochEndOffset::default().with_partition(partition.partition) }
    TxnOffsetCommitRequest { topics => topics: |topic| TxnOffsetCommitResponseTopic::default()
        .with_name(topic.name.clone()),
        partitions => partitions: |partition| TxnOffsetCommitResponsePartition::default()
            .with_partition_index(partition.partition_index) }
    DescribeProducersRequest { topics => topics: |topic| TopicResponse::default().with_name(topic.name.clone()),
        partition_indexes => partitions: |index| PartitionResponse::default().with_partition_index(*index) }
}

impl Failing for MetadataRequest {
    fn failed(&self, code: i16, _version: i16) -> MetadataResponse {
        let topics = self.topics.iter().flatten().map(|topic| {
            MetadataResponseTopic::default()
                .with_error_code(code)
                .with_name(Some(topic.name.clone().unwrap_or_default()))
                .with_topic_id(topic.topic_id)
        });
        MetadataResponse::default().with_topics(topics.collect())
    }
}

impl Failing for OffsetFetchRequest {
    fn failed(&self, code: i16, version: i16) -> OffsetFetchResponse {
        if version < OFFSET_FETCH_BATCHED_FROM {
            return OffsetFetchResponse::default().with_error_code(code);
        }
        let fail = |group: &offset_fetch_request::OffsetFetchRequestGroup| {
            OffsetFetchResponseGroup::default().with_group_id(group.group_id.clone()).with_error_code(code)
        };
        OffsetFetchResponse::default().with_groups(self.groups.iter().map(fail).collect())
    }
}

impl Failing for FindCoordinatorRequest {
    fn failed(&self, code: i16, version: i16) -> FindCoordinatorResponse {
        if version < FIND_COORDINATOR_BATCHED_FROM {
            return FindCoordinatorResponse::default().with_error_code(code).with_node_id((-1).into());
        }
        let coordinators = self.coordinator_keys.iter().map(|key| {
            Coordinator::default().with_key(key.clone()).with_error_code(code).with_node_id((-1).into())
        });
        FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
    }
}

impl Failing for DeleteTopicsRequest {
    fn failed(&self, code: i16, _version: i16) -> DeleteTopicsResponse {
        let by_state = self.topics.iter().map(|topic| {
            DeletableTopicResult::default().with_name(topic.name.clone()).with_topic_id(topic.topic_id)
        });
        let by_name =
            self.topic_names.iter().map(|name| DeletableTopicResult::default().with_name(Some(name.clone())));
        let results = by_state.chain(by_name).map(|result| result.with_error_code(code));
        DeleteTopicsResponse::default().with_responses(results.collect())
    }
}

impl Failing for AddPartitionsToTxnRequest {
    fn failed(&self, code: i16, _version: i16) -> AddPartitionsToTxnResponse {
        let topics = self.v3_and_below_topics.iter().map(|topic| {
            let partitions = topic.partitions.iter().map(|index| {
                AddPartitionsToTxnPartitionResult::default()
                    .with_partition_index(*index)
                    .with_partition_error_code(code)
            });
            AddPartitionsToTxnTopicResult::default()
                .with_name(topic.name.clone())
                .with_results_by_partition(partitions.collect())
        });
        AddPartitionsToTxnResponse::default().with_results_by_topic_v3_and_below(topics.collect())
    }
}
