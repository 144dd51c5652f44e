//! States of connectors and tasks, and what users want them to be.

use std::fmt;

/// The state of a connector or task, as the status topic and the REST API spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Stopped cleanly by its worker; nobody runs it now.
    Unassigned,
    /// Started.
    Running,
    /// Allocated, and not processing.
    Paused,
    /// A connector whose tasks were removed on request.
    Stopped,
    /// Ended by an error.
    Failed,
    /// About to be started again on request.
    Restarting,
}

impl State {
    /// As users read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unassigned => "UNASSIGNED",
            Self::Running => "RUNNING",
            Self::Paused => "PAUSED",
            Self::Stopped => "STOPPED",
            Self::Failed => "FAILED",
            Self::Restarting => "RESTARTING",
        }
    }

    /// From what users read.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Unassigned, Self::Running, Self::Paused, Self::Stopped, Self::Failed, Self::Restarting]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a user wants a connector to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TargetState {
    /// Running.
    #[default]
    Started,
    /// Allocated, with its tasks, and not processing.
    Paused,
    /// Without tasks.
    Stopped,
}

impl TargetState {
    /// As the config topic spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Started => "STARTED",
            Self::Paused => "PAUSED",
            Self::Stopped => "STOPPED",
        }
    }

    /// From `initial_state` of a create request: RUNNING, PAUSED or STOPPED in any case.
    pub fn from_initial_state(text: &str) -> Option<Self> {
        match text.to_ascii_uppercase().as_str() {
            "RUNNING" => Some(Self::Started),
            "PAUSED" => Some(Self::Paused),
            "STOPPED" => Some(Self::Stopped),
            _ => None,
        }
    }
}

/// A task of a connector.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskId {
    /// The connector.
    pub connector: String,
    /// The number, from 0.
    pub task: i32,
}

impl TaskId {
    /// The task of this number.
    pub fn new(connector: impl Into<String>, task: i32) -> Self {
        Self { connector: connector.into(), task }
    }
}

/// `connector-number`, as users read it.
impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.connector, self.task)
    }
}
