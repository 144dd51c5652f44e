//! Configurations good and bad: what validation says, and what creating with them does.

use serde_json::{Value, json};

use super::{Step, create, get, post, put, sink, source, with};

const SOURCE: &str = "FileStreamSource";
const SINK: &str = "FileStreamSink";

fn validate(class: &str, config: &Value) -> Step {
    put(format!("/connector-plugins/{class}/config/validate"), config)
}

pub(super) fn steps() -> Vec<Step> {
    let (good_source, good_sink) = (source("valid"), sink("valid"));
    let mut steps = vec![
        validate(SOURCE, &good_source),
        validate(SINK, &good_sink),
        validate(SOURCE, &json!({})),
        validate(SOURCE, &json!({"connector.class": "FileStreamSource"})),
        validate(SOURCE, &json!({"connector.class": "FileStreamSource", "topic": "t"})),
        validate(SINK, &good_source),
        validate("NoSuch", &good_source),
        validate("NoSuch", &json!({"connector.class": "NoSuch"})),
        validate("JsonConverter", &json!({"connector.class": "JsonConverter"})),
        validate("org.apache.kafka.connect.file.FileStreamSourceConnector", &good_source),
        validate("FileStreamSourceConnector", &good_source),
        validate(SOURCE, &Value::Null).note("malformed"),
        validate(SOURCE, &json!([])).note("malformed"),
        validate(SOURCE, &json!({"a": {"b": 1}})).note("malformed"),
    ];
    for changes in source_changes() {
        steps.push(validate(SOURCE, &with(&good_source, changes)));
    }
    for changes in sink_changes() {
        steps.push(validate(SINK, &with(&good_sink, changes)));
    }
    steps.push(validate(SINK, &json!({"name": "n", "connector.class": SINK, "topics.regex": "a.*"})));
    steps.push(validate(SINK, &json!({"name": "n", "connector.class": SINK})));
    steps.push(validate(
        SINK,
        &json!({"name": "n", "connector.class": SINK, "topics.regex": "d.*",
        "errors.deadletterqueue.topic.name": "dlq"}),
    ));
    // Creating with the worst of them.
    for changes in source_changes() {
        let config = with(&good_source, changes);
        if refused(&config) {
            steps.push(post("/connectors", create(&config)));
        }
    }
    for changes in sink_changes() {
        let config = with(&good_sink, changes);
        if refused(&config) {
            steps.push(post("/connectors", create(&config)));
        }
    }
    steps.push(get("/connectors"));
    steps
}

/// Whether creating with this is refused, by the mark that the changes carry.
fn refused(config: &Value) -> bool {
    config.get("refused").is_some()
}

/// `refused` is a key that no connector has, so it changes nothing but says what to expect.
fn source_changes() -> Vec<Value> {
    let insert = "org.apache.kafka.connect.transforms.InsertField$Value";
    vec![
        json!({"tasks.max": "0", "refused": 1}),
        json!({"tasks.max": "-1", "refused": 1}),
        json!({"tasks.max": "a", "refused": 1}),
        json!({"tasks.max": "2147483648", "refused": 1}),
        json!({"tasks.max": null, "refused": 1}),
        json!({"batch.size": "x", "refused": 1}),
        json!({"batch.size": "0"}),
        json!({"topic": "", "refused": 1}),
        json!({"topic": null}),
        json!({"file": null}),
        json!({"errors.tolerance": "bogus", "refused": 1}),
        json!({"errors.tolerance": "ALL", "refused": 1}),
        json!({"errors.tolerance": "all"}),
        json!({"errors.retry.timeout": "-2"}),
        json!({"errors.retry.timeout": "x", "refused": 1}),
        json!({"errors.retry.delay.max.ms": "1.5", "refused": 1}),
        json!({"config.action.reload": "bogus", "refused": 1}),
        json!({"config.action.reload": "none"}),
        json!({"errors.log.enable": "yes", "refused": 1}),
        json!({"errors.log.enable": "TRUE"}),
        json!({"key.converter": "NoSuch", "refused": 1}),
        json!({"value.converter": "org.apache.kafka.connect.transforms.Filter", "refused": 1}),
        json!({"value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "maybe", "refused": 1}),
        json!({"value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "false"}),
        json!({"header.converter": "NoSuch", "refused": 1}),
        json!({"header.converter": "org.apache.kafka.connect.storage.SimpleHeaderConverter"}),
        json!({"transforms": "t", "refused": 1}),
        json!({"transforms": "t", "transforms.t.type": "NoSuch", "refused": 1}),
        json!({"transforms": "t", "transforms.t.type": "java.lang.String", "refused": 1}),
        json!({"transforms": "t", "transforms.t.type": insert, "transforms.t.static.field": "a"}),
        json!({"transforms": "t", "transforms.t.type": "org.apache.kafka.connect.transforms.Cast$Value",
            "refused": 1}),
        json!({"transforms": "t", "transforms.t.type": "org.apache.kafka.connect.transforms.Cast$Value",
            "transforms.t.spec": "bogus:type", "refused": 1}),
        json!({"transforms": "t", "transforms.t.type": "org.apache.kafka.connect.transforms.Cast", "refused": 1}),
        json!({"transforms": "t, t", "transforms.t.type": insert}),
        json!({"transforms": "t,u", "transforms.t.type": insert, "transforms.u.type": "HoistField$Value",
            "transforms.u.field": "f"}),
        json!({"transforms": "t", "transforms.t.type": insert, "transforms.t.negate": "true", "refused": 1}),
        json!({"transforms": "t", "transforms.t.type": insert, "transforms.t.predicate": "p"}),
        json!({"transforms": "t", "transforms.t.type": insert, "transforms.t.predicate": "p",
            "predicates": "p", "refused": 1}),
        json!({"transforms": "t", "transforms.t.type": insert, "transforms.t.predicate": "p", "predicates": "p",
            "predicates.p.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches",
            "predicates.p.pattern": "a.*", "transforms.t.negate": "true"}),
        json!({"predicates": "p", "predicates.p.type": "NoSuch", "refused": 1}),
        json!({"predicates": "p", "refused": 1,
            "predicates.p.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches"}),
        json!({"predicates": "p", "refused": 1, "predicates.p.pattern": "(",
            "predicates.p.type": "org.apache.kafka.connect.transforms.predicates.TopicNameMatches"}),
        json!({"predicates": "p, p",
            "predicates.p.type": "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone"}),
        json!({"topic.creation.default.partitions": "1", "topic.creation.default.replication.factor": "1"}),
        json!({"topic.creation.groups": "g1, g2, g1", "topic.creation.default.partitions": "1",
            "topic.creation.default.replication.factor": "1", "topic.creation.g1.include": "a.*"}),
        json!({"topic.creation.groups": "g", "topic.creation.default.partitions": "x"}),
        json!({"topic.creation.groups": "g", "topic.creation.g.include": "["}),
        json!({"exactly.once.support": "bogus", "refused": 1}),
        json!({"transaction.boundary": "interval"}),
        json!({"transaction.boundary": "bogus", "refused": 1}),
        json!({"transaction.boundary.interval.ms": "0"}),
        json!({"offsets.storage.topic": " ", "refused": 1}),
        json!({"producer.override.acks": "1"}),
        json!({"producer.override.linger.ms": "x"}),
        json!({"consumer.override.max.poll.records": "1"}),
        json!({"connector.plugin.version": "4.3.1"}),
        json!({"connector.plugin.version": "[4.0,5.0)"}),
        json!({"connector.plugin.version": "9.9"}),
        json!({"connector.plugin.version": "[9.9"}),
        json!({"value.converter": "org.apache.kafka.connect.json.JsonConverter", "value.converter.plugin.version": "[9,)"}),
        json!({"transforms": "t", "transforms.t.type": insert, "transforms.t.plugin.version": "9.9"}),
        json!({"predicates": "p", "predicates.p.plugin.version": "[4,)",
            "predicates.p.type": "org.apache.kafka.connect.transforms.predicates.RecordIsTombstone"}),
        json!({"unknown.key": "x"}),
        json!({"unknown.key": null, "refused": 1}),
        json!({"tasks.max": null, "key.converter": null, "errors.tolerance": null, "transforms": null,
            "errors.retry.timeout": null, "refused": 1}),
        json!({"name": "", "refused": 1}),
        json!({"topic": "${file:/no/such/file:key}"}),
        json!({"topic": "${nothing:key}"}),
        json!({"value.converter": "java.lang.String", "refused": 1}),
    ]
}

fn sink_changes() -> Vec<Value> {
    vec![
        json!({"topics": "", "refused": 1}),
        json!({"topics": "a,b"}),
        json!({"topics": " a , b "}),
        json!({"topics.regex": "a.*", "refused": 1}),
        json!({"topics": "a", "errors.deadletterqueue.topic.name": "a", "refused": 1}),
        json!({"topics": "a", "errors.deadletterqueue.topic.name": "dlq",
            "errors.deadletterqueue.topic.replication.factor": "1"}),
        json!({"errors.deadletterqueue.topic.replication.factor": "x", "refused": 1}),
        json!({"errors.deadletterqueue.context.headers.enable": "x", "refused": 1}),
        json!({"consumer.override.max.poll.records": "x"}),
        json!({"admin.override.request.timeout.ms": "5"}),
        json!({"value.converter": "org.apache.kafka.connect.converters.ByteArrayConverter"}),
        json!({"file": ""}),
    ]
}
