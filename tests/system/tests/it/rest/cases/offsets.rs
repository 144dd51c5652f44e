//! Reading, altering and resetting offsets of a source and a sink.

use serde_json::{Value, json};

use super::{Step, bare, create, delete, get, patch, post, settle, sink, source, wait_for, with};

pub(super) fn steps() -> Vec<Step> {
    let mut steps = of_a_source();
    steps.extend(of_a_sink());
    steps
}

fn pair(partition: Value, offset: Value) -> Value {
    json!({"offsets": [{"partition": partition, "offset": offset}]})
}

fn of_a_source() -> Vec<Step> {
    let path = "/connectors/rest-src/offsets";
    let status = "/connectors/rest-src/status";
    let file = json!({"filename": "{dir}/input"});
    let mut steps = vec![post("/connectors", create(&source("rest-src")))];
    steps.extend(settle("rest-src", "RUNNING"));
    steps.extend([
        wait_for(path, "/offsets/0/offset/position", json!(14)),
        get(path),
        patch(path, pair(file.clone(), json!({"position": 4}))).note("running"),
        delete(path).note("running"),
        bare("PUT", "/connectors/rest-src/stop"),
        wait_for(status, "/tasks", json!([])),
        patch(path, pair(file.clone(), json!({"position": 4}))),
        wait_for(path, "/offsets/0/offset/position", json!(4)),
        get(path).note("altered"),
    ]);
    for body in [
        pair(json!({"filename": "{dir}/input"}), json!({"position": -1})),
        pair(json!({"filename": "{dir}/input"}), json!({"position": "4"})),
        pair(json!({"filename": "{dir}/input"}), json!({"position": null})),
        pair(json!({"filename": "{dir}/input"}), json!({"other": 4})),
        pair(json!({"filename": "{dir}/input"}), json!({})),
        pair(json!({"other": "x"}), json!({"position": 4})),
        pair(json!({}), json!({"position": 4})),
        pair(Value::Null, json!({"position": 4})),
        json!({"offsets": []}),
        json!({"offsets": null}),
        json!({}),
    ] {
        steps.push(patch(path, body));
    }
    for body in ["[]", "{", "{\"unknown\":[]}", "{\"offsets\":[123]}", "{\"offsets\":[{\"key\":{}}]}"] {
        steps.push(patch(path, body).note("malformed"));
    }
    steps.extend([
        patch(path, pair(file.clone(), Value::Null)).note("tombstone"),
        delete(path),
        wait_for(path, "/offsets", json!([])),
        delete(path).note("again"),
        get(path).note("reset"),
        bare("PUT", "/connectors/rest-src/resume"),
    ]);
    steps.extend(settle("rest-src", "RUNNING"));
    steps.extend([wait_for(path, "/offsets/0/offset/position", json!(14)), get(path).note("resumed")]);
    steps.push(delete("/connectors/rest-src"));
    steps
}

fn of_a_sink() -> Vec<Step> {
    let path = "/connectors/rest-snk/offsets";
    let status = "/connectors/rest-snk/status";
    let partition = |number: Value| json!({"kafka_topic": "rest-out", "kafka_partition": number});
    // A source with this topic gives the sink something to commit.
    let filler = with(&source("rest-fill"), json!({"topic": "rest-out"}));
    let mut steps =
        vec![post("/connectors", create(&filler)), post("/connectors", create(&sink("rest-snk")))];
    steps.extend(settle("rest-snk", "RUNNING"));
    steps.extend([
        wait_for(path, "/offsets/0/offset/kafka_offset", json!(3)),
        get(path),
        delete("/connectors/rest-fill"),
        patch(path, pair(partition(json!(0)), json!({"kafka_offset": 1}))).note("running"),
        bare("PUT", "/connectors/rest-snk/stop"),
        wait_for(status, "/tasks", json!([])),
        patch(path, pair(partition(json!(0)), json!({"kafka_offset": 1}))),
        get(path).note("altered"),
        patch(path, pair(partition(json!("0")), json!({"kafka_offset": "2"}))).note("texts"),
        get(path).note("altered by texts"),
    ]);
    for body in [
        pair(partition(json!("x")), json!({"kafka_offset": 1})),
        pair(partition(json!(null)), json!({"kafka_offset": 1})),
        pair(partition(json!(-1)), json!({"kafka_offset": 1})),
        pair(partition(json!(0)), json!({"kafka_offset": "x"})),
        pair(partition(json!(0)), json!({"kafka_offset": -1})),
        pair(partition(json!(0)), json!({})),
        pair(json!({}), json!({"kafka_offset": 1})),
        pair(json!({"kafka_topic": "rest-out"}), json!({"kafka_offset": 1})),
        pair(Value::Null, json!({"kafka_offset": 1})),
        json!({"offsets": []}),
        json!({"offsets": [{}]}),
    ] {
        steps.push(patch(path, body));
    }
    steps.extend([
        patch(path, pair(partition(json!(0)), Value::Null)).note("tombstone"),
        get(path).note("deleted"),
        delete(path),
        delete(path).note("again"),
        get(path).note("reset"),
        delete("/connectors/rest-snk"),
    ]);
    steps
}
