//! Records that change the topic. Only the leader writes, except for target states and logger levels.

use aqueduct_api::ConfigMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::key::Key;
use crate::restart::RestartRequest;
use crate::session::SessionKey;
use crate::state::{TargetState, TaskId};

/// A record to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The key.
    pub key: String,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

impl Record {
    fn new(key: &Key, value: &Json) -> Self {
        Self { key: key.to_string(), value: Some(value.to_string().into_bytes()) }
    }

    fn tombstone(key: &Key) -> Self {
        Self { key: key.to_string(), value: None }
    }
}

/// A part of a change that takes several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Write these, in one transaction if the producer has them, and wait until they are acknowledged.
    Write(Vec<Record>),
    /// Read the log to its end, so that what was written is in the state. After a write it is enough that it has come back.
    ReadToEnd,
}

fn properties(config: &ConfigMap) -> Json {
    let properties: serde_json::Map<String, Json> =
        config.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    json!({ "properties": properties })
}

/// Creates or changes a connector. A new one may begin in a target state, which then is written first. To be written in
/// one transaction where there are transactions.
pub fn put_connector(name: &str, config: &ConfigMap, initial: Option<TargetState>) -> Vec<Record> {
    let target = initial.map(|target| put_target_state(name, target));
    let connector = Record::new(&Key::Connector(name.to_owned()), &properties(config));
    target.into_iter().chain([connector]).collect()
}

/// Removes a connector. Its tasks, task count and commit stay in the topic, without meaning.
pub fn remove_connector(name: &str) -> Vec<Record> {
    vec![
        Record::tombstone(&Key::Connector(name.to_owned())),
        Record::tombstone(&Key::TargetState(name.to_owned())),
    ]
}

/// Gives a connector a task set. The commit must not come before the tasks, and must not be written by a worker that has
/// lost the log's end out of sight: hence the reads in between. All steps together have 30 s.
pub fn put_tasks(connector: &str, configs: &[ConfigMap]) -> Vec<Step> {
    let tasks: Vec<Record> = configs
        .iter()
        .zip(0..)
        .map(|(config, task)| Record::new(&Key::Task(TaskId::new(connector, task)), &properties(config)))
        .collect();
    let commit = Record::new(&Key::Commit(connector.to_owned()), &json!({ "tasks": configs.len() }));
    let mut steps = vec![Step::ReadToEnd];
    if !tasks.is_empty() {
        steps.extend([Step::Write(tasks), Step::ReadToEnd]);
    }
    steps.extend([Step::Write(vec![commit]), Step::ReadToEnd]);
    steps
}

/// What users want a connector to be. Workers that don't know STOPPED read PAUSED.
pub fn put_target_state(connector: &str, target: TargetState) -> Record {
    let old = match target {
        TargetState::Stopped => TargetState::Paused,
        other => other,
    };
    let value = json!({ "state": old.name(), "state.v2": target.name() });
    Record::new(&Key::TargetState(connector.to_owned()), &value)
}

/// The producers of this many tasks may be alive from now on, and those of all earlier sets are fenced.
pub fn put_task_count(connector: &str, count: i32) -> Record {
    Record::new(&Key::TaskCount(connector.to_owned()), &json!({ "task-count": count }))
}

/// A new key for internal requests.
pub fn put_session_key(key: &SessionKey) -> Record {
    let value = json!({
        "key": STANDARD.encode(&key.key),
        "algorithm": key.algorithm,
        "creation-timestamp": key.created_ms,
    });
    Record::new(&Key::SessionKey, &value)
}

/// Asks the workers to restart parts of a connector.
pub fn put_restart_request(connector: &str, request: RestartRequest) -> Record {
    let value = json!({ "include-tasks": request.include_tasks, "only-failed": request.only_failed });
    Record::new(&Key::Restart(connector.to_owned()), &value)
}

/// Sets a logger's level on all workers.
pub fn put_logger_level(namespace: &str, level: &str) -> Record {
    Record::new(&Key::LoggerLevel(namespace.to_owned()), &json!({ "level": level }))
}
