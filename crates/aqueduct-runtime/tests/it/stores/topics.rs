//! Internal topics are made if they are missing, and checked if they are not.

use std::collections::BTreeMap;

use aqueduct_api::ErrorKind;
use aqueduct_broker::{ApiKey, Fault, ResponseError};
use aqueduct_kafka::Admin;
use aqueduct_kafka::admin::{ConfigResource, NewTopic};
use aqueduct_runtime::configs::ConfigTopic;
use aqueduct_runtime::internal_topics::Purpose;
use aqueduct_runtime::offsets::KafkaOffsetStore;
use aqueduct_runtime::status::KafkaStatusStore;

use super::{CONFIGS, OFFSETS, Place, STATUSES};

async fn make(admin: &Admin, name: &str, partitions: i32, policy: &str) {
    let new = NewTopic {
        name: name.to_owned(),
        partitions: Some(partitions),
        configs: BTreeMap::from([("cleanup.policy".to_owned(), policy.to_owned())]),
        ..NewTopic::default()
    };
    admin.create_topics(&[new]).await.expect("an answer").remove(name).expect("about it").expect("made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_topics_are_made_as_the_worker_says() {
    let place = Place::with(&[
        ("offset.storage.cleanup.policy", "delete"),
        ("offset.storage.delete.retention.ms", "1234"),
        ("config.storage.partitions", "7"),
    ])
    .await;
    let (clients, group) = place.clients();
    let _configs = ConfigTopic::open(&clients, &group).await.expect("configurations");
    let _statuses =
        KafkaStatusStore::open(&clients.of(Purpose::Statuses), &group.status_topic).await.expect("statuses");
    let offset_clients = clients.of(Purpose::Offsets);
    let _offsets = KafkaOffsetStore::open(&offset_clients, &group.offset_topic, "offset.storage.topic")
        .await
        .expect("offsets");
    let described = clients.admin().describe_topics(&[CONFIGS, OFFSETS, STATUSES]).await.expect("an answer");
    let partitions = described.values().map(|topic| topic.as_ref().expect("there").partitions.len());
    assert_eq!(partitions.collect::<Vec<_>>(), [1, 3, 2]);
    for topic in [CONFIGS, OFFSETS, STATUSES] {
        let resource = ConfigResource::Topic(topic.to_owned());
        let mut settings = clients.admin().describe_configs(std::slice::from_ref(&resource)).await.unwrap();
        let settings = settings.remove(&resource).unwrap().unwrap();
        let value = |name: &str| settings.get(name).and_then(|entry| entry.value.as_deref());
        assert_eq!(value("cleanup.policy"), Some("compact"), "{topic}");
        assert_eq!(value("delete.retention.ms") == Some("1234"), topic == OFFSETS, "{topic}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_would_lose_records_is_refused() {
    let place = Place::new().await;
    let (clients, group) = place.clients();
    make(clients.admin(), OFFSETS, 1, "compact,delete").await;
    let offset_clients = clients.of(Purpose::Offsets);
    let opened = KafkaOffsetStore::open(&offset_clients, &group.offset_topic, "offset.storage.topic").await;
    let error = opened.err().expect("a topic that forgets");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "Topic 'offsets' supplied via the 'offset.storage.topic' property is required to have 'cleanup.policy=compact' to \
         guarantee consistency and durability of source connector offsets, but found the topic currently has \
         'cleanup.policy=compact,delete'. Continuing would likely result in eventually losing source connector offsets and \
         problems restarting this Connect cluster in the future. Change the 'offset.storage.topic' property in the Connect \
         worker configurations to use a topic with 'cleanup.policy=compact'."
    );
    make(clients.admin(), CONFIGS, 3, "compact").await;
    let error = ConfigTopic::open(&clients, &group).await.err().expect("a topic without an order");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_eq!(
        error.to_string(),
        "Topic 'configs' supplied via the 'config.storage.topic' property is required to have a single partition in order to \
         guarantee consistency of connector configurations, but found 3 partitions."
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creation_waits_for_brokers_and_goes_without_rights() {
    let place = Place::new().await;
    let (clients, group) = place.clients();
    let faults = place.broker.faults();
    let too_few =
        faults.inject(Fault::fail(ApiKey::CreateTopics, ResponseError::InvalidReplicationFactor).times(1));
    ConfigTopic::open(&clients, &group).await.expect("made at the second try");
    assert_eq!(too_few.count(), 1);

    make(clients.admin(), STATUSES, 4, "compact").await;
    faults.inject(Fault::fail(ApiKey::CreateTopics, ResponseError::TopicAuthorizationFailed));
    faults.inject(Fault::fail(ApiKey::DescribeConfigs, ResponseError::TopicAuthorizationFailed));
    KafkaStatusStore::open(&clients.of(Purpose::Statuses), &group.status_topic).await.expect("it is there");
    faults.clear();
    faults.inject(Fault::fail(ApiKey::CreateTopics, ResponseError::PolicyViolation));
    let offset_clients = clients.of(Purpose::Offsets);
    let opened = KafkaOffsetStore::open(&offset_clients, &group.offset_topic, "offset.storage.topic").await;
    let error = opened.err().expect("no topic");
    assert_eq!(error.to_string(), "Error while attempting to create/find topic(s) 'offsets'");
}
