//! The loop that feeds the herder of `aqueduct-proto`, and carries out what it decides.
//!
//! It never waits for a connector, for Kafka or for another worker: what takes time runs beside it, and its end is an input. So
//! the worker keeps its place in the group whatever hangs.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::ConfigMap;
use aqueduct_kafka::group::{Answer, GroupLink};
use aqueduct_proto::herder::{Effect, Herder, Input, Refusal, Request, WriteError};
use aqueduct_proto::session::sign;
use aqueduct_proto::state::TaskId;
use aqueduct_proto::status_log::StatusOf;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::jobs::Jobs;
use super::news::{Inputs, News, Want};
use super::view::View;
use super::warnings;
use super::{HerderError, HerderResult, Shared};
use crate::configs::{ConfigRecords, Privilege};
use crate::herder::StageGuard;
use crate::logging::LogLevel;
use crate::metrics::now_ms;
use crate::status::StatusStore;

/// The herder is asked no more often than this for something that is due; what it waits for may be an answer.
const TICK_MIN: Duration = Duration::from_millis(5);
/// How long the coordinator may take to confirm that this worker has left.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(3);
/// How long the last statuses may take to be written.
const STATUS_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the outcome of a request goes.
type Reply = oneshot::Sender<Result<(), Refusal>>;

/// What users and other workers want of the loop.
pub(super) enum Command {
    /// Through the herder.
    Request { request: Request, reply: Reply },
    /// Restart a connector that runs here.
    RestartConnector { name: String, reply: oneshot::Sender<HerderResult<()>> },
    /// Restart a task that runs here.
    RestartTask { id: TaskId, reply: oneshot::Sender<HerderResult<()>> },
    /// Answer when this worker is in the group.
    Ping(oneshot::Sender<()>),
    /// Stop everything, leave the group, and end.
    Shutdown,
}

/// Milliseconds since 1970 that never go back or jump: as of the start, and then by the monotonic clock.
struct Clock {
    epoch: Instant,
    epoch_ms: i64,
}

impl Clock {
    fn now_ms(&self) -> i64 {
        self.epoch_ms.saturating_add(i64::try_from(self.epoch.elapsed().as_millis()).unwrap_or(i64::MAX))
    }

    fn at(&self, ms: i64) -> Instant {
        self.epoch + Duration::from_millis(u64::try_from(ms.saturating_sub(self.epoch_ms)).unwrap_or(0))
    }
}

/// What the loop owns.
pub(super) struct Driver {
    shared: Arc<Shared>,
    herder: Herder,
    clock: Clock,
    link: GroupLink,
    records: ConfigRecords,
    commands: mpsc::Receiver<Command>,
    news: mpsc::Receiver<News>,
    inputs: Inputs,
    jobs: Jobs,
    replies: HashMap<u64, Reply>,
    next_reply: u64,
    /// Replies that are due once everybody sees what they are about.
    due_replies: Vec<(Reply, Result<(), Refusal>)>,
    pings: Vec<oneshot::Sender<()>>,
    effects: Vec<Effect>,
    /// Whether this worker led after the last step.
    led: bool,
    /// The way of what was given up when this worker led no more.
    relinquished: Option<tokio::task::JoinHandle<()>>,
    finished: bool,
}

impl Driver {
    pub(super) fn new(
        shared: Arc<Shared>,
        link: GroupLink,
        records: ConfigRecords,
        commands: mpsc::Receiver<Command>,
    ) -> Self {
        let clock = Clock { epoch: Instant::now(), epoch_ms: now_ms() };
        let herder = Herder::new(shared.settings.herder.clone(), clock.now_ms());
        let (inputs, news) = Inputs::new();
        let jobs = Jobs::new(Arc::clone(&shared), inputs.clone());
        Self {
            shared,
            herder,
            clock,
            link,
            records,
            commands,
            news,
            inputs,
            jobs,
            replies: HashMap::new(),
            next_reply: 0,
            due_replies: Vec::new(),
            pings: Vec::new(),
            effects: Vec::new(),
            led: false,
            relinquished: None,
            finished: false,
        }
    }

    /// Runs until a shutdown has been carried out.
    pub(super) async fn run(mut self) {
        let shared = Arc::clone(&self.shared);
        let mut stage = None;
        self.step(Input::Tick);
        while !self.finished {
            self.show(&shared, &mut stage);
            let wake_at = self.wake_at();
            tokio::select! {
                (id, answer) = self.link.answer() => match answer {
                    Answer::Response(response) => self.step(Input::Group { id, response }),
                    Answer::MemberId(member_id) => self.step(Input::MemberId { id, member_id }),
                },
                Some(news) = self.news.recv() => self.hear(news),
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    // Nobody is left who could want anything.
                    None => self.step(Input::Shutdown),
                },
                records = self.records.next() => self.feed(records),
                wanted = shared.wanted.next() => {
                    for want in wanted {
                        self.grant(want);
                    }
                }
                () = sleep_until(wake_at) => {
                    self.step(Input::Tick);
                    if self.herder.is_leader() && self.herder.is_settled() {
                        // A worker's last words about a task may come after the cleaning that the task's end has brought.
                        self.clean_statuses();
                    }
                }
            }
        }
        self.link.close(LEAVE_TIMEOUT).await;
        if !shared.status.flush(STATUS_TIMEOUT).await {
            tracing::warn!("the last statuses could not be written in time");
        }
    }

    /// When to look at the clock: when something is due, but at least once a heartbeat interval, as the end of the session is no
    /// deadline of the herder's.
    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let latest = now + self.shared.settings.heartbeat_interval;
        let due = self.herder.next_timeout().map_or(latest, |at_ms| self.clock.at(at_ms));
        due.min(latest).max(now + TICK_MIN)
    }

    /// Tells those who look what is known now.
    fn show<'a>(&mut self, shared: &'a Shared, stage: &mut Option<(&'static str, StageGuard<'a>)>) {
        let view = View::of(&self.herder, &shared.view.borrow());
        if !view.is(&shared.view.borrow()) {
            shared.status.set_generation(view.place.generation);
            shared.view.send_replace(view);
        }
        for (reply, result) in self.due_replies.drain(..) {
            // Who gave up waiting does not want it.
            let _ = reply.send(result);
        }
        if self.herder.is_active() && shared.view.borrow().place.joined {
            // Who gave up waiting does not want it.
            for ping in self.pings.drain(..) {
                let _ = ping.send(());
            }
        }
        let doing = match () {
            () if !self.herder.has_started() => Some("reading to end of config topic"),
            () if !self.herder.is_active() => Some("ensuring membership in the cluster"),
            () if !self.herder.is_settled() => Some("performing a group rebalance"),
            () => None,
        };
        if stage.as_ref().map(|(doing, _)| *doing) != doing {
            *stage = None;
            *stage = doing.map(|doing| (doing, shared.stages.enter(doing)));
        }
    }

    fn hear(&mut self, news: News) {
        match news {
            News::Input(input) => self.step(input),
            News::ReadDone { reached_end } => {
                let records = self.records.take();
                self.feed(records);
                self.step(Input::ReadDone { reached_end });
            }
        }
    }

    fn feed(&mut self, records: Vec<crate::configs::ConfigRecord>) {
        for record in records {
            self.step(Input::ConfigRecord { offset: record.offset, key: record.key, value: record.value });
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Request { request, reply } => {
                let id = self.next_reply;
                self.next_reply += 1;
                self.replies.insert(id, reply);
                self.step(Input::Request { id, request });
            }
            Command::RestartConnector { name, reply } => self.restart_connector(name, reply),
            Command::RestartTask { id, reply } => self.restart_task(id, reply),
            Command::Ping(ping) => self.pings.push(ping),
            Command::Shutdown => self.step(Input::Shutdown),
        }
    }

    /// Does what something that runs here wants. What has been taken away meanwhile is started with new values elsewhere.
    fn grant(&mut self, want: Want) {
        let state = self.herder.config();
        match want {
            Want::Tasks(connector) => self.step(Input::TasksWanted { connector }),
            Want::RestartConnector(name) if self.herder.runs_connector(&name) => {
                self.jobs.restart_one_connector(&state, name, false, None);
            }
            Want::RestartTask(id) if self.herder.runs_task(&id) => {
                self.jobs.restart_one_task(&state, id, false, None);
            }
            Want::RestartConnector(_) | Want::RestartTask(_) => {}
        }
    }

    /// The worker that must do something that is done by the one which runs a connector or task.
    fn elsewhere(&self, owner: Option<&str>, assigned_here: bool) -> HerderError {
        if assigned_here {
            return HerderError::Conflict(
                "Cannot complete request momentarily due to stale configuration (typically caused by a concurrent config change)"
                    .to_owned(),
            );
        }
        let url = if self.herder.is_leader() { owner } else { self.herder.leader_url() };
        HerderError::Elsewhere { url: url.map(str::to_owned) }
    }

    fn restart_connector(&mut self, name: String, reply: oneshot::Sender<HerderResult<()>>) {
        let state = self.herder.config();
        let error = if state.connector(&name).is_none() {
            HerderError::NotFound(format!("Unknown connector: {name}"))
        } else if self.herder.runs_connector(&name) {
            return self.jobs.restart_one_connector(&state, name, false, Some(reply));
        } else {
            let assigned = self.herder.assigned().connectors.contains(&name);
            self.elsewhere(self.herder.connector_owner(&name), assigned)
        };
        // Who gave up waiting does not want it.
        let _ = reply.send(Err(error));
    }

    fn restart_task(&mut self, id: TaskId, reply: oneshot::Sender<HerderResult<()>>) {
        let state = self.herder.config();
        let error = match state.connector(&id.connector) {
            None => HerderError::NotFound(format!("Unknown connector: {}", id.connector)),
            Some(connector) if !connector.task_configs().contains_key(&id.task) => {
                HerderError::NotFound(format!("Unknown task: {id}"))
            }
            Some(_) if self.herder.runs_task(&id) => {
                return self.jobs.restart_one_task(&state, id, false, Some(reply));
            }
            Some(_) => {
                let assigned = self.herder.assigned().tasks.contains(&id);
                self.elsewhere(self.herder.task_owner(&id), assigned)
            }
        };
        // Who gave up waiting does not want it.
        let _ = reply.send(Err(error));
    }

    fn step(&mut self, input: Input) {
        let mut effects = std::mem::take(&mut self.effects);
        self.herder.step(self.clock.now_ms(), input, &mut effects);
        for effect in effects.drain(..) {
            self.perform(effect);
        }
        self.effects = effects;
        let leads = self.herder.is_leader();
        if self.led && !leads {
            let shared = Arc::clone(&self.shared);
            self.relinquished = Some(tokio::spawn(async move { shared.topic.relinquish().await }));
        }
        self.led = leads;
    }

    fn perform(&mut self, effect: Effect) {
        let state = self.herder.config();
        match effect {
            Effect::Group { id, request } => self.link.send(id, request, None),
            Effect::ReadConfig => self.read_config(),
            Effect::Write { records, privileged } => {
                let privilege = if privileged { Privilege::Leader } else { Privilege::Anyone };
                self.beside(async move |shared| {
                    let written = shared.topic.write(records, privilege).await.map_err(|error| {
                        let fenced = error.must_claim();
                        tracing::error!("{:#}", aqueduct_api::Error::from(error));
                        if fenced { WriteError::Fenced } else { WriteError::Failed }
                    });
                    Input::WriteDone(written)
                });
            }
            Effect::Claim => {
                let relinquished = self.relinquished.take();
                self.beside(async move |shared| {
                    // Else it could take away what is claimed now.
                    if let Some(relinquished) = relinquished {
                        let _ = relinquished.await;
                    }
                    let claimed = shared.topic.claim().await;
                    if let Err(error) = &claimed {
                        tracing::warn!("the config topic could not be claimed: {error}");
                    }
                    Input::Claimed { ok: claimed.is_ok() }
                });
            }
            Effect::StartConnector { connector, config, target } => {
                self.jobs.start_connector(connector, config, target);
            }
            Effect::StartTask { id, config, target, generation: _ } => {
                self.jobs.start_task(&state, id, config, target);
            }
            Effect::Stop(work) => self.jobs.stop(work),
            Effect::Reconfigure { connector, config } => {
                let target = state.target_state(&connector).unwrap_or_default();
                self.jobs.reconfigure(connector, config, target);
            }
            Effect::Restart { connector, request, local } => {
                self.jobs.restart(&state, connector, request, &local);
            }
            Effect::SetTarget { connector, target, local } => self.jobs.set_target(connector, target, local),
            Effect::GenerateTasks { connector, question } => {
                self.jobs.generate_tasks(&state, connector, question);
            }
            Effect::PostTasks { leader_url, connector, configs, question } => {
                self.post_tasks(leader_url, connector, &configs, question);
            }
            Effect::MakeKey { bytes } => match random(bytes) {
                Ok(material) => self.inputs.give_now(Input::KeyMaterial(material)),
                Err(error) => tracing::error!("a session key could not be made: {error}"),
            },
            Effect::FenceProducers { connector, tasks } => self.fence_producers(connector, tasks),
            Effect::CleanStatuses => self.clean_statuses(),
            Effect::LoggerLevel { namespace, level } => self.set_level(&namespace, &level),
            Effect::Reply { id, result } => {
                if let Some(reply) = self.replies.remove(&id) {
                    self.due_replies.push((reply, result));
                }
            }
            Effect::Warn(warning) => warnings::log(&warning, &self.shared),
            Effect::Fatal(error) => {
                let group = &self.shared.settings.group_id;
                let reason = format!("The group {group} does not take this worker: {error:?}");
                tracing::error!("{reason}");
                self.shared.fatal.send_replace(Some(reason));
            }
            Effect::Finished => self.finished = true,
        }
    }

    /// Removes the statuses of what is not configured.
    fn clean_statuses(&self) {
        for status in self.shared.status.left_over(&self.herder.config()) {
            if let StatusOf::Connector(name) = &status {
                self.shared.status.delete_topics(name);
            }
            self.shared.status.remove(status);
        }
    }

    /// Does something beside the loop; the input that it gives comes back to the herder.
    fn beside<F>(&self, work: impl FnOnce(Arc<Shared>) -> F)
    where
        F: Future<Output = Input> + Send + 'static,
    {
        let (work, inputs) = (work(Arc::clone(&self.shared)), self.inputs.clone());
        tokio::spawn(async move { inputs.give(work.await).await });
    }

    fn read_config(&self) {
        let (shared, inputs) = (Arc::clone(&self.shared), self.inputs.clone());
        tokio::spawn(async move {
            let read = shared.topic.read_to_end(shared.settings.sync_timeout).await;
            if let Err(error) = &read {
                tracing::warn!("{error:#}");
            }
            inputs.give_read_done(read.is_ok()).await;
        });
    }

    fn post_tasks(
        &self,
        leader_url: String,
        connector: String,
        configs: &[ConfigMap],
        question: Option<u64>,
    ) {
        let body = serde_json::to_vec(&configs.iter().map(super::JsonConfig).collect::<Vec<_>>());
        let key = self.herder.session_key().filter(|_| self.herder.is_sessioned()).cloned();
        let algorithm = self.shared.settings.signature_algorithm;
        self.beside(async move |shared| {
            let posted = match body {
                Ok(body) => {
                    let signature = key.map(|key| sign(&key, algorithm, &body));
                    let client = &shared.client;
                    let posted =
                        client.post_task_configs(&leader_url, &connector, body, signature.as_ref()).await;
                    posted.map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            if let Err(error) = &posted {
                tracing::warn!(connector, "the leader at {leader_url} did not take its tasks: {error}");
            }
            Input::TasksPosted { connector, question, ok: posted.is_ok() }
        });
    }

    fn fence_producers(&self, connector: String, tasks: i32) {
        self.beside(async move |shared| {
            let group = &shared.settings.group_id;
            let id = |task| aqueduct_proto::fencing::transactional_id(group, &connector, task);
            let ids: Vec<String> = (0..tasks).map(id).collect();
            let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
            let mut ok = true;
            for (id, result) in shared.admin.fence_producers(&ids).await {
                if let Err(error) = result {
                    tracing::error!(connector, "the producers of {id} could not be fenced: {error}");
                    ok = false;
                }
            }
            Input::ProducersFenced { ok }
        });
    }

    fn set_level(&self, namespace: &str, level: &str) {
        match LogLevel::parse(level) {
            Some(level) => {
                tracing::info!("Setting level of namespace {namespace} and children to {}", level.name());
                self.shared.levels.set(namespace, level, now_ms());
            }
            None => tracing::warn!("the config topic asks for the level '{level}' of {namespace}: no level"),
        }
    }
}

fn random(bytes: usize) -> Result<Vec<u8>, String> {
    let mut material = vec![0; bytes];
    let source = rustls::crypto::ring::default_provider().secure_random;
    source.fill(&mut material).map_err(|error| format!("{error:?}"))?;
    Ok(material)
}
