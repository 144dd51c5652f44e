//! The keys of the status topic.

use std::fmt;

use super::StatusOf;
use crate::state::TaskId;

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// A connector's or task's status.
    Status(StatusOf),
    /// A topic that a connector uses.
    Topic {
        /// The topic.
        topic: String,
        /// The connector.
        connector: String,
    },
}

const CONNECTOR: &str = "status-connector-";
const TASK: &str = "status-task-";
const TOPIC: &str = "status-topic-";
/// Between topic and connector. Topics hold no colons.
const USED_BY: &str = ":connector-";

impl Key {
    /// From the text of a record's key; `None` if no worker would know it.
    pub fn parse(text: &str) -> Option<Self> {
        Self::parse_any(text).filter(|key| match key {
            Self::Status(of) => !of.connector().is_empty(),
            Self::Topic { topic, connector } => !topic.is_empty() && !connector.is_empty(),
        })
    }

    fn parse_any(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix(CONNECTOR) {
            Some(Self::Status(StatusOf::Connector(name.to_owned())))
        } else if let Some(id) = text.strip_prefix(TASK) {
            let (connector, task) = id.trim_end_matches('-').rsplit_once('-')?;
            Some(Self::Status(StatusOf::Task(TaskId::new(connector, task.parse().ok()?))))
        } else {
            let (topic, connector) = text.strip_prefix(TOPIC)?.split_once(':')?;
            let connector = connector.strip_prefix("connector-")?;
            Some(Self::Topic { topic: topic.to_owned(), connector: connector.to_owned() })
        }
    }
}

/// The text of a record's key.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(StatusOf::Connector(name)) => write!(f, "{CONNECTOR}{name}"),
            Self::Status(StatusOf::Task(id)) => write!(f, "{TASK}{id}"),
            Self::Topic { topic, connector } => write!(f, "{TOPIC}{topic}{USED_BY}{connector}"),
        }
    }
}
