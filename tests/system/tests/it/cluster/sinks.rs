//! Sinks that share topics which come and go.

use std::collections::BTreeMap;

use serde_json::json;
use xtask::oracle::live;
use xtask::oracle::worker::Program;

use super::group::{Group, sink};
use crate::stage::{Kafka, ours};
use crate::waiting::{tell, until};

#[test]
fn no_record_is_delivered_twice_while_topics_come_and_go() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    for assignor in ["RoundRobinAssignor", "CooperativeStickyAssignor"] {
        scene(&kafka, &format!("sinks-{}", &assignor[..5].to_lowercase()), assignor, [ours(), ours()]);
    }
}

/// RB-07: an eager and a cooperative assignor of the consumers' group, with topics added and deleted, and a worker stopped.
pub(super) fn scene(kafka: &Kafka, name: &str, assignor: &str, programs: [Program; 2]) {
    const PER_TOPIC: usize = 50;
    let mut group = Group::start(kafka, name, &[], &programs);
    let topic = |number: usize| format!("{name}-{number}");
    let fill = |group: &mut Group, number: usize| {
        group.client.create_topic(&topic(number), 1).unwrap();
        let values: Vec<String> = (0..PER_TOPIC).map(|value| value.to_string()).collect();
        let records: Vec<(&str, Option<&str>)> =
            values.iter().map(|value| ("0", Some(value.as_str()))).collect();
        group.client.produce(&topic(number), 0, &records).unwrap();
    };
    fill(&mut group, 0);
    fill(&mut group, 1);
    let mut config = sink("unused", 2);
    config.as_object_mut().unwrap().remove("topics");
    config["topics.regex"] = json!(format!("{name}-[0-9]"));
    config["consumer.override.metadata.max.age.ms"] = json!("500");
    config["consumer.override.partition.assignment.strategy"] =
        json!(format!("org.apache.kafka.clients.consumer.{assignor}"));
    let marks = group.cluster.marks();
    // Its consumers' group has its name, and may have members of an earlier scene for a while.
    group.put(1, &format!("{name}-taker"), &config);
    group.balanced();
    // How often each record was given to a task, and said to be flushed.
    let counts = |group: &Group, flushed: bool| {
        let mut counts: BTreeMap<(String, i64), usize> = BTreeMap::new();
        for line in group.cluster.printed_since(&marks) {
            if line.is("flushed") == flushed {
                let topic = line.json["topic"].as_str().unwrap().to_owned();
                *counts.entry((topic, line.json["offset"].as_i64().unwrap())).or_default() += 1;
            }
        }
        counts
    };
    let flushed = |group: &Group, topics: usize| {
        until("all records are flushed", || counts(group, true).len() == topics * PER_TOPIC);
    };
    flushed(&group, 2);
    fill(&mut group, 2);
    fill(&mut group, 3);
    flushed(&group, 4);
    group.client.delete_topic(&topic(1)).unwrap();
    fill(&mut group, 4);
    flushed(&group, 5);
    group.cluster.stop(0).unwrap();
    group.balanced();
    fill(&mut group, 5);
    flushed(&group, 6);
    let repeated: Vec<_> = counts(&group, false).into_iter().filter(|(_, count)| *count != 1).collect();
    assert!(repeated.is_empty(), "{repeated:?}");
    tell(&format!("{name}: {} records, each delivered once", 6 * PER_TOPIC));
}
