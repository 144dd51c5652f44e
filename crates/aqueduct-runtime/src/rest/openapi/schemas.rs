//! The schemas of bodies.

use serde_json::{Map, Value, json};

/// All by name.
pub(super) fn all() -> Map<String, Value> {
    let text = || json!({ "type": "string" });
    let number = || json!({ "type": "integer" });
    let maybe_text = || json!({ "type": ["string", "null"] });
    let texts = || json!({ "type": "object", "additionalProperties": { "type": ["string", "null"] } });
    let reference = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let list = |items: Value| json!({ "type": "array", "items": items });
    let task_id = || object(&[("connector", text()), ("task", number())]);
    let state = |id: Option<Value>| {
        let mut members: Vec<(&str, Value)> = id.map(|id| ("id", id)).into_iter().collect();
        let state = json!({
            "type": "string",
            "enum": ["RUNNING", "PAUSED", "STOPPED", "FAILED", "UNASSIGNED", "RESTARTING"],
        });
        members.extend([("state", state), ("worker_id", text())]);
        let mut state = object(&members);
        state["properties"]["version"] = maybe_text();
        state["properties"]["trace"] = text();
        state
    };
    let kind = || json!({ "type": "string", "enum": ["source", "sink", "unknown"] });
    let anything = || json!({ "type": "object" });
    let offset = object(&[("partition", anything()), ("offset", json!({ "type": ["object", "null"] }))]);
    let plugin = object(&[("class", text()), ("type", text()), ("version", text())]);
    let logger = object(&[("level", text()), ("last_modified", json!({ "type": ["integer", "null"] }))]);
    let create = json!({
        "type": "object",
        "required": ["name", "config"],
        "additionalProperties": false,
        "properties": {
            "name": text(),
            "config": reference("Config"),
            "initial_state": { "type": "string", "enum": ["RUNNING", "PAUSED", "STOPPED"] },
        },
    });
    let all = [
        ("ActiveTopics", map_of(object(&[("topics", list(text()))]))),
        ("Config", texts()),
        (
            "ConfigInfos",
            object(&[
                ("name", text()),
                ("error_count", number()),
                ("groups", list(text())),
                ("configs", list(anything())),
            ]),
        ),
        ("ConfigKeys", list(anything())),
        (
            "ConnectorInfo",
            object(&[
                ("name", text()),
                ("config", reference("Config")),
                ("tasks", list(task_id())),
                ("type", kind()),
            ]),
        ),
        (
            "ConnectorStateInfo",
            object(&[
                ("name", text()),
                ("connector", state(None)),
                ("tasks", list(reference("TaskState"))),
                ("type", kind()),
            ]),
        ),
        ("CreateRequest", create),
        ("Error", object(&[("error_code", number()), ("message", maybe_text())])),
        ("Health", object(&[("status", text()), ("message", text())])),
        ("Level", object(&[("level", text())])),
        ("Logger", logger),
        ("Loggers", map_of(reference("Logger"))),
        ("Message", object(&[("message", text())])),
        ("Names", list(text())),
        ("Offsets", object(&[("offsets", list(offset))])),
        ("OpenApi", anything()),
        ("Plugins", list(plugin)),
        (
            "ServerInfo",
            object(&[("version", text()), ("commit", text()), ("kafka_cluster_id", maybe_text())]),
        ),
        ("TaskState", state(Some(number()))),
        ("Tasks", list(object(&[("id", task_id()), ("config", reference("Config"))]))),
    ];
    all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// An object with all of these members.
fn object(members: &[(&str, Value)]) -> Value {
    let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
    let properties: Map<String, Value> =
        members.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn map_of(schema: Value) -> Value {
    json!({ "type": "object", "additionalProperties": schema })
}
