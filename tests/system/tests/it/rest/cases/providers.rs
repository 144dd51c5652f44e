//! Configurations with references that providers replace.

use serde_json::{Value, json};

use super::{Step, bare, create, delete, get, post, put, remove, settle, source, wait_for, with, write};

const PATH: &str = "/connectors/rest-ref";

pub(super) fn steps() -> Vec<Step> {
    let validate = |changes: Value| {
        put("/connector-plugins/FileStreamSource/config/validate", with(&source("rest-ref"), changes))
    };
    let referring = with(&source("rest-ref"), json!({"topic": "${file:{dir}/secrets.properties:topic}"}));
    let mut steps = vec![
        write(
            "secrets.properties",
            "topic=rest-in\nbatch=3\nempty=\nagain=${file:{dir}/secrets.properties:topic}\n",
        ),
        write("secrets/name", "from-a-folder"),
        validate(json!({"topic": "${file:{dir}/secrets.properties:topic}"})),
        validate(json!({"batch.size": "${file:{dir}/secrets.properties:batch}"})),
        validate(json!({"batch.size": "${file:{dir}/secrets.properties:topic}"})),
        validate(json!({"topic": "${file:{dir}/secrets.properties:empty}"})),
        validate(json!({"topic": "${file:{dir}/secrets.properties:again}"})),
        validate(json!({"topic": "${directory:{dir}/secrets:name}"})),
        validate(json!({"topic": "${directory:{dir}/secrets:none}"})),
        validate(json!({"file": "a${directory:{dir}/secrets:name}b${file:{dir}/secrets.properties:topic}c"})),
        validate(json!({"topic": "${file:{dir}/secrets.properties:none}"})),
        validate(json!({"topic": "${file:{dir}/none.properties:topic}"})),
        validate(json!({"topic": "${file:{dir}/secrets.properties:topic"})),
        validate(json!({"topic": "${other:{dir}/secrets.properties:topic}"})),
        validate(json!({"topic": "${file:topic}"})),
        validate(json!({"topic": "$${file:{dir}/secrets.properties:topic}"})),
        post("/connectors", create(&referring)),
    ];
    steps.extend(settle("rest-ref", "RUNNING"));
    steps.extend([
        wait_for(format!("{PATH}/topics"), "/rest-ref/topics/0", json!("rest-in")),
        get(PATH),
        get(format!("{PATH}/config")),
        get(format!("{PATH}/tasks")),
        // What is new counts when the connector starts again.
        write("secrets.properties", "topic=rest-out\n"),
        bare("POST", format!("{PATH}/restart?includeTasks=true")).note("with a new value"),
    ]);
    steps.extend(settle("rest-ref", "RUNNING"));
    steps.extend([
        write("input", "one\ntwo\nthree\nfour\n"),
        wait_for(format!("{PATH}/offsets"), "/offsets/0/offset/position", json!(19)),
        get(format!("{PATH}/topics")),
        // Without its file the connector can be asked nothing, but can be given a configuration that needs none.
        remove("secrets.properties"),
        put(format!("{PATH}/config"), &referring).note("without the file"),
        put(format!("{PATH}/config"), source("rest-ref")).note("without a reference"),
    ]);
    steps.extend(settle("rest-ref", "RUNNING"));
    steps.extend([get(format!("{PATH}/status")), delete(PATH)]);
    steps
}
