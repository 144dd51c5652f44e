//! What a member of a group writes into the internal topics.

use serde_json::{Value, json};

use super::{
    Step, bare, create, create_in, delete, history_of, last_of, log_of, numbers, patch, post, put, settle,
    source, wait_for, with,
};

pub(super) fn steps() -> Vec<Step> {
    let mut steps = a_life();
    steps.extend(a_stopped_beginning());
    steps.extend(the_same_again());
    steps.extend(altered_keys());
    steps.extend([
        put("/admin/loggers/org.example.log?scope=cluster", json!({"level": "debug"})),
        log_of("configs", "logger-cluster-org.example.log", 1),
    ]);
    steps
}

/// Of a connector that is made, restarted, changed, halted and deleted.
fn a_life() -> Vec<Step> {
    let path = "/connectors/rest-log";
    let status = format!("{path}/status");
    let change = |action: &str| bare("PUT", format!("{path}/{action}"));
    let config = source("rest-log");
    let mut steps = vec![post("/connectors", create(&config))];
    steps.extend(settle("rest-log", "RUNNING"));
    steps.push(log_of("configs", "rest-log", 3));
    steps.push(bare("POST", format!("{path}/restart?includeTasks=true")));
    steps.extend(settle("rest-log", "RUNNING"));
    steps.push(put(format!("{path}/config"), with(&config, json!({"batch.size": "5"}))));
    steps.push(wait_for(format!("{path}/tasks"), "/0/config/batch.size", json!("5")));
    steps.extend(settle("rest-log", "RUNNING"));
    steps.push(change("pause"));
    steps.extend(settle("rest-log", "PAUSED"));
    steps.push(change("resume"));
    steps.extend(settle("rest-log", "RUNNING"));
    steps.push(wait_for(format!("{path}/offsets"), "/offsets/0/offset/position", json!(14)));
    steps.extend([
        change("stop"),
        wait_for(status.clone(), "/connector/state", json!("STOPPED")),
        wait_for(status, "/tasks", json!([])),
        patch(
            format!("{path}/offsets"),
            json!({"offsets": [{"partition": {"filename": "{dir}/input"}, "offset": {"position": 4}}]}),
        ),
        delete(format!("{path}/offsets")),
        history_of("offsets", "rest-log", 3),
        history_of("status", "status-connector-rest-log", 4),
        history_of("status", "status-task-rest-log", 4),
        last_of("status", "status-topic-rest-in:connector-rest-log", 1),
        delete(path),
        log_of("configs", "rest-log", 13),
        last_of("status", "rest-log", 3),
    ]);
    steps
}

/// Of one that is not to run at first, and of its tasks once it may.
fn a_stopped_beginning() -> Vec<Step> {
    let path = "/connectors/rest-begin";
    let mut steps = vec![
        post("/connectors", create_in("STOPPED", &numbers("rest-begin", 2))),
        wait_for(format!("{path}/status"), "/connector/state", json!("STOPPED")),
        log_of("configs", "rest-begin", 2),
        bare("PUT", format!("{path}/resume")),
    ];
    steps.extend(settle("rest-begin", "RUNNING"));
    steps.extend([
        wait_for(format!("{path}/status"), "/tasks/1/state", json!("RUNNING")),
        log_of("configs", "rest-begin", 6),
        delete(path),
        wait_for("/connectors", "", Value::Array(Vec::new())),
    ]);
    steps
}

/// Of one that is given the configuration that it has.
fn the_same_again() -> Vec<Step> {
    let path = "/connectors/rest-same";
    let config = source("rest-same");
    let mut steps = vec![post("/connectors", create(&config))];
    steps.extend(settle("rest-same", "RUNNING"));
    steps.extend([put(format!("{path}/config"), &config), log_of("configs", "rest-same", 4), delete(path)]);
    steps
}

/// Partitions of several fields have one key, whatever the order in which a user names the fields.
fn altered_keys() -> Vec<Step> {
    let path = "/connectors/rest-keys";
    let at = |partition: Value| {
        let pair = json!({"partition": partition, "offset": {"seqno": 1}});
        patch(format!("{path}/offsets"), json!({"offsets": [pair]}))
    };
    vec![
        post("/connectors", create_in("STOPPED", &numbers("rest-keys", 1))),
        wait_for(format!("{path}/status"), "/connector/state", json!("STOPPED")),
        at(json!({"b": 1, "a": 2, "c": "x"})),
        at(json!({"a": 2, "c": "x", "b": 1})),
        log_of("offsets", "rest-keys", 2),
        delete(path),
    ]
}
