//! One running connector: a task of the runtime that owns it, and does one thing after the other.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{
    ConfigMap, Connector, ConnectorContext, Error, OffsetStorageReader, PluginMetrics, Result, SinkConnector,
    SourceConnector,
};
use aqueduct_proto::state::{State, TargetState};
use futures::FutureExt;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument;

use super::WorkerEvents;
use super::report::StatusWriter;
use crate::herder::ConnectorType;
use crate::metrics::{ClassVersion, PluginStore};
use crate::providers::Watching;

/// How long a connector may take to stop before it is given up.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(5);
/// Requests to one connector that may wait.
const COMMANDS_MAX: usize = 64;

/// A connector of either kind.
pub(super) enum AnyConnector {
    Source(Box<dyn SourceConnector>),
    Sink(Box<dyn SinkConnector>),
}

impl AnyConnector {
    fn as_connector(&mut self) -> &mut dyn Connector {
        match self {
            Self::Source(connector) => connector.as_mut(),
            Self::Sink(connector) => connector.as_mut(),
        }
    }
}

enum Command {
    Transition { target: TargetState, reply: oneshot::Sender<Result<()>> },
    TaskConfigs { max: usize, reply: oneshot::Sender<Result<Option<Vec<ConfigMap>>>> },
    Failed(Error),
    Shutdown { reply: oneshot::Sender<()> },
}

/// The worker's end of the line to a running connector.
#[derive(Clone)]
pub(super) struct ConnectorHandle {
    commands: mpsc::Sender<Command>,
    abort: tokio::task::AbortHandle,
    report: ConnectorReport,
    /// What the connector counts itself, until it is shut down.
    plugins: Arc<PluginStore>,
    /// The watch on the values that it was started with.
    watching: Option<Arc<Watching>>,
}

/// Writes the status of one connector.
#[derive(Clone)]
pub(super) struct ConnectorReport {
    pub(super) name: String,
    /// What it is, once that is known.
    pub(super) parts: Option<(ConnectorType, ClassVersion)>,
    pub(super) writer: StatusWriter,
}

impl ConnectorReport {
    pub(super) fn put(&self, state: State, error: Option<&Error>) {
        let trace = error.map(|error| {
            tracing::error!(connector = %self.name, "the connector has failed\n{}", error.trace());
            error.trace()
        });
        let version = self.parts.map(|(_, plugin)| plugin.version);
        let status = self.writer.status(state, trace, version);
        self.writer.store.put_connector(&self.name, status);
    }
}

fn gone(name: &str) -> Error {
    Error::connect(format!("Connector {name} is not running on this worker"))
}

impl ConnectorHandle {
    /// What the connector is.
    pub(super) fn parts(&self) -> Option<(ConnectorType, ClassVersion)> {
        self.report.parts
    }

    /// Keeps the watch on its values as long as there is a handle.
    pub(super) fn watching(self, watching: Option<Watching>) -> Self {
        Self { watching: watching.map(Arc::new), ..self }
    }

    /// Brings the connector to a state; returns when it is there, or with the error that prevented it.
    pub(super) async fn transition(&self, target: TargetState) -> Result<()> {
        self.ask(|reply| Command::Transition { target, reply }).await?
    }

    /// The configurations of its tasks as the connector gives them; `None` if it does not run.
    pub(super) async fn task_configs(&self, max: usize) -> Result<Option<Vec<ConfigMap>>> {
        self.ask(|reply| Command::TaskConfigs { max, reply }).await?
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.commands.send(command(reply)).await.map_err(|_| gone(&self.report.name))?;
        answer.await.map_err(|_| gone(&self.report.name))
    }

    /// Stops the connector. One that takes too long is given up.
    pub(super) async fn shutdown(&self) {
        if let Some(watching) = &self.watching {
            watching.end();
        }
        let stopped = self.ask(|reply| Command::Shutdown { reply });
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, stopped).await.is_err() {
            self.give_up();
            self.report.put(State::Unassigned, None);
        }
        self.plugins.close();
    }

    /// The connector's own metrics.
    pub(super) fn plugin_metrics(&self) -> Arc<PluginStore> {
        Arc::clone(&self.plugins)
    }

    /// Ends the connector wherever it is. What it was asked fails.
    pub(super) fn give_up(&self) {
        tracing::error!(connector = %self.report.name, "the connector hangs and is given up");
        self.abort.abort();
    }
}

struct Context {
    name: String,
    commands: mpsc::WeakSender<Command>,
    events: Arc<dyn WorkerEvents>,
    offsets: Option<Arc<dyn OffsetStorageReader>>,
    metrics: Arc<dyn PluginMetrics>,
}

impl ConnectorContext for Context {
    fn request_task_reconfiguration(&self) {
        self.events.task_reconfiguration_requested(&self.name);
    }

    fn raise_error(&self, error: Error) {
        if let Some(commands) = self.commands.upgrade()
            && let Err(error) = commands.try_send(Command::Failed(error))
        {
            tracing::error!(connector = %self.name, "an error raised by the connector was lost: {error}");
        }
    }

    fn offset_storage_reader(&self) -> Option<Arc<dyn OffsetStorageReader>> {
        self.offsets.clone()
    }

    fn plugin_metrics(&self) -> Option<Arc<dyn PluginMetrics>> {
        Some(Arc::clone(&self.metrics))
    }
}

/// Takes charge of a connector and gives the line to it. It does nothing until the first transition.
pub(super) fn spawn(
    runtime: &tokio::runtime::Handle,
    mut connector: AnyConnector,
    config: ConfigMap,
    offsets: Option<Arc<dyn OffsetStorageReader>>,
    report: ConnectorReport,
    events: Arc<dyn WorkerEvents>,
    plugins: PluginStore,
) -> ConnectorHandle {
    let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
    let metrics = plugins.open(&[("connector", &report.name)]);
    let (name, weak) = (report.name.clone(), commands.downgrade());
    let context = Context { name, commands: weak, events, offsets, metrics };
    connector.as_connector().initialize(Arc::new(context));
    let actor = Actor { connector, config, report: report.clone(), state: Phase::Initial };
    let span = tracing::info_span!("connector", connector = report.name);
    let task = runtime.spawn(actor.run(inbox).instrument(span));
    ConnectorHandle {
        commands,
        abort: task.abort_handle(),
        report,
        plugins: Arc::new(plugins),
        watching: None,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Initial,
    Started,
    Paused,
    Stopped,
    Failed,
}

struct Actor {
    connector: AnyConnector,
    config: ConfigMap,
    report: ConnectorReport,
    state: Phase,
}

/// Runs plugin code; a panic in it becomes an error.
async fn guard<T>(code: impl Future<Output = Result<T>>) -> Result<T> {
    match AssertUnwindSafe(code).catch_unwind().await {
        Ok(result) => result,
        Err(panic) => Err(super::panic_error(panic.as_ref())),
    }
}

impl Actor {
    async fn run(mut self, mut inbox: mpsc::Receiver<Command>) {
        while let Some(command) = inbox.recv().await {
            match command {
                Command::Transition { target, reply } => {
                    let _ = reply.send(self.transition(target).await);
                }
                Command::TaskConfigs { max, reply } => {
                    let configs = match self.state {
                        Phase::Started => {
                            guard(self.connector.as_connector().task_configs(max)).await.map(Some)
                        }
                        _ => Ok(None),
                    };
                    let _ = reply.send(configs);
                }
                Command::Failed(error) => self.fail(&error),
                Command::Shutdown { reply } => {
                    self.shutdown().await;
                    let _ = reply.send(());
                    return;
                }
            }
        }
        self.shutdown().await;
    }

    fn fail(&mut self, error: &Error) {
        self.state = Phase::Failed;
        self.report.put(State::Failed, Some(error));
    }

    async fn transition(&mut self, target: TargetState) -> Result<()> {
        if self.state == Phase::Failed && target != TargetState::Stopped {
            return Err(Error::connect(
                "Cannot transition to non-stopped state when connector has already failed",
            ));
        }
        match target {
            TargetState::Started => self.start().await,
            TargetState::Paused => self.suspend(Phase::Paused, State::Paused).await,
            TargetState::Stopped => self.suspend(Phase::Stopped, State::Stopped).await,
        }
    }

    async fn start(&mut self) -> Result<()> {
        if self.state == Phase::Started {
            return Ok(());
        }
        match guard(self.connector.as_connector().start(&self.config)).await {
            Ok(()) => {
                self.state = Phase::Started;
                self.report.put(State::Running, None);
                Ok(())
            }
            Err(error) => {
                self.fail(&error);
                Err(error)
            }
        }
    }

    async fn suspend(&mut self, phase: Phase, state: State) -> Result<()> {
        let stopped = match self.state {
            Phase::Started => guard(self.connector.as_connector().stop()).await,
            _ => Ok(()),
        };
        match stopped {
            Err(error) if phase == Phase::Paused => {
                self.fail(&error);
                return Err(error);
            }
            // Stopped is stopped, whatever the connector says.
            Err(error) => {
                tracing::error!(connector = %self.report.name, "the connector could not be stopped cleanly: {error:#}");
            }
            Ok(()) => {}
        }
        if self.state != phase {
            self.state = phase;
            self.report.put(state, None);
        }
        Ok(())
    }

    async fn shutdown(&mut self) {
        let stopped = match self.state {
            Phase::Started => guard(self.connector.as_connector().stop()).await,
            _ => Ok(()),
        };
        match stopped {
            Ok(()) => self.report.put(State::Unassigned, None),
            Err(error) => self.report.put(State::Failed, Some(&error)),
        }
    }
}
