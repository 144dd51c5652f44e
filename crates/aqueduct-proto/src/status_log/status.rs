//! The values of the status topic.

use serde_json::{Value as Json, json};

use crate::state::{State, TaskId};

/// Whose status it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StatusOf {
    /// A connector.
    Connector(String),
    /// A task.
    Task(TaskId),
}

impl StatusOf {
    /// The connector, or the task's.
    pub fn connector(&self) -> &str {
        match self {
            Self::Connector(name) => name,
            Self::Task(id) => &id.connector,
        }
    }
}

/// How a connector or task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// Why it failed.
    pub trace: Option<String>,
    /// `host:port` of the worker that says so.
    pub worker_id: String,
    /// The group's generation in which it says so; 0 without a group.
    pub generation: i32,
    /// The plugin's version; unknown in records of before 4.1.
    pub version: Option<String>,
}

impl Status {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        json!({
            "state": self.state.name(),
            "trace": self.trace,
            "worker_id": self.worker_id,
            "generation": self.generation,
            "version": self.version,
        })
        .to_string()
        .into_bytes()
    }

    pub(super) fn parse(value: &Json) -> Option<Self> {
        let text = |field: &str| value.get(field).and_then(Json::as_str).map(str::to_owned);
        Some(Self {
            state: State::from_name(value.get("state")?.as_str()?)?,
            trace: text("trace"),
            worker_id: text("worker_id")?,
            generation: value.get("generation")?.as_i64()? as i32,
            version: text("version"),
        })
    }
}

/// A topic that a connector uses (KIP-558).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicStatus {
    /// The topic.
    pub topic: String,
    /// The task that used it first.
    pub task: TaskId,
    /// When, in ms since the epoch.
    pub discovered_ms: i64,
}

impl TopicStatus {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        json!({
            "topic": {
                "name": self.topic,
                "connector": self.task.connector,
                "task": self.task.task,
                "discoverTimestamp": self.discovered_ms,
            }
        })
        .to_string()
        .into_bytes()
    }

    pub(super) fn parse(value: &Json) -> Option<Self> {
        let value = value.get("topic")?;
        let text = |field: &str| value.get(field).and_then(Json::as_str);
        let number = |field: &str| value.get(field).and_then(Json::as_i64);
        Some(Self {
            topic: text("name")?.to_owned(),
            task: TaskId::new(text("connector")?, number("task")? as i32),
            discovered_ms: number("discoverTimestamp")?,
        })
    }
}
