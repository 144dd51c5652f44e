//! Tasks that come and go, fail, and find their topics wanting.

use serde_json::{Value, json};

use super::{Step, bare, create, delete, get, numbers, post, put, settle, source, wait_for, with};

pub(super) fn steps() -> Vec<Step> {
    let mut steps = scaled();
    steps.extend(failed_task());
    steps.extend(failed_connector());
    steps.extend(without_a_topic());
    steps
}

/// As many tasks as the configuration allows, and none that is left over.
fn scaled() -> Vec<Step> {
    let path = "/connectors/rest-scale";
    let status = format!("{path}/status");
    let mut steps = vec![post("/connectors", create(&numbers("rest-scale", 1)))];
    steps.extend(settle("rest-scale", "RUNNING"));
    let of = |tasks| put(format!("{path}/config"), numbers("rest-scale", tasks));
    let running = |pointer| wait_for(status.clone(), pointer, json!("RUNNING"));
    let gone = |pointer| wait_for(status.clone(), pointer, Value::Null);
    steps.extend([of(5), running("/tasks/4/state")]);
    steps.extend(["/tasks/0/state", "/tasks/1/state", "/tasks/2/state", "/tasks/3/state"].map(running));
    steps.extend([
        get(status.clone()).note("five"),
        get(path).note("five"),
        of(3),
        gone("/tasks/3"),
        running("/tasks/2/state"),
        running("/tasks/1/state"),
        running("/tasks/0/state"),
        get(status.clone()).note("three"),
        get(format!("{path}/tasks")).note("three"),
        bare("POST", format!("{path}/tasks/2/restart")).note("three"),
        running("/tasks/2/state"),
        bare("POST", format!("{path}/restart?includeTasks=true&onlyFailed=true")).note("three"),
        delete(path),
    ]);
    steps
}

fn mock(mode: &str) -> Value {
    json!({"name": "rest-fail", "connector.class": "org.apache.kafka.connect.tools.MockSourceConnector",
        "tasks.max": "1", "mock_mode": mode, "delay_ms": "300"})
}

fn comes(pointer: &'static str, state: &str) -> Step {
    wait_for("/connectors/rest-fail/status", pointer, json!(state))
}

fn restart(query: &str) -> Step {
    bare("POST", format!("/connectors/rest-fail/restart{query}"))
}

/// What a restart is for, by its flags, where a task has failed and its connector has not.
fn failed_task() -> Vec<Step> {
    let fails = || comes("/tasks/0/state", "FAILED");
    let mut steps = vec![post("/connectors", create(&mock("task-failure"))), fails()];
    for (query, note) in [("", "connector"), ("?onlyFailed=true", "nothing")] {
        steps.push(restart(query).note("task failed"));
        steps.push(comes("/connector/state", "RUNNING"));
        steps.push(get("/connectors/rest-fail/status").note(note));
    }
    for query in ["?includeTasks=true", "?onlyFailed=true&includeTasks=true"] {
        steps.extend([restart(query).note("task failed"), comes("/tasks/0/state", "RUNNING"), fails()]);
    }
    steps.extend([
        bare("PUT", "/connectors/rest-fail/pause").note("task failed"),
        comes("/connector/state", "PAUSED"),
        get("/connectors/rest-fail/status").note("paused"),
        delete("/connectors/rest-fail"),
    ]);
    steps
}

/// A connector that fails is stopped, mended and resumed.
fn failed_connector() -> Vec<Step> {
    let path = "/connectors/rest-fail";
    let mut steps = vec![post("/connectors", create(&mock("connector-failure")))];
    steps.push(comes("/connector/state", "FAILED"));
    for query in ["?includeTasks=true", "?onlyFailed=true&includeTasks=true"] {
        steps.push(restart(query).note("connector failed"));
        steps.extend([comes("/connector/state", "RUNNING"), comes("/connector/state", "FAILED")]);
    }
    steps.extend([
        bare("PUT", format!("{path}/stop")),
        comes("/connector/state", "STOPPED"),
        wait_for(format!("{path}/status"), "/tasks", json!([])),
        get(format!("{path}/status")).note("stopped"),
        put(format!("{path}/config"), mock("none")),
        bare("PUT", format!("{path}/resume")),
    ]);
    steps.extend(settle("rest-fail", "RUNNING"));
    steps.extend([get(format!("{path}/status")).note("mended"), delete(path)]);
    steps
}

/// A topic that cannot be made fails the task, and numbers that are none the connector.
fn without_a_topic() -> Vec<Step> {
    let nine = |replicas: &str| {
        json!({"topic": "rest-nine", "topic.creation.default.partitions": "1",
            "topic.creation.default.replication.factor": replicas})
    };
    let path = "/connectors/rest-nine";
    vec![
        post("/connectors", create(&with(&source("rest-nine"), nine("9")))),
        wait_for(format!("{path}/status"), "/tasks/0/state", json!("FAILED")),
        get(format!("{path}/status")),
        put(format!("{path}/config"), with(&source("rest-nine"), nine("1"))),
        wait_for(format!("{path}/status"), "/tasks/0/state", json!("RUNNING")),
        wait_for(format!("{path}/topics"), "/rest-nine/topics/0", json!("rest-nine")),
        delete(path),
    ]
}
