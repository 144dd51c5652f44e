//! The state machine of a group.
//!
//! ```text
//! Empty -> PreparingRebalance -> CompletingRebalance -> Stable
//!              ^      (all joined, or timeout)  (leader synced)
//!              +---- a member joins, leaves, expires, or changes its protocols
//! ```

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::{JoinGroupResponse, SyncGroupResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::commit::OffsetKey;
use super::member::Member;
use crate::journal::CommittedOffset;

/// A response, or the promise of one.
#[derive(Debug)]
pub(super) enum Answer<T> {
    Now(Box<T>),
    Later(oneshot::Receiver<T>),
}

impl<T> Answer<T> {
    pub(super) fn now(response: T) -> Answer<T> {
        Answer::Now(Box::new(response))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Empty,
    /// Waits for members to join until the deadline.
    Preparing {
        deadline: Instant,
        /// The first rebalance of an empty group waits its delay even if all known members are there.
        not_before: Instant,
    },
    /// Waits for the leader's assignment; who has not asked for it by the deadline is out.
    Completing {
        deadline: Instant,
    },
    Stable,
    /// Deleted; whoever still holds it starts over.
    Dead,
}

impl Phase {
    /// The name in DescribeGroups and ListGroups.
    pub(super) fn name(self) -> &'static str {
        match self {
            Phase::Empty => "Empty",
            Phase::Preparing { .. } => "PreparingRebalance",
            Phase::Completing { .. } => "CompletingRebalance",
            Phase::Stable => "Stable",
            Phase::Dead => "Dead",
        }
    }
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) generation: i32,
    pub(super) protocol_type: Option<StrBytes>,
    pub(super) protocol: Option<StrBytes>,
    pub(super) leader: Option<StrBytes>,
    /// In the order of joining.
    pub(super) members: Vec<Member>,
    /// Ids given out with MEMBER_ID_REQUIRED, and until when they may come back (KIP-394).
    pub(super) pending: HashMap<StrBytes, Instant>,
    pub(super) offsets: BTreeMap<OffsetKey, CommittedOffset>,
    /// Offsets of open transactions, by producer id.
    pub(super) pending_offsets: HashMap<i64, BTreeMap<OffsetKey, CommittedOffset>>,
    pub(super) timer_runs: bool,
    initial_delay: Duration,
}

impl State {
    pub(super) fn new(initial_delay: Duration) -> State {
        State {
            phase: Phase::Empty,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: Vec::new(),
            pending: HashMap::new(),
            offsets: BTreeMap::new(),
            pending_offsets: HashMap::new(),
            timer_runs: false,
            initial_delay,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.phase == Phase::Empty
    }

    pub(super) fn die(&mut self) {
        self.phase = Phase::Dead;
    }

    pub(super) fn member(&self, id: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.id.as_str() == id)
    }

    pub(super) fn member_mut(&mut self, id: &str) -> Option<&mut Member> {
        self.members.iter_mut().find(|member| member.id.as_str() == id)
    }

    /// Checks that `id` is a member, and that it is the one that holds `instance_id`, if given (KIP-345).
    pub(super) fn identify(
        &self,
        id: &str,
        instance_id: Option<&StrBytes>,
    ) -> Result<&Member, ResponseError> {
        if let Some(instance_id) = instance_id {
            let holder = self.members.iter().find(|member| member.instance_id.as_ref() == Some(instance_id));
            return match holder {
                None => Err(ResponseError::UnknownMemberId),
                Some(member) if member.id.as_str() == id => Ok(member),
                Some(_) => Err(ResponseError::FencedInstanceId),
            };
        }
        self.member(id).ok_or(ResponseError::UnknownMemberId)
    }

    /// When something has to happen without a request.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Preparing { deadline, not_before } if not_before < deadline && self.all_joined() => {
                Some(not_before)
            }
            Phase::Preparing { deadline, .. } | Phase::Completing { deadline } => Some(deadline),
            Phase::Empty | Phase::Stable | Phase::Dead => None,
        };
        let sessions =
            self.members.iter().filter(|member| !member.waits()).map(|member| member.session_deadline);
        sessions.chain(self.pending.values().copied()).chain(phase).min()
    }

    /// Lets deadlines take effect.
    pub(super) fn expire(&mut self, now: Instant) {
        let pending_before = self.pending.len();
        self.pending.retain(|_, deadline| *deadline > now);
        let dead: Vec<StrBytes> = self
            .members
            .iter()
            .filter(|member| !member.waits() && member.session_deadline <= now)
            .map(|member| member.id.clone())
            .collect();
        for id in &dead {
            tracing::debug!(member = id.as_str(), "session expired");
            self.remove(id, now);
        }
        match self.phase {
            Phase::Preparing { deadline, .. } if deadline <= now => self.complete_join(now),
            Phase::Preparing { .. } => self.complete_join_if_all_there(now),
            Phase::Completing { deadline } if deadline <= now => self.expire_unsynced(now),
            _ => {}
        }
        if pending_before != self.pending.len() {
            self.complete_join_if_all_there(now);
        }
    }

    fn expire_unsynced(&mut self, now: Instant) {
        let late: Vec<StrBytes> =
            self.members.iter().filter(|member| !member.synced).map(|member| member.id.clone()).collect();
        for id in &late {
            self.remove(id, now);
        }
        if let Phase::Completing { .. } = self.phase {
            self.prepare_rebalance(now);
        }
    }

    /// Takes a member out, with the rebalance that this means.
    pub(super) fn remove(&mut self, id: &str, now: Instant) {
        let Some(position) = self.members.iter().position(|member| member.id.as_str() == id) else { return };
        // Dropping the member answers its waiting join with UNKNOWN_MEMBER_ID.
        let gone = self.members.remove(position);
        if self.leader.as_ref() == Some(&gone.id) {
            self.leader = self.members.first().map(|member| member.id.clone());
        }
        match self.phase {
            Phase::Stable | Phase::Completing { .. } => self.prepare_rebalance(now),
            Phase::Preparing { .. } => self.complete_join_if_all_there(now),
            Phase::Empty | Phase::Dead => {}
        }
    }

    pub(super) fn prepare_rebalance(&mut self, now: Instant) {
        for member in &mut self.members {
            if let Some(waiting) = member.syncing.take() {
                let _ = waiting.send(sync_error(ResponseError::RebalanceInProgress));
                member.touch(now);
            }
            member.synced = false;
        }
        if let Phase::Completing { .. } = self.phase {
            self.members.iter_mut().for_each(|member| member.assignment = Bytes::new());
        }
        let delay = if self.phase == Phase::Empty { self.initial_delay } else { Duration::ZERO };
        let patience = self.longest_rebalance_timeout().max(delay);
        self.phase = Phase::Preparing { deadline: now + patience, not_before: now + delay };
        self.complete_join_if_all_there(now);
    }

    fn longest_rebalance_timeout(&self) -> Duration {
        self.members.iter().map(|member| member.rebalance_timeout).max().unwrap_or_default()
    }

    fn all_joined(&self) -> bool {
        self.pending.is_empty() && self.members.iter().all(|member| member.joining.is_some())
    }

    pub(super) fn complete_join_if_all_there(&mut self, now: Instant) {
        if let Phase::Preparing { not_before, .. } = self.phase
            && self.all_joined()
            && not_before <= now
        {
            self.complete_join(now);
        }
    }

    /// Ends the join barrier: who has not come is out (static members stay), and a new generation begins.
    fn complete_join(&mut self, now: Instant) {
        self.members.retain(|member| member.joining.is_some() || member.instance_id.is_some());
        self.generation += 1;
        if self.members.is_empty() {
            self.phase = Phase::Empty;
            self.protocol = None;
            self.leader = None;
            return;
        }
        self.protocol = self.vote();
        let leader_is_here =
            |id: &StrBytes| self.members.iter().any(|member| &member.id == id && member.joining.is_some());
        if !self.leader.as_ref().is_some_and(leader_is_here) {
            let first = self.members.iter().find(|member| member.joining.is_some()).or(self.members.first());
            self.leader = first.map(|member| member.id.clone());
        }
        self.phase = Phase::Completing { deadline: now + self.longest_rebalance_timeout() };
        for position in 0..self.members.len() {
            let response = self.members.get(position).map(|member| self.join_response(&member.id));
            if let (Some(member), Some(response)) = (self.members.get_mut(position), response) {
                member.touch(now);
                member.synced = false;
                if let Some(waiting) = member.joining.take() {
                    let _ = waiting.send(response);
                }
            }
        }
    }

    /// Each member votes for the first protocol in its list that all support; most votes win.
    fn vote(&self) -> Option<StrBytes> {
        let mut votes: Vec<(StrBytes, usize)> = Vec::new();
        for member in &self.members {
            let choice = member
                .protocols
                .iter()
                .map(|(name, _)| name)
                .find(|name| self.members.iter().all(|other| other.supports(name)))?;
            match votes.iter_mut().find(|(name, _)| name == choice) {
                Some((_, count)) => *count += 1,
                None => votes.push((choice.clone(), 1)),
            }
        }
        // The first of equals wins.
        votes.into_iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| name)
    }

    /// The current generation as told to a member: only the leader hears of the others.
    pub(super) fn join_response(&self, member_id: &StrBytes) -> JoinGroupResponse {
        let protocol = self.protocol.clone().unwrap_or_default();
        let members =
            if self.leader.as_ref() == Some(member_id) { self.member_list(&protocol) } else { Vec::new() };
        JoinGroupResponse::default()
            .with_generation_id(self.generation)
            .with_protocol_type(self.protocol_type.clone())
            .with_protocol_name(Some(protocol))
            .with_leader(self.leader.clone().unwrap_or_default())
            .with_member_id(member_id.clone())
            .with_members(members)
    }

    fn member_list(&self, protocol: &str) -> Vec<JoinGroupResponseMember> {
        let describe = |member: &Member| {
            JoinGroupResponseMember::default()
                .with_member_id(member.id.clone())
                .with_group_instance_id(member.instance_id.clone())
                .with_metadata(member.metadata(protocol))
        };
        self.members.iter().map(describe).collect()
    }

    pub(super) fn sync_response(&self, member: &Member) -> SyncGroupResponse {
        SyncGroupResponse::default()
            .with_protocol_type(self.protocol_type.clone())
            .with_protocol_name(self.protocol.clone())
            .with_assignment(member.assignment.clone())
    }
}

pub(super) fn sync_error(error: ResponseError) -> SyncGroupResponse {
    SyncGroupResponse::default().with_error_code(error.code())
}
