//! JoinGroup: who may come in, and what it starts.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{JoinGroupRequest, JoinGroupResponse};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::member::{Caller, Member, milliseconds, protocols_of};
use super::state::{Answer, Phase, State};
use crate::topic::registry::random_id;

/// `group.max.session.timeout.ms`. The lower bound of Kafka's broker (6 s) is left out: tests want short sessions.
const SESSION_TIMEOUT_MAX_MS: i32 = 1_800_000;
/// From this version on a new member is first sent back with an id (KIP-394).
const MEMBER_ID_REQUIRED_FROM: i16 = 4;
/// From this version on a returning static leader is told to skip the assignment (KIP-814).
const SKIP_ASSIGNMENT_FROM: i16 = 9;

type Joined = Answer<JoinGroupResponse>;

fn refuse(error: ResponseError, member_id: &StrBytes) -> Joined {
    Answer::now(
        JoinGroupResponse::default()
            .with_error_code(error.code())
            .with_generation_id(-1)
            .with_protocol_name(Some(StrBytes::default()))
            .with_member_id(member_id.clone()),
    )
}

impl State {
    pub(super) fn join(&mut self, request: &JoinGroupRequest, caller: &Caller, now: Instant) -> Joined {
        match self.admit(request, caller, now) {
            Ok(answer) => answer,
            Err(error) => refuse(error, &request.member_id),
        }
    }

    fn admit(
        &mut self,
        request: &JoinGroupRequest,
        caller: &Caller,
        now: Instant,
    ) -> Result<Joined, ResponseError> {
        if !(1..=SESSION_TIMEOUT_MAX_MS).contains(&request.session_timeout_ms) {
            return Err(ResponseError::InvalidSessionTimeout);
        }
        if self.phase == Phase::Dead {
            return Err(ResponseError::CoordinatorNotAvailable);
        }
        if !self.fits(request) {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        if request.member_id.is_empty() {
            return Ok(self.admit_stranger(request, caller, now));
        }
        if self.pending.remove(&request.member_id).is_some() {
            return Ok(self.admit_new(request.member_id.clone(), request, caller, now));
        }
        self.identify(&request.member_id, request.group_instance_id.as_ref())?;
        self.rejoin(request, now)
    }

    /// The protocol type must be the group's, and one protocol must be common to all other members.
    fn fits(&self, request: &JoinGroupRequest) -> bool {
        if request.protocol_type.is_empty() || request.protocols.is_empty() {
            return false;
        }
        let others: Vec<&Member> =
            self.members.iter().filter(|member| member.id != request.member_id).collect();
        if self.members.is_empty() {
            return true;
        }
        self.protocol_type.as_ref() == Some(&request.protocol_type)
            && request
                .protocols
                .iter()
                .any(|protocol| others.iter().all(|other| other.supports(&protocol.name)))
    }

    fn admit_stranger(&mut self, request: &JoinGroupRequest, caller: &Caller, now: Instant) -> Joined {
        let prefix = request.group_instance_id.as_ref().unwrap_or(&caller.client_id);
        let id = StrBytes::from_string(format!("{}-{}", prefix.as_str(), random_id()));
        if let Some(instance_id) = &request.group_instance_id {
            let holder =
                self.members.iter().position(|member| member.instance_id.as_ref() == Some(instance_id));
            return match holder {
                Some(position) => self.replace_static(position, id, request, caller, now),
                None => self.admit_new(id, request, caller, now),
            };
        }
        if caller.version >= MEMBER_ID_REQUIRED_FROM {
            self.pending.insert(id.clone(), now + milliseconds(request.session_timeout_ms));
            return refuse(ResponseError::MemberIdRequired, &id);
        }
        self.admit_new(id, request, caller, now)
    }

    fn admit_new(
        &mut self,
        id: StrBytes,
        request: &JoinGroupRequest,
        caller: &Caller,
        now: Instant,
    ) -> Joined {
        if self.members.is_empty() {
            self.protocol_type = Some(request.protocol_type.clone());
        }
        let mut member = Member::new(id.clone(), request, caller, now);
        let answer = await_join(&mut member);
        self.leader.get_or_insert(id);
        self.members.push(member);
        match self.phase {
            Phase::Preparing { .. } => self.complete_join_if_all_there(now),
            _ => self.prepare_rebalance(now),
        }
        answer
    }

    /// A member comes back: while a rebalance waits for it, or to start one if it has news.
    fn rejoin(&mut self, request: &JoinGroupRequest, now: Instant) -> Result<Joined, ResponseError> {
        let is_leader = self.leader.as_ref() == Some(&request.member_id);
        let phase = self.phase;
        let member = self.member_mut(&request.member_id).ok_or(ResponseError::UnknownMemberId)?;
        let changed = member.protocols != protocols_of(request);
        let rebalance = match phase {
            Phase::Preparing { .. } => true,
            // The answer to its last join may have been lost.
            Phase::Completing { .. } => changed,
            Phase::Stable => changed || is_leader,
            Phase::Empty | Phase::Dead => return Err(ResponseError::UnknownMemberId),
        };
        member.update(request, now);
        if !rebalance {
            return Ok(Answer::now(self.join_response(&request.member_id)));
        }
        let answer = await_join(member);
        match phase {
            Phase::Preparing { .. } => self.complete_join_if_all_there(now),
            _ => self.prepare_rebalance(now),
        }
        Ok(answer)
    }

    /// A static member restarted: the new one takes the place, id for id, and the old one is fenced. In a stable group
    /// with unchanged metadata there is no rebalance (KIP-345).
    fn replace_static(
        &mut self,
        position: usize,
        id: StrBytes,
        request: &JoinGroupRequest,
        caller: &Caller,
        now: Instant,
    ) -> Joined {
        let mut member = Member::new(id.clone(), request, caller, now);
        let Some(place) = self.members.get_mut(position) else {
            return refuse(ResponseError::UnknownMemberId, &id);
        };
        let unchanged = place.protocols == member.protocols;
        member.assignment = place.assignment.clone();
        let mut old = std::mem::replace(place, member);
        if let Some(waiting) = old.joining.take() {
            let fenced = JoinGroupResponse::default().with_error_code(ResponseError::FencedInstanceId.code());
            let _ = waiting.send(fenced.with_member_id(old.id.clone()));
        }
        if let Some(waiting) = old.syncing.take() {
            let _ = waiting.send(super::state::sync_error(ResponseError::FencedInstanceId));
        }
        let was_leader = self.leader.as_ref() == Some(&old.id);
        if was_leader {
            self.leader = Some(id.clone());
        }
        if self.phase == Phase::Stable && unchanged {
            let response = self.join_response(&id);
            return Answer::now(match (was_leader, caller.version >= SKIP_ASSIGNMENT_FROM) {
                (true, true) => response.with_skip_assignment(true),
                // Told that the old leader leads, it will not make an assignment.
                (true, false) => response.with_leader(old.id).with_members(Vec::new()),
                (false, _) => response,
            });
        }
        let answer = self.members.get_mut(position).map(await_join);
        match self.phase {
            Phase::Preparing { .. } => self.complete_join_if_all_there(now),
            _ => self.prepare_rebalance(now),
        }
        answer.unwrap_or_else(|| refuse(ResponseError::UnknownMemberId, &id))
    }
}

fn await_join(member: &mut Member) -> Joined {
    let (sender, receiver) = oneshot::channel();
    member.joining = Some(sender);
    Answer::Later(receiver)
}
