//! What a client asks about the cluster itself. All answers are this node.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::describe_cluster_response::DescribeClusterBroker;
use kafka_protocol::messages::describe_log_dirs_response::{
    DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic,
};
use kafka_protocol::messages::find_coordinator_response::Coordinator;
use kafka_protocol::messages::{
    DescribeClusterRequest, DescribeClusterResponse, DescribeLogDirsRequest, DescribeLogDirsResponse,
    FindCoordinatorRequest, FindCoordinatorResponse, ListPartitionReassignmentsRequest,
    ListPartitionReassignmentsResponse, TopicName,
};

use super::text;
use crate::dispatch::Context;
use crate::node::NODE_ID;

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
/// From this version on several keys are asked for at once.
const BATCHED_FROM: i16 = 4;
const BROKERS: i8 = 1;

pub(crate) fn find_coordinator(
    context: &Context,
    request: FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    let node = &context.node;
    let known = matches!(request.key_type, GROUP | TRANSACTION);
    if context.version < BATCHED_FROM {
        let response = FindCoordinatorResponse::default();
        if !known {
            return response.with_error_code(ResponseError::InvalidRequest.code()).with_node_id((-1).into());
        }
        return response.with_node_id(NODE_ID).with_host(node.host.clone()).with_port(i32::from(node.port));
    }
    let coordinators = request.coordinator_keys.into_iter().map(|key| {
        let coordinator = Coordinator::default().with_key(key);
        if !known {
            return coordinator
                .with_error_code(ResponseError::InvalidRequest.code())
                .with_node_id((-1).into());
        }
        coordinator.with_node_id(NODE_ID).with_host(node.host.clone()).with_port(i32::from(node.port))
    });
    FindCoordinatorResponse::default().with_coordinators(coordinators.collect())
}

pub(crate) fn describe(context: &Context, request: DescribeClusterRequest) -> DescribeClusterResponse {
    let node = &context.node;
    let response = DescribeClusterResponse::default().with_endpoint_type(request.endpoint_type);
    if request.endpoint_type != BROKERS {
        return response
            .with_error_code(ResponseError::MismatchedEndpointType.code())
            .with_error_message(Some(text("The request was sent to an endpoint of type BROKER.")));
    }
    let broker = DescribeClusterBroker::default()
        .with_broker_id(NODE_ID)
        .with_host(node.host.clone())
        .with_port(i32::from(node.port));
    response.with_cluster_id(node.cluster_id.clone()).with_controller_id(NODE_ID).with_brokers(vec![broker])
}

pub(crate) fn describe_log_dirs(
    context: &Context,
    request: DescribeLogDirsRequest,
) -> DescribeLogDirsResponse {
    let node = &context.node;
    let asked = request.topics.as_ref();
    let wanted = |name: &str, index: i32| {
        asked.is_none_or(|asked| {
            asked.iter().any(|topic| topic.topic.as_str() == name && topic.partitions.contains(&index))
        })
    };
    let topics = node.topics.all().into_iter().filter_map(|topic| {
        let describe = |partition: &crate::log::Partition| {
            DescribeLogDirsPartition::default()
                .with_partition_index(partition.index)
                .with_partition_size(i64::try_from(partition.bounds().bytes).unwrap_or(i64::MAX))
        };
        let partitions: Vec<_> = topic
            .partitions()
            .iter()
            .filter(|partition| wanted(&topic.name, partition.index))
            .map(|partition| describe(partition))
            .collect();
        let described = DescribeLogDirsTopic::default().with_name(TopicName(text(&*topic.name)));
        (!partitions.is_empty()).then(|| described.with_partitions(partitions))
    });
    let dir =
        node.config.data_dir.as_ref().map_or_else(|| "memory".to_owned(), |dir| dir.display().to_string());
    let result = DescribeLogDirsResult::default().with_log_dir(text(dir)).with_topics(topics.collect());
    DescribeLogDirsResponse::default().with_results(vec![result])
}

/// There is nowhere to move a partition to, so nothing is ever under way.
pub(crate) fn list_reassignments(
    _context: &Context,
    _request: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    ListPartitionReassignmentsResponse::default()
}
