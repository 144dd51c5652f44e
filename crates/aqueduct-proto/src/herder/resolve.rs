//! The herder's part in the group: joining, leading, carrying out assignments.

use super::leading::Leading;
use super::rebalance::{Catch, lives_on};
use super::{Effect, Herder, Warning};
use crate::member::Event;
use crate::subprotocol::{
    Assignment, AssignmentError, SchemaError, Subprotocol, WorkerMetadata, read_assignment,
};

/// After so many failed reads one after the other, a worker gives up its work.
const READS_MAX: u32 = 5;

impl Herder {
    pub(super) fn member_events(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        while let Some(event) = self.member.poll_event() {
            match event {
                Event::Prepare => {
                    self.rebalance.prepare = true;
                    self.rebalance.leading = None;
                    // What was assigned and not started is assigned still: cooperative members keep it.
                    self.rebalance.unresolved = false;
                    if !self.member.protocol().is_cooperative() {
                        self.stop_all(effects);
                    }
                }
                Event::Lead { generation, last_completed_generation, protocol, members } => {
                    self.rebalance.leads = false;
                    match Leading::new(generation, last_completed_generation, protocol, members) {
                        Ok(leading) => self.rebalance.leading = Some(leading),
                        Err(error) => self.malformed(&error, now_ms, effects),
                    }
                }
                Event::Assigned { generation, protocol, member_id, assignment } => {
                    let read = if assignment.is_empty() {
                        Ok(Assignment::default())
                    } else {
                        read_assignment(&assignment, protocol)
                    };
                    match read {
                        Ok(assignment) => {
                            self.take_assignment(
                                generation, protocol, &member_id, assignment, now_ms, effects,
                            );
                        }
                        Err(error) => self.malformed(&error, now_ms, effects),
                    }
                }
                Event::OutOfReach => {
                    effects.push(Effect::Warn(Warning::OutOfReach));
                    self.rebalance.leads = false;
                    self.stop_all(effects);
                    // It may be back before the group misses this member, which must say that it runs nothing any more.
                    if !self.shutting_down {
                        self.member.rejoin(now_ms);
                    }
                }
                Event::PollTimeout => {
                    effects.push(Effect::Warn(Warning::PollTimeout));
                    self.rebalance.leads = false;
                    self.rebalance.prepare = false;
                    if !self.shutting_down {
                        self.member.rejoin(now_ms);
                    }
                }
                Event::Fatal(error) => {
                    self.stop_all(effects);
                    effects.push(Effect::Fatal(error));
                }
            }
        }
    }

    fn malformed(&mut self, error: &SchemaError, now_ms: i64, effects: &mut Vec<Effect>) {
        effects.push(Effect::Warn(Warning::Malformed(error.to_string())));
        self.member.leave(now_ms);
        self.rebalance.catch = Catch::Later(now_ms + i64::from(self.settings.member.heartbeat_interval_ms));
    }

    fn take_assignment(
        &mut self,
        generation: i32,
        protocol: Subprotocol,
        member_id: &str,
        mut assignment: Assignment,
        now_ms: i64,
        effects: &mut Vec<Effect>,
    ) {
        let revoked = std::mem::take(&mut assignment.revoked);
        if protocol.is_cooperative() {
            self.rebalance.assigned = self.rebalance.assigned.and(&assignment.assigned);
            self.stop(&revoked, effects);
        } else {
            // Nothing runs here, unless the group spoke a cooperative subprotocol until now.
            self.stop_all(effects);
            self.rebalance.assigned = assignment.assigned.clone();
        }
        self.rebalance.scheduled_ms =
            (assignment.delay_ms > 0).then(|| now_ms + i64::from(assignment.delay_ms));
        self.rebalance.leads = assignment.leader.as_deref() == Some(member_id);
        self.rebalance.generation = generation;
        self.rebalance.unresolved = true;
        self.rebalance.catch = Catch::Up;
        self.rebalance.last = Assignment { revoked, ..assignment };
        if self.rebalance.leads {
            effects.push(Effect::CleanStatuses);
        }
    }

    pub(super) fn rebalance_tick(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        if self.shutting_down {
            if self.rebalance.stopping.is_empty() {
                self.member.leave(now_ms);
                self.finish(effects);
            }
            return;
        }
        self.lead(now_ms);
        self.resolve(now_ms, effects);
        self.prepare(now_ms);
    }

    /// Joins, once what must be stopped has stopped. A request that is being worked on is not torn apart.
    fn prepare(&mut self, now_ms: i64) {
        let is_ready = self.rebalance.stopping.is_empty() && !self.requests.is_working();
        if !self.rebalance.prepare || !is_ready {
            return;
        }
        self.rebalance.prepare = false;
        let metadata = WorkerMetadata {
            url: self.settings.url.clone(),
            config_offset: self.config.snapshot().offset(),
            running: self.rebalance.running(),
        };
        self.member.join(metadata, now_ms);
    }

    /// Decides for the group, once this worker has read as far as the most advanced member.
    fn lead(&mut self, now_ms: i64) {
        let Some(leading) = &self.rebalance.leading else { return };
        let state = self.config.snapshot();
        let lags = state.offset() < leading.config_offset();
        if lags && self.rebalance.catch != Catch::Done {
            if self.rebalance.catch == Catch::Up {
                self.rebalance.catch = Catch::Reading;
            }
            return;
        }
        self.rebalance.catch = Catch::Up;
        let leader = self.member.member_id().to_owned();
        let decision = if lags {
            leading.mismatch(&leader)
        } else {
            let assignor = &mut self.rebalance.assignor;
            leading.decide(&leader, &state, assignor, self.settings.max_delay_ms, now_ms)
        };
        self.rebalance.leading = None;
        self.rebalance.owners = decision.owners;
        self.rebalance.revokes = decision.revokes;
        for name in decision.republish {
            self.doubts.add(&state, &name, now_ms);
        }
        self.member.assign(decision.assignments, now_ms);
    }

    /// Carries out the last assignment.
    fn resolve(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        if !self.rebalance.unresolved || !self.member.is_stable() {
            return;
        }
        let state = self.config.snapshot();
        let assigned_at = self.rebalance.last.config_offset;
        let mismatch = self.rebalance.last.error != AssignmentError::None;
        if mismatch || state.offset() < assigned_at {
            match self.rebalance.catch {
                Catch::Up => self.rebalance.catch = Catch::Reading,
                Catch::Reading | Catch::Later(_) => {}
                Catch::Done => {
                    self.rebalance.catch = Catch::Up;
                    // Done, and still behind: the topic is not what it was.
                    self.rejoin(now_ms);
                }
            }
            return;
        }
        self.rebalance.catch = Catch::Up;
        if state.offset() != assigned_at {
            self.rejoin(now_ms);
            return;
        }
        if !self.rebalance.stopping.is_empty() {
            return;
        }
        self.rebalance.unresolved = false;
        self.rebalance.failures = 0;
        self.changes.decided(&self.rebalance.started);
        self.start(now_ms, effects);
        if lives_on(&self.rebalance.last.revoked, &state) {
            self.rejoin(now_ms);
        }
    }

    fn rejoin(&mut self, now_ms: i64) {
        self.rebalance.unresolved = false;
        self.member.rejoin(now_ms);
    }

    /// Starts what is assigned and does not run.
    fn start(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        let state = self.config.snapshot();
        let new = self.rebalance.assigned.without(&self.rebalance.started);
        for name in new.connectors {
            let Some(connector) = state.connector(&name) else { continue };
            let Some(config) = connector.config().cloned() else { continue };
            let target = connector.target_state().unwrap_or_default();
            self.rebalance.started.connectors.push(name.clone());
            effects.push(Effect::StartConnector { connector: name.clone(), config, target });
            self.want_tasks(&state, &name, now_ms);
        }
        for id in new.tasks {
            let (Some(config), Some(connector)) = (state.task_config(&id), state.connector(&id.connector))
            else {
                effects.push(Effect::Warn(Warning::NoTaskConfig(id)));
                continue;
            };
            let target = connector.target_state().unwrap_or_default();
            let (config, generation) = (config.clone(), connector.task_generation());
            self.rebalance.started.tasks.push(id.clone());
            effects.push(Effect::StartTask { id, config, target, generation });
        }
    }

    /// A read for the rebalance is done. The first one starts the worker.
    pub(super) fn catch_done(&mut self, reached_end: bool, now_ms: i64, effects: &mut Vec<Effect>) {
        if reached_end {
            self.rebalance.failures = 0;
            if !self.started {
                self.started = true;
                self.config.start();
                if let Some(key) = self.config.snapshot().session_key() {
                    self.keys.restore(key.clone());
                }
                self.rebalance.catch = Catch::Up;
            } else if self.member.generation() < 0 && !self.rebalance.prepare {
                self.rebalance.catch = Catch::Up;
                self.member.rejoin(now_ms);
            } else {
                self.rebalance.catch = Catch::Done;
            }
            return;
        }
        effects.push(Effect::Warn(Warning::ReadFailed));
        if self.rebalance.leading.is_some() {
            // The others must not wait: they are told that the leader lags.
            self.rebalance.catch = Catch::Done;
            return;
        }
        self.back_off(now_ms, effects);
    }

    /// Leaves the group until the config topic can be read again. A cooperative worker keeps its work for a while, and so
    /// should come back before it is given to others.
    fn back_off(&mut self, now_ms: i64, effects: &mut Vec<Effect>) {
        self.rebalance.failures += 1;
        let cooperative = self.member.protocol().is_cooperative();
        if !cooperative || self.rebalance.failures > READS_MAX {
            self.stop_all(effects);
            self.rebalance.failures = 0;
        }
        let delay_ms = if cooperative {
            let left = i64::from(READS_MAX + 1 - self.rebalance.failures);
            i64::from(self.settings.max_delay_ms) / 10 / left
        } else {
            i64::from(self.settings.unsync_backoff_ms)
        };
        if self.started {
            self.rebalance.unresolved = false;
            self.rebalance.prepare = false;
            self.rebalance.leads = false;
            self.member.leave(now_ms);
        }
        let delay_ms = delay_ms.max(i64::from(self.settings.member.retry_backoff_ms));
        self.rebalance.catch = Catch::Later(now_ms + delay_ms);
    }
}
