//! Topics that workers make.

use serde_json::{Value, json};

use super::{Step, create, delete, post, settle, source, with};

/// By a connector's groups: the first that includes a topic counts, and what no group says is the default group's or the broker's.
pub(super) fn steps() -> Vec<Step> {
    let groups = json!({
        "topic.creation.groups": "wide,narrow",
        "topic.creation.wide.include": "rest-wide.*", "topic.creation.wide.partitions": "3",
        "topic.creation.wide.max.message.bytes": "100000",
        "topic.creation.narrow.include": "rest-.*", "topic.creation.narrow.exclude": "rest-plain",
        "topic.creation.narrow.cleanup.policy": "delete", "topic.creation.narrow.retention.ms": "1000000",
        "topic.creation.default.partitions": "2", "topic.creation.default.replication.factor": "1",
    });
    let broker = json!({
        "topic.creation.default.partitions": "-1", "topic.creation.default.replication.factor": "-1",
    });
    let topics = [
        ("rest-wide-1", &groups),
        ("rest-narrow-1", &groups),
        ("rest-plain", &groups),
        // It is there already.
        ("rest-more", &groups),
        ("rest-brokers", &broker),
    ];
    topics.into_iter().flat_map(|(topic, creation)| made(topic, creation)).collect()
}

/// The connector is called as its topic: one of another name reads the file again.
fn made(topic: &'static str, creation: &Value) -> Vec<Step> {
    let config = with(&with(&source(topic), creation.clone()), json!({"topic": topic}));
    let path = format!("/connectors/{topic}");
    let mut steps = vec![post("/connectors", create(&config))];
    steps.extend(settle(topic, "RUNNING"));
    steps.extend([Step::Topic(topic), delete(path.clone()), Step::Gone { path: format!("{path}/status") }]);
    steps
}

/// For itself.
pub(super) fn of_the_worker() -> Vec<Step> {
    ["configs", "offsets", "status"].map(Step::Topic).into()
}
