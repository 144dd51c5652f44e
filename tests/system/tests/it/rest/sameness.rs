//! What differs from run to run and from program to program is made the same, or left out.

use std::collections::HashMap;

use serde_json::{Value, json};

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
pub(super) struct Sameness<'a> {
    pub(super) port: u16,
    /// The worker's folder, without a slash at its end.
    pub(super) dir: &'a str,
}

impl Sameness<'_> {
    pub(super) fn text(&self, text: &str) -> String {
        let text = text.replace(&format!("127.0.0.1:{}", self.port), "{worker}").replace(self.dir, "{dir}");
        let text = without_columns(&text);
        // The list names folders of the machine.
        match text.split_once(LISTED) {
            Some((before, _)) => format!("{before}{LISTED}{{any}}"),
            None => text,
        }
    }

    /// The value of a record. Only that of an object is known to be the same whatever the order of its members.
    pub(super) fn record(&self, text: &str) -> Value {
        match serde_json::from_str(text) {
            Ok(mut value @ Value::Object(_)) => {
                self.apply(&mut value);
                // Whether Java still knows the version of what it has stopped is a matter of time.
                if matches!(value["state"].as_str(), Some("UNASSIGNED" | "RESTARTING")) {
                    value["version"] = json!("{any}");
                }
                value
            }
            _ => json!(self.text(text)),
        }
    }

    pub(super) fn apply(&self, value: &mut Value) {
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
                        ("last_modified" | "generation" | "discoverTimestamp", Value::Number(_)) => {
                            *value = json!("{any}");
                        }
                        ("trace", Value::String(text)) => {
                            let first = text.lines().next().unwrap_or_default();
                            *text = self.text(first);
                        }
                        // Java lists them in the order of its hash tables.
                        ("tasks" | "topics" | "offsets", Value::Array(values)) => {
                            values.iter_mut().for_each(|value| self.apply(value));
                            values.sort_by_cached_key(order);
                        }
                        _ => self.apply(value),
                    }
                }
            }
            _ => {}
        }
    }
}

/// A task's number, the partition of an offset, or else the whole text.
fn order(value: &Value) -> (u64, String) {
    let number = value["id"].as_u64().or_else(|| value["task"].as_u64());
    let partition = value.get("partition").unwrap_or(value);
    (number.unwrap_or(0), if number.is_some() { String::new() } else { partition.to_string() })
}

/// What validation has said of each key, by path and key.
#[derive(Default)]
pub(super) struct KnownKeys(HashMap<(String, String), Value>);

impl KnownKeys {
    /// Leaves only the names of keys of which the last answer on this path has said the same: a transcript shows what
    /// a configuration changes, and a recording stays small.
    pub(super) fn shorten(&mut self, path: &str, entry: &mut Value) {
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
