//! Herders: they keep configurations, decide what runs, and answer what the REST API asks.

mod distributed;
mod entities;
mod shown;
mod stage;
mod standalone;

use std::collections::BTreeSet;
use std::sync::Arc;

use aqueduct_api::ConfigMap;
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::state::TaskId;
use async_trait::async_trait;

pub use aqueduct_proto::state::TargetState;
pub use distributed::{DistributedHerder, Membership};
pub(crate) use entities::config_map;
pub use entities::{
    ConnectorInfo, ConnectorOffset, ConnectorOffsets, ConnectorState, ConnectorStateInfo, ConnectorTask,
    ConnectorType, RequestedOffset, ServerInfo, TaskInfo, TaskState,
};
pub use stage::{Stage, StageGuard, StageRegister};
pub use standalone::StandaloneHerder;

use crate::registry::Registry;
use crate::validation::{ConfigInfos, ValidationError};

/// Why a request could not be done: how the REST API answers follows from the variant.
#[derive(Debug, thiserror::Error)]
pub enum HerderError {
    /// 404
    #[error("{0}")]
    NotFound(String),
    /// 409: it exists already.
    #[error("{0}")]
    AlreadyExists(String),
    /// 400
    #[error("{0}")]
    BadRequest(String),
    /// 409: not now.
    #[error("{0}")]
    Conflict(String),
    /// 403
    #[error("{0}")]
    Forbidden(String),
    /// 500
    #[error("{0}")]
    Internal(String),
    /// Another worker must do it: the request is forwarded there, or else 409.
    #[error("Cannot complete request because of a conflicting operation (e.g. worker rebalance)")]
    Elsewhere {
        /// Where that worker's REST API is reached, if it is known.
        url: Option<String>,
    },
}

impl HerderError {
    /// No connector of this name, in the words of most endpoints.
    pub fn no_connector(name: &str) -> Self {
        Self::NotFound(format!("Connector {name} not found"))
    }
}

impl From<aqueduct_api::Error> for HerderError {
    fn from(error: aqueduct_api::Error) -> Self {
        Self::Internal(error.to_string())
    }
}

impl From<ValidationError> for HerderError {
    fn from(error: ValidationError) -> Self {
        match error {
            ValidationError::BadRequest(message) => Self::BadRequest(message),
            ValidationError::NotFound(message) => Self::NotFound(message),
            ValidationError::Plugin(error) => error.into(),
        }
    }
}

/// A result of a herder.
pub type HerderResult<T> = Result<T, HerderError>;

/// What a request made or changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Put<T> {
    /// Whether it is new.
    pub created: bool,
    /// What it is now.
    pub value: T,
}

/// Runs connectors on request, whichever way the worker knows of others. Every method may be called from any thread, and
/// none is held up by a connector other than the one that it names. The caller limits how long it waits.
#[async_trait]
pub trait Herder: Send + Sync {
    /// The id of the Kafka cluster, once it is known.
    fn kafka_cluster_id(&self) -> Option<String>;

    /// The plugins of this worker.
    fn registry(&self) -> &Arc<Registry>;

    /// What the worker is busy with, for the text of requests that time out.
    fn stages(&self) -> &StageRegister;

    /// Whether start-up is over. Then `GET /health` answers as soon as [`Herder::ping`] does.
    fn is_ready(&self) -> bool;

    /// Returns when the herder can do something.
    async fn ping(&self);

    /// The names of all connectors, sorted.
    async fn connectors(&self) -> HerderResult<Vec<String>>;

    /// Configuration, tasks and type of a connector.
    async fn connector_info(&self, name: &str) -> HerderResult<ConnectorInfo>;

    /// The configuration of a connector as it was given, with references to config providers unresolved.
    async fn connector_config(&self, name: &str) -> HerderResult<ConfigMap>;

    /// Creates a connector, or replaces its configuration if `allow_replace` is set.
    async fn put_connector_config(
        &self,
        name: &str,
        config: ConfigMap,
        initial_state: Option<TargetState>,
        allow_replace: bool,
    ) -> HerderResult<Put<ConnectorInfo>>;

    /// Sets, and for a null removes, some keys of a configuration.
    async fn patch_connector_config(&self, name: &str, patch: ConfigMap) -> HerderResult<ConnectorInfo>;

    /// Stops a connector and forgets it.
    async fn delete_connector(&self, name: &str) -> HerderResult<()>;

    /// The tasks of a connector with their configurations.
    async fn task_configs(&self, name: &str) -> HerderResult<Vec<TaskInfo>>;

    /// The states of a connector and its tasks.
    fn connector_status(&self, name: &str) -> HerderResult<ConnectorStateInfo>;

    /// The state of a task.
    fn task_status(&self, task: &TaskId) -> HerderResult<TaskState>;

    /// Sets what the connector should be: paused or started. Returns when that is noted, not when it is reached.
    async fn set_target_state(&self, name: &str, target: TargetState) -> HerderResult<()>;

    /// Stops a connector: its tasks are removed.
    async fn stop_connector(&self, name: &str) -> HerderResult<()>;

    /// Restarts the connector alone.
    async fn restart_connector(&self, name: &str) -> HerderResult<()>;

    /// Restarts what the request means, and gives the states with that shown as RESTARTING.
    async fn restart_connector_and_tasks(
        &self,
        name: &str,
        request: RestartRequest,
    ) -> HerderResult<ConnectorStateInfo>;

    /// Restarts one task.
    async fn restart_task(&self, task: &TaskId) -> HerderResult<()>;

    /// The offsets of a connector, of a source as stored, of a sink as committed by its group.
    async fn connector_offsets(&self, name: &str) -> HerderResult<ConnectorOffsets>;

    /// Changes offsets of a stopped connector, or with `None` resets all; gives the message for the user.
    async fn alter_offsets(&self, name: &str, offsets: Option<Vec<RequestedOffset>>) -> HerderResult<String>;

    /// The topics that a connector has used.
    fn active_topics(&self, name: &str) -> HerderResult<BTreeSet<String>>;

    /// Forgets which topics a connector has used.
    fn reset_active_topics(&self, name: &str) -> HerderResult<()>;

    /// Takes the task configurations that a connector gave on another worker of the group.
    async fn put_task_configs(&self, name: &str, configs: Vec<ConfigMap>) -> HerderResult<()>;

    /// Fences the producers of a source's earlier tasks, for a task on another worker of the group.
    async fn fence_zombies(&self, name: &str) -> HerderResult<()>;

    /// Checks the signature of a request that only workers of the group may make: its headers and the exact bytes of its body.
    fn verify_internal(
        &self,
        signature: Option<&str>,
        algorithm: Option<&str>,
        body: &[u8],
    ) -> Result<(), aqueduct_proto::session::Refusal>;

    /// Has all workers of the group, this one too, set a logger's level, which has been checked. `false` from a worker that is in
    /// no group: its own level is all that there is to set.
    async fn set_cluster_log_level(&self, namespace: &str, level: &str) -> HerderResult<bool>;

    /// Checks a connector's configuration, which may be for no connector that exists.
    async fn validate_connector_config(&self, config: ConfigMap) -> Result<ConfigInfos, ValidationError>;

    /// Stops all that runs here, and returns when it has stopped or the time for that is up.
    async fn shutdown(&self);
}
