use aqueduct_broker::{Broker, BrokerConfig};
use rdkafka::TopicPartitionList;
use rdkafka::admin::{
    AdminOptions, AlterConfig, ConfigSource, NewPartitions, NewTopic, ResourceSpecifier, TopicReplication,
};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::FutureProducer;
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, config::ClientConfig};

use crate::clients::{
    DEADLINE, admin, blocking, client, create_topic, memory_broker, read_to_end, send_all, watermarks,
};

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_created_with_care() {
    let broker = memory_broker().await;
    let admin = admin(&broker.bootstrap());
    let options = AdminOptions::new();
    let new = |name, partitions, replicas| NewTopic::new(name, partitions, TopicReplication::Fixed(replicas));
    let check = async |topic: NewTopic<'_>, expected: Result<(), RDKafkaErrorCode>| {
        let result = admin.create_topics([&topic], &options).await.unwrap().remove(0);
        assert_eq!(result.map(drop).map_err(|(_, code)| code), expected, "{}", topic.name);
    };
    check(new("good", 3, 1), Ok(())).await;
    check(new("good", 3, 1), Err(RDKafkaErrorCode::TopicAlreadyExists)).await;
    check(new("defaults", -1, -1), Ok(())).await;
    check(new("not good", 1, 1), Err(RDKafkaErrorCode::InvalidTopic)).await;
    check(new("thrice", 1, 3), Err(RDKafkaErrorCode::InvalidReplicationFactor)).await;
    check(new("odd", 1, 1).set("no.such", "1"), Err(RDKafkaErrorCode::InvalidConfig)).await;
    check(new("dotted.name", 1, 1), Ok(())).await;
    check(new("dotted_name", 1, 1), Err(RDKafkaErrorCode::InvalidTopic)).await;
    let grown = admin.create_partitions([&NewPartitions::new("good", 5)], &options).await.unwrap();
    assert_eq!(grown, [Ok("good".to_owned())]);
    let deleted = admin.delete_topics(&["good", "nothing"], &options).await.unwrap();
    assert_eq!(deleted[0], Ok("good".to_owned()));
    assert_eq!(deleted[1], Err(("nothing".to_owned(), RDKafkaErrorCode::UnknownTopicOrPartition)));
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn configs_are_kept_and_told() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    create_topic(&bootstrap, "t", 1, &[("cleanup.policy", "compact")]).await;
    let admin = admin(&bootstrap);
    let options = AdminOptions::new();
    let resource = ResourceSpecifier::Topic("t");
    let described = admin.describe_configs([&resource], &options).await.unwrap().remove(0).unwrap();
    let get = |name: &str| described.get(name).unwrap();
    assert_eq!(get("cleanup.policy").value.as_deref(), Some("compact"));
    assert_eq!(get("cleanup.policy").source, ConfigSource::DynamicTopic);
    assert_eq!(get("retention.ms").value.as_deref(), Some("604800000"));
    assert_eq!(get("retention.ms").source, ConfigSource::Default);
    let alter = AlterConfig::new(resource).set("retention.ms", "5000");
    admin.alter_configs([&alter], &options).await.unwrap().remove(0).unwrap();
    let described =
        admin.describe_configs([&ResourceSpecifier::Topic("t")], &options).await.unwrap().remove(0).unwrap();
    assert_eq!(described.get("retention.ms").unwrap().value.as_deref(), Some("5000"));
    // AlterConfigs replaces all of them.
    assert_eq!(described.get("cleanup.policy").unwrap().value.as_deref(), Some("delete"));
    let brokers =
        admin.describe_configs([&ResourceSpecifier::Broker(1)], &options).await.unwrap().remove(0).unwrap();
    assert_eq!(brokers.get("auto.create.topics.enable").unwrap().value.as_deref(), Some("true"));
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_records_are_gone_and_the_end_stays() {
    let broker = memory_broker().await;
    let bootstrap = broker.bootstrap();
    let producer: FutureProducer = client(&bootstrap, &[]).create().unwrap();
    send_all(&producer, "t", &[("a", "1"), ("b", "2"), ("c", "3")]).await;
    let admin = admin(&bootstrap);
    let mut before = TopicPartitionList::new();
    before.add_partition_offset("t", 0, Offset::Offset(2)).unwrap();
    admin.delete_records(&before, &AdminOptions::new()).await.unwrap();
    let (found, all) = {
        let bootstrap = bootstrap.clone();
        blocking(move || (read_to_end(&bootstrap, "t", "read_uncommitted"), watermarks(&bootstrap, "t")))
            .await
    };
    assert_eq!(found, [(2, "c".to_owned(), "3".to_owned())]);
    assert_eq!(all, (2, 3));
    let mut all_of_it = TopicPartitionList::new();
    all_of_it.add_partition_offset("t", 0, Offset::End).unwrap();
    admin.delete_records(&all_of_it, &AdminOptions::new()).await.unwrap();
    assert_eq!(blocking(move || watermarks(&bootstrap, "t")).await, (3, 3));
    broker.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn creation_on_sight_is_a_setting() {
    let partitions = |config: ClientConfig| {
        blocking(move || {
            let consumer: BaseConsumer = config.create().unwrap();
            let metadata = consumer.fetch_metadata(Some("fresh"), DEADLINE).unwrap();
            metadata.topics()[0].partitions().len()
        })
    };
    let settings = [("group.id", "g"), ("allow.auto.create.topics", "true")];
    let creating =
        Broker::start(BrokerConfig { default_partitions: 3, ..BrokerConfig::default() }).await.unwrap();
    assert_eq!(
        partitions(client(
            &creating.bootstrap(),
            &[("group.id", "g"), ("allow.auto.create.topics", "false")]
        ))
        .await,
        0
    );
    assert_eq!(partitions(client(&creating.bootstrap(), &settings)).await, 3);
    let strict =
        Broker::start(BrokerConfig { auto_create_topics: false, ..BrokerConfig::default() }).await.unwrap();
    assert_eq!(partitions(client(&strict.bootstrap(), &settings)).await, 0);
    creating.shutdown().await;
    strict.shutdown().await;
}
