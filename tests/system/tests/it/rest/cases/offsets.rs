//! Reading, altering and resetting offsets of a source and a sink.

use serde_json::{Value, json};

use super::{
    Step, bare, create, create_in, delete, get, log_of, numbers, patch, post, settle, sink, source, wait_for,
    with, write,
};

pub(super) fn steps() -> Vec<Step> {
    let mut steps = of_a_source();
    steps.extend(of_a_sink());
    steps.extend(of_a_sinks_own_group());
    steps.extend(of_anything());
    steps.extend(gone_on());
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
        get(path).note("altered").calm(),
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
        get(path).note("reset").calm(),
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
        get(path).note("altered").calm(),
        patch(path, pair(partition(json!("0")), json!({"kafka_offset": "2"}))).note("texts"),
        get(path).note("altered by texts").calm(),
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
        get(path).note("deleted").calm(),
        delete(path),
        delete(path).note("again"),
        get(path).note("reset").calm(),
        bare("PUT", "/connectors/rest-snk/resume"),
    ]);
    steps.extend(settle("rest-snk", "RUNNING"));
    steps.extend([
        wait_for(path, "/offsets/0/offset/kafka_offset", json!(3)),
        get(path).note("begun again"),
        delete("/connectors/rest-snk"),
    ]);
    steps
}

/// Sinks of one group of consumers share their offsets.
fn of_a_sinks_own_group() -> Vec<Step> {
    let own = |name: &str| with(&sink(name), json!({"consumer.override.group.id": "rest-own"}));
    let path = "/connectors/rest-own-a/offsets";
    let altered = || {
        let partition = json!({"kafka_topic": "rest-out", "kafka_partition": 0});
        patch("/connectors/rest-own-b/offsets", pair(partition, json!({"kafka_offset": 1})))
    };
    let mut steps = vec![post("/connectors", create(&own("rest-own-a")))];
    steps.extend([
        wait_for(path, "/offsets/0/offset/kafka_offset", json!(3)),
        post("/connectors", create_in("STOPPED", &own("rest-own-b"))),
        wait_for("/connectors/rest-own-b/status", "/connector/state", json!("STOPPED")),
        altered().note("somebody is left"),
        delete("/connectors/rest-own-b/offsets").note("somebody is left"),
        bare("PUT", "/connectors/rest-own-a/stop"),
        wait_for("/connectors/rest-own-a/status", "/tasks", json!([])),
        get("/connectors/rest-own-b/offsets"),
        altered(),
        get(path).note("altered by the other").calm(),
        delete("/connectors/rest-own-b/offsets"),
        get(path).note("reset by the other").calm(),
        delete("/connectors/rest-own-a"),
        delete("/connectors/rest-own-b"),
    ]);
    steps
}

/// A source that looks at no offset that it is given.
fn of_anything() -> Vec<Step> {
    let path = "/connectors/rest-any/offsets";
    let mut steps = vec![
        post("/connectors", create_in("STOPPED", &numbers("rest-any", 1))),
        wait_for("/connectors/rest-any/status", "/connector/state", json!("STOPPED")),
    ];
    let values = [
        json!(7),
        json!(-7),
        json!(9_223_372_036_854_775_807_i64),
        json!(9_223_372_036_854_775_808_u64),
        json!(1.5),
        json!(1e300),
        json!(true),
        json!("text"),
        Value::Null,
        json!([1]),
        json!({"a": 1}),
    ];
    for (id, value) in values.into_iter().enumerate() {
        steps.push(patch(path, pair(json!({"id": id}), json!({"seqno": value}))));
    }
    for partition in
        [json!({"id": [1]}), json!({"id": {"a": 1}}), json!({"id": "0"}), json!({"b": 1, "a": 2})]
    {
        steps.push(patch(path, pair(partition, json!({"seqno": 1}))));
    }
    steps.push(get(path).calm());
    steps.extend([
        patch(path, json!({"offsets": [
            {"partition": {"id": 0}, "offset": {"seqno": 1}}, {"partition": {"id": 0}, "offset": {"seqno": 2}},
            {"partition": {"id": 1}, "offset": null},
        ]})),
        get(path).note("of two the last").calm(),
        delete(path),
        delete("/connectors/rest-any"),
    ]);
    steps
}

/// A source that is stopped goes on where it was, and repeats nothing.
fn gone_on() -> Vec<Step> {
    let path = "/connectors/rest-on";
    let config = with(&source("rest-on"), json!({"file": "{dir}/more", "topic": "rest-more"}));
    let mut steps = vec![write("more", "1\n2\n3\n"), post("/connectors", create(&config))];
    steps.extend(settle("rest-on", "RUNNING"));
    steps.extend([
        wait_for(format!("{path}/offsets"), "/offsets/0/offset/position", json!(6)),
        bare("PUT", format!("{path}/stop")),
        wait_for(format!("{path}/status"), "/tasks", json!([])),
        write("more", "1\n2\n3\n4\n5\n"),
        bare("PUT", format!("{path}/resume")),
    ]);
    steps.extend(settle("rest-on", "RUNNING"));
    steps.extend([
        wait_for(format!("{path}/offsets"), "/offsets/0/offset/position", json!(10)),
        log_of("rest-more", "", 5),
        delete(path),
    ]);
    steps
}
