//! What every herder does alike: checks of configurations, and reading states, types and used topics off its worker.

use std::collections::BTreeSet;

use aqueduct_api::{ConfigMap, PluginKind};
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::state::{State, TaskId};

use super::{ConnectorStateInfo, ConnectorType, HerderError, HerderResult, StageRegister, TaskState};
use crate::registry::Wanted;
use crate::status::Status;
use crate::validation::{ConfigInfos, ConfigValidator, ValidationError};
use crate::worker::Worker;

/// A configuration with some keys set, and those removed that the patch has as null.
pub(super) fn patched(mut config: ConfigMap, patch: &ConfigMap) -> ConfigMap {
    for (key, value) in patch.iter() {
        match value {
            Some(value) => config.insert(key, value),
            None => config.remove(key),
        };
    }
    config
}

/// Checks a configuration, and says meanwhile that the worker is busy with that.
pub(super) async fn validate(
    validator: &ConfigValidator,
    stages: &StageRegister,
    config: &ConfigMap,
) -> Result<ConfigInfos, ValidationError> {
    let name = config.get("name").unwrap_or_default();
    let _stage = stages.enter(format!("performing multi-property validation for the connector {name}"));
    validator.validate(config).await
}

/// Fails with all messages of a configuration that has errors.
pub(super) async fn check(
    validator: &ConfigValidator,
    stages: &StageRegister,
    config: &ConfigMap,
) -> HerderResult<()> {
    match validate(validator, stages, config).await?.refusal() {
        Some(summary) => Err(HerderError::BadRequest(summary)),
        None => Ok(()),
    }
}

pub(super) fn kind(worker: &Worker, config: &ConfigMap) -> ConnectorType {
    let class = config.get("connector.class").unwrap_or_default();
    match worker.parts().registry.get(Wanted::Connector, class, None).map(|plugin| &plugin.kind) {
        Ok(PluginKind::Source { .. }) => ConnectorType::Source,
        Ok(PluginKind::Sink { .. }) => ConnectorType::Sink,
        _ => ConnectorType::Unknown,
    }
}

/// The states of a connector and its tasks. `config` is `None` for one that is only remembered.
pub(super) fn states(
    worker: &Worker,
    name: &str,
    config: Option<&ConfigMap>,
) -> HerderResult<ConnectorStateInfo> {
    let status = &worker.parts().status;
    let missing = || HerderError::NotFound(format!("No status found for connector {name}"));
    let connector = status.connector(name).ok_or_else(missing)?;
    let tasks = status.tasks(name).iter().map(|(id, status)| TaskState::new(*id, status)).collect();
    let kind = config.map_or(ConnectorType::Unknown, |config| kind(worker, config));
    Ok(ConnectorStateInfo { name: name.to_owned(), connector: (&connector).into(), tasks, kind })
}

pub(super) fn task_status(worker: &Worker, task: &TaskId) -> HerderResult<TaskState> {
    let missing = || HerderError::NotFound(format!("No status found for task {task}"));
    worker.parts().status.task(task).map(|status| TaskState::new(task.task, &status)).ok_or_else(missing)
}

/// What a restart request means, by the states now.
pub(super) struct RestartPlan {
    /// The states with that shown as RESTARTING.
    pub(super) states: ConnectorStateInfo,
    pub(super) connector: bool,
    pub(super) tasks: Vec<TaskId>,
}

impl RestartPlan {
    pub(super) fn new(
        worker: &Worker,
        name: &str,
        config: Option<&ConfigMap>,
        request: RestartRequest,
    ) -> HerderResult<Self> {
        let status = &worker.parts().status;
        let no_status = || HerderError::NotFound(format!("Status for connector {name} not found"));
        let connector = request.includes_connector(status.connector(name).ok_or_else(no_status)?.state);
        let mut states = states(worker, name, config)?;
        if connector {
            states.connector.state = State::Restarting.name().to_owned();
        }
        let mut tasks = Vec::new();
        for (id, _) in status.tasks(name).into_iter().filter(|(_, one)| request.includes_task(one.state)) {
            tasks.push(TaskId::new(name, id));
            states.tasks.iter_mut().filter(|task| task.id == id).for_each(|task| {
                task.state = State::Restarting.name().to_owned();
            });
        }
        Ok(Self { states, connector, tasks })
    }
}

fn own_status(worker: &Worker, state: State, trace: Option<String>, version: Option<String>) -> Status {
    Status { state, trace, worker_id: worker.parts().id.clone(), generation: 0, version }
}

/// Writes the state of a connector whose version stays as it is known.
pub(super) fn put_connector(worker: &Worker, name: &str, state: State, trace: Option<String>) {
    let store = &worker.parts().status;
    let version = store.connector(name).and_then(|status| status.version);
    store.put_connector(name, own_status(worker, state, trace, version));
}

/// Says that a task is about to be started again.
pub(super) fn put_restarting(worker: &Worker, id: &TaskId) {
    let store = &worker.parts().status;
    let version = store.task(id).and_then(|status| status.version);
    store.put_task(id, own_status(worker, State::Restarting, None, version));
}

pub(super) fn active_topics(worker: &Worker, name: &str) -> HerderResult<BTreeSet<String>> {
    if !worker.parts().config.topic_tracking_enable {
        return Err(HerderError::Forbidden("Topic tracking is disabled.".to_owned()));
    }
    Ok(worker.parts().status.topics(name))
}

pub(super) fn reset_active_topics(worker: &Worker, name: &str) -> HerderResult<()> {
    let parts = worker.parts();
    if !parts.config.topic_tracking_enable {
        return Err(HerderError::Forbidden("Topic tracking is disabled.".to_owned()));
    }
    if !parts.config.topic_tracking_allow_reset {
        return Err(HerderError::Forbidden("Topic tracking reset is disabled.".to_owned()));
    }
    parts.status.delete_topics(name);
    Ok(())
}

/// The refusal of a change of offsets that a connector does not allow now.
pub(super) fn not_stopped(name: &str) -> HerderError {
    HerderError::BadRequest(format!(
        "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/{name}/stop' endpoint"
    ))
}
