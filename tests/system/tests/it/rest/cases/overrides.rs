//! What a connector's configuration may say to the clients that work for it, by the worker's policy.

use serde_json::{Value, json};

use super::{Step, create_in, delete, post, put, sink, source, with};

pub(super) fn steps() -> Vec<Step> {
    let login =
        "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"u\" password=\"p\";";
    let mut steps = Vec::new();
    for changes in [
        json!({}),
        json!({"producer.override.acks": "1"}),
        json!({"producer.override.client.id": "own"}),
        json!({"producer.override.sasl.jaas.config": login}),
        json!({"producer.override.security.protocol": "PLAINTEXT"}),
        json!({"producer.override.acks": "1", "producer.override.sasl.mechanism": "PLAIN"}),
        // Nobody reads it for a source.
        json!({"consumer.override.client.id": "own"}),
    ] {
        steps.extend(tried("FileStreamSource", &with(&source("rest-over"), changes)));
    }
    for changes in [
        json!({"consumer.override.auto.offset.reset": "latest"}),
        json!({"consumer.override.client.id": "own"}),
        json!({"admin.override.request.timeout.ms": "5000"}),
        json!({"consumer.override.group.id": "rest-own"}),
    ] {
        steps.extend(tried("FileStreamSink", &with(&sink("rest-over"), changes)));
    }
    steps
}

fn tried(class: &str, config: &Value) -> [Step; 3] {
    [
        put(format!("/connector-plugins/{class}/config/validate"), config),
        post("/connectors", create_in("STOPPED", config)),
        delete("/connectors/rest-over"),
    ]
}
