//! The requests, case by case. Each case leaves no connector behind.

mod connectors;
mod creation;
mod exactly_once;
mod guard;
mod http;
mod internal;
mod lifecycle;
mod log;
mod loggers;
mod offsets;
mod overrides;
mod own_offsets;
mod plugins;
mod providers;
mod restarted;
mod tasks;
mod topics;
mod validation;

use serde_json::{Value, json};

use super::exchange::Request;
use super::setting::ANNA;

/// The topics that connectors of the cases use, with one partition each.
pub(super) const TOPICS: [&str; 3] = ["rest-in", "rest-out", "rest-more"];

/// Steps that belong together, and the name of their recording.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) steps: Vec<Step>,
}

/// One step of a case.
pub(super) enum Step {
    /// A request whose answer is compared.
    Ask {
        request: Request,
        /// Told apart from the same request elsewhere, and from what a deviation names.
        note: &'static str,
        /// Whether it goes to the listener for administrators.
        admin: bool,
        /// Whether it is asked until the answer stays the same: Java's can be old for a moment.
        calm: bool,
    },
    /// Waits until `GET path` has the value at the JSON pointer; a null is what is not there. Nothing of it is compared.
    Await { path: String, pointer: &'static str, value: Value },
    /// Waits until there is nothing at this path.
    Gone { path: String },
    /// Writes a file in the worker's folder, or removes it.
    Write { file: &'static str, text: Option<&'static str> },
    /// Stops the worker and starts it again.
    Restart,
    /// Records of a topic, which are compared.
    Records(Written),
    /// A topic, once it is there, with what it was made with: an internal one by its kind, or any other by its name.
    Topic(&'static str),
}

/// Which records of a topic a step is about.
pub(super) struct Written {
    /// An internal topic by its kind (`configs`, `offsets`, `status`), or any other by its name.
    pub(super) topic: &'static str,
    /// What their keys hold.
    pub(super) about: &'static str,
    /// How many there are at least.
    pub(super) count_min: usize,
    pub(super) view: View,
}

/// What is shown of records.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    /// All in the order of the log.
    Log,
    /// Those of each key, since different hands write them. How often the same is written is a matter of time.
    Histories,
    /// The last of each key, which is what compaction leaves.
    Compacted,
}

fn case(name: &'static str, steps: Vec<Step>) -> Case {
    Case { name, steps }
}

/// What workers with default settings are asked in both modes, in the order in which it is played.
pub(super) fn everywhere() -> Vec<Case> {
    vec![
        case("http", http::steps()),
        case("plugins", plugins::steps()),
        case("validation", validation::steps()),
        case("connectors", connectors::steps()),
        case("lifecycle", lifecycle::steps()),
        case("tasks", tasks::steps()),
        case("offsets", offsets::steps()),
        case("creation", creation::steps()),
        case("loggers", loggers::steps()),
        case("internal", internal::steps()),
        case("restarted", restarted::steps()),
    ]
}

/// The same, and what a member writes.
pub(super) fn of_a_member() -> Vec<Case> {
    let mut cases = everywhere();
    cases.push(case("own-offsets", own_offsets::steps()));
    cases.push(case("internal-topics", creation::of_the_worker()));
    cases.push(case("log", log::steps()));
    cases
}

/// For a worker that asks for passwords, among other things.
pub(super) fn guarded() -> Vec<Case> {
    vec![
        case("guard", guard::steps()),
        case("overrides", by_anna(overrides::steps())),
        case("topics", by_anna(topics::untracked())),
    ]
}

/// For a worker that may do little, and has providers.
pub(super) fn bounded() -> Vec<Case> {
    vec![
        case("administrators", guard::without_administrators()),
        case("overrides", overrides::steps()),
        case("topics", topics::without_reset()),
        case("providers", providers::steps()),
    ]
}

/// For a worker with a list of what may be overridden.
pub(super) fn listed() -> Vec<Case> {
    vec![case("overrides", overrides::steps())]
}

/// For a worker of a group that is to deliver exactly once.
pub(super) fn exact() -> Vec<Case> {
    vec![case("sources", exactly_once::steps())]
}

/// The same requests by somebody who is let in.
fn by_anna(steps: Vec<Step>) -> Vec<Step> {
    steps.into_iter().map(|step| step.header("Authorization", ANNA)).collect()
}

impl Step {
    fn new(method: &'static str, path: impl Into<String>) -> Step {
        let headers = vec![("Accept", "application/json".to_owned())];
        let request = Request { method, path: path.into(), headers, body: None };
        Step::Ask { request, note: "", admin: false, calm: false }
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

    /// Sends this header, too.
    fn header(mut self, name: &'static str, value: &str) -> Step {
        if let Step::Ask { request, .. } = &mut self {
            request.headers.push((name, value.to_owned()));
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

    /// Asks until the answer stays the same.
    fn calm(mut self) -> Step {
        if let Step::Ask { calm, .. } = &mut self {
            *calm = true;
        }
        self
    }

    /// Sends it to the listener for administrators.
    fn at_admin(mut self) -> Step {
        if let Step::Ask { admin, .. } = &mut self {
            *admin = true;
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

fn write(file: &'static str, text: &'static str) -> Step {
    Step::Write { file, text: Some(text) }
}

fn remove(file: &'static str) -> Step {
    Step::Write { file, text: None }
}

/// Records in the order of the log.
fn log_of(topic: &'static str, about: &'static str, count_min: usize) -> Step {
    Step::Records(Written { topic, about, count_min, view: View::Log })
}

/// The records of each key.
fn history_of(topic: &'static str, about: &'static str, count_min: usize) -> Step {
    Step::Records(Written { topic, about, count_min, view: View::Histories })
}

/// What compaction leaves of the records.
fn last_of(topic: &'static str, about: &'static str, count_min: usize) -> Step {
    Step::Records(Written { topic, about, count_min, view: View::Compacted })
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

/// A source of numbers, of which each task makes a few a second.
fn numbers(name: &str, tasks: u32) -> Value {
    json!({
        "name": name, "connector.class": "org.apache.kafka.connect.tools.VerifiableSourceConnector",
        "tasks.max": tasks.to_string(), "topic": "rest-numbers", "throughput": "5",
    })
}

/// The body that creates a connector of this configuration.
fn create(config: &Value) -> Value {
    json!({"name": config["name"], "config": config})
}

/// The same in a state to begin with.
fn create_in(state: &str, config: &Value) -> Value {
    json!({"name": config["name"], "config": config, "initial_state": state})
}

/// The configuration with some keys changed or added.
fn with(config: &Value, changes: Value) -> Value {
    let mut config = config.clone();
    if let (Value::Object(config), Value::Object(changes)) = (&mut config, changes) {
        config.extend(changes);
    }
    config
}
