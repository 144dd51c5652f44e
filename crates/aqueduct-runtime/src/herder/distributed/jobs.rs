//! What the herder decides, done to the worker: each connector's and each task's jobs in their order, on their own.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{ConfigMap, Error};
use aqueduct_proto::config_log::ConfigState;
use aqueduct_proto::herder::{Generated, Input};
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::state::{State, TargetState, TaskId};
use aqueduct_proto::subprotocol::Work;
use tokio::sync::oneshot;

use super::lanes::{Lanes, Turn};
use super::news::{Events, Inputs};
use super::shown::{self, RestartPlan};
use super::{HerderError, HerderResult, Shared};
use crate::status::StatusStore;
use crate::worker::TaskConfigsError;

/// How long a connector or a starting task may keep a job waiting that would end it.
const STUCK_AFTER: Duration = Duration::from_secs(5);

/// A connector or a task with what it is started with.
struct TaskStart {
    id: TaskId,
    connector: Arc<ConfigMap>,
    config: Arc<ConfigMap>,
    target: TargetState,
    /// How many tasks the connector has.
    of: usize,
}

struct ConnectorStart {
    name: String,
    config: Arc<ConfigMap>,
    target: TargetState,
}

/// Gives jobs their places, and runs them beside the herder. What takes long holds up nothing but its own lane.
pub(super) struct Jobs {
    shared: Arc<Shared>,
    inputs: Inputs,
    connectors: Lanes<String>,
    tasks: Lanes<TaskId>,
}

impl Jobs {
    pub(super) fn new(shared: Arc<Shared>, inputs: Inputs) -> Self {
        Self { shared, inputs, connectors: Lanes::default(), tasks: Lanes::default() }
    }

    fn hands(&self) -> Hands {
        Hands { shared: Arc::clone(&self.shared), inputs: self.inputs.clone() }
    }

    pub(super) fn start_connector(&mut self, name: String, config: Arc<ConfigMap>, target: TargetState) {
        let (mut turn, hands) = (self.connectors.join(&name), self.hands());
        tokio::spawn(async move {
            turn.begin().await;
            let start = ConnectorStart { name, config, target };
            let _ = turn.unless_interrupted(hands.start_connector(&start)).await;
        });
    }

    pub(super) fn start_task(
        &mut self,
        state: &ConfigState,
        id: TaskId,
        config: Arc<ConfigMap>,
        target: TargetState,
    ) {
        let Some(start) = task_start(state, id, config, target) else { return };
        let (mut turn, hands) = (self.tasks.join(&start.id), self.hands());
        tokio::spawn(async move {
            turn.begin().await;
            hands.start_task(&mut turn, &start).await;
        });
    }

    /// Stops connectors and tasks, all at the same time, and reports when all have stopped.
    pub(super) fn stop(&mut self, work: Work) {
        let hands = self.hands();
        let connectors: Vec<(Turn, String)> =
            work.connectors.iter().map(|name| (self.connectors.cut_in(name), name.clone())).collect();
        let tasks: Vec<(Turn, TaskId)> =
            work.tasks.iter().map(|id| (self.tasks.cut_in(id), id.clone())).collect();
        tokio::spawn(async move {
            let stop_connectors =
                futures::future::join_all(connectors.into_iter().map(|(mut turn, name)| {
                    let hands = &hands;
                    async move { hands.stop_connector(&mut turn, &name).await }
                }));
            tokio::join!(stop_connectors, hands.stop_tasks(tasks));
            hands.forget_removed(&work);
            hands.inputs.give(Input::Stopped(work)).await;
        });
    }

    /// Restarts a connector with a new configuration.
    pub(super) fn reconfigure(&mut self, name: String, config: Arc<ConfigMap>, target: TargetState) {
        let (mut turn, hands) = (self.connectors.cut_in(&name), self.hands());
        tokio::spawn(async move {
            hands.stop_connector(&mut turn, &name).await;
            let start = ConnectorStart { name, config, target };
            let _ = turn.unless_interrupted(hands.start_connector(&start)).await;
        });
    }

    /// Restarts what a user's request means of what runs here. Nothing, if no status is known yet.
    pub(super) fn restart(
        &mut self,
        state: &ConfigState,
        connector: String,
        request: RestartRequest,
        local: &Work,
    ) {
        let Some(config) = state.connector(&connector).and_then(|one| one.config()) else { return };
        let plan = RestartPlan::new(&self.shared.worker, &connector, Some(config), request);
        let plan = match plan {
            Ok(plan) => plan,
            Err(error) => return tracing::debug!(connector, "nothing to restart: {error}"),
        };
        for id in plan.tasks.iter().filter(|id| local.tasks.contains(id)) {
            self.restart_one_task(state, id.clone(), true, None);
        }
        if plan.connector && local.connectors.contains(&connector) {
            self.restart_one_connector(state, connector, true, None);
        }
    }

    /// Restarts a connector that runs here. `shown`: its state is RESTARTING in between.
    pub(super) fn restart_one_connector(
        &mut self,
        state: &ConfigState,
        name: String,
        shown: bool,
        reply: Option<oneshot::Sender<HerderResult<()>>>,
    ) {
        let Some(connector) = state.connector(&name) else { return };
        let Some(config) = connector.config().cloned() else { return };
        let target = connector.target_state().unwrap_or_default();
        let (mut turn, hands) = (self.connectors.cut_in(&name), self.hands());
        tokio::spawn(async move {
            hands.stop_connector(&mut turn, &name).await;
            if shown {
                shown::put_connector(&hands.shared.worker, &name, State::Restarting, None);
            }
            let start = ConnectorStart { name, config, target };
            let started = turn.unless_interrupted(hands.start_connector(&start)).await;
            drop(turn);
            let result = match started {
                Some(Ok(())) => {
                    hands.inputs.give(Input::TasksWanted { connector: start.name }).await;
                    Ok(())
                }
                // What interrupts it starts the connector by itself, or takes it away.
                None => Ok(()),
                Some(Err(_)) => {
                    Err(HerderError::Internal(format!("Failed to start connector: {}", start.name)))
                }
            };
            answer(reply, result);
        });
    }

    /// Restarts a task that runs here.
    pub(super) fn restart_one_task(
        &mut self,
        state: &ConfigState,
        id: TaskId,
        shown: bool,
        reply: Option<oneshot::Sender<HerderResult<()>>>,
    ) {
        let Some(config) = state.task_config(&id).cloned() else { return };
        let target = state.target_state(&id.connector).unwrap_or_default();
        let Some(start) = task_start(state, id, config, target) else { return };
        let (turn, hands) = (self.tasks.cut_in(&start.id), self.hands());
        tokio::spawn(async move {
            let mut turns = hands.stop_tasks(vec![(turn, start.id.clone())]).await;
            if shown {
                shown::put_restarting(&hands.shared.worker, &start.id);
            }
            if let Some(turn) = turns.first_mut() {
                hands.start_task(turn, &start).await;
            }
            answer(reply, Ok(()));
        });
    }

    /// Brings what runs here into a state.
    pub(super) fn set_target(&mut self, name: String, target: TargetState, local: Work) {
        if local.connectors.contains(&name) {
            let stops = target == TargetState::Stopped;
            let mut turn = if stops { self.connectors.cut_in(&name) } else { self.connectors.join(&name) };
            let hands = self.hands();
            tokio::spawn(async move {
                let worker = &hands.shared.worker;
                if stops {
                    turn.begin_within(STUCK_AFTER, || worker.give_up_connector(&name)).await;
                } else {
                    turn.begin().await;
                }
                let changed = turn.unless_interrupted(worker.transition_connector(&name, target)).await;
                // A connector that has failed keeps its status, and with it the reason.
                if let Some(Err(error)) = changed {
                    tracing::error!(connector = %name, "could not become {}: {error:#}", target.name());
                }
            });
        }
        if target == TargetState::Stopped {
            // Its tasks are taken from it.
            return;
        }
        for id in local.tasks {
            let (mut turn, hands) = (self.tasks.join(&id), self.hands());
            tokio::spawn(async move {
                turn.begin().await;
                hands.shared.worker.pause_task(&id, target == TargetState::Paused);
            });
        }
    }

    /// Asks a connector this for its task configurations.
    pub(super) fn generate_tasks(&mut self, state: &ConfigState, connector: String, question: u64) {
        let config = state.connector(&connector).and_then(|one| one.config()).cloned();
        let (mut turn, hands) = (self.connectors.join(&connector), self.hands());
        tokio::spawn(async move {
            turn.begin().await;
            let result = match config {
                None => Generated::Refused,
                Some(config) => {
                    let generated = hands.task_configs(&connector, &config);
                    turn.unless_interrupted(generated).await.unwrap_or(Generated::Failed)
                }
            };
            drop(turn);
            hands.inputs.give(Input::Generated { connector, question, result }).await;
        });
    }
}

fn answer(reply: Option<oneshot::Sender<HerderResult<()>>>, result: HerderResult<()>) {
    if let Some(reply) = reply {
        // Who gave up waiting does not want it.
        let _ = reply.send(result);
    }
}

/// A task runs with the connector configuration that it was made of.
fn task_start(
    state: &ConfigState,
    id: TaskId,
    config: Arc<ConfigMap>,
    target: TargetState,
) -> Option<TaskStart> {
    let connector = state.connector(&id.connector)?;
    let of = usize::try_from(connector.usable_tasks()).unwrap_or_default();
    let connector = connector.applied().or(connector.config())?.clone();
    Some(TaskStart { id, connector, config, target, of })
}

/// What a job works with.
struct Hands {
    shared: Arc<Shared>,
    inputs: Inputs,
}

impl Hands {
    async fn start_connector(&self, start: &ConnectorStart) -> Result<(), Error> {
        let ConnectorStart { name, config, target } = start;
        let _stage = self.shared.stages.enter(format!("starting the connector {name}"));
        let events = Arc::new(Events::new(&self.shared));
        let started = self.shared.worker.start_connector(name, config, *target, events).await;
        if let Err(error) = &started {
            // The status has the whole of it.
            tracing::error!(connector = %name, "Failed to start connector: {error}");
        }
        started
    }

    async fn start_task(&self, turn: &mut Turn, start: &TaskStart) {
        let TaskStart { id, connector, config, target, of } = start;
        let _stage = self.shared.stages.enter(format!("starting the task {id}"));
        let events = Arc::new(Events::new(&self.shared));
        let starting = self.shared.worker.start_task(id, *of, connector, config, *target, events);
        let _ = turn.unless_interrupted(starting).await;
    }

    async fn stop_connector(&self, turn: &mut Turn, name: &str) {
        let worker = &self.shared.worker;
        turn.begin_within(STUCK_AFTER, || worker.give_up_connector(name)).await;
        let _stage = self.shared.stages.enter(format!("stopping the connector {name}"));
        worker.stop_connector(name).await;
    }

    /// Stops tasks within the time that all of them get together, and gives their turns back.
    async fn stop_tasks(&self, tasks: Vec<(Turn, TaskId)>) -> Vec<Turn> {
        if tasks.is_empty() {
            return Vec::new();
        }
        let (mut turns, ids): (Vec<Turn>, Vec<TaskId>) = tasks.into_iter().unzip();
        // One that is still starting needs not be waited for.
        let begin = turns.iter_mut().map(|turn| turn.begin_within(Duration::ZERO, || {}));
        futures::future::join_all(begin).await;
        self.shared.worker.stop_tasks(&ids).await;
        turns
    }

    /// The last words of what is not configured any more would else stand in the status topic until the leader cleans it.
    fn forget_removed(&self, work: &Work) {
        let (state, status) = (Arc::clone(&self.shared.view.borrow().config), &self.shared.status);
        for name in work.connectors.iter().filter(|name| state.connector(name).is_none()) {
            status.delete_connector(name);
            status.delete_topics(name);
        }
        for id in work.tasks.iter().filter(|id| state.task_config(id).is_none()) {
            status.delete_task(id);
        }
    }

    async fn task_configs(&self, name: &str, config: &ConfigMap) -> Generated {
        let _stage = self.shared.stages.enter(format!("generating task configs for connector {name}"));
        match self.shared.worker.task_configs(name, config).await {
            Ok(configs) => Generated::Configs(configs),
            Err(TaskConfigsError::NotRunning(_)) => {
                tracing::info!(connector = %name, "no task configurations: the connector does not run");
                Generated::Refused
            }
            Err(TaskConfigsError::TooMany(error)) => {
                shown::put_connector(&self.shared.worker, name, State::Failed, Some(error.trace()));
                Generated::Refused
            }
            Err(TaskConfigsError::Failed(error)) => {
                tracing::error!(
                    connector = %name,
                    "Failed to reconfigure connector's tasks ({name}), retrying after backoff.\n{}",
                    error.trace()
                );
                Generated::Failed
            }
        }
    }
}
