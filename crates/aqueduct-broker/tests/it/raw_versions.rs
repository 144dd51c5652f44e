//! Every advertised version of every API, and what is no request at all.

use bytes::{BufMut, BytesMut};
use kafka_protocol::ResponseError;
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::offset_commit_request::{
    OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use kafka_protocol::messages::offset_fetch_request::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::*;
use kafka_protocol::protocol::{Decodable, StrBytes};
use uuid::Uuid;

use crate::clients::{create_topic, memory_broker};
use crate::raw::{ANYBODY, RawClient, Sender, batch};

pub(crate) fn topic_name(name: &'static str) -> TopicName {
    TopicName(StrBytes::from_static_str(name))
}

pub(crate) fn produce_request(topic: &'static str, id: Uuid, records: bytes::Bytes) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(0).with_records(Some(records));
    let topic = TopicProduceData::default()
        .with_name(topic_name(topic))
        .with_topic_id(id)
        .with_partition_data(vec![data]);
    ProduceRequest::default().with_acks(-1).with_timeout_ms(1000).with_topic_data(vec![topic])
}

/// What a fetch of partition 0 gives, limited to `bytes_max`.
pub(crate) async fn fetch_records(
    client: &mut RawClient,
    topic: &'static str,
    offset: i64,
    bytes_max: i32,
) -> bytes::Bytes {
    let partition = FetchPartition::default().with_fetch_offset(offset).with_partition_max_bytes(bytes_max);
    let topic = FetchTopic::default().with_topic(topic_name(topic)).with_partitions(vec![partition]);
    let request =
        FetchRequest::default().with_max_bytes(i32::MAX).with_max_wait_ms(0).with_topics(vec![topic]);
    let response = client.call(11, request).await;
    let partition = &response.responses[0].partitions[0];
    assert_eq!(partition.error_code, 0);
    partition.records.clone().unwrap()
}

async fn topic_id(client: &mut RawClient, topic: &'static str) -> Uuid {
    let topics = vec![MetadataRequestTopic::default().with_name(Some(topic_name(topic)))];
    let response = client.call(12, MetadataRequest::default().with_topics(Some(topics))).await;
    response.topics[0].topic_id
}

#[tokio::test]
async fn produce_and_fetch_in_every_version() {
    let broker = memory_broker().await;
    create_topic(&broker.bootstrap(), "t", 1, &[]).await;
    let mut client = RawClient::connect(broker.local_addr()).await;
    let id = topic_id(&mut client, "t").await;
    let mut written = 0;
    for version in 3..=13 {
        let mut request = produce_request("t", id, batch(ANYBODY, 2));
        if version >= 13 {
            request.topic_data[0].name = TopicName::default();
        } else {
            request.topic_data[0].topic_id = Uuid::nil();
        }
        let response = client.call(version, request).await;
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!((partition.error_code, partition.base_offset), (0, written), "v{version}");
        written += 2;
    }
    for version in 4..=18 {
        let partition = FetchPartition::default().with_fetch_offset(3).with_partition_max_bytes(1);
        let mut topic = FetchTopic::default().with_partitions(vec![partition]);
        if version >= 13 {
            topic.topic_id = id;
        } else {
            topic.topic = topic_name("t");
        }
        let request = FetchRequest::default()
            .with_max_bytes(1)
            .with_min_bytes(1)
            .with_max_wait_ms(0)
            .with_topics(vec![topic]);
        let response = client.call(version, request).await;
        let partition = &response.responses[0].partitions[0];
        assert_eq!((partition.error_code, partition.high_watermark), (0, written), "v{version}");
        let records = partition.records.clone().unwrap();
        // One whole batch though the limit is a byte: the one that holds offset 3 begins at 2.
        assert_eq!(records.len(), batch(ANYBODY, 2).len(), "v{version}");
        assert_eq!(records[..8], 2i64.to_be_bytes(), "v{version}");
    }
}

#[tokio::test]
async fn offsets_and_metadata_in_every_version() {
    let broker = memory_broker().await;
    create_topic(&broker.bootstrap(), "t", 3, &[]).await;
    let mut client = RawClient::connect(broker.local_addr()).await;
    client.call(7, produce_request("t", Uuid::nil(), batch(ANYBODY, 5))).await;
    for version in 0..=13 {
        let topics = vec![MetadataRequestTopic::default().with_name(Some(topic_name("t")))];
        let response = client.call(version, MetadataRequest::default().with_topics(Some(topics))).await;
        assert_eq!(response.topics[0].partitions.len(), 3, "v{version}");
    }
    for version in 10..=13 {
        let topics = vec![MetadataRequestTopic::default().with_topic_id(Uuid::from_u128(9)).with_name(None)];
        let response = client.call(version, MetadataRequest::default().with_topics(Some(topics))).await;
        assert_eq!(response.topics[0].error_code, ResponseError::UnknownTopicId.code(), "v{version}");
    }
    for version in 1..=10 {
        for (timestamp, expected) in [(-1, 5), (-2, 0), (1002, 2), (2000, -1)] {
            let partition = ListOffsetsPartition::default().with_timestamp(timestamp);
            let topic =
                ListOffsetsTopic::default().with_name(topic_name("t")).with_partitions(vec![partition]);
            let response = client.call(version, ListOffsetsRequest::default().with_topics(vec![topic])).await;
            let found = &response.topics[0].partitions[0];
            assert_eq!((found.error_code, found.offset), (0, expected), "v{version} at {timestamp}");
        }
    }
    for version in 2..=9 {
        let partition = OffsetCommitRequestPartition::default().with_committed_offset(i64::from(version));
        let topic =
            OffsetCommitRequestTopic::default().with_name(topic_name("t")).with_partitions(vec![partition]);
        let request = OffsetCommitRequest::default().with_group_id(group_id("g")).with_topics(vec![topic]);
        let response = client.call(version, request).await;
        assert_eq!(response.topics[0].partitions[0].error_code, 0, "v{version}");
    }
    for version in 1..=9 {
        assert_eq!(fetch_offset(&mut client, version).await, 9, "v{version}");
    }
}

fn group_id(id: &'static str) -> GroupId {
    GroupId(StrBytes::from_static_str(id))
}

async fn fetch_offset(client: &mut RawClient, version: i16) -> i64 {
    if version < 8 {
        let topic =
            OffsetFetchRequestTopic::default().with_name(topic_name("t")).with_partition_indexes(vec![0]);
        let request =
            OffsetFetchRequest::default().with_group_id(group_id("g")).with_topics(Some(vec![topic]));
        return client.call(version, request).await.topics[0].partitions[0].committed_offset;
    }
    let topic =
        OffsetFetchRequestTopics::default().with_name(topic_name("t")).with_partition_indexes(vec![0]);
    let group = OffsetFetchRequestGroup::default().with_group_id(group_id("g"));
    let request = OffsetFetchRequest::default()
        .with_groups(vec![group.clone().with_topics(Some(vec![topic])), group.with_topics(None)]);
    let response = client.call(version, request).await;
    let [named, all] = &response.groups[..] else { panic!("{response:?}") };
    assert_eq!(all.topics[0].partitions, named.topics[0].partitions);
    named.topics[0].partitions[0].committed_offset
}

/// An empty request of each API and version must be answered, not end the connection.
#[tokio::test]
async fn empty_requests_in_every_version_are_answered() {
    let broker = memory_broker().await;
    let mut client = RawClient::connect(broker.local_addr()).await;
    let ranges =
        client.call(4, ApiVersionsRequest::default().with_client_software_name("t".into())).await.api_keys;
    macro_rules! check {
        ($($request:ident),* $(,)?) => {{
            let mut checked = 0;
            $(
                let key = <$request as kafka_protocol::protocol::Request>::KEY;
                let range = ranges.iter().find(|range| range.api_key == key).expect(stringify!($request));
                for version in range.min_version..=range.max_version {
                    client.call(version, $request::default()).await;
                }
                checked += 1;
            )*
            checked
        }};
    }
    let checked = check![
        FetchRequest,
        ListOffsetsRequest,
        MetadataRequest,
        OffsetCommitRequest,
        OffsetFetchRequest,
        FindCoordinatorRequest,
        JoinGroupRequest,
        HeartbeatRequest,
        LeaveGroupRequest,
        SyncGroupRequest,
        DescribeGroupsRequest,
        ListGroupsRequest,
        ApiVersionsRequest,
        CreateTopicsRequest,
        DeleteTopicsRequest,
        DeleteRecordsRequest,
        InitProducerIdRequest,
        OffsetForLeaderEpochRequest,
        AddPartitionsToTxnRequest,
        AddOffsetsToTxnRequest,
        EndTxnRequest,
        TxnOffsetCommitRequest,
        DescribeConfigsRequest,
        AlterConfigsRequest,
        DescribeLogDirsRequest,
        CreatePartitionsRequest,
        DeleteGroupsRequest,
        IncrementalAlterConfigsRequest,
        ListPartitionReassignmentsRequest,
        OffsetDeleteRequest,
        DescribeClusterRequest,
        DescribeProducersRequest,
        DescribeTransactionsRequest,
        ListTransactionsRequest,
        DescribeTopicPartitionsRequest,
    ];
    // A default request of Produce wants no answer.
    for version in 3..=13 {
        client.call(version, ProduceRequest::default().with_acks(-1)).await;
    }
    assert_eq!(checked + 1, ranges.len(), "an advertised API is missing here");
}

/// Responses that carry something, in every version: a field that a version lacks must not be set.
#[tokio::test]
async fn full_responses_in_every_version() {
    let broker = memory_broker().await;
    let mut client = RawClient::connect(broker.local_addr()).await;
    for version in 2..=7 {
        let topic = CreatableTopic::default().with_name(topic_name("t")).with_num_partitions(2);
        let request = CreateTopicsRequest::default().with_topics(vec![topic.with_replication_factor(1)]);
        let created = client.call(version, request.clone()).await;
        assert_eq!(created.topics[0].error_code, 0, "v{version}");
        let again = client.call(version, request).await;
        assert_eq!(again.topics[0].error_code, ResponseError::TopicAlreadyExists.code(), "v{version}");
        let grown =
            CreatePartitionsTopic::default().with_name(topic_name("t")).with_count(1).with_assignments(None);
        let refused =
            client.call(version.min(3), CreatePartitionsRequest::default().with_topics(vec![grown])).await;
        assert_eq!(refused.results[0].error_code, ResponseError::InvalidPartitions.code());
        let request = if version == 7 {
            let state = DeleteTopicState::default().with_topic_id(created.topics[0].topic_id).with_name(None);
            DeleteTopicsRequest::default().with_topics(vec![state])
        } else {
            DeleteTopicsRequest::default().with_topic_names(vec![topic_name("t")])
        };
        let deleted = client.call(version - 1, request).await;
        assert_eq!(deleted.responses[0].error_code, 0, "v{version}");
    }
    create_topic(&broker.bootstrap(), "t", 2, &[("retention.ms", "5")]).await;
    for version in 1..=4 {
        let resource = |kind, name| {
            DescribeConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(StrBytes::from_static_str(name))
                .with_configuration_keys(None)
        };
        let request = DescribeConfigsRequest::default()
            .with_resources(vec![resource(2, "t"), resource(4, "1"), resource(2, "none")])
            .with_include_synonyms(true);
        let described = client.call(version, request).await;
        assert!(
            described.results[0].configs.len() > 20 && described.results[1].configs.len() > 5,
            "v{version}"
        );
        assert_eq!(described.results[2].error_code, ResponseError::UnknownTopicOrPartition.code());
        let logs = client.call(version, DescribeLogDirsRequest::default().with_topics(None)).await;
        assert_eq!(logs.results[0].topics[0].partitions.len(), 2, "v{version}");
    }
    for version in 0..=9 {
        static_join(&mut client, version).await;
    }
    for version in 0..=6 {
        let request = DescribeGroupsRequest::default().with_groups(vec![group_id("g"), group_id("none")]);
        let described = client.call(version, request).await;
        assert_eq!(described.groups[0].members.len(), 1, "v{version}");
        let listed = client.call(version.min(5), ListGroupsRequest::default()).await;
        assert_eq!(listed.groups.len(), 10, "v{version}");
        let coordinator = FindCoordinatorRequest::default();
        let request = if version < 4 {
            coordinator.with_key(StrBytes::from_static_str("g"))
        } else {
            coordinator.with_coordinator_keys(vec![StrBytes::from_static_str("g")])
        };
        client.call(version, request).await;
    }
}

/// Joins alone, as a static member where the version knows of them, and is the leader.
pub(crate) async fn static_join(client: &mut RawClient, version: i16) {
    let group = if version == 9 { "g".to_owned() } else { format!("g{version}") };
    let protocol = JoinGroupRequestProtocol::default().with_name(StrBytes::from_static_str("p"));
    let mut request = JoinGroupRequest::default()
        .with_group_id(GroupId(StrBytes::from_string(group)))
        .with_session_timeout_ms(60_000)
        .with_protocol_type(StrBytes::from_static_str("any"))
        .with_protocols(vec![protocol]);
    if version >= 1 {
        request.rebalance_timeout_ms = 100;
    }
    if version >= 5 {
        request.group_instance_id = Some(StrBytes::from_static_str("one"));
    }
    let mut joined = client.call(version, request.clone()).await;
    if joined.error_code == ResponseError::MemberIdRequired.code() {
        request.member_id = joined.member_id;
        joined = client.call(version, request).await;
    }
    assert_eq!((joined.error_code, joined.members.len()), (0, 1), "v{version}");
}

#[tokio::test]
async fn a_client_of_the_future_learns_the_versions() {
    let broker = memory_broker().await;
    let mut client = RawClient::connect(broker.local_addr()).await;
    let mut frame = BytesMut::new();
    frame.put_i16(ApiKey::ApiVersions as i16);
    frame.put_i16(77);
    frame.put_i32(5);
    frame.put_slice(b"whatever the future brings");
    client.send_frame(&frame).await;
    let mut answer = client.read_frame().await.unwrap();
    assert_eq!(answer.split_to(4)[..], 5i32.to_be_bytes());
    let response = ApiVersionsResponse::decode(&mut answer, 0).unwrap();
    assert_eq!(response.error_code, ResponseError::UnsupportedVersion.code());
    let own = response.api_keys.iter().find(|range| range.api_key == ApiKey::ApiVersions as i16).unwrap();
    assert_eq!((own.min_version, own.max_version), (0, 4));
    client.call(0, ApiVersionsRequest::default()).await;
}

#[tokio::test]
async fn nonsense_ends_the_connection_and_nothing_else() {
    let broker = memory_broker().await;
    let huge = i32::MAX.to_be_bytes();
    let frames: [&[u8]; 6] = [
        &huge,
        b"GET / HTTP/1.1\r\n\r\n",
        &[0, 0, 0, 2, 0, 3],
        &[0, 0, 0, 8, 0x7f, 0, 0, 0, 0, 0, 0, 1],
        // Metadata, a version that is not served.
        &[0, 0, 0, 8, 0, 3, 0, 99, 0, 0, 0, 1],
        // Metadata v1 that ends in the middle of its header.
        &[0, 0, 0, 10, 0, 3, 0, 1, 0, 0, 0, 1, 0, 50],
    ];
    for frame in frames {
        let mut client = RawClient::connect(broker.local_addr()).await;
        client.send_bytes(frame).await;
        assert_eq!(client.read_frame().await, None, "{frame:?}");
    }
    let mut client = RawClient::connect(broker.local_addr()).await;
    client.call(1, MetadataRequest::default().with_topics(None)).await;
}

#[tokio::test]
async fn producers_are_held_to_their_sequence() {
    let broker = memory_broker().await;
    create_topic(&broker.bootstrap(), "t", 1, &[]).await;
    let mut client = RawClient::connect(broker.local_addr()).await;
    let init = client.call(4, InitProducerIdRequest::default().with_transactional_id(None)).await;
    assert_eq!(init.error_code, 0);
    let from =
        |epoch, sequence| Sender { producer_id: init.producer_id.0, epoch, sequence, transactional: false };
    let steps = [
        (from(0, 0), 3, 0, 0),
        (from(0, 3), 2, 0, 3),
        (from(0, 0), 3, 0, 0),
        (from(0, 3), 2, 0, 3),
        (from(0, 9), 1, ResponseError::OutOfOrderSequenceNumber.code(), -1),
        (from(1, 0), 1, 0, 5),
        (from(0, 5), 1, ResponseError::InvalidProducerEpoch.code(), -1),
    ];
    for (sender, count, error_code, base_offset) in steps {
        let response = client.call(7, produce_request("t", Uuid::nil(), batch(sender, count))).await;
        let partition = &response.responses[0].partition_responses[0];
        assert_eq!((partition.error_code, partition.base_offset), (error_code, base_offset));
    }
}

#[tokio::test]
async fn bad_batches_are_told_apart() {
    let broker = memory_broker().await;
    create_topic(&broker.bootstrap(), "t", 1, &[]).await;
    create_topic(&broker.bootstrap(), "compacted", 1, &[("cleanup.policy", "compact")]).await;
    let mut client = RawClient::connect(broker.local_addr()).await;
    let edited = |edit: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = batch(ANYBODY, 2).to_vec();
        edit(&mut bytes);
        bytes::Bytes::from(bytes)
    };
    let open = Sender { producer_id: 5, epoch: 0, sequence: 0, transactional: true };
    let cases = [
        ("t", edited(&|bytes| bytes[70] ^= 1), ResponseError::CorruptMessage),
        ("t", edited(&|bytes| bytes.truncate(40)), ResponseError::CorruptMessage),
        ("t", edited(&|bytes| bytes[16] = 1), ResponseError::UnsupportedForMessageFormat),
        ("t", bytes::Bytes::new(), ResponseError::InvalidRecord),
        ("t", batch(open, 1), ResponseError::InvalidRecord),
        ("nowhere", batch(ANYBODY, 1), ResponseError::UnknownTopicOrPartition),
    ];
    for (topic, records, expected) in cases {
        let response = client.call(7, produce_request(topic, Uuid::nil(), records)).await;
        assert_eq!(response.responses[0].partition_responses[0].error_code, expected.code(), "{expected:?}");
    }
    let mut request = produce_request("t", Uuid::nil(), batch(open, 1));
    request.transactional_id = Some(TransactionalId(StrBytes::from_static_str("nobody")));
    let response = client.call(7, request).await;
    let code = response.responses[0].partition_responses[0].error_code;
    assert_eq!(code, ResponseError::InvalidProducerIdMapping.code());
}
