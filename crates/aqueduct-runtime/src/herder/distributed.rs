//! The herder of a worker that shares its work with others of its group.
//!
//! Decisions are those of [`aqueduct_proto::herder`]; the [`driver`] carries them out, with [`jobs`] on [`lanes`], and
//! everybody else sees a [`view`] of what it knows.

mod driver;
mod jobs;
mod lanes;
mod membership;
mod news;
mod refusal;
mod settings;
mod view;
mod warnings;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use aqueduct_api::ConfigMap;
use aqueduct_kafka::Admin;
use aqueduct_kafka::group::GroupMetrics;
use aqueduct_proto::config_log::{ConfigState, Connector};
use aqueduct_proto::herder::Request;
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::session;
use aqueduct_proto::state::{TargetState, TaskId};
use aqueduct_proto::subprotocol::Subprotocol;
use async_trait::async_trait;
use serde::{Serialize, Serializer};
use tokio::sync::{mpsc, oneshot, watch};

use super::shown::{self, RestartPlan};
use super::{
    ConnectorInfo, ConnectorOffsets, ConnectorStateInfo, ConnectorTask, ConnectorType, Herder, HerderError,
    HerderResult, Put, RequestedOffset, StageRegister, TaskInfo, TaskState,
};
use crate::configs::ConfigTopic;
use crate::logging::LogLevels;
use crate::metrics::GroupSnapshot;
use crate::registry::Registry;
use crate::rest::RestClient;
use crate::status::KafkaStatusStore;
use crate::validation::{ConfigInfos, ConfigValidator, ValidationError};
use crate::worker::Worker;
use driver::Command;
use lanes::Lanes;
pub use membership::Membership;
use news::Wanted;
use settings::DriverSettings;
use view::View;

/// A member of a group of workers, of which one, the leader, shares the work out.
///
/// What changes connectors is done by the leader, and what restarts one by the worker that runs it; elsewhere it ends with
/// [`HerderError::Elsewhere`]. What only looks is answered from what this worker has read.
#[derive(Clone)]
pub struct DistributedHerder {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    ended: watch::Receiver<bool>,
}

/// What driver, jobs and requests share.
struct Shared {
    worker: Worker,
    status: Arc<KafkaStatusStore>,
    topic: ConfigTopic,
    admin: Admin,
    client: RestClient,
    levels: LogLevels,
    validator: ConfigValidator,
    stages: StageRegister,
    view: watch::Sender<View>,
    fatal: watch::Sender<Option<String>>,
    wanted: Wanted,
    /// Changes that begin with a look at what there is: one after the other for each connector.
    edits: Mutex<Lanes<String>>,
    group_metrics: Arc<GroupMetrics>,
    kafka_cluster_id: Option<String>,
    settings: DriverSettings,
}

/// A configuration as a JSON object.
struct JsonConfig<'a>(&'a ConfigMap);

impl Serialize for JsonConfig<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        super::config_map(self.0, serializer)
    }
}

fn connector_tasks(state: &ConfigState, name: &str) -> Vec<ConnectorTask> {
    let tasks = state.tasks(name).into_iter();
    tasks.map(|id| ConnectorTask { connector: id.connector, task: id.task }).collect()
}

fn config_of(connector: &Connector) -> ConfigMap {
    connector.config().map(|config| config.as_ref().clone()).unwrap_or_default()
}

impl DistributedHerder {
    /// The worker.
    pub fn worker(&self) -> &Worker {
        &self.shared.worker
    }

    /// Waits until the group has refused this worker for good, and gives the reason.
    pub async fn failed(&self) -> String {
        let mut fatal = self.shared.fatal.subscribe();
        match fatal.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    /// Where this worker stands in its group, for its figures.
    pub fn group_snapshot(&self) -> GroupSnapshot {
        let (shared, place) = (&self.shared, self.view().place);
        let connect_protocol = match place.protocol {
            Subprotocol::Eager => "EAGER",
            Subprotocol::Compatible => "COMPATIBLE",
            Subprotocol::Sessioned => "SESSIONED",
        };
        GroupSnapshot {
            group_id: shared.settings.group_id.clone(),
            client_id: shared.settings.client_id.clone(),
            connect_protocol: connect_protocol.to_owned(),
            leader_name: place.leader_url,
            epoch: place.generation,
            rebalancing: place.rebalancing,
            assigned_connectors: place.connectors,
            assigned_tasks: place.tasks,
            metrics: Arc::clone(&shared.group_metrics),
        }
    }

    fn view(&self) -> View {
        self.shared.view.borrow().clone()
    }

    async fn command<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> HerderResult<T> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())
    }

    async fn request(&self, request: Request) -> HerderResult<()> {
        let described = refusal::Described::of(&request);
        let result = self.command(|reply| Command::Request { request, reply }).await?;
        result.map_err(|refused| refusal::error(&described, refused))
    }

    /// What the leader knows; fails elsewhere. While the group is being balanced nobody can tell who leads: this waits.
    async fn leading(&self) -> HerderResult<View> {
        let mut views = self.shared.view.subscribe();
        let settled = views.wait_for(|view| !view.place.rebalancing).await;
        let view = settled.map_err(|_| stopping())?.clone();
        if view.place.leads {
            return Ok(view);
        }
        Err(HerderError::Elsewhere { url: view.place.leader_url })
    }

    /// Fails with all messages of a configuration that has errors.
    async fn check(&self, config: &ConfigMap) -> HerderResult<()> {
        shown::check(&self.shared.validator, &self.shared.stages, config).await
    }

    fn info(&self, name: &str, connector: &Connector, state: &ConfigState) -> ConnectorInfo {
        let config = config_of(connector);
        ConnectorInfo {
            name: name.to_owned(),
            tasks: connector_tasks(state, name),
            kind: shown::kind(&self.shared.worker, &config),
            config,
        }
    }

    /// The configuration of a connector whose offsets may be changed here.
    async fn stopped(&self, name: &str) -> HerderResult<ConfigMap> {
        let view = self.leading().await?;
        let connector = view.config.connector(name).ok_or_else(|| HerderError::no_connector(name))?;
        let is_stopped = view.config.target_state(name) == Some(TargetState::Stopped);
        if !is_stopped || connector.usable_tasks() > 0 {
            return Err(shown::not_stopped(name));
        }
        Ok(config_of(connector))
    }

    fn edit_turn(&self, name: &str) -> lanes::Turn {
        self.shared.edits.lock().unwrap_or_else(PoisonError::into_inner).join(&name.to_owned())
    }

    /// Does something to the end, also when the caller stops waiting.
    async fn carry_out<T: Send + 'static>(
        work: impl Future<Output = HerderResult<T>> + Send + 'static,
    ) -> HerderResult<T> {
        let done = tokio::spawn(work).await;
        done.unwrap_or_else(|error| Err(HerderError::Internal(format!("The request was cut off: {error}"))))
    }
}

fn stopping() -> HerderError {
    HerderError::Internal("The worker is shutting down".to_owned())
}

#[async_trait]
impl Herder for DistributedHerder {
    fn kafka_cluster_id(&self) -> Option<String> {
        self.shared.kafka_cluster_id.clone()
    }

    fn registry(&self) -> &Arc<Registry> {
        &self.shared.worker.parts().registry
    }

    fn stages(&self) -> &StageRegister {
        &self.shared.stages
    }

    fn is_ready(&self) -> bool {
        self.shared.view.borrow().place.joined
    }

    async fn ping(&self) {
        if self.command(Command::Ping).await.is_err() {
            std::future::pending().await
        }
    }

    async fn connectors(&self) -> HerderResult<Vec<String>> {
        Ok(self.view().config.connectors().map(|(name, _)| name.to_owned()).collect())
    }

    async fn connector_info(&self, name: &str) -> HerderResult<ConnectorInfo> {
        let state = self.view().config;
        let connector = state.connector(name).ok_or_else(|| HerderError::no_connector(name))?;
        Ok(self.info(name, connector, &state))
    }

    async fn connector_config(&self, name: &str) -> HerderResult<ConfigMap> {
        let state = self.view().config;
        state.connector(name).map(config_of).ok_or_else(|| HerderError::no_connector(name))
    }

    async fn put_connector_config(
        &self,
        name: &str,
        config: ConfigMap,
        initial_state: Option<TargetState>,
        allow_replace: bool,
    ) -> HerderResult<Put<ConnectorInfo>> {
        self.check(&config).await?;
        let (this, name) = (self.clone(), name.to_owned());
        Self::carry_out(async move {
            let mut turn = this.edit_turn(&name);
            turn.begin().await;
            let _stage = this.shared.stages.enter(format!("writing a config for connector {name}"));
            let created = this.view().config.connector(&name).is_none();
            let request = Request::PutConnector {
                name: name.clone(),
                config,
                initial: initial_state,
                replace: allow_replace,
            };
            this.request(request).await?;
            Ok(Put { created, value: this.connector_info(&name).await? })
        })
        .await
    }

    async fn patch_connector_config(&self, name: &str, patch: ConfigMap) -> HerderResult<ConnectorInfo> {
        let (this, name) = (self.clone(), name.to_owned());
        Self::carry_out(async move {
            // From reading to writing the configuration: of two patches at once, none is lost.
            let mut turn = this.edit_turn(&name);
            turn.begin().await;
            this.leading().await?;
            let config = shown::patched(this.connector_config(&name).await?, &patch);
            this.check(&config).await?;
            let request = Request::PutConnector { name: name.clone(), config, initial: None, replace: true };
            this.request(request).await?;
            this.connector_info(&name).await
        })
        .await
    }

    async fn delete_connector(&self, name: &str) -> HerderResult<()> {
        let _stage = self.shared.stages.enter(format!("removing connector {name}"));
        self.request(Request::DeleteConnector { name: name.to_owned() }).await
    }

    async fn task_configs(&self, name: &str) -> HerderResult<Vec<TaskInfo>> {
        let state = self.view().config;
        state.connector(name).ok_or_else(|| HerderError::no_connector(name))?;
        let info = |id: TaskId| {
            let config = state.task_config(&id)?.as_ref().clone();
            Some(TaskInfo { id: ConnectorTask { connector: id.connector, task: id.task }, config })
        };
        Ok(state.tasks(name).into_iter().filter_map(info).collect())
    }

    fn connector_status(&self, name: &str) -> HerderResult<ConnectorStateInfo> {
        let state = self.view().config;
        let config = state.connector(name).and_then(Connector::config);
        shown::states(&self.shared.worker, name, config.map(|config| &**config))
    }

    fn task_status(&self, task: &TaskId) -> HerderResult<TaskState> {
        shown::task_status(&self.shared.worker, task)
    }

    async fn set_target_state(&self, name: &str, target: TargetState) -> HerderResult<()> {
        self.request(Request::SetTarget { connector: name.to_owned(), target }).await
    }

    async fn stop_connector(&self, name: &str) -> HerderResult<()> {
        // Whether it exists is looked at before who leads.
        if self.view().config.connector(name).is_none() {
            return Err(HerderError::NotFound(format!("Unknown connector {name}")));
        }
        self.set_target_state(name, TargetState::Stopped).await
    }

    async fn restart_connector(&self, name: &str) -> HerderResult<()> {
        self.command(|reply| Command::RestartConnector { name: name.to_owned(), reply }).await?
    }

    async fn restart_connector_and_tasks(
        &self,
        name: &str,
        request: RestartRequest,
    ) -> HerderResult<ConnectorStateInfo> {
        // Whether it exists is looked at before who leads.
        let unknown = || HerderError::NotFound(format!("Unknown connector: {name}"));
        self.view().config.connector(name).ok_or_else(unknown)?;
        let view = self.leading().await?;
        let connector = view.config.connector(name).ok_or_else(unknown)?;
        let config = connector.config().map(|config| &**config);
        let plan = RestartPlan::new(&self.shared.worker, name, config, request)?;
        self.request(Request::Restart { connector: name.to_owned(), request }).await?;
        Ok(plan.states)
    }

    async fn restart_task(&self, task: &TaskId) -> HerderResult<()> {
        self.command(|reply| Command::RestartTask { id: task.clone(), reply }).await?
    }

    async fn connector_offsets(&self, name: &str) -> HerderResult<ConnectorOffsets> {
        let config = self.connector_config(name).await?;
        Ok(self.shared.worker.connector_offsets(name, &config).await?)
    }

    async fn alter_offsets(&self, name: &str, offsets: Option<Vec<RequestedOffset>>) -> HerderResult<String> {
        let (this, name) = (self.clone(), name.to_owned());
        Self::carry_out(async move {
            let mut turn = this.edit_turn(&name);
            turn.begin().await;
            this.stopped(&name).await?;
            // Its last tasks may still be about to write theirs.
            this.request(Request::Settle { connector: name.clone() }).await?;
            let config = this.stopped(&name).await?;
            let _stage = this.shared.stages.enter(format!("modifying offsets for connector {name}"));
            let is_source = shown::kind(&this.shared.worker, &config) == ConnectorType::Source;
            if is_source && this.shared.settings.exactly_once {
                this.request(Request::Fence { connector: name.clone() }).await?;
            }
            this.shared.worker.alter_offsets(&name, &config, offsets).await
        })
        .await
    }

    fn active_topics(&self, name: &str) -> HerderResult<BTreeSet<String>> {
        shown::active_topics(&self.shared.worker, name)
    }

    fn reset_active_topics(&self, name: &str) -> HerderResult<()> {
        shown::reset_active_topics(&self.shared.worker, name)
    }

    async fn put_task_configs(&self, name: &str, configs: Vec<ConfigMap>) -> HerderResult<()> {
        self.request(Request::PutTasks { connector: name.to_owned(), configs }).await
    }

    async fn fence_zombies(&self, name: &str) -> HerderResult<()> {
        let view = self.leading().await?;
        let connector = view.config.connector(name).ok_or_else(|| HerderError::no_connector(name))?;
        if shown::kind(&self.shared.worker, &config_of(connector)) != ConnectorType::Source {
            return Err(HerderError::BadRequest(format!("Connector {name} is not a source connector")));
        }
        self.request(Request::Fence { connector: name.to_owned() }).await
    }

    fn verify_internal(
        &self,
        signature: Option<&str>,
        algorithm: Option<&str>,
        body: &[u8],
    ) -> Result<(), session::Refusal> {
        let view = self.shared.view.borrow();
        if view.place.protocol != Subprotocol::Sessioned {
            return Ok(());
        }
        let policy = &self.shared.settings.verification;
        session::verify(policy, view.place.key.as_ref(), signature, algorithm, body)
    }

    async fn set_cluster_log_level(&self, namespace: &str, level: &str) -> HerderResult<bool> {
        let request = Request::LoggerLevel { namespace: namespace.to_owned(), level: level.to_owned() };
        self.request(request).await.map(|()| true)
    }

    async fn validate_connector_config(&self, config: ConfigMap) -> Result<ConfigInfos, ValidationError> {
        shown::validate(&self.shared.validator, &self.shared.stages, &config).await
    }

    async fn shutdown(&self) {
        // Without a driver there is nothing left to stop.
        if self.commands.send(Command::Shutdown).await.is_ok() {
            let mut ended = self.ended.clone();
            let _ = ended.wait_for(|ended| *ended).await;
        }
    }
}
