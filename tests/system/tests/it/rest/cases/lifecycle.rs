//! Pausing, stopping, restarting, and connectors that begin in another state.

use serde_json::{Value, json};

use super::{Step, bare, create, delete, get, post, put, settle, source, wait_for, with};

const STATUS: &str = "/connectors/rest-life/status";

fn change(action: &str) -> Step {
    bare("PUT", format!("/connectors/rest-life/{action}"))
}

fn restart(query: &str) -> Step {
    bare("POST", format!("/connectors/rest-life/restart{query}"))
}

pub(super) fn steps() -> Vec<Step> {
    let config = source("rest-life");
    let mut steps = vec![post("/connectors", create(&config))];
    steps.extend(settle("rest-life", "RUNNING"));
    steps.push(change("pause"));
    steps.extend(settle("rest-life", "PAUSED"));
    steps.extend([change("pause").note("again"), get(STATUS).note("paused"), change("resume")]);
    steps.extend(settle("rest-life", "RUNNING"));
    steps.extend([change("resume").note("again"), get(STATUS).note("resumed"), change("stop")]);
    steps.extend([
        wait_for(STATUS, "/connector/state", json!("STOPPED")),
        wait_for(STATUS, "/tasks", json!([])),
        change("stop").note("again"),
        get(STATUS).note("stopped"),
        get("/connectors/rest-life").note("stopped"),
        get("/connectors/rest-life/tasks").note("stopped"),
        get("/connectors/rest-life/config").note("stopped"),
        change("pause").note("stopped"),
        wait_for(STATUS, "/connector/state", json!("PAUSED")),
        get(STATUS).note("stopped, then paused"),
        change("resume").note("paused"),
    ]);
    steps.extend(settle("rest-life", "RUNNING"));
    // First what restarts nothing: the next answer shows the states that a restart has not reached yet, or has.
    for query in [
        "?onlyFailed=true",
        "?includeTasks=true&onlyFailed=true",
        "?onlyFailed=true&onlyFailed=false",
        "?includeTasks=true",
        "?includeTasks=TRUE",
        "?includeTasks=false&onlyFailed=false",
        "?includeTasks=bogus",
        "",
    ] {
        steps.push(restart(query).note("running"));
        steps.extend(settle("rest-life", "RUNNING"));
    }
    // A task that there never was becomes a failed task of the connector in Java, which would hide all that follows.
    for task in ["0", "x"] {
        steps.push(bare("POST", format!("/connectors/rest-life/tasks/{task}/restart")));
        steps.extend(settle("rest-life", "RUNNING"));
    }
    steps.push(put("/connectors/rest-life/config", with(&config, json!({"tasks.max": "3"}))));
    steps.extend(settle("rest-life", "RUNNING"));
    steps.extend([get(STATUS).note("three tasks wanted"), delete("/connectors/rest-life")]);
    // Java may leave a failed task behind when it restarts what is stopped, so nothing follows but the deletion.
    steps.extend([
        post("/connectors", with(&create(&config), json!({"initial_state": "STOPPED"}))).note("to restart"),
        wait_for(STATUS, "/connector/state", json!("STOPPED")),
        restart("").note("stopped"),
        delete("/connectors/rest-life").note("restarted while stopped"),
    ]);
    steps.extend(begun_in("PAUSED"));
    steps.extend(begun_in("STOPPED"));
    steps.extend(failing());
    steps
}

fn begun_in(state: &'static str) -> Vec<Step> {
    let config = source("rest-life");
    let mut steps = vec![
        post("/connectors", with(&create(&config), json!({"initial_state": state}))),
        wait_for(STATUS, "/connector/state", json!(state)),
        get(STATUS).note(state),
        get("/connectors/rest-life/tasks").note(state),
        change("resume").note(state),
    ];
    steps.extend(settle("rest-life", "RUNNING"));
    steps.push(delete("/connectors/rest-life").note(state));
    steps
}

/// Connectors and tasks that fail, and what restarts do with them.
fn failing() -> Vec<Step> {
    let mock = |mode: &str| {
        json!({"name": "rest-mock", "connector.class": "org.apache.kafka.connect.tools.MockSourceConnector",
            "tasks.max": "1", "mock_mode": mode, "delay_ms": "500"})
    };
    let status = "/connectors/rest-mock/status";
    let restart = |query: &str| bare("POST", format!("/connectors/rest-mock/restart{query}"));
    let comes = |pointer: &'static str, state: &str| wait_for(status, pointer, Value::from(state));
    let fails_again = |pointer| [comes(pointer, "RUNNING"), comes(pointer, "FAILED")];
    let mut steps = vec![post("/connectors", create(&mock("connector-failure")))];
    steps.extend(fails_again("/connector/state"));
    steps.push(restart(""));
    steps.extend(fails_again("/connector/state"));
    steps.push(restart("?onlyFailed=true"));
    steps.extend(fails_again("/connector/state"));
    steps.push(delete("/connectors/rest-mock"));

    steps.push(post("/connectors", create(&mock("task-failure"))));
    steps.extend(fails_again("/tasks/0/state"));
    steps.push(get(status).note("task failed"));
    steps.push(get("/connectors/rest-mock/tasks/0/status").note("failed"));
    steps.push(restart("?onlyFailed=true&includeTasks=true"));
    steps.extend(fails_again("/tasks/0/state"));
    steps.push(bare("POST", "/connectors/rest-mock/tasks/0/restart"));
    steps.extend(fails_again("/tasks/0/state"));
    steps.extend([
        get(status).note("failed again"),
        bare("PUT", "/connectors/rest-mock/stop"),
        wait_for(status, "/tasks", json!([])),
        delete("/connectors/rest-mock").note("stopped"),
        get("/connectors").note("all gone"),
    ]);
    steps
}
