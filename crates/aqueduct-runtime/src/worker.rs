//! The worker: it runs the connectors and tasks that a herder gives it, on the data plane's runtime.

mod assembly;
mod client_properties;
mod connector;
mod offset_topics;
mod offsets;
mod report;
mod topics;

use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aqueduct_api::{ConfigMap, Error, OffsetStorageReader, PluginKind, Result};
use aqueduct_kafka::DataPlane;
use aqueduct_proto::state::{State, TargetState, TaskId};
use futures::FutureExt;
use tokio::sync::watch;
use tracing::Instrument;

pub use client_properties::worker_admin_properties;
pub(crate) use report::{StatusWriter, TaskReport};

use crate::connector_config::ConnectorConfig;
use crate::herder::ConnectorType;
use crate::metrics::{ClassVersion, PluginStore, Startups, TaskMetrics, now_ms, warn_of_reporters};
use crate::offsets::{OffsetStore, StoreReader};
use crate::providers::{ConfigTransformer, ValueWatch, Watching};
use crate::registry::{Registry, Wanted};
use crate::status::StatusStore;
use crate::task::{TaskControl, TaskTarget};
use crate::worker_config::WorkerConfig;
use assembly::Assembled;
use connector::{AnyConnector, ConnectorHandle, ConnectorReport};
use offset_topics::OffsetTopics;

/// What a worker tells its herder. Calls return at once.
pub trait WorkerEvents: Send + Sync {
    /// A connector wants other tasks.
    fn task_reconfiguration_requested(&self, connector: &str);

    /// Values of config providers are others than those that a connector was started with: it wants to be started again. May
    /// be said again until that is done.
    fn connector_values_changed(&self, connector: &str);

    /// The same for a task.
    fn task_values_changed(&self, task: &TaskId);
}

/// All that a worker is made of.
pub struct WorkerParts {
    /// The advertised `host:port`: what statuses call this worker.
    pub id: String,
    /// The worker's configuration.
    pub config: Arc<WorkerConfig>,
    /// The plugins.
    pub registry: Arc<Registry>,
    /// What replaces references to config providers.
    pub transformer: ConfigTransformer,
    /// Where statuses go.
    pub status: Arc<dyn StatusStore>,
    /// Where source offsets go.
    pub offsets: Arc<dyn OffsetStore>,
    /// What makes producers and consumers.
    pub data_plane: Arc<dyn DataPlane>,
    /// The runtime of the data plane: connectors and tasks run there, and nothing else.
    pub runtime: tokio::runtime::Handle,
}

/// Runs connectors and tasks. Methods may be called from any thread; for one connector, one at a time.
pub struct Worker {
    parts: WorkerParts,
    writer: StatusWriter,
    started_ms: i64,
    connectors: Mutex<HashMap<String, ConnectorHandle>>,
    tasks: Mutex<HashMap<TaskId, TaskHandle>>,
    offset_topics: OffsetTopics,
}

/// The worker's end of the line to a running task.
struct TaskHandle {
    target: watch::Sender<TaskTarget>,
    ended: watch::Receiver<bool>,
    abort: tokio::task::AbortHandle,
    given_up: Arc<AtomicBool>,
    metrics: Arc<TaskMetrics>,
    watching: Option<Watching>,
}

impl TaskHandle {
    fn pause(&self, paused: bool) {
        let target = if paused { TaskTarget::Pause } else { TaskTarget::Run };
        self.target.send_if_modified(|now| {
            let change = *now != TaskTarget::Stop && *now != target;
            if change {
                *now = target;
            }
            change
        });
    }
}

/// Why there are no task configurations.
#[derive(Debug, thiserror::Error)]
pub enum TaskConfigsError {
    /// The connector does not run here: it has failed, is paused or stopped, or was never started.
    #[error("Connector {0} is not running on this worker")]
    NotRunning(String),
    /// They are more than `tasks.max` allows. Asking again is of no use.
    #[error(transparent)]
    TooMany(Error),
    /// The connector, or what its configuration refers to, has failed. It may do better next time.
    #[error(transparent)]
    Failed(#[from] Error),
}

/// The text of a panic in plugin code, as an error.
fn panic_error(panic: &(dyn Any + Send)) -> Error {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned());
    Error::connect(format!("The plugin has panicked: {text}"))
}

impl Worker {
    /// A worker that runs nothing yet.
    pub fn new(parts: WorkerParts) -> Self {
        warn_of_reporters(&parts.config);
        let writer = StatusWriter {
            store: Arc::clone(&parts.status),
            worker_id: parts.id.as_str().into(),
            track_topics: parts.config.topic_tracking_enable,
            startups: Arc::default(),
        };
        Self {
            parts,
            writer,
            started_ms: now_ms(),
            connectors: Mutex::default(),
            tasks: Mutex::default(),
            offset_topics: OffsetTopics::default(),
        }
    }

    /// What it is made of.
    pub fn parts(&self) -> &WorkerParts {
        &self.parts
    }

    /// When it was made, in milliseconds since 1970.
    pub fn started_ms(&self) -> i64 {
        self.started_ms
    }

    /// How starts of connectors and tasks went.
    pub fn startups(&self) -> &Startups {
        &self.writer.startups
    }

    /// The connectors here, sorted by name, and what they are.
    pub fn connector_parts(&self) -> Vec<(String, ConnectorType, ClassVersion)> {
        let connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = |(name, handle): (&String, &ConnectorHandle)| {
            handle.parts().map(|(kind, plugin)| (name.clone(), kind, plugin))
        };
        let mut all: Vec<_> = connectors.iter().filter_map(parts).collect();
        all.sort_by(|(a, ..), (b, ..)| a.cmp(b));
        all
    }

    /// What connectors count themselves, sorted by their names.
    pub(crate) fn connector_plugin_metrics(&self) -> Vec<Arc<PluginStore>> {
        let connectors = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = connectors.iter().collect();
        all.sort_by_key(|(name, _)| *name);
        all.into_iter().map(|(_, handle)| handle.plugin_metrics()).collect()
    }

    fn connector(&self, name: &str) -> Option<ConnectorHandle> {
        self.connectors.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Whether a connector was started here and not stopped.
    pub fn has_connector(&self, name: &str) -> bool {
        self.connector(name).is_some()
    }

    /// Makes a connector and brings it to its target state. An error is in its status too; the connector then stays, FAILED.
    pub async fn start_connector(
        &self,
        name: &str,
        raw: &ConfigMap,
        target: TargetState,
        events: Arc<dyn WorkerEvents>,
    ) -> Result<()> {
        let span = tracing::info_span!("connector", connector = name);
        let started = self.try_start_connector(name, raw, target, events).instrument(span).await;
        self.writer.startups.connectors.note(started.is_ok());
        started
    }

    async fn try_start_connector(
        &self,
        name: &str,
        raw: &ConfigMap,
        target: TargetState,
        events: Arc<dyn WorkerEvents>,
    ) -> Result<()> {
        let handle = match self.make_connector(name, raw, events).await {
            Ok(handle) => handle,
            Err(error) => {
                let report =
                    ConnectorReport { name: name.to_owned(), parts: None, writer: self.writer.clone() };
                report.put(State::Failed, Some(&error));
                return Err(error);
            }
        };
        self.connectors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name.to_owned(), handle.clone());
        handle.transition(target).await
    }

    async fn make_connector(
        &self,
        name: &str,
        raw: &ConfigMap,
        events: Arc<dyn WorkerEvents>,
    ) -> Result<ConnectorHandle> {
        let resolved = self.parts.transformer.resolve(raw).await?;
        let parsed = ConnectorConfig::parse(&resolved.config, &self.parts.registry)?;
        let watch = match parsed.restart_on_reload {
            true => ValueWatch::new(&self.parts.transformer, &[(raw, &resolved)]),
            false => None,
        };
        let config = resolved.config;
        let plugin = self.parts.registry.get(Wanted::Connector, &parsed.class, parsed.version.as_ref())?;
        let (kind, connector, offsets) = match &plugin.kind {
            PluginKind::Source { connector, .. } => {
                let offsets = reader(name, self.offset_store(name, &config, &parsed).await?);
                (ConnectorType::Source, AnyConnector::Source(connector()), Some(offsets))
            }
            PluginKind::Sink { connector, .. } => {
                (ConnectorType::Sink, AnyConnector::Sink(connector()), None)
            }
            _ => return Err(Error::config(format!("{} is no connector", plugin.class))),
        };
        tracing::info!(
            connector = name,
            class = plugin.class,
            version = plugin.version,
            "creating the connector"
        );
        let plugins = PluginStore::new((&self.parts.config.metrics).into());
        let report = ConnectorReport {
            name: name.to_owned(),
            parts: Some((kind, ClassVersion::of(plugin))),
            writer: self.writer.clone(),
        };
        let watching = watch.map(|watch| {
            let (name, events) = (name.to_owned(), Arc::clone(&events));
            watch.start(&self.parts.runtime, move || {
                tracing::info!(
                    connector = name,
                    "values of config providers have changed: restarting the connector"
                );
                events.connector_values_changed(&name);
            })
        });
        let handle =
            connector::spawn(&self.parts.runtime, connector, config, offsets, report, events, plugins);
        Ok(handle.watching(watching))
    }

    /// Brings a connector to a state.
    pub async fn transition_connector(&self, name: &str, target: TargetState) -> Result<()> {
        match self.connector(name) {
            Some(handle) => handle.transition(target).await,
            None => Err(Error::connect(format!("Connector {name} is not running on this worker"))),
        }
    }

    /// Stops a connector, if it is here.
    pub async fn stop_connector(&self, name: &str) {
        let handle = self.connectors.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
        if let Some(handle) = handle {
            handle.shutdown().await;
        }
    }

    /// Ends a connector that hangs. What it was asked fails at once.
    pub fn give_up_connector(&self, name: &str) {
        if let Some(handle) = self.connector(name) {
            handle.give_up();
        }
    }

    /// The task configurations that a running connector gives now, as they are stored: with `task.class`, the topics of
    /// a sink, and references to config providers put back. More than `tasks.max` are an error, unless that is not enforced.
    pub async fn task_configs(
        &self,
        name: &str,
        raw: &ConfigMap,
    ) -> std::result::Result<Vec<ConfigMap>, TaskConfigsError> {
        let not_running = || TaskConfigsError::NotRunning(name.to_owned());
        let handle = self.connector(name).ok_or_else(not_running)?;
        let config = self.parts.transformer.resolve(raw).await?.config;
        let parsed = ConnectorConfig::parse(&config, &self.parts.registry)?;
        let (class, version) = (&parsed.class, parsed.version.as_ref());
        let plugin = self.parts.registry.get(Wanted::Connector, class, version).map_err(Error::from)?;
        let task_class = match &plugin.kind {
            PluginKind::Source { task_class, .. } | PluginKind::Sink { task_class, .. } => *task_class,
            _ => return Err(Error::config(format!("{} is no connector", plugin.class)).into()),
        };
        let configs = handle.task_configs(parsed.tasks_max).await?.ok_or_else(not_running)?;
        assembly::check_task_count(name, configs.len(), &parsed).map_err(TaskConfigsError::TooMany)?;
        let is_sink = matches!(plugin.kind, PluginKind::Sink { .. });
        Ok(configs
            .into_iter()
            .map(|mut task| {
                task.insert("task.class", task_class);
                if is_sink {
                    for key in ["topics", "topics.regex"] {
                        if let Some(topics) = config.get(key) {
                            task.insert(key, topics);
                        }
                    }
                }
                ConfigTransformer::reverse(raw, task)
            })
            .collect())
    }

    /// Makes a task and starts it: one of so many, which must not be more than `tasks.max`, unless that is not enforced. What
    /// goes wrong is in its status.
    pub async fn start_task(
        &self,
        id: &TaskId,
        of: usize,
        connector: &ConfigMap,
        task: &ConfigMap,
        target: TargetState,
        events: Arc<dyn WorkerEvents>,
    ) {
        let target = if target == TargetState::Started { TaskTarget::Run } else { TaskTarget::Pause };
        let (sender, control) = TaskControl::new(target);
        let metrics = Arc::new(TaskMetrics::new(&self.parts.config.metrics));
        let given_up = Arc::new(AtomicBool::new(false));
        let mut report = TaskReport {
            id: id.clone(),
            version: None,
            writer: self.writer.clone(),
            metrics: Arc::clone(&metrics),
            given_up: Arc::clone(&given_up),
        };
        let span = tracing::info_span!("connector", connector = id.connector, task = id.task);
        let assembled = self.assemble(id, of, connector, task, control, &mut report);
        let (assembled, watch) = match assembled.instrument(span.clone()).await {
            Ok(made) => made,
            Err(error) => return span.in_scope(|| report.failed(&error)),
        };
        let (end, ended) = watch::channel(false);
        let running = async move {
            let result = match AssertUnwindSafe(run(assembled)).catch_unwind().await {
                Ok(result) => result,
                Err(panic) => Err(panic_error(panic.as_ref())),
            };
            match result {
                Ok(()) => report.ended(),
                Err(error) => report.failed(&error),
            }
            let _ = end.send(true);
        };
        let abort = self.parts.runtime.spawn(running.instrument(span)).abort_handle();
        let watching = watch.map(|watch| {
            let id = id.clone();
            watch.start(&self.parts.runtime, move || {
                tracing::info!(task = %id, "values of config providers have changed: restarting the task");
                events.task_values_changed(&id);
            })
        });
        let handle = TaskHandle { target: sender, ended, abort, given_up, metrics, watching };
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), handle);
    }

    /// Pauses or resumes the tasks of a connector. Returns at once.
    pub fn pause_tasks(&self, connector: &str, paused: bool) {
        for (id, handle) in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            if id.connector == connector {
                handle.pause(paused);
            }
        }
    }

    /// Pauses or resumes a task, if it is here. Returns at once.
    pub fn pause_task(&self, id: &TaskId, paused: bool) {
        if let Some(handle) = self.tasks.lock().unwrap_or_else(PoisonError::into_inner).get(id) {
            handle.pause(paused);
        }
    }

    /// Stops tasks, all at once, within `task.shutdown.graceful.timeout.ms`. Those that take longer are given up.
    pub async fn stop_tasks(&self, ids: &[TaskId]) {
        let mut handles: Vec<(TaskId, TaskHandle)> = {
            let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            ids.iter().filter_map(|id| tasks.remove_entry(id)).collect()
        };
        for (_, handle) in &mut handles {
            handle.watching = None;
            handle.target.send_replace(TaskTarget::Stop);
        }
        let deadline = tokio::time::Instant::now() + self.parts.config.task_shutdown_graceful_timeout;
        for (id, mut handle) in handles {
            let ended = tokio::time::timeout_at(deadline, handle.ended.wait_for(|ended| *ended)).await;
            if ended.is_err() {
                tracing::error!(task = %id, "Graceful stop of task {id} failed.");
                handle.given_up.store(true, Ordering::Release);
                handle.abort.abort();
            }
        }
    }

    /// The tasks of a connector that were started here and not stopped.
    pub fn task_ids(&self, connector: Option<&str>) -> Vec<TaskId> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.keys().filter(|id| connector.is_none_or(|name| id.connector == name)).cloned().collect()
    }

    /// The figures of each task.
    pub fn task_metrics(&self) -> Vec<(TaskId, Arc<TaskMetrics>)> {
        let tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().map(|(id, handle)| (id.clone(), Arc::clone(&handle.metrics))).collect()
    }

    /// Stops all that runs.
    pub async fn shutdown(&self) {
        let names: Vec<String> =
            self.connectors.lock().unwrap_or_else(PoisonError::into_inner).keys().cloned().collect();
        futures::future::join_all(names.iter().map(|name| self.stop_connector(name))).await;
        self.stop_tasks(&self.task_ids(None)).await;
    }

    /// How long offsets take to be stored at most.
    pub fn offset_flush_timeout(&self) -> Duration {
        self.parts.config.offset_flush_timeout
    }
}

/// What a connector or one of its tasks sees of the stored offsets.
fn reader(connector: &str, store: Arc<dyn OffsetStore>) -> Arc<dyn OffsetStorageReader> {
    Arc::new(StoreReader { connector: connector.to_owned(), store })
}

async fn run(assembled: Assembled) -> Result<()> {
    match assembled {
        Assembled::Source(task) => task.run().await,
        Assembled::Sink(task) => task.run().await,
    }
}
