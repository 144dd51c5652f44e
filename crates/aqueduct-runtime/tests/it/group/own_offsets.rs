//! Sources that keep their offsets in topics of their own (KIP-618).

use std::collections::BTreeMap;

use aqueduct_api::{ConfigMap, OffsetMap};
use aqueduct_runtime::herder::{DistributedHerder, Herder, TargetState};
use aqueduct_testkit::{KafkaClient, NewRecord, values};
use serde_json::json;

use super::{Group, source};
use crate::setting::{expect, source_values};

const WORKERS: &str = "offsets";
const OWN: &str = "own-offsets";

fn config(topic: &str) -> ConfigMap {
    let mut config = source("c", 1);
    config.insert("max.messages", "10");
    config.insert("offsets.storage.topic", topic);
    config
}

fn key() -> String {
    r#"["c",{"task.id":"c-0"}]"#.to_owned()
}

fn partition() -> OffsetMap {
    OffsetMap::of("task.id", "c-0")
}

/// The last value of each key of a topic; the text of a tombstone is empty.
async fn last(group: &Group, topic: &str) -> BTreeMap<String, String> {
    let records = KafkaClient::new(group.broker.bootstrap()).records(topic).await;
    let key = |key: &[u8]| String::from_utf8_lossy(key).into_owned();
    records.iter().map(|one| (key(one.key.as_deref().unwrap_or_default()), one.text())).collect()
}

async fn expect_last(group: &Group, topic: &str, value: &str) {
    let expected = BTreeMap::from([(key(), value.to_owned())]);
    expect(&format!("{topic} has {value}"), async || last(group, topic).await == expected).await;
}

async fn saved(herder: &DistributedHerder) -> Option<i64> {
    let offsets = herder.connector_offsets("c").await.expect("offsets").offsets;
    assert!(offsets.len() <= 1, "{offsets:?}");
    offsets.first()?.offset.as_ref()?.get("saved")?.as_i64()
}

async fn stop(herder: &DistributedHerder) {
    herder.stop_connector("c").await.expect("stopped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn offsets_lie_in_both_topics_and_its_own_counts() {
    let group = Group::start(1).await;
    let (herder, kafka) = (group.leader(), KafkaClient::new(group.broker.bootstrap()));
    herder.put_connector_config("c", config(OWN), None, false).await.expect("created");
    assert_eq!(values(&kafka.expect_records("topic", 10).await), source_values(1..=10));
    for topic in [OWN, WORKERS] {
        expect_last(&group, topic, r#"{"saved":10}"#).await;
    }
    // It is made as the worker's is.
    assert_eq!(kafka.end_offsets(OWN).await.len(), 2);
    group.broker.compact_now(OWN).await.expect("it is compacted");
    let context = group.monitor.probe("c").connector_context().await;
    let reader = context.offset_storage_reader().expect("of a source");
    let offset = Some(OffsetMap::of("saved", 10_i64));
    assert_eq!(reader.offsets(&[partition()]).await.expect("read"), [offset]);

    // Only its own topic is told of this.
    stop(herder).await;
    let record = NewRecord::value(json!({"saved": 7}).to_string()).key(key());
    kafka.produce(OWN, [record]).await;
    expect("it is seen", async || saved(herder).await == Some(7)).await;
    herder.set_target_state("c", TargetState::Started).await.expect("resumed");
    assert_eq!(values(&kafka.expect_records("topic", 13).await)[10..], source_values(8..=10));
    expect_last(&group, OWN, r#"{"saved":10}"#).await;

    stop(herder).await;
    herder.alter_offsets("c", None).await.expect("it is stopped");
    assert_eq!(saved(herder).await, None);
    for topic in [OWN, WORKERS] {
        assert_eq!(last(&group, topic).await, BTreeMap::from([(key(), String::new())]), "{topic}");
    }
    let change = (Some(partition()), Some(OffsetMap::of("saved", 8_i64)));
    herder.alter_offsets("c", Some(vec![change])).await.expect("it is stopped");
    for topic in [OWN, WORKERS] {
        expect_last(&group, topic, r#"{"saved":8}"#).await;
    }
    herder.set_target_state("c", TargetState::Started).await.expect("resumed");
    assert_eq!(values(&kafka.expect_records("topic", 15).await)[13..], source_values(9..=10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_gets_its_own_topic_goes_on_where_it_was() {
    let group = Group::start(1).await;
    let (herder, kafka) = (group.leader(), KafkaClient::new(group.broker.bootstrap()));
    let record = NewRecord::value(json!({"saved": 6}).to_string()).key(key());
    kafka.produce(WORKERS, [record]).await;
    herder.put_connector_config("c", config(OWN), None, false).await.expect("created");
    assert_eq!(values(&kafka.expect_records("topic", 4).await), source_values(7..=10));
    expect_last(&group, OWN, r#"{"saved":10}"#).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_workers_topic_is_no_other_one() {
    let group = Group::start(1).await;
    let (herder, kafka) = (group.leader(), KafkaClient::new(group.broker.bootstrap()));
    let stopped = Some(TargetState::Stopped);
    herder.put_connector_config("c", config(WORKERS), stopped, false).await.expect("created");
    let change = (Some(partition()), Some(OffsetMap::of("saved", 3_i64)));
    herder.alter_offsets("c", Some(vec![change])).await.expect("it is stopped");
    assert_eq!(saved(herder).await, Some(3));
    assert_eq!(kafka.end_offsets(WORKERS).await.values().sum::<i64>(), 1);
}

/// Offsets would be lost in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_not_compacted_fails_the_connector() {
    let group = Group::start(1).await;
    let (herder, kafka) = (group.leader(), KafkaClient::new(group.broker.bootstrap()));
    kafka.create_topic("loses", 1).await;
    herder.put_connector_config("c", config("loses"), None, false).await.expect("created");
    let trace = async || herder.connector_status("c").ok()?.connector.trace;
    expect("it fails", async || {
        trace().await.is_some_and(|trace| {
            trace.contains("Topic 'loses' supplied via the 'offsets.storage.topic' property")
        })
    })
    .await;
}
