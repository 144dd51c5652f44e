//! The herder of a worker that stands alone: configurations in memory, all connectors here.

mod lifecycle;
mod store;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::Duration;

use aqueduct_api::ConfigMap;
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::session::Refusal;
use aqueduct_proto::state::{TargetState, TaskId};
use async_trait::async_trait;

use super::shown::{self, RestartPlan};
use super::{
    ConnectorInfo, ConnectorOffsets, ConnectorStateInfo, ConnectorTask, Herder, HerderError, HerderResult,
    Put, RequestedOffset, StageRegister, TaskInfo, TaskState,
};
use crate::registry::Registry;
use crate::validation::{ConfigInfos, ConfigValidator, ValidationError};
use crate::worker::Worker;
use store::{Configurations, Configured};

/// How long a connector may keep a request waiting that would end it.
const STUCK_AFTER: Duration = Duration::from_secs(5);

/// Runs connectors on one worker, and keeps their configurations only as long as it lives.
///
/// Requests for one connector are done one after the other, those for different connectors at the same time.
#[derive(Clone)]
pub struct StandaloneHerder(Arc<Inner>);

struct Inner {
    worker: Worker,
    validator: ConfigValidator,
    configurations: Configurations,
    /// Who is doing something to a connector.
    turns: Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>,
    stages: StageRegister,
    ready: AtomicBool,
    cluster_id: RwLock<Option<String>>,
    /// The runtime of the control plane.
    runtime: tokio::runtime::Handle,
    this: Weak<Inner>,
}

impl StandaloneHerder {
    /// A herder of this worker. Must be called on the control plane's runtime.
    pub fn new(worker: Worker) -> Self {
        let parts = worker.parts();
        let validator = ConfigValidator::new(
            Arc::clone(&parts.registry),
            parts.transformer.clone(),
            Arc::clone(&parts.config),
        );
        Self(Arc::new_cyclic(|this| Inner {
            worker,
            validator,
            configurations: Configurations::default(),
            turns: Mutex::default(),
            stages: StageRegister::default(),
            ready: AtomicBool::new(false),
            cluster_id: RwLock::default(),
            runtime: tokio::runtime::Handle::current(),
            this: Weak::clone(this),
        }))
    }

    /// Start-up is over: the connectors of the command line have been created.
    pub fn set_ready(&self) {
        self.0.ready.store(true, Ordering::Release);
    }

    /// The id of the Kafka cluster is known.
    pub fn set_kafka_cluster_id(&self, id: impl Into<String>) {
        *self.0.cluster_id.write().unwrap_or_else(PoisonError::into_inner) = Some(id.into());
    }

    /// The worker.
    pub fn worker(&self) -> &Worker {
        &self.0.worker
    }

    /// Does something to a connector to the end, also when the caller stops waiting: its request has timed out, or the
    /// client has gone.
    async fn carry_out<T: Send + 'static>(
        &self,
        work: impl Future<Output = HerderResult<T>> + Send + 'static,
    ) -> HerderResult<T> {
        let done = self.0.runtime.spawn(work).await;
        done.unwrap_or_else(|error| Err(HerderError::Internal(format!("The request was cut off: {error}"))))
    }
}

fn tasks_of(name: &str, configured: &Configured) -> impl Iterator<Item = TaskId> + use<> {
    let name = name.to_owned();
    (0..configured.tasks.len()).map(move |task| TaskId::new(name.clone(), task as i32))
}

impl Inner {
    fn configured(&self, name: &str) -> HerderResult<Configured> {
        self.configurations.get(name).ok_or_else(|| HerderError::no_connector(name))
    }

    fn info(&self, name: &str, configured: Configured) -> ConnectorInfo {
        let tasks = tasks_of(name, &configured)
            .map(|id| ConnectorTask { connector: id.connector, task: id.task })
            .collect();
        ConnectorInfo {
            name: name.to_owned(),
            tasks,
            kind: shown::kind(&self.worker, &configured.config),
            config: configured.config,
        }
    }

    /// Waits for the turn to do something to a connector.
    async fn turn(&self, name: &str) -> tokio::sync::OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody holds or waits for those that only the table has.
            turns.retain(|other, turn| other == name || Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(name.to_owned()).or_default())
        };
        turn.lock_owned().await
    }

    /// As [`Inner::turn`], for requests that end what the connector is doing: one that hangs does not keep it.
    async fn take_turn(&self, name: &str) -> tokio::sync::OwnedMutexGuard<()> {
        match tokio::time::timeout(STUCK_AFTER, self.turn(name)).await {
            Ok(turn) => turn,
            Err(_) => {
                self.worker.give_up_connector(name);
                self.turn(name).await
            }
        }
    }
}

#[async_trait]
impl Herder for StandaloneHerder {
    fn kafka_cluster_id(&self) -> Option<String> {
        self.0.cluster_id.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn registry(&self) -> &Arc<Registry> {
        &self.0.worker.parts().registry
    }

    fn stages(&self) -> &StageRegister {
        &self.0.stages
    }

    fn is_ready(&self) -> bool {
        self.0.ready.load(Ordering::Acquire)
    }

    async fn ping(&self) {}

    async fn connectors(&self) -> HerderResult<Vec<String>> {
        Ok(self.0.configurations.names())
    }

    async fn connector_info(&self, name: &str) -> HerderResult<ConnectorInfo> {
        Ok(self.0.info(name, self.0.configured(name)?))
    }

    async fn connector_config(&self, name: &str) -> HerderResult<ConfigMap> {
        Ok(self.0.configured(name)?.config)
    }

    async fn put_connector_config(
        &self,
        name: &str,
        config: ConfigMap,
        initial_state: Option<TargetState>,
        allow_replace: bool,
    ) -> HerderResult<Put<ConnectorInfo>> {
        shown::check(&self.0.validator, &self.0.stages, &config).await?;
        let (this, name) = (self.clone(), name.to_owned());
        self.carry_out(async move {
            let name = name.as_str();
            let _turn = this.0.take_turn(name).await;
            let known = this.0.configurations.get(name);
            if known.is_some() && !allow_replace {
                return Err(HerderError::AlreadyExists(format!("Connector {name} already exists")));
            }
            let created = known.is_none();
            this.0.configure(name, config, initial_state).await?;
            Ok(Put { created, value: this.connector_info(name).await? })
        })
        .await
    }

    async fn patch_connector_config(&self, name: &str, patch: ConfigMap) -> HerderResult<ConnectorInfo> {
        self.0.configured(name)?;
        let (this, name) = (self.clone(), name.to_owned());
        self.carry_out(async move {
            let name = name.as_str();
            // From reading to writing the configuration: of two patches at once, none is lost.
            let _turn = this.0.take_turn(name).await;
            let config = shown::patched(this.0.configured(name)?.config, &patch);
            shown::check(&this.0.validator, &this.0.stages, &config).await?;
            this.0.configure(name, config, None).await?;
            this.connector_info(name).await
        })
        .await
    }

    async fn delete_connector(&self, name: &str) -> HerderResult<()> {
        let (this, name) = (self.clone(), name.to_owned());
        self.carry_out(async move {
            let name = name.as_str();
            let _turn = this.0.take_turn(name).await;
            this.0.configured(name)?;
            this.0.delete(name).await;
            Ok(())
        })
        .await
    }

    async fn task_configs(&self, name: &str) -> HerderResult<Vec<TaskInfo>> {
        let configured = self.0.configured(name)?;
        Ok(tasks_of(name, &configured)
            .zip(configured.tasks)
            .map(|(id, config)| TaskInfo {
                id: ConnectorTask { connector: id.connector, task: id.task },
                config,
            })
            .collect())
    }

    fn connector_status(&self, name: &str) -> HerderResult<ConnectorStateInfo> {
        let configured = self.0.configurations.get(name);
        shown::states(&self.0.worker, name, configured.as_ref().map(|one| &one.config))
    }

    fn task_status(&self, task: &TaskId) -> HerderResult<TaskState> {
        shown::task_status(&self.0.worker, task)
    }

    async fn set_target_state(&self, name: &str, target: TargetState) -> HerderResult<()> {
        if !self.0.configurations.set_target(name, target) {
            return Err(HerderError::NotFound(format!("Unknown connector {name}")));
        }
        let (this, name) = (Arc::clone(&self.0), name.to_owned());
        self.0.runtime.spawn(async move {
            let _turn = this.turn(&name).await;
            this.follow_target(&name).await;
        });
        Ok(())
    }

    async fn stop_connector(&self, name: &str) -> HerderResult<()> {
        if !self.0.configurations.set_target(name, TargetState::Stopped) {
            return Err(HerderError::Internal(format!("No connector `{name}` configured")));
        }
        let (this, name) = (self.clone(), name.to_owned());
        self.carry_out(async move {
            let name = name.as_str();
            let _turn = this.0.take_turn(name).await;
            this.0.follow_target(name).await;
            Ok(())
        })
        .await
    }

    async fn restart_connector(&self, name: &str) -> HerderResult<()> {
        let (this, name) = (self.clone(), name.to_owned());
        self.carry_out(async move {
            let name = name.as_str();
            let _turn = this.0.take_turn(name).await;
            let configured = this.0.configured(name)?;
            let _stage = this.0.stages.enter(format!("restarting connector {name}"));
            this.0.worker.stop_connector(name).await;
            this.0.start(name, &configured).await?;
            // A connector that had failed to start has no tasks yet.
            this.0.update_tasks(name).await
        })
        .await
    }

    async fn restart_connector_and_tasks(
        &self,
        name: &str,
        request: RestartRequest,
    ) -> HerderResult<ConnectorStateInfo> {
        let (this, name) = (self.clone(), name.to_owned());
        self.carry_out(async move {
            let name = name.as_str();
            let _turn = this.0.take_turn(name).await;
            let unknown = || HerderError::NotFound(format!("Unknown connector: {name}"));
            let configured = this.0.configurations.get(name).ok_or_else(unknown)?;
            let plan = RestartPlan::new(&this.0.worker, name, Some(&configured.config), request)?;
            this.0.restart(name, &configured, plan.connector, &plan.tasks).await?;
            Ok(plan.states)
        })
        .await
    }

    async fn restart_task(&self, task: &TaskId) -> HerderResult<()> {
        let (this, task) = (self.clone(), task.clone());
        self.carry_out(async move {
            let task = &task;
            let _turn = this.0.turn(&task.connector).await;
            let configured = this.0.configured(&task.connector)?;
            if !tasks_of(&task.connector, &configured).any(|id| id == *task) {
                return Err(HerderError::NotFound(format!("Task {task} not found")));
            }
            this.0.worker.stop_tasks(std::slice::from_ref(task)).await;
            this.0.start_tasks(&configured, std::slice::from_ref(task)).await;
            Ok(())
        })
        .await
    }

    async fn connector_offsets(&self, name: &str) -> HerderResult<ConnectorOffsets> {
        let configured = self.0.configured(name)?;
        Ok(self.0.worker.connector_offsets(name, &configured.config).await?)
    }

    async fn alter_offsets(&self, name: &str, offsets: Option<Vec<RequestedOffset>>) -> HerderResult<String> {
        let (this, name) = (self.clone(), name.to_owned());
        self.carry_out(async move {
            let name = name.as_str();
            let _turn = this.0.turn(name).await;
            let configured = this.0.configured(name)?;
            if configured.target != TargetState::Stopped || !configured.tasks.is_empty() {
                return Err(shown::not_stopped(name));
            }
            let _stage = this.0.stages.enter(format!("modifying offsets for connector {name}"));
            this.0.worker.alter_offsets(name, &configured.config, offsets).await
        })
        .await
    }

    fn active_topics(&self, name: &str) -> HerderResult<BTreeSet<String>> {
        shown::active_topics(&self.0.worker, name)
    }

    fn reset_active_topics(&self, name: &str) -> HerderResult<()> {
        shown::reset_active_topics(&self.0.worker, name)
    }

    async fn put_task_configs(&self, _name: &str, _configs: Vec<ConfigMap>) -> HerderResult<()> {
        Err(HerderError::Internal(
            "Kafka Connect in standalone mode does not support externally setting task configurations."
                .to_owned(),
        ))
    }

    async fn fence_zombies(&self, _name: &str) -> HerderResult<()> {
        Err(HerderError::Internal(
            "Kafka Connect in standalone mode does not support exactly-once source connectors.".to_owned(),
        ))
    }

    fn verify_internal(&self, _: Option<&str>, _: Option<&str>, _: &[u8]) -> Result<(), Refusal> {
        Ok(())
    }

    async fn set_cluster_log_level(&self, _namespace: &str, _level: &str) -> HerderResult<bool> {
        Ok(false)
    }

    async fn validate_connector_config(&self, config: ConfigMap) -> Result<ConfigInfos, ValidationError> {
        shown::validate(&self.0.validator, &self.0.stages, &config).await
    }

    async fn shutdown(&self) {
        self.0.worker.shutdown().await;
    }
}
