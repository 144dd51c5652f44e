//! Workers of a group that differ in nothing but who leads it: a herder that says who must do what, behind real servers.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use aqueduct_api::ConfigMap;
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::session::{Refusal, SessionKey, VerificationPolicy, verify};
use aqueduct_proto::state::{State, TargetState, TaskId};
use aqueduct_runtime::herder::{
    ConnectorInfo, ConnectorOffsets, ConnectorStateInfo, ConnectorType, Herder, HerderError, HerderResult,
    Put, RequestedOffset, StageRegister, TaskInfo, TaskState,
};
use aqueduct_runtime::registry::Registry;
use aqueduct_runtime::rest::RestServer;
use aqueduct_runtime::status::Status;
use aqueduct_runtime::validation::{ConfigInfos, ValidationError};
use async_trait::async_trait;
use tokio::sync::Notify;

use super::http::serve;

/// Who does what changes something.
#[derive(Debug, Clone)]
pub(crate) enum Leader {
    Here,
    At(String),
    Unknown,
}

/// A herder that keeps nothing but configurations, and notes what it did.
pub(crate) struct FakeHerder {
    registry: Arc<Registry>,
    stages: StageRegister,
    leader: Mutex<Leader>,
    connectors: Mutex<BTreeMap<String, ConfigMap>>,
    done: Mutex<Vec<String>>,
    /// How requests of workers must be signed, and the key if this worker has read it.
    signing: Option<(VerificationPolicy, Option<SessionKey>)>,
    /// Told whenever something begins that never ends; without it, nothing hangs.
    hangs: Option<Arc<Notify>>,
}

impl FakeHerder {
    pub(crate) fn new(leader: Leader) -> Self {
        Self {
            registry: super::super::doubles::registry(),
            stages: StageRegister::default(),
            leader: Mutex::new(leader),
            connectors: Mutex::default(),
            done: Mutex::default(),
            signing: None,
            hangs: None,
        }
    }

    /// Never comes to the end of a ping, a validation or a new configuration, and says when it has begun.
    pub(crate) fn hanging(mut self, begun: &Arc<Notify>) -> Self {
        self.hangs = Some(Arc::clone(begun));
        self
    }

    async fn hang(&self, at: &str) {
        if let Some(begun) = &self.hangs {
            let _stage = self.stages.enter(at);
            begun.notify_one();
            std::future::pending().await
        }
    }

    /// Takes only signed requests of other workers.
    pub(crate) fn signed(mut self, algorithms: &[&str], key: Option<SessionKey>) -> Self {
        let algorithms = algorithms.iter().map(|&name| name.to_owned()).collect();
        self.signing = Some((VerificationPolicy { algorithms }, key));
        self
    }

    /// Does something, if it is this worker that must.
    fn lead(&self, what: String) -> HerderResult<()> {
        match self.leader.lock().expect("sound").clone() {
            Leader::Here => {
                self.done.lock().expect("sound").push(what);
                Ok(())
            }
            Leader::At(url) => Err(HerderError::Elsewhere { url: Some(url) }),
            Leader::Unknown => Err(HerderError::Elsewhere { url: None }),
        }
    }

    fn known(&self, name: &str) -> HerderResult<ConfigMap> {
        let connectors = self.connectors.lock().expect("sound");
        connectors.get(name).cloned().ok_or_else(|| HerderError::no_connector(name))
    }
}

fn info(name: &str, config: ConfigMap) -> ConnectorInfo {
    ConnectorInfo { name: name.to_owned(), config, tasks: Vec::new(), kind: ConnectorType::Source }
}

#[async_trait]
impl Herder for FakeHerder {
    fn kafka_cluster_id(&self) -> Option<String> {
        None
    }

    fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    fn stages(&self) -> &StageRegister {
        &self.stages
    }

    fn is_ready(&self) -> bool {
        true
    }

    async fn ping(&self) {
        self.hang("waiting for the coordinator").await;
    }

    async fn connectors(&self) -> HerderResult<Vec<String>> {
        Ok(self.connectors.lock().expect("sound").keys().cloned().collect())
    }

    async fn connector_info(&self, name: &str) -> HerderResult<ConnectorInfo> {
        Ok(info(name, self.known(name)?))
    }

    async fn connector_config(&self, name: &str) -> HerderResult<ConfigMap> {
        self.known(name)
    }

    async fn put_connector_config(
        &self,
        name: &str,
        config: ConfigMap,
        initial_state: Option<TargetState>,
        allow_replace: bool,
    ) -> HerderResult<Put<ConnectorInfo>> {
        self.hang(&format!("writing a config for connector {name} to the config topic")).await;
        self.lead(format!("put {name} {initial_state:?} {allow_replace}"))?;
        let mut connectors = self.connectors.lock().expect("sound");
        if !allow_replace && connectors.contains_key(name) {
            return Err(HerderError::AlreadyExists(format!("Connector {name} already exists")));
        }
        let created = connectors.insert(name.to_owned(), config.clone()).is_none();
        Ok(Put { created, value: info(name, config) })
    }

    async fn patch_connector_config(&self, name: &str, patch: ConfigMap) -> HerderResult<ConnectorInfo> {
        self.lead(format!("patch {name}"))?;
        let mut config = self.known(name)?;
        config.extend_with(&patch);
        Ok(info(name, config))
    }

    async fn delete_connector(&self, name: &str) -> HerderResult<()> {
        self.lead(format!("delete {name}"))?;
        self.known(name).map(drop)
    }

    async fn task_configs(&self, name: &str) -> HerderResult<Vec<TaskInfo>> {
        self.known(name).map(|_| Vec::new())
    }

    fn connector_status(&self, name: &str) -> HerderResult<ConnectorStateInfo> {
        Err(HerderError::NotFound(format!("No status found for connector {name}")))
    }

    fn task_status(&self, task: &TaskId) -> HerderResult<TaskState> {
        Err(HerderError::NotFound(format!("No status found for task {}-{}", task.connector, task.task)))
    }

    async fn set_target_state(&self, name: &str, _target: TargetState) -> HerderResult<()> {
        self.known(name).map(drop)
    }

    async fn stop_connector(&self, name: &str) -> HerderResult<()> {
        self.lead(format!("stop {name}"))
    }

    async fn restart_connector(&self, name: &str) -> HerderResult<()> {
        self.lead(format!("restart {name}"))
    }

    async fn restart_connector_and_tasks(
        &self,
        name: &str,
        request: RestartRequest,
    ) -> HerderResult<ConnectorStateInfo> {
        let RestartRequest { only_failed, include_tasks } = request;
        self.lead(format!("restart {name} onlyFailed={only_failed} includeTasks={include_tasks}"))?;
        let connector = Status {
            state: State::Restarting,
            worker_id: "leader:1".to_owned(),
            generation: 1,
            version: None,
            trace: None,
        };
        Ok(ConnectorStateInfo {
            name: name.to_owned(),
            connector: (&connector).into(),
            tasks: Vec::new(),
            kind: ConnectorType::Source,
        })
    }

    async fn restart_task(&self, task: &TaskId) -> HerderResult<()> {
        self.lead(format!("restart task {}-{}", task.connector, task.task))
    }

    async fn connector_offsets(&self, name: &str) -> HerderResult<ConnectorOffsets> {
        self.known(name).map(|_| ConnectorOffsets { offsets: Vec::new() })
    }

    async fn alter_offsets(&self, name: &str, offsets: Option<Vec<RequestedOffset>>) -> HerderResult<String> {
        self.lead(format!("offsets {name} {:?}", offsets.map(|offsets| offsets.len())))?;
        Ok("The offsets have been changed".to_owned())
    }

    fn active_topics(&self, _name: &str) -> HerderResult<BTreeSet<String>> {
        Ok(BTreeSet::new())
    }

    fn reset_active_topics(&self, _name: &str) -> HerderResult<()> {
        Ok(())
    }

    async fn put_task_configs(&self, name: &str, configs: Vec<ConfigMap>) -> HerderResult<()> {
        let configs: Vec<Vec<_>> = configs.iter().map(|config| config.iter().collect()).collect();
        self.lead(format!("tasks {name} {configs:?}"))
    }

    async fn fence_zombies(&self, name: &str) -> HerderResult<()> {
        self.lead(format!("fence {name}"))
    }

    fn verify_internal(
        &self,
        signature: Option<&str>,
        algorithm: Option<&str>,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let Some((policy, key)) = &self.signing else { return Ok(()) };
        verify(policy, key.as_ref(), signature, algorithm, body)
    }

    async fn set_cluster_log_level(&self, namespace: &str, level: &str) -> HerderResult<bool> {
        match *self.leader.lock().expect("sound") {
            // Alone.
            Leader::Unknown => Ok(false),
            _ => {
                self.done.lock().expect("sound").push(format!("level {namespace} {level}"));
                Ok(true)
            }
        }
    }

    async fn validate_connector_config(&self, _config: ConfigMap) -> Result<ConfigInfos, ValidationError> {
        self.hang("performing multi-property validation for the connector").await;
        Err(ValidationError::NotFound("Unknown plugin".to_owned()))
    }

    async fn shutdown(&self) {}
}

/// A worker with its server.
pub(crate) struct Member {
    pub(crate) address: SocketAddr,
    herder: Arc<FakeHerder>,
    _server: RestServer,
}

impl Member {
    pub(crate) async fn start(herder: FakeHerder) -> Self {
        Self::with_properties(&[], herder).await
    }

    pub(crate) async fn with_properties(properties: &[(&str, &str)], herder: FakeHerder) -> Self {
        let served = serve(properties, None).await;
        let herder = Arc::new(herder);
        served.server.set_herder(Arc::<FakeHerder>::clone(&herder));
        Self { address: served.main[0], herder, _server: served.server }
    }

    /// A worker that leads.
    pub(crate) async fn leader() -> Self {
        Self::start(FakeHerder::new(Leader::Here)).await
    }

    /// A worker that knows another one as its leader.
    pub(crate) async fn follower(leader: &Self) -> Self {
        Self::start(FakeHerder::new(Leader::At(leader.url()))).await
    }

    pub(crate) fn follow(&self, leader: &Self) {
        *self.herder.leader.lock().expect("sound") = Leader::At(leader.url());
    }

    /// As workers advertise it.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// What the worker has done since the last call.
    pub(crate) fn done(&self) -> Vec<String> {
        std::mem::take(&mut self.herder.done.lock().expect("sound"))
    }
}
