//! The keys of the config topic.

use crate::state::TaskId;

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// Whether a connector should run.
    TargetState(String),
    /// A connector's configuration.
    Connector(String),
    /// A task's configuration.
    Task(TaskId),
    /// The end of a task set.
    Commit(String),
    /// A request to restart a connector.
    Restart(String),
    /// How many tasks the last fenced task set had.
    TaskCount(String),
    /// The key that signs internal requests.
    SessionKey,
    /// The level of a logger on all workers.
    LoggerLevel(String),
}

const TARGET_STATE: &str = "target-state-";
const CONNECTOR: &str = "connector-";
const TASK: &str = "task-";
const COMMIT: &str = "commit-";
const RESTART: &str = "restart-connector-";
const TASK_COUNT: &str = "tasks-fencing-";
const SESSION_KEY: &str = "session-key";
const LOGGER_LEVEL: &str = "logger-cluster-";

impl Key {
    /// From the text of a record's key; `None` if no worker would know it.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix(TARGET_STATE) {
            Some(Self::TargetState(name.to_owned()))
        } else if let Some(name) = text.strip_prefix(CONNECTOR) {
            Some(Self::Connector(name.to_owned()))
        } else if let Some(id) = text.strip_prefix(TASK) {
            // Java's split drops what is empty at the end.
            let (connector, task) = id.trim_end_matches('-').rsplit_once('-')?;
            Some(Self::Task(TaskId::new(connector, task.parse().ok()?)))
        } else if let Some(name) = text.strip_prefix(COMMIT) {
            Some(Self::Commit(name.to_owned()))
        } else if let Some(name) = text.strip_prefix(RESTART) {
            Some(Self::Restart(name.to_owned()))
        } else if let Some(name) = text.strip_prefix(TASK_COUNT) {
            Some(Self::TaskCount(name.to_owned()))
        } else if text == SESSION_KEY {
            Some(Self::SessionKey)
        } else {
            text.strip_prefix(LOGGER_LEVEL).map(|name| Self::LoggerLevel(name.to_owned()))
        }
    }
}

/// The text of a record's key.
impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TargetState(name) => write!(f, "{TARGET_STATE}{name}"),
            Self::Connector(name) => write!(f, "{CONNECTOR}{name}"),
            Self::Task(id) => write!(f, "{TASK}{id}"),
            Self::Commit(name) => write!(f, "{COMMIT}{name}"),
            Self::Restart(name) => write!(f, "{RESTART}{name}"),
            Self::TaskCount(name) => write!(f, "{TASK_COUNT}{name}"),
            Self::SessionKey => f.write_str(SESSION_KEY),
            Self::LoggerLevel(name) => write!(f, "{LOGGER_LEVEL}{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_dashes_and_tasks_need_numbers() {
        assert_eq!(Key::parse("task-a-1-2"), Some(Key::Task(TaskId::new("a-1", 2))));
        assert_eq!(Key::parse("task-a--0"), Some(Key::Task(TaskId::new("a-", 0))));
        for nothing in ["task-a", "task-a-x", "task--", "task-a-2147483648", "session-key-x", "tasks-c", ""] {
            assert_eq!(Key::parse(nothing), None, "{nothing}");
        }
    }
}
