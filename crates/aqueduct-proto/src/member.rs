//! A member of the group: discovery of the coordinator, joining, heartbeats, leaving (spec: group membership).
//!
//! No I/O and no clock: after each call of a method that takes the time, the owner sends what [`Member::poll_request`] gives,
//! acts on [`Member::poll_event`], and calls [`Member::handle_timeout`] when [`Member::poll_timeout`] is due. One request is
//! under way at a time, besides a leave; an answer to an earlier one is ignored.

mod message;

use std::collections::VecDeque;

pub use message::{Event, GroupError, Request, Response};

use crate::subprotocol::{Subprotocol, WorkerMetadata, join_protocols};

/// When a member of a new generation asks for the first time whether there is another.
const FIRST_HEARTBEAT_MS: i64 = 50;

/// The group settings of a worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `session.timeout.ms`
    pub session_timeout_ms: i32,
    /// `rebalance.timeout.ms`
    pub rebalance_timeout_ms: i32,
    /// `heartbeat.interval.ms`
    pub heartbeat_interval_ms: i32,
    /// `request.timeout.ms`
    pub request_timeout_ms: i32,
    /// `retry.backoff.ms`
    pub retry_backoff_ms: i32,
    /// `connect.protocol`
    pub subprotocol: Subprotocol,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not in the group.
    Out,
    /// The owner prepares for joining.
    Preparing,
    /// A JoinGroup is under way.
    Joining,
    /// The owner computes the assignment.
    Leading,
    /// A SyncGroup is under way.
    Syncing,
    /// In the group, with an assignment.
    Stable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Find,
    Join,
    Sync,
    Heartbeat,
}

#[derive(Debug)]
struct InFlight {
    id: u64,
    kind: Kind,
    deadline_ms: i64,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Member {
    settings: Settings,
    state: State,
    /// Whether the owner wants to be in the group.
    wanted: bool,
    /// Whether the next thing is to join, again or for the first time.
    rejoin: bool,
    member_id: String,
    generation: i32,
    last_completed_generation: i32,
    protocol: Subprotocol,
    metadata: Option<WorkerMetadata>,
    coordinator_known: bool,
    unknown_since_ms: i64,
    /// When it was found last.
    found_at_ms: i64,
    told_out_of_reach: bool,
    retry_at_ms: i64,
    next_heartbeat_ms: i64,
    /// When the generation began for this member.
    synced_at_ms: i64,
    last_alive_ms: i64,
    last_poll_ms: i64,
    in_flight: Option<InFlight>,
    next_id: u64,
    requests: VecDeque<(u64, Request)>,
    events: VecDeque<Event>,
}

impl Member {
    /// A member that wants to join.
    pub fn new(settings: Settings, now_ms: i64) -> Self {
        Self {
            protocol: settings.subprotocol,
            settings,
            state: State::Out,
            wanted: true,
            rejoin: true,
            member_id: String::new(),
            generation: -1,
            last_completed_generation: -1,
            metadata: None,
            coordinator_known: false,
            unknown_since_ms: now_ms,
            found_at_ms: now_ms,
            told_out_of_reach: false,
            retry_at_ms: now_ms,
            next_heartbeat_ms: now_ms,
            synced_at_ms: now_ms,
            last_alive_ms: now_ms,
            last_poll_ms: now_ms,
            in_flight: None,
            next_id: 0,
            requests: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// The next request to send, with the id that its answer must carry.
    pub fn poll_request(&mut self) -> Option<(u64, Request)> {
        self.requests.pop_front()
    }

    /// The next event.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When to call [`Member::handle_timeout`].
    pub fn poll_timeout(&self) -> Option<i64> {
        if !self.wanted {
            return None;
        }
        let polled = self.last_poll_ms + i64::from(self.settings.rebalance_timeout_ms);
        let next = match &self.in_flight {
            Some(in_flight) => in_flight.deadline_ms,
            None if !self.coordinator_known || self.state == State::Out => self.retry_at_ms,
            None => self.next_heartbeat_ms,
        };
        let reach = self.unknown_since_ms + i64::from(self.settings.heartbeat_interval_ms);
        let out_of_reach = (!self.coordinator_known && !self.told_out_of_reach).then_some(reach);
        Some(next.min(polled).min(out_of_reach.unwrap_or(i64::MAX)))
    }

    /// This member's id; empty before the coordinator gave one.
    pub fn member_id(&self) -> &str {
        &self.member_id
    }

    /// The generation; -1 outside the group.
    pub fn generation(&self) -> i32 {
        self.generation
    }

    /// The subprotocol of the group.
    pub fn protocol(&self) -> Subprotocol {
        self.protocol
    }

    /// Whether it is in a generation, or on its way from one to the next, and knows its coordinator.
    pub fn is_active(&self) -> bool {
        self.generation >= 0 && self.coordinator_known
    }

    /// Whether the member has its assignment and nothing is known that would end the generation.
    pub fn is_stable(&self) -> bool {
        self.state == State::Stable && !self.rejoin && self.coordinator_known
    }

    /// The owner is alive. It must say so at least every `rebalance.timeout.ms`.
    pub fn poll(&mut self, now_ms: i64) {
        self.last_poll_ms = now_ms;
        self.advance(now_ms);
    }

    /// Joins again as soon as possible, also after a leave.
    pub fn rejoin(&mut self, now_ms: i64) {
        self.wanted = true;
        self.rejoin = true;
        self.advance(now_ms);
    }

    /// Leaves the group until [`Member::rejoin`].
    pub fn leave(&mut self, now_ms: i64) {
        if !self.member_id.is_empty() && self.coordinator_known {
            let member_id = self.member_id.clone();
            self.send_unwatched(Request::Leave { member_id });
        }
        self.forget_membership();
        self.in_flight = None;
        self.wanted = false;
        self.rejoin = false;
        self.advance(now_ms);
    }

    /// The owner is prepared: see [`Event::Prepare`].
    pub fn join(&mut self, metadata: WorkerMetadata, now_ms: i64) {
        if self.state == State::Preparing {
            self.metadata = Some(metadata);
            self.advance(now_ms);
        }
    }

    /// The leader's decision: see [`Event::Lead`].
    pub fn assign(&mut self, assignments: Vec<(String, Vec<u8>)>, now_ms: i64) {
        if self.state == State::Leading {
            self.sync(assignments, now_ms);
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now_ms: i64) {
        self.advance(now_ms);
    }

    /// The coordinator's answer to a first join: the id to join with.
    pub fn handle_member_id(&mut self, id: u64, member_id: String, now_ms: i64) {
        if self.in_flight.as_ref().is_some_and(|in_flight| in_flight.id == id && in_flight.kind == Kind::Join)
        {
            self.in_flight = None;
            self.member_id = member_id;
            self.state = State::Preparing;
            self.advance(now_ms);
        }
    }

    /// An answer to the request of this id.
    pub fn handle(&mut self, id: u64, response: Response, now_ms: i64) {
        let Some(in_flight) = self.in_flight.take_if(|in_flight| in_flight.id == id) else { return };
        match (in_flight.kind, response) {
            (Kind::Find, Response::CoordinatorFound) => {
                self.coordinator_known = true;
                self.found_at_ms = now_ms;
                self.told_out_of_reach = false;
                self.last_alive_ms = now_ms;
                self.next_heartbeat_ms = now_ms;
            }
            (Kind::Join, Response::Joined { generation, protocol, leader, member_id, members }) => {
                self.generation = generation;
                self.member_id = member_id;
                self.protocol = Subprotocol::from_name(&protocol).unwrap_or_default();
                self.rejoin = false;
                self.metadata = None;
                if leader == self.member_id {
                    self.state = State::Leading;
                    self.events.push_back(Event::Lead {
                        generation,
                        last_completed_generation: self.last_completed_generation,
                        protocol: self.protocol,
                        members,
                    });
                } else {
                    self.sync(Vec::new(), now_ms);
                }
            }
            (Kind::Sync, Response::Synced(assignment)) => {
                self.state = State::Stable;
                self.last_completed_generation = self.generation;
                self.last_alive_ms = now_ms;
                self.synced_at_ms = now_ms;
                self.next_heartbeat_ms = now_ms + self.pace_ms(now_ms);
                self.events.push_back(Event::Assigned {
                    generation: self.generation,
                    protocol: self.protocol,
                    member_id: self.member_id.clone(),
                    assignment,
                });
            }
            (Kind::Heartbeat, Response::Alive) => self.last_alive_ms = now_ms,
            (kind, Response::Failed(error)) => self.fail(kind, error, now_ms),
            // An answer of another kind cannot be: as if the connection had broken.
            (kind, _) => self.fail(kind, GroupError::NotCoordinator, now_ms),
        }
        self.advance(now_ms);
    }

    fn fail(&mut self, kind: Kind, error: GroupError, now_ms: i64) {
        self.retry_at_ms = now_ms + i64::from(self.settings.retry_backoff_ms);
        if kind == Kind::Find {
            if matches!(error, GroupError::Refused(_)) {
                self.give_up(error);
            }
            return;
        }
        // A heartbeat may fail while the owner prepares: that goes on.
        let begin_again = |member: &mut Self| {
            member.rejoin = true;
            if kind != Kind::Heartbeat {
                member.state = State::Out;
            }
        };
        match error {
            GroupError::Loading if kind == Kind::Heartbeat => {}
            GroupError::Loading => begin_again(self),
            GroupError::NotCoordinator => {
                self.lose_coordinator(now_ms);
                if kind != Kind::Heartbeat {
                    begin_again(self);
                }
            }
            GroupError::RebalanceInProgress => {
                self.retry_at_ms = now_ms;
                begin_again(self);
            }
            GroupError::IllegalGeneration | GroupError::UnknownMember | GroupError::MemberIdRequired => {
                self.retry_at_ms = now_ms;
                self.generation = -1;
                self.member_id.clear();
                begin_again(self);
            }
            GroupError::InconsistentProtocol | GroupError::Refused(_) => self.give_up(error),
        }
    }

    fn give_up(&mut self, error: GroupError) {
        self.wanted = false;
        self.forget_membership();
        self.events.push_back(Event::Fatal(error));
    }

    fn forget_membership(&mut self) {
        self.state = State::Out;
        self.metadata = None;
        self.generation = -1;
        self.member_id.clear();
    }

    fn lose_coordinator(&mut self, now_ms: i64) {
        if std::mem::take(&mut self.coordinator_known) {
            self.unknown_since_ms = now_ms;
            // One that is found and does not know it yet, or has just gone, is not asked for again and again.
            self.retry_at_ms = now_ms.max(self.found_at_ms + i64::from(self.settings.retry_backoff_ms));
        }
    }

    /// Does what is due.
    fn advance(&mut self, now_ms: i64) {
        if !self.wanted {
            return;
        }
        let in_group = !matches!(self.state, State::Out);
        if in_group && now_ms - self.last_poll_ms >= i64::from(self.settings.rebalance_timeout_ms) {
            self.leave(now_ms);
            self.events.push_back(Event::PollTimeout);
            return;
        }
        if let Some(late) = self.in_flight.take_if(|in_flight| in_flight.deadline_ms <= now_ms) {
            self.fail(late.kind, GroupError::NotCoordinator, now_ms);
        }
        let silent = now_ms - self.last_alive_ms >= i64::from(self.settings.session_timeout_ms);
        if self.coordinator_known && silent && matches!(self.state, State::Stable | State::Preparing) {
            self.in_flight = None;
            self.lose_coordinator(now_ms);
        }
        let unknown_ms = now_ms - self.unknown_since_ms;
        let out_of_reach = unknown_ms >= i64::from(self.settings.heartbeat_interval_ms);
        if !self.coordinator_known && out_of_reach && !self.told_out_of_reach {
            self.told_out_of_reach = true;
            self.events.push_back(Event::OutOfReach);
            // What the owner said about itself is not true any more.
            if self.state == State::Preparing {
                self.prepare();
            }
        }
        if self.in_flight.is_some() {
            return;
        }
        if !self.coordinator_known {
            if now_ms >= self.retry_at_ms {
                self.send(Kind::Find, Request::FindCoordinator, self.settings.request_timeout_ms, now_ms);
            }
            return;
        }
        self.advance_connected(now_ms);
    }

    fn advance_connected(&mut self, now_ms: i64) {
        match self.state {
            State::Out if now_ms < self.retry_at_ms => return,
            State::Out => self.prepare(),
            State::Stable if self.rejoin => self.prepare(),
            _ => {}
        }
        if self.state == State::Preparing
            && let Some(metadata) = &self.metadata
        {
            let request = Request::Join {
                member_id: self.member_id.clone(),
                protocols: join_protocols(metadata, self.settings.subprotocol),
                session_timeout_ms: self.settings.session_timeout_ms,
                rebalance_timeout_ms: self.settings.rebalance_timeout_ms,
            };
            // The coordinator answers when all have joined.
            let patience_ms = self.settings.rebalance_timeout_ms.saturating_add(5_000);
            self.state = State::Joining;
            self.send(Kind::Join, request, self.settings.request_timeout_ms.max(patience_ms), now_ms);
            return;
        }
        let alive = matches!(self.state, State::Stable | State::Preparing) && self.generation >= 0;
        if alive && now_ms >= self.next_heartbeat_ms {
            let request =
                Request::Heartbeat { generation: self.generation, member_id: self.member_id.clone() };
            self.next_heartbeat_ms = now_ms + self.pace_ms(now_ms);
            self.send(Kind::Heartbeat, request, self.settings.request_timeout_ms, now_ms);
        } else if !alive {
            self.next_heartbeat_ms = now_ms + i64::from(self.settings.heartbeat_interval_ms);
        }
    }

    /// How long to the next heartbeat. A generation is often followed by another: work that was taken away is to be dealt
    /// out. Only a heartbeat tells a member so, and all wait for the last to hear of it. So there are more at first, with
    /// pauses that double until they are the interval.
    fn pace_ms(&self, now_ms: i64) -> i64 {
        let interval_ms = i64::from(self.settings.heartbeat_interval_ms);
        (now_ms - self.synced_at_ms).max(FIRST_HEARTBEAT_MS).min(interval_ms)
    }

    fn prepare(&mut self) {
        self.state = State::Preparing;
        self.metadata = None;
        self.events.push_back(Event::Prepare);
    }

    fn sync(&mut self, assignments: Vec<(String, Vec<u8>)>, now_ms: i64) {
        self.state = State::Syncing;
        let request = Request::Sync {
            generation: self.generation,
            member_id: self.member_id.clone(),
            protocol: self.protocol.name(),
            assignments,
        };
        let patience_ms = self.settings.rebalance_timeout_ms.saturating_add(5_000);
        self.send(Kind::Sync, request, self.settings.request_timeout_ms.max(patience_ms), now_ms);
    }

    fn send(&mut self, kind: Kind, request: Request, timeout_ms: i32, now_ms: i64) {
        let id = self.send_unwatched(request);
        self.in_flight = Some(InFlight { id, kind, deadline_ms: now_ms + i64::from(timeout_ms) });
    }

    fn send_unwatched(&mut self, request: Request) -> u64 {
        self.next_id += 1;
        self.requests.push_back((self.next_id, request));
        self.next_id
    }
}

#[cfg(test)]
mod tests;
