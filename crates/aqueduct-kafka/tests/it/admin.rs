use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aqueduct_kafka::admin::{AlterOp, ConfigResource, IsolationLevel, NewTopic, OffsetSpec};
use aqueduct_kafka::{
    Admin, BatchConsumer, BatchProducer, ErrorKind, FetchedBatch, NativeConsumer, NativeProducer, Offsets,
    OutRecord, Polled, Rebalance, ResponseError, Subscription, TopicPartition,
};

use crate::support::{PATIENCE, properties, unique, write};

fn admin() -> Admin {
    Admin::new(&properties()).unwrap()
}

/// Creates a topic and waits until it can be written to.
async fn create(admin: &Admin, name: &str, partitions: i32) {
    let topic = NewTopic { name: name.to_owned(), partitions: Some(partitions), ..NewTopic::default() };
    admin.create_topics(&[topic]).await.unwrap()[name].clone().unwrap();
    let ready = async || {
        let described = admin.describe_topics(&[name]).await.unwrap().remove(name);
        described.is_some_and(|topic| topic.is_ok_and(|t| t.partitions.iter().all(|p| p.leader.is_some())))
    };
    let deadline = Instant::now() + PATIENCE;
    while !ready().await {
        assert!(Instant::now() < deadline, "{name} does not appear");
    }
}

#[tokio::test]
async fn topics_are_created_described_grown_and_deleted() {
    let (admin, name) = (admin(), unique("topics"));
    let unknown = admin.describe_topics(&[&name]).await.unwrap().remove(&name).unwrap().unwrap_err();
    assert!(unknown.is(ResponseError::UnknownTopicOrPartition), "{unknown:?}");

    let topic = NewTopic {
        name: name.clone(),
        partitions: Some(2),
        replication_factor: Some(1),
        configs: BTreeMap::from([("cleanup.policy".to_owned(), "compact".to_owned())]),
    };
    admin.create_topics(std::slice::from_ref(&topic)).await.unwrap()[&name].clone().unwrap();
    let again = admin.create_topics(&[topic]).await.unwrap()[&name].clone().unwrap_err();
    assert!(again.is(ResponseError::TopicAlreadyExists) && !again.is_retriable());
    let bad = NewTopic { name: unique("bad"), replication_factor: Some(9), ..NewTopic::default() };
    let refused = admin.create_topics(&[bad]).await.unwrap().into_values().next().unwrap().unwrap_err();
    assert!(refused.is(ResponseError::InvalidReplicationFactor), "{refused:?}");

    let described = admin.describe_topics(&[&name]).await.unwrap().remove(&name).unwrap().unwrap();
    assert_eq!((described.partitions.len(), described.internal), (2, false));
    assert!(admin.list_topics().await.unwrap().iter().any(|topic| topic.name == name));

    let grown = BTreeMap::from([(name.clone(), 4)]);
    admin.create_partitions(&grown).await.unwrap()[&name].clone().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while admin.describe_topics(&[&name]).await.unwrap()[&name].clone().unwrap().partitions.len() != 4 {
        assert!(Instant::now() < deadline);
    }
    admin.delete_topics(&[&name]).await.unwrap()[&name].clone().unwrap();
    let gone = admin.delete_topics(&[&name]).await.unwrap()[&name].clone().unwrap_err();
    assert!(gone.is(ResponseError::UnknownTopicOrPartition));
}

#[tokio::test]
async fn settings_are_described_and_changed_one_by_one() {
    let (admin, name) = (admin(), unique("configs"));
    create(&admin, &name, 1).await;
    let resource = ConfigResource::Topic(name);
    let read = async || {
        let mut described = admin.describe_configs(std::slice::from_ref(&resource)).await.unwrap();
        described.remove(&resource).unwrap().unwrap()
    };
    let before = read().await;
    assert_eq!(before["cleanup.policy"].value.as_deref(), Some("delete"));
    let changes = BTreeMap::from([
        ("cleanup.policy".to_owned(), AlterOp::Set("compact".to_owned())),
        ("retention.ms".to_owned(), AlterOp::Set("1234567".to_owned())),
    ]);
    admin.incremental_alter_configs(&BTreeMap::from([(resource.clone(), changes)])).await.unwrap()[&resource]
        .clone()
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    while read().await["retention.ms"].value.as_deref() != Some("1234567") {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(read().await["cleanup.policy"].value.as_deref(), Some("compact"));

    let missing = ConfigResource::Topic(unique("missing"));
    let error =
        admin.describe_configs(std::slice::from_ref(&missing)).await.unwrap().remove(&missing).unwrap();
    assert!(error.unwrap_err().is(ResponseError::UnknownTopicOrPartition));
}

#[tokio::test]
async fn offsets_are_listed_by_position_time_and_isolation_and_records_deleted() {
    let (admin, name) = (admin(), unique("offsets"));
    create(&admin, &name, 1).await;
    let partition = TopicPartition::new(&*name, 0);
    let list = async |spec, isolation| {
        let wanted = BTreeMap::from([(partition.clone(), spec)]);
        admin.list_offsets(&wanted, isolation).await.unwrap().remove(&partition).unwrap().unwrap().offset
    };
    let all = IsolationLevel::ReadUncommitted;
    let mut producer = NativeProducer::new(&properties()).unwrap();
    for timestamp in [1000, 2000, 3000] {
        let record = OutRecord { partition: Some(0), timestamp: Some(timestamp), ..OutRecord::to(&name) };
        producer.send(record).unwrap();
    }
    producer.flush(PATIENCE).await.unwrap();
    assert_eq!(list(OffsetSpec::Earliest, all).await, 0);
    assert_eq!(list(OffsetSpec::Latest, all).await, 3);
    assert_eq!(list(OffsetSpec::Timestamp(1500), all).await, 1);
    assert_eq!(list(OffsetSpec::Timestamp(9999), all).await, -1);

    let mut open = NativeProducer::new(&properties().with("transactional.id", unique("open"))).unwrap();
    open.init_transactions(PATIENCE).await.unwrap();
    open.begin_transaction().unwrap();
    open.send(OutRecord { partition: Some(0), ..OutRecord::to(&name) }).unwrap();
    open.flush(PATIENCE).await.unwrap();
    assert_eq!(list(OffsetSpec::Latest, all).await, 4);
    assert_eq!(list(OffsetSpec::Latest, IsolationLevel::ReadCommitted).await, 3);
    open.abort_transaction(PATIENCE).await.unwrap();

    let deleted = admin.delete_records(&BTreeMap::from([(partition.clone(), 2)])).await.unwrap();
    assert_eq!(deleted[&partition], Ok(2));
    assert_eq!(list(OffsetSpec::Earliest, all).await, 2);

    let nowhere = TopicPartition::new(unique("nowhere"), 0);
    let wanted = BTreeMap::from([(nowhere.clone(), OffsetSpec::Latest)]);
    let error = admin.list_offsets(&wanted, all).await.unwrap().remove(&nowhere).unwrap().unwrap_err();
    assert!(error.is(ResponseError::UnknownTopicOrPartition));
}

#[tokio::test]
async fn group_offsets_are_altered_and_deleted_only_without_members() {
    let (admin, name, group) = (admin(), unique("groups"), unique("g"));
    create(&admin, &name, 1).await;
    write(&name, ["a".to_owned(), "b".to_owned()]).await;
    let partition = TopicPartition::new(&*name, 0);
    let offsets = Offsets::from([(partition.clone(), 1)]);
    assert!(admin.delete_group(&group).await.unwrap_err().is(ResponseError::GroupIdNotFound));
    assert!(admin.list_group_offsets(&group).await.unwrap().is_empty());
    admin.alter_group_offsets(&group, &offsets).await.unwrap();
    assert_eq!(admin.list_group_offsets(&group).await.unwrap(), offsets);

    let properties = properties().with("group.id", &*group).with("heartbeat.interval.ms", "200");
    let mut consumer = NativeConsumer::new(&properties).unwrap();
    consumer.subscribe(Subscription::Topics(vec![name.clone()])).await.unwrap();
    let mut batch = FetchedBatch::new();
    let deadline = Instant::now() + PATIENCE;
    while !matches!(
        consumer.poll(Duration::from_secs(1), &mut batch).await.unwrap(),
        Polled::Rebalance(Rebalance::Assigned(_))
    ) {
        assert!(Instant::now() < deadline);
    }
    consumer.complete_rebalance().await.unwrap();
    let described = admin.describe_group(&group).await.unwrap();
    assert_eq!((described.state.as_str(), described.protocol_type.as_str()), ("Stable", "consumer"));
    assert_eq!(described.members.len(), 1);
    assert!(admin.list_groups().await.unwrap().iter().any(|listed| listed.group_id == group));
    let altered = admin.alter_group_offsets(&group, &offsets).await.unwrap_err();
    assert!(altered.is(ResponseError::UnknownMemberId), "{altered:?}");
    let deleted = admin.delete_group_offsets(&group, std::slice::from_ref(&partition)).await.unwrap();
    assert!(deleted[&partition].as_ref().unwrap_err().is(ResponseError::GroupSubscribedToTopic));
    assert!(admin.delete_group(&group).await.unwrap_err().is(ResponseError::NonEmptyGroup));
    consumer.close(PATIENCE).await;

    let deadline = Instant::now() + PATIENCE;
    while !admin.describe_group(&group).await.unwrap().members.is_empty() {
        assert!(Instant::now() < deadline);
    }
    let deleted = admin.delete_group_offsets(&group, std::slice::from_ref(&partition)).await.unwrap();
    assert_eq!(deleted[&partition], Ok(()));
    assert!(admin.list_group_offsets(&group).await.unwrap().is_empty());
}

#[tokio::test]
async fn fencing_stops_a_producer() {
    let (admin, name, id) = (admin(), unique("fence"), unique("id"));
    create(&admin, &name, 1).await;
    let mut producer = NativeProducer::new(&properties().with("transactional.id", &*id)).unwrap();
    producer.init_transactions(PATIENCE).await.unwrap();
    producer.begin_transaction().unwrap();
    producer.send(OutRecord { partition: Some(0), ..OutRecord::to(&name) }).unwrap();
    producer.flush(PATIENCE).await.unwrap();
    assert_eq!(admin.fence_producers(&[&id]).await, BTreeMap::from([(id.clone(), Ok(()))]));
    let error = producer.commit_transaction(PATIENCE).await.unwrap_err();
    assert!(error.is_fenced(), "{error:?}");
}

#[tokio::test]
async fn a_cluster_says_who_it_is_and_one_that_is_down_says_so_in_time() {
    let described = admin().describe_cluster().await.unwrap();
    assert!(described.cluster_id.is_some_and(|id| !id.is_empty()));
    assert_eq!(described.nodes.len(), 1);

    let down = Admin::new(
        &properties().with("bootstrap.servers", "127.0.0.1:1").with("default.api.timeout.ms", "300"),
    );
    // The calls of an `Admin` can be spawned.
    let error =
        tokio::spawn(async move { down.unwrap().describe_cluster().await }).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().starts_with("Call(describeCluster) timed out after"), "{error}");
}
