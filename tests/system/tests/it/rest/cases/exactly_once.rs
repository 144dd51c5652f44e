//! What a worker says of sources that are to write their records and offsets in one transaction.

use serde_json::{Value, json};

use super::{Step, create, numbers, post, put, source, with};

pub(super) fn steps() -> Vec<Step> {
    let validate =
        |class: &str, config: &Value| put(format!("/connector-plugins/{class}/config/validate"), config);
    let config = source("rest-once");
    let mut steps = Vec::new();
    for changes in [
        json!({"exactly.once.support": "requested"}),
        json!({"exactly.once.support": "required"}),
        json!({"exactly.once.support": "bogus"}),
        json!({"exactly.once.support": "required", "file": null}),
        json!({"transaction.boundary": "poll"}),
        json!({"transaction.boundary": "interval", "transaction.boundary.interval.ms": "1000"}),
        json!({"transaction.boundary": "connector"}),
        json!({"transaction.boundary": "bogus"}),
        json!({"transaction.boundary.interval.ms": "0"}),
        json!({"transaction.boundary.interval.ms": "x"}),
        json!({"offsets.storage.topic": " "}),
        json!({"offsets.storage.topic": null}),
    ] {
        steps.push(validate("FileStreamSource", &with(&config, changes)));
    }
    for changes in [json!({"exactly.once.support": "required"}), json!({"transaction.boundary": "connector"})]
    {
        let unsure = with(&numbers("rest-once", 1), changes);
        steps.push(validate("VerifiableSourceConnector", &unsure));
        steps.push(post("/connectors", create(&unsure)));
    }
    steps
}
