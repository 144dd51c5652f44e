//! Topics that connectors have used, and topics that they may not make.

use serde_json::{Value, json};

use super::{Step, bare, create, delete, get, post, put, settle, source, wait_for, with};

/// On a worker that doesn't keep track.
pub(super) fn untracked() -> Vec<Step> {
    let mut steps = vec![post("/connectors", create(&source("rest-top")))];
    steps.extend(settle("rest-top", "RUNNING"));
    steps.extend(["rest-top", "none"].into_iter().flat_map(asked));
    steps.push(delete("/connectors/rest-top"));
    steps
}

/// On a worker that doesn't forget, and makes no topics.
pub(super) fn without_reset() -> Vec<Step> {
    let own = |name: &str, topic: &str| with(&source(name), json!({"topic": topic}));
    let mut steps = vec![post("/connectors", create(&own("rest-top", "rest-in")))];
    steps.extend(settle("rest-top", "RUNNING"));
    steps.push(wait_for("/connectors/rest-top/topics", "/rest-top/topics/0", json!("rest-in")));
    steps.extend(["rest-top", "none"].into_iter().flat_map(asked));
    // The broker makes what the worker does not.
    steps.push(post("/connectors", create(&own("rest-auto", "rest-made"))));
    steps.extend(settle("rest-auto", "RUNNING"));
    steps.push(wait_for("/connectors/rest-auto/topics", "/rest-auto/topics/0", json!("rest-made")));
    let wanted = json!({
        "topic.creation.groups": "g", "topic.creation.g.include": "rest.*", "topic.creation.g.partitions": "3",
        "topic.creation.default.partitions": "2", "topic.creation.default.replication.factor": "1",
    });
    let wanted: Value = with(&own("rest-auto", "rest-made"), wanted);
    steps.extend([
        put("/connector-plugins/FileStreamSource/config/validate", &wanted),
        put("/connectors/rest-auto/config", &wanted),
        delete("/connectors/rest-auto"),
        delete("/connectors/rest-top"),
    ]);
    steps
}

fn asked(name: &str) -> [Step; 2] {
    [get(format!("/connectors/{name}/topics")), bare("PUT", format!("/connectors/{name}/topics/reset"))]
}
