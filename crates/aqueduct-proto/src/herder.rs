//! A worker of a distributed cluster: the decisions of its herder, without I/O (spec: herder tick).
//!
//! The driver feeds [`Input`]s to [`Herder::step`] and performs the [`Effect`]s; at [`Herder::next_timeout`] it feeds
//! [`Input::Tick`]. The herder owns the fold of the config topic and the group member. Its parts each have one duty:
//! `rebalance` and `leading` who runs what, `changes` what the config topic changed, `requests` and `plan` what users and
//! other workers want, `restarts`, `keys`, `task_sets`, `doubts`. The order in which they get their turn is that of Java's tick:
//! catch up with the config topic, carry out the assignment, claim the topic, session key, requests, restarts, changes.

mod changes;
mod doubts;
mod keys;
mod leading;
mod message;
mod plan;
mod rebalance;
mod requests;
mod resolve;
mod restarts;
mod task_sets;

use std::sync::Arc;

use changes::Changes;
use doubts::{Doubts, is_wrong};
use keys::Keys;
pub use message::{Effect, Generated, Input, Refusal, Request, Warning, WriteError};
use rebalance::{Catch, Rebalance};
use requests::{Origin, Outcome, Requests, Role};
use restarts::Restarts;
use task_sets::{TaskSets, must_publish};

use crate::config_log::{ConfigLog, ConfigState, Event};
use crate::member::{self, Member};
use crate::session::KeyPolicy;
use crate::state::TaskId;
use crate::subprotocol::{Subprotocol, Work};

/// How long to wait before the config topic is claimed again.
const CLAIM_RETRY_MS: i64 = 250;

/// A worker's settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where this worker's REST API is reached.
    pub url: String,
    /// The group.
    pub member: member::Settings,
    /// `scheduled.rebalance.max.delay.ms`
    pub max_delay_ms: i32,
    /// `worker.unsync.backoff.ms`
    pub unsync_backoff_ms: i32,
    /// Whether the config topic is written with transactions: exactly-once support is preparing or enabled.
    pub transactional: bool,
    /// `inter.worker.key.*`
    pub keys: KeyPolicy,
}

/// Whether this worker's producer is the only one that may write to the config topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Claim {
    None,
    UnderWay,
    Held,
    RetryAt(i64),
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Herder {
    settings: Settings,
    config: ConfigLog,
    /// Whether the config topic was read to its end once.
    started: bool,
    /// A read is under way, and who waits for it.
    reading: Option<Readers>,
    member: Member,
    rebalance: Rebalance,
    changes: Changes,
    requests: Requests,
    restarts: Restarts,
    keys: Keys,
    task_sets: TaskSets,
    doubts: Doubts,
    claim: Claim,
    shutting_down: bool,
    finished: bool,
}

/// Who waits for the read that is under way. Who comes later, waits for the next one.
#[derive(Debug, Clone, Copy, Default)]
struct Readers {
    rebalance: bool,
    requests: bool,
}

impl Herder {
    /// A worker that begins: with reading the config topic.
    pub fn new(settings: Settings, now_ms: i64) -> Self {
        Self {
            config: ConfigLog::default(),
            started: false,
            reading: None,
            member: Member::new(settings.member.clone(), now_ms),
            rebalance: Rebalance { catch: Catch::Reading, ..Rebalance::default() },
            changes: Changes::default(),
            requests: Requests::default(),
            restarts: Restarts::default(),
            keys: Keys::new(settings.keys.clone()),
            task_sets: TaskSets::default(),
            doubts: Doubts::default(),
            claim: Claim::None,
            shutting_down: false,
            finished: false,
            settings,
        }
    }

    /// The configuration as far as it has been read.
    pub fn config(&self) -> Arc<ConfigState> {
        self.config.snapshot()
    }

    /// What is assigned to this worker.
    pub fn assigned(&self) -> &Work {
        &self.rebalance.assigned
    }

    /// Whether a connector was started here and not stopped.
    pub fn runs_connector(&self, name: &str) -> bool {
        self.rebalance.started.connectors.iter().any(|one| one == name)
    }

    /// Whether a task was started here and not stopped.
    pub fn runs_task(&self, id: &TaskId) -> bool {
        self.rebalance.started.tasks.contains(id)
    }

    /// Whether this worker is in the group, as far as it knows, and can reach its coordinator.
    pub fn is_active(&self) -> bool {
        self.started && self.member.is_active()
    }

    /// The group's generation; -1 outside it. Statuses are written with it.
    pub fn generation(&self) -> i32 {
        self.member.generation()
    }

    /// The group's subprotocol, or before there is one, what this worker would like.
    pub fn protocol(&self) -> Subprotocol {
        self.member.protocol()
    }

    /// Whether internal requests must be signed.
    pub fn is_sessioned(&self) -> bool {
        self.protocol() == Subprotocol::Sessioned
    }

    /// The key that internal requests are signed with.
    pub fn session_key(&self) -> Option<&crate::session::SessionKey> {
        self.keys.ring.current()
    }

    /// Whether this worker leads the group.
    pub fn is_leader(&self) -> bool {
        self.rebalance.leads
            && self.member.generation() == self.rebalance.generation
            && self.member.generation() >= 0
    }

    /// Where the leader's REST API is reached, if it is known.
    pub fn leader_url(&self) -> Option<&str> {
        self.rebalance.last.leader_url.as_deref().filter(|url| !url.is_empty())
    }

    /// Where the worker that runs a connector is reached. Only the leader knows.
    pub fn connector_owner(&self, name: &str) -> Option<&str> {
        let owners = self.is_leader().then_some(&self.rebalance.owners)?;
        owners.of_connector(name)
    }

    /// Where the worker that runs a task is reached. Only the leader knows.
    pub fn task_owner(&self, id: &TaskId) -> Option<&str> {
        let owners = self.is_leader().then_some(&self.rebalance.owners)?;
        owners.of_task(id)
    }

    /// Whether the config topic was read to its end once.
    pub fn has_started(&self) -> bool {
        self.started
    }

    /// Whether the assignment of the present generation is carried out.
    pub fn is_settled(&self) -> bool {
        self.member.is_stable()
            && !self.rebalance.unresolved
            && !self.rebalance.prepare
            && !self.shutting_down
    }

    /// When to feed [`Input::Tick`], if nothing else comes before.
    pub fn next_timeout(&self) -> Option<i64> {
        if self.finished {
            return None;
        }
        let catch = match self.rebalance.catch {
            Catch::Later(at_ms) => Some(at_ms),
            _ => None,
        };
        let claim = match self.claim {
            Claim::RetryAt(at_ms) => Some(at_ms),
            _ => None,
        };
        let keys = if self.is_leader() { self.keys.next_timeout() } else { None };
        let member = if self.started { self.member.poll_timeout() } else { None };
        let (requests, doubts) = (self.requests.next_timeout(), self.doubts.next_timeout());
        let (scheduled, task_sets) = (self.rebalance.scheduled_ms, self.task_sets.next_timeout());
        [member, catch, claim, keys, scheduled, requests, task_sets, doubts].into_iter().flatten().min()
    }

    /// Takes an input in and does what is to be done.
    pub fn step(&mut self, now_ms: i64, input: Input, effects: &mut Vec<Effect>) {
        if self.finished {
            return;
        }
        self.absorb(now_ms, input, effects);
        self.advance(now_ms, effects);
    }

    fn absorb(&mut self, now_ms: i64, input: Input, effects: &mut Vec<Effect>) {
        match input {
            Input::Tick => {}
            Input::Group { id, response } => self.member.handle(id, response, now_ms),
            Input::MemberId { id, member_id } => self.member.handle_member_id(id, member_id, now_ms),
            Input::ConfigRecord { offset, key, value } => {
                // Before the start nothing needs to be compared; a snapshot would cost a copy for each record then.
                let before = if self.started { self.config.snapshot() } else { Arc::default() };
                for event in self.config.apply(offset, &key, value.as_deref()) {
                    self.config_event(&before, offset, event, now_ms, effects);
                }
            }
            Input::ReadDone { reached_end } => self.read_done(reached_end, now_ms, effects),
            Input::WriteDone(result) => {
                if result == Err(WriteError::Fenced) {
                    self.claim = Claim::None;
                }
                let outcome = self.requests.write_done(result);
                self.report(outcome, now_ms, effects);
            }
            Input::Claimed { ok } => {
                self.claim = if ok { Claim::Held } else { Claim::RetryAt(now_ms + CLAIM_RETRY_MS) };
            }
            Input::Stopped(work) => self.rebalance.stopping = self.rebalance.stopping.without(&work),
            Input::Generated { connector, question, result } => {
                if self.task_sets.awaits(&connector, question) {
                    self.generated(connector, question, result, now_ms, effects);
                }
            }
            Input::TasksWanted { connector } => {
                if self.rebalance.started.connectors.contains(&connector) {
                    let state = self.config.snapshot();
                    self.want_tasks(&state, &connector, now_ms);
                }
            }
            Input::TasksPosted { question: None, .. } => {}
            Input::TasksPosted { connector, question: Some(question), ok } => {
                if ok {
                    self.task_sets.done(&connector, question);
                } else {
                    self.task_sets.lost_sight(&connector, question, now_ms);
                }
            }
            Input::KeyMaterial(random) => self.requests.add_key(self.keys.make(random, now_ms)),
            Input::ProducersFenced { ok } => {
                let outcome = self.requests.fenced(ok);
                self.report(outcome, now_ms, effects);
            }
            Input::Request { id, request } => {
                let outcome = if self.shutting_down {
                    Some((Origin::Caller(id), Err(Refusal::ShuttingDown)))
                } else {
                    self.requests.add(Origin::Caller(id), request)
                };
                self.report(outcome, now_ms, effects);
            }
            Input::Shutdown => self.shut_down(now_ms, effects),
        }
    }

    fn shut_down(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        self.shutting_down = true;
        for outcome in self.requests.shut_down() {
            self.report(Some(outcome), now_ms, effects);
        }
        self.stop_all(effects);
    }

    fn stop_all(&mut self, effects: &mut Vec<Effect>) {
        let stopped = self.rebalance.take_all();
        self.task_sets.stopped(&stopped.connectors);
        if !stopped.is_empty() {
            effects.push(Effect::Stop(stopped));
        }
    }

    fn stop(&mut self, work: &Work, effects: &mut Vec<Effect>) {
        let stopped = self.rebalance.take_off(work);
        self.task_sets.stopped(&stopped.connectors);
        if !stopped.is_empty() {
            effects.push(Effect::Stop(stopped));
        }
    }

    fn read_done(&mut self, reached_end: bool, now_ms: i64, effects: &mut Vec<Effect>) {
        let Some(readers) = self.reading.take() else { return };
        if readers.rebalance {
            self.catch_done(reached_end, now_ms, effects);
        }
        if readers.requests {
            let outcome = self.requests.read_done(reached_end);
            self.report(outcome, now_ms, effects);
        }
    }

    fn generated(
        &mut self,
        connector: String,
        question: u64,
        result: Generated,
        now_ms: i64,
        effects: &mut Vec<Effect>,
    ) {
        let configs = match result {
            Generated::Configs(configs) => configs,
            Generated::Failed => return self.task_sets.failed(&connector, question, now_ms),
            Generated::Refused => return self.task_sets.done(&connector, question),
        };
        self.task_sets.generated(&connector, &configs);
        if !self.rebalance.started.connectors.contains(&connector)
            || !must_publish(&self.config.snapshot(), &connector, &configs)
        {
            return self.task_sets.done(&connector, question);
        }
        if self.is_leader() {
            let request = Request::PutTasks { connector: connector.clone(), configs };
            let outcome = self.requests.add(Origin::TaskSet(connector, question), request);
            self.report(outcome, now_ms, effects);
        } else if let Some(leader_url) = self.leader_url() {
            let (leader_url, question) = (leader_url.to_owned(), Some(question));
            effects.push(Effect::PostTasks { leader_url, connector, configs, question });
        } else {
            self.task_sets.failed(&connector, question, now_ms);
        }
    }

    fn report(&mut self, outcome: Option<Outcome>, now_ms: i64, effects: &mut Vec<Effect>) {
        let Some((origin, result)) = outcome else { return };
        match origin {
            Origin::Caller(id) => effects.push(Effect::Reply { id, result }),
            Origin::TaskSet(connector, question) if result.is_ok() => {
                self.task_sets.done(&connector, question)
            }
            Origin::TaskSet(connector, question) => self.task_sets.failed(&connector, question, now_ms),
            Origin::Key => self.keys.written(result.is_ok(), now_ms),
            Origin::Housekeeping(_) => {}
        }
    }

    /// One tick.
    fn advance(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        if matches!(self.rebalance.catch, Catch::Later(at_ms) if at_ms <= now_ms) {
            self.rebalance.catch = Catch::Reading;
        }
        if self.started {
            self.member.poll(now_ms);
            self.member_events(now_ms, effects);
            self.rebalance_tick(now_ms, effects);
            self.settled_tick(now_ms, effects);
            self.member_events(now_ms, effects);
            self.rebalance_tick(now_ms, effects);
        } else if self.shutting_down {
            self.finish(effects);
        }
        self.begin_read(effects);
        while let Some((id, request)) = self.member.poll_request() {
            effects.push(Effect::Group { id, request });
        }
    }

    fn finish(&mut self, effects: &mut Vec<Effect>) {
        self.finished = true;
        effects.push(Effect::Finished);
    }

    /// What a worker does in quiet times: it has its assignment and runs it.
    fn settled_tick(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        let leads = self.is_leader();
        if !leads {
            self.claim = Claim::None;
        } else if self.settings.transactional {
            let retry = matches!(self.claim, Claim::RetryAt(at_ms) if at_ms <= now_ms);
            if self.is_settled() && (self.claim == Claim::None || retry) {
                self.claim = Claim::UnderWay;
                effects.push(Effect::Claim);
            }
        } else {
            self.claim = Claim::Held;
        }
        if leads && self.is_settled() && self.is_sessioned() {
            self.keys.tick(now_ms, effects);
        }
        loop {
            let state = self.config.snapshot();
            let settled = self.is_settled() && !self.changes.needs_rejoin();
            let role = Role {
                settled,
                quiet: settled && !self.rebalance.revokes,
                leads,
                claimed: self.claim == Claim::Held,
                leader_url: self.rebalance.last.leader_url.as_deref().filter(|url| !url.is_empty()),
                now_ms,
            };
            self.requests.drop_settled(|connector, question| self.task_sets.awaits(connector, question));
            let outcome = self.requests.tick(role, &state, effects);
            if outcome.is_none() {
                break;
            }
            self.report(outcome, now_ms, effects);
        }
        if self.is_settled() {
            self.restarts.tick(&self.rebalance.started, effects);
            self.apply_changes(now_ms, effects);
            if self.rebalance.scheduled_ms.is_some_and(|at_ms| at_ms <= now_ms) {
                self.rebalance.scheduled_ms = None;
                self.member.rejoin(now_ms);
            }
            self.task_sets.tick(now_ms, effects);
            self.settle_doubts(now_ms, effects);
        }
    }

    /// Begins a read if somebody waits for one and none is under way.
    fn begin_read(&mut self, effects: &mut Vec<Effect>) {
        let readers = Readers {
            rebalance: self.rebalance.catch == Catch::Reading,
            requests: self.requests.wants_read(),
        };
        if self.reading.is_none() && (readers.rebalance || readers.requests) {
            self.reading = Some(readers);
            effects.push(Effect::ReadConfig);
        }
    }

    /// An event of the record at this offset.
    fn config_event(
        &mut self,
        before: &ConfigState,
        offset: i64,
        event: Event,
        now_ms: i64,
        effects: &mut Vec<Effect>,
    ) {
        match event {
            Event::SessionKey(key) => self.keys.learn(key),
            Event::Restart { connector, request } => self.restarts.add(connector, request),
            Event::LoggerLevel { namespace, level } => effects.push(Effect::LoggerLevel { namespace, level }),
            Event::Garbage { key, reason } => {
                effects.push(Effect::Warn(Warning::Garbage { offset, key, reason }));
            }
            Event::ConnectorRemoved(name) => {
                self.task_sets.removed(&name);
                self.changes.removed(name);
            }
            Event::ConnectorUpdated(name) => self.changes.updated(name, before),
            Event::TasksUpdated { connector, .. } => {
                let state = self.config.snapshot();
                let runs_here = self.rebalance.started.connectors.contains(&connector);
                if runs_here && self.task_sets.is_astray(&state, &connector) {
                    self.want_tasks(&state, &connector, now_ms);
                }
                self.changes.tasks(connector);
            }
            Event::TargetState(name) => {
                let state = self.config.snapshot();
                if state.connector(&name).is_some_and(is_wrong) {
                    self.doubts.add(&state, &name, now_ms);
                }
                self.changes.target(name);
            }
        }
    }
}

#[cfg(test)]
mod tests;
