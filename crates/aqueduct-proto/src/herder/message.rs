//! What goes into a herder and what comes out.

use std::sync::Arc;

use aqueduct_api::ConfigMap;
use thiserror::Error;

use crate::config_log::Record;
use crate::member;
use crate::restart::RestartRequest;
use crate::state::{TargetState, TaskId};
use crate::subprotocol::Work;

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Input {
    /// Time passed.
    Tick,
    /// The coordinator answered the request of this id.
    Group {
        /// The request.
        id: u64,
        /// The answer.
        response: member::Response,
    },
    /// The coordinator gave this worker a member id and wants it to join again.
    MemberId {
        /// The request.
        id: u64,
        /// The member id.
        member_id: String,
    },
    /// A record of the config topic, in order; also without having asked for a read.
    ConfigRecord {
        /// Its offset.
        offset: i64,
        /// Its key; empty if it is null or no text.
        key: String,
        /// Its value.
        value: Option<Vec<u8>>,
    },
    /// The answer to [`Effect::ReadConfig`]: all records came before.
    ReadDone {
        /// False if the time was not enough.
        reached_end: bool,
    },
    /// The answer to [`Effect::Write`]: the offset of the last record, if it is known.
    WriteDone(Result<Option<i64>, WriteError>),
    /// The answer to [`Effect::Claim`].
    Claimed {
        /// Whether this worker's producer now fences all others.
        ok: bool,
    },
    /// Work has stopped, after an [`Effect::Stop`].
    Stopped(Work),
    /// The answer to [`Effect::GenerateTasks`].
    Generated {
        /// The connector.
        connector: String,
        /// Of the effect.
        question: u64,
        /// What it gave.
        result: Generated,
    },
    /// A connector that runs here wants its task configurations asked for again.
    TasksWanted {
        /// The connector.
        connector: String,
    },
    /// The answer to [`Effect::PostTasks`].
    TasksPosted {
        /// The connector.
        connector: String,
        /// Of the effect.
        question: Option<u64>,
        /// Whether the leader took them.
        ok: bool,
    },
    /// The answer to [`Effect::MakeKey`].
    KeyMaterial(Vec<u8>),
    /// The answer to [`Effect::FenceProducers`].
    ProducersFenced {
        /// Whether all are fenced.
        ok: bool,
    },
    /// A user or another worker wants something; [`Effect::Reply`] has this id.
    Request {
        /// An id of the caller's choice.
        id: u64,
        /// What.
        request: Request,
    },
    /// Stop everything and leave the group.
    Shutdown,
}

/// Why a write to the config topic failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteError {
    /// Another worker has claimed the topic.
    Fenced,
    /// Something else. The records may have been written.
    Failed,
}

/// What a connector's `taskConfigs` gave.
#[derive(Debug, Clone, PartialEq)]
pub enum Generated {
    /// The configurations, with references to config providers as they stand in the connector's configuration.
    Configs(Vec<ConfigMap>),
    /// It failed; ask again later.
    Failed,
    /// It is not running, or gave more tasks than it may: don't ask again.
    Refused,
}

/// What users and other workers want.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Create a connector, or change it. The configuration is valid.
    PutConnector {
        /// The name.
        name: String,
        /// The configuration.
        config: ConfigMap,
        /// Of a new connector.
        initial: Option<TargetState>,
        /// Whether it may exist already.
        replace: bool,
    },
    /// Remove a connector.
    DeleteConnector {
        /// The name.
        name: String,
    },
    /// A connector's new task set, from the worker that runs it.
    PutTasks {
        /// The connector.
        connector: String,
        /// The configurations.
        configs: Vec<ConfigMap>,
    },
    /// Pause, resume or stop a connector. Any worker may do the first two.
    SetTarget {
        /// The connector.
        connector: String,
        /// The new target.
        target: TargetState,
    },
    /// Restart a connector or parts of it.
    Restart {
        /// The connector.
        connector: String,
        /// Which parts.
        request: RestartRequest,
    },
    /// Wait until what was asked before, and the rebalance that came of it, is carried out: what a connector lost in it
    /// has stopped then.
    Settle {
        /// The connector.
        connector: String,
    },
    /// Fence the producers of a source's last task set.
    Fence {
        /// The connector, which is a source.
        connector: String,
    },
    /// Set a logger's level on all workers. Any worker may do it.
    LoggerLevel {
        /// The logger.
        namespace: String,
        /// The level.
        level: String,
    },
}

/// Why a request is refused. The texts are what users read, where they are given.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The leader must do it; forward it there if its URL is known.
    #[error("Only the leader can do this")]
    NotLeader {
        /// Where its REST API is reached.
        leader_url: Option<String>,
    },
    /// There is no such connector.
    #[error("Connector {0} not found")]
    NotFound(String),
    /// There is such a connector.
    #[error("Connector {0} already exists")]
    Exists(String),
    /// A stopped connector has no tasks.
    #[error("Cannot submit non-empty set of task configs for stopped connector {0}")]
    Stopped(String),
    /// The write failed.
    #[error(
        "Failed to write to config topic; this may be due to a transient error and the request can be safely retried"
    )]
    WriteFailed,
    /// The config topic could not be read to its end.
    #[error("Failed to read to the end of the config topic")]
    ReadFailed,
    /// New tasks came during a fencing round.
    #[error("Fencing failed because new task configurations were generated for the connector")]
    FencingOvertaken,
    /// Producers could not be fenced.
    #[error("Failed to complete zombie fencing")]
    FencingFailed,
    /// Too many requests wait.
    #[error("Too many requests are waiting for this worker")]
    Busy,
    /// The worker stops.
    #[error("The worker is shutting down")]
    ShuttingDown,
}

/// What to do. Effects are performed in order; those that take time run on their own, and their answer is an [`Input`].
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Send this to the coordinator; the answer is [`Input::Group`] or [`Input::MemberId`].
    Group {
        /// For the answer.
        id: u64,
        /// What to send.
        request: member::Request,
    },
    /// Read the config topic to its present end, within `worker.sync.timeout.ms`; the answer is [`Input::ReadDone`].
    ReadConfig,
    /// Write records; the answer is [`Input::WriteDone`].
    Write {
        /// The records, in one transaction if there are several and the producer is transactional.
        records: Vec<Record>,
        /// Whether only the leader may write them: with the transactional producer if exactly-once support is on.
        privileged: bool,
    },
    /// Make this worker's transactional producer the only one; the answer is [`Input::Claimed`].
    Claim,
    /// Start a connector.
    StartConnector {
        /// The connector.
        connector: String,
        /// Its configuration.
        config: Arc<ConfigMap>,
        /// Its target state.
        target: TargetState,
    },
    /// Start a task.
    StartTask {
        /// The task.
        id: TaskId,
        /// Its configuration.
        config: Arc<ConfigMap>,
        /// Its connector's target state.
        target: TargetState,
        /// The task set that it belongs to: see [`Connector::task_generation`](crate::config_log::Connector::task_generation).
        generation: Option<i32>,
    },
    /// Stop these; the answer is [`Input::Stopped`] with the same work.
    Stop(Work),
    /// Restart a connector with its new configuration.
    Reconfigure {
        /// The connector.
        connector: String,
        /// The new configuration.
        config: Arc<ConfigMap>,
    },
    /// A user's request: restart what runs here, as far as its status asks for it.
    Restart {
        /// The connector.
        connector: String,
        /// Which parts.
        request: RestartRequest,
        /// What of it runs here.
        local: Work,
    },
    /// Bring what runs here into this state.
    SetTarget {
        /// The connector.
        connector: String,
        /// The state.
        target: TargetState,
        /// What of it runs here.
        local: Work,
    },
    /// Ask a connector that runs here for its task configurations; the answer is [`Input::Generated`].
    GenerateTasks {
        /// The connector.
        connector: String,
        /// For the answer to carry: one that comes late must not pass for that to a later question.
        question: u64,
    },
    /// Post task configurations to the leader, signed if the group is sessioned; the answer is [`Input::TasksPosted`].
    PostTasks {
        /// Where.
        leader_url: String,
        /// The connector.
        connector: String,
        /// The configurations.
        configs: Vec<ConfigMap>,
        /// The question that they answer, for the answer to carry; none if the connector was not asked.
        question: Option<u64>,
    },
    /// Make random bytes; the answer is [`Input::KeyMaterial`].
    MakeKey {
        /// How many.
        bytes: usize,
    },
    /// Fence the producers of a connector's tasks; the answer is [`Input::ProducersFenced`].
    FenceProducers {
        /// The connector.
        connector: String,
        /// Of tasks 0 to this - 1.
        tasks: i32,
    },
    /// This worker leads: remove statuses of what is not configured.
    CleanStatuses,
    /// Set a logger's level here.
    LoggerLevel {
        /// The logger.
        namespace: String,
        /// The level, unchecked.
        level: String,
    },
    /// The answer to a request.
    Reply {
        /// The request.
        id: u64,
        /// How it went.
        result: Result<(), Refusal>,
    },
    /// Something for the log.
    Warn(Warning),
    /// The group does not take this worker: end the process.
    Fatal(member::GroupError),
    /// Everything has stopped, after [`Input::Shutdown`].
    Finished,
}

/// Something for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Warning {
    /// A record of the config topic that is skipped.
    Garbage {
        /// Where it lies.
        offset: i64,
        /// Its key.
        key: String,
        /// Why.
        reason: String,
    },
    /// What a member or the leader sent is not in the subprotocol.
    Malformed(String),
    /// The coordinator cannot be reached: all work here is stopped.
    OutOfReach,
    /// The herder was not called for `rebalance.timeout.ms` and has left the group.
    PollTimeout,
    /// The config topic could not be read in time.
    ReadFailed,
    /// A task without configuration is not started.
    NoTaskConfig(TaskId),
    /// The task set of a connector was lost to compaction, or cannot be used, or came although the connector is stopped; the
    /// leader has it written again.
    Republished {
        /// The connector.
        connector: String,
        /// How many tasks it must have: none if it is stopped; unknown if it must be asked for them.
        tasks: Option<usize>,
    },
}
