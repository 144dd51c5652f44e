//! Playing the steps of a case, and writing down what comes back without what differs from run to run.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use xtask::wait;

use super::cases::Step;
use super::exchange::{self, Request, Response};

/// How long a state may take to come.
const PATIENCE: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(10);
/// Headers that are part of an answer.
const HEADERS: [&str; 3] = ["Content-Type", "Allow", "Location"];

/// Plays the steps against the worker. `{dir}` in a request stands for the folder. A state that doesn't come ends the
/// transcript, with an entry that says so.
pub(super) fn play(port: u16, dir: &Path, steps: &[Step]) -> Value {
    let dir = dir.display().to_string();
    let dir = dir.trim_end_matches('/');
    let fill = |request: &Request| Request {
        path: request.path.replace("{dir}", dir),
        body: request.body.as_ref().map(|body| body.replace("{dir}", dir)),
        ..request.clone()
    };
    let mut entries = Vec::new();
    let mut keys = KnownKeys::default();
    for step in steps {
        match step {
            Step::Ask { request, note } => {
                let response = exchange::send(port, &fill(request))
                    .unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.path));
                let mut entry = entry(request, note, &response, &Sameness { port, dir });
                keys.shorten(&request.path, &mut entry);
                entries.push(entry);
            }
            Step::Await { path, pointer, value } => {
                let request = Request { method: "GET", path: path.clone(), headers: Vec::new(), body: None };
                let mut last = String::new();
                let held = wait::poll(PATIENCE, EVERY, || {
                    last = exchange::send(port, &request)?.body;
                    let body = serde_json::from_str::<Value>(&last).unwrap_or_default();
                    Ok((body.pointer(pointer) == Some(value)).then_some(()))
                });
                if !matches!(held, Ok(Some(()))) {
                    let step = format!("{path} should come to say {value} at {pointer}");
                    entries.push(json!({"step": step, "never": last}));
                    break;
                }
            }
        }
    }
    Value::Array(entries)
}

fn entry(request: &Request, note: &str, response: &Response, sameness: &Sameness<'_>) -> Value {
    let mut entry = Map::new();
    let mut step = format!("{} {}", request.method, request.path);
    if !note.is_empty() {
        step.push_str(&format!(" ({note})"));
    }
    entry.insert("step".to_owned(), json!(step));
    if let Some(body) = &request.body {
        entry.insert("sent".to_owned(), json!(body));
    }
    entry.insert("status".to_owned(), json!(response.status));
    for name in HEADERS {
        if let Some(value) = response.header(name) {
            entry.insert(name.to_lowercase(), json!(sameness.text(value)));
        }
    }
    let is_html = response.header("Content-Type").is_some_and(|kind| kind.starts_with("text/html"));
    // The pages of Java's HTTP layer are not part of the API.
    if !response.body.is_empty() && !is_html {
        let mut answer =
            serde_json::from_str(&response.body).unwrap_or_else(|_| json!(response.body.clone()));
        sameness.apply(&mut answer);
        entry.insert("answer".to_owned(), answer);
    }
    Value::Object(entry)
}

const LISTED: &str = "available connectors are: ";

/// Where an error stands in a body depends on how long the name of the folder in it is.
fn without_columns(text: &str) -> String {
    const COLUMN: &str = "column: ";
    let mut parts = text.split(COLUMN);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(COLUMN);
        out.push_str("{n}");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    out
}

/// What is made the same in every answer.
struct Sameness<'a> {
    port: u16,
    dir: &'a str,
}

impl Sameness<'_> {
    fn text(&self, text: &str) -> String {
        let text = text.replace(&format!("127.0.0.1:{}", self.port), "{worker}").replace(self.dir, "{dir}");
        let text = without_columns(&text);
        // The list names folders of the machine.
        match text.split_once(LISTED) {
            Some((before, _)) => format!("{before}{LISTED}{{any}}"),
            None => text,
        }
    }

    fn apply(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.text(text),
            Value::Array(values) => values.iter_mut().for_each(|value| self.apply(value)),
            Value::Object(members) => {
                for (name, value) in members {
                    match (name.as_str(), &mut *value) {
                        ("kafka_cluster_id" | "commit", Value::String(text)) => "{any}".clone_into(text),
                        // Documentation is ours, and Java's is not ours to record.
                        ("documentation", Value::String(text)) if !text.is_empty() => {
                            "{text}".clone_into(text);
                        }
                        ("trace", Value::String(text)) => {
                            let first = text.lines().next().unwrap_or_default();
                            *text = self.text(first);
                        }
                        _ => self.apply(value),
                    }
                }
            }
            _ => {}
        }
    }
}

/// What validation has said of each key, by path and key.
#[derive(Default)]
struct KnownKeys(HashMap<(String, String), Value>);

impl KnownKeys {
    /// Leaves only the names of keys of which the last answer on this path has said the same: a transcript shows what
    /// a configuration changes, and a recording stays small.
    fn shorten(&mut self, path: &str, entry: &mut Value) {
        let Some(Value::Array(configs)) = entry.pointer_mut("/answer/configs") else { return };
        for config in configs {
            let Some(name) = config.pointer("/definition/name").and_then(Value::as_str).map(str::to_owned)
            else {
                continue;
            };
            let last = self.0.insert((path.to_owned(), name.clone()), config.clone());
            if last.as_ref() == Some(config) {
                *config = Value::String(name);
            }
        }
    }
}
