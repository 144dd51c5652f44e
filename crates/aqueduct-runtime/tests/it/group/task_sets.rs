//! Task sets that another program has written straight into the config topic.

use aqueduct_api::ConfigMap;
use aqueduct_runtime::herder::Herder;
use aqueduct_testkit::{KafkaClient, NewRecord};
use serde_json::json;

use super::{CONFIGS, Group, source, until};

/// Writes a complete set for the connector `c`: its own configuration, with a number for each task.
async fn write(group: &Group, config: &ConfigMap, count: usize) {
    let task = |number: usize| {
        let mut config = config.clone();
        config.insert("task.id", format!("c-{number}"));
        config.insert("written.by", "another");
        let properties: serde_json::Map<String, serde_json::Value> =
            config.iter().map(|(key, value)| (key.to_owned(), json!(value))).collect();
        NewRecord::value(json!({ "properties": properties }).to_string()).key(format!("task-c-{number}"))
    };
    let commit = NewRecord::value(json!({ "tasks": count }).to_string()).key("commit-c");
    let records: Vec<NewRecord> = (0..count).map(task).chain([commit]).collect();
    KafkaClient::new(group.broker.bootstrap()).produce(CONFIGS, records).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_complete_set_counts_whoever_has_written_it() {
    let group = Group::start(2).await;
    group.create("c", 3).await;
    group.until_runs("c", 3).await;
    write(&group, &source("c", 3), 2).await;
    group.until_runs("c", 2).await;
    let configs = group.leader().task_configs("c").await.expect("known");
    assert!(configs.iter().all(|task| task.config.contains("written.by")), "{configs:?}");
}

/// KAFKA-15563: it is held to the maximum when its tasks start.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_of_too_many_fails() {
    let group = Group::start(1).await;
    group.create("c", 1).await;
    group.until_runs("c", 1).await;
    write(&group, &source("c", 1), 2).await;
    let refusal = "The connector c has generated 2 tasks, which is greater than 1, the maximum number of tasks it is \
                   configured to create.";
    let herder = group.leader();
    until("both tasks have failed", || {
        herder.connector_status("c").is_ok_and(|status| {
            let refused = |trace: Option<&String>| trace.is_some_and(|trace| trace.contains(refusal));
            status.tasks.len() == 2 && status.tasks.iter().all(|task| refused(task.trace.as_ref()))
        })
    })
    .await;
}
