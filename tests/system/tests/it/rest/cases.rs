//! The requests, case by case. Each case leaves no connector behind.

mod connectors;
mod http;
mod lifecycle;
mod offsets;
mod plugins;
mod validation;

use serde_json::{Value, json};

use super::exchange::Request;

/// The topics that connectors of the cases use, with one partition each.
pub(super) const TOPICS: [&str; 2] = ["rest-in", "rest-out"];

/// One step of a case.
pub(super) enum Step {
    /// A request whose answer is compared.
    Ask {
        request: Request,
        /// Told apart from the same request elsewhere, and from what a deviation names.
        note: &'static str,
    },
    /// Waits until `GET path` has the value at the JSON pointer. Nothing of it is compared.
    Await { path: String, pointer: &'static str, value: Value },
}

/// Every case by name, in the order in which they are played.
pub(super) fn all() -> Vec<(&'static str, Vec<Step>)> {
    vec![
        ("http", http::steps()),
        ("plugins", plugins::steps()),
        ("validation", validation::steps()),
        ("connectors", connectors::steps()),
        ("lifecycle", lifecycle::steps()),
        ("offsets", offsets::steps()),
    ]
}

impl Step {
    fn new(method: &'static str, path: impl Into<String>) -> Step {
        let headers = vec![("Accept", "application/json".to_owned())];
        Step::Ask { request: Request { method, path: path.into(), headers, body: None }, note: "" }
    }

    fn note(mut self, text: &'static str) -> Step {
        if let Step::Ask { note, .. } = &mut self {
            *note = text;
        }
        self
    }

    /// Sends these headers and no others.
    fn headers(mut self, headers: &[(&'static str, &'static str)]) -> Step {
        if let Step::Ask { request, .. } = &mut self {
            request.headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        }
        self
    }

    /// Sends this text as JSON, whatever it is.
    fn json(mut self, body: impl Into<String>) -> Step {
        if let Step::Ask { request, .. } = &mut self {
            request.headers.push(("Content-Type", "application/json".to_owned()));
            request.body = Some(body.into());
        }
        self
    }
}

fn get(path: impl Into<String>) -> Step {
    Step::new("GET", path)
}

fn post(path: impl Into<String>, body: impl ToString) -> Step {
    Step::new("POST", path).json(body.to_string())
}

fn put(path: impl Into<String>, body: impl ToString) -> Step {
    Step::new("PUT", path).json(body.to_string())
}

fn patch(path: impl Into<String>, body: impl ToString) -> Step {
    Step::new("PATCH", path).json(body.to_string())
}

fn delete(path: impl Into<String>) -> Step {
    Step::new("DELETE", path)
}

/// A request without a body.
fn bare(method: &'static str, path: impl Into<String>) -> Step {
    Step::new(method, path)
}

fn wait_for(path: impl Into<String>, pointer: &'static str, value: Value) -> Step {
    Step::Await { path: path.into(), pointer, value }
}

/// Waits until the connector and its first task are in this state.
fn settle(connector: &str, state: &str) -> [Step; 2] {
    let path = format!("/connectors/{connector}/status");
    [wait_for(path.clone(), "/connector/state", json!(state)), wait_for(path, "/tasks/0/state", json!(state))]
}

fn source(name: &str) -> Value {
    json!({
        "name": name, "connector.class": "FileStreamSource", "tasks.max": "1",
        "file": "{dir}/input", "topic": "rest-in",
    })
}

fn sink(name: &str) -> Value {
    json!({
        "name": name, "connector.class": "FileStreamSink", "tasks.max": "1",
        "file": "{dir}/output", "topics": "rest-out",
    })
}

/// The body that creates a connector of this configuration.
fn create(config: &Value) -> Value {
    json!({"name": config["name"], "config": config})
}

/// The configuration with some keys changed or added.
fn with(config: &Value, changes: Value) -> Value {
    let mut config = config.clone();
    if let (Value::Object(config), Value::Object(changes)) = (&mut config, changes) {
        config.extend(changes);
    }
    config
}
