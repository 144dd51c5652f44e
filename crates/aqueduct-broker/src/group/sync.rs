//! SyncGroup, Heartbeat and LeaveGroup.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{
    HeartbeatRequest, LeaveGroupRequest, LeaveGroupResponse, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;
use tokio::sync::oneshot;
use tokio::time::Instant;

use super::state::{Answer, Phase, State, sync_error};

/// From this version on LeaveGroup names several members, static ones by instance id (KIP-345).
const LEAVE_MANY_FROM: i16 = 3;

impl State {
    pub(super) fn sync(&mut self, request: &SyncGroupRequest, now: Instant) -> Answer<SyncGroupResponse> {
        match self.try_sync(request, now) {
            Ok(answer) => answer,
            Err(error) => Answer::now(sync_error(error)),
        }
    }

    fn try_sync(
        &mut self,
        request: &SyncGroupRequest,
        now: Instant,
    ) -> Result<Answer<SyncGroupResponse>, ResponseError> {
        self.require_alive()?;
        self.identify(&request.member_id, request.group_instance_id.as_ref())?;
        self.require_generation(request.generation_id)?;
        let differs =
            |asked: &Option<StrBytes>, actual: &Option<StrBytes>| asked.is_some() && asked != actual;
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol)
        {
            return Err(ResponseError::InconsistentGroupProtocol);
        }
        let phase = self.phase;
        let is_leader = self.leader.as_ref() == Some(&request.member_id);
        let member = self.member_mut(&request.member_id).ok_or(ResponseError::UnknownMemberId)?;
        member.touch(now);
        match phase {
            Phase::Empty | Phase::Dead => Err(ResponseError::UnknownMemberId),
            Phase::Preparing { .. } => Err(ResponseError::RebalanceInProgress),
            Phase::Stable => {
                member.synced = true;
                let member = self.member(&request.member_id).ok_or(ResponseError::UnknownMemberId)?;
                Ok(Answer::now(self.sync_response(member)))
            }
            Phase::Completing { .. } => {
                let (sender, receiver) = oneshot::channel();
                member.syncing = Some(sender);
                member.synced = true;
                if is_leader {
                    self.assign(request, now);
                }
                Ok(Answer::Later(receiver))
            }
        }
    }

    /// Hands out the leader's assignment. Who has not asked yet gets it on asking, until the session expires.
    fn assign(&mut self, request: &SyncGroupRequest, now: Instant) {
        for member in &mut self.members {
            let given = request.assignments.iter().find(|given| given.member_id == member.id);
            member.assignment = given.map(|given| given.assignment.clone()).unwrap_or_default();
        }
        self.phase = Phase::Stable;
        for position in 0..self.members.len() {
            let response = self.members.get(position).map(|member| self.sync_response(member));
            if let (Some(member), Some(response)) = (self.members.get_mut(position), response)
                && let Some(waiting) = member.syncing.take()
            {
                member.touch(now);
                let _ = waiting.send(response);
            }
        }
    }

    pub(super) fn heartbeat(
        &mut self,
        request: &HeartbeatRequest,
        now: Instant,
    ) -> Result<(), ResponseError> {
        self.require_alive()?;
        self.identify(&request.member_id, request.group_instance_id.as_ref())?;
        self.require_generation(request.generation_id)?;
        let phase = self.phase;
        self.member_mut(&request.member_id).ok_or(ResponseError::UnknownMemberId)?.touch(now);
        match phase {
            Phase::Stable | Phase::Completing { .. } => Ok(()),
            Phase::Preparing { .. } => Err(ResponseError::RebalanceInProgress),
            Phase::Empty | Phase::Dead => Err(ResponseError::UnknownMemberId),
        }
    }

    pub(super) fn leave(
        &mut self,
        request: &LeaveGroupRequest,
        version: i16,
        now: Instant,
    ) -> LeaveGroupResponse {
        let response = LeaveGroupResponse::default();
        if let Err(error) = self.require_alive() {
            return response.with_error_code(error.code());
        }
        if version < LEAVE_MANY_FROM {
            let result = self.leave_one(&request.member_id, None, now);
            return response.with_error_code(result.map_or_else(|error| error.code(), |()| 0));
        }
        let leave = |identity: &kafka_protocol::messages::leave_group_request::MemberIdentity| {
            let result = self.leave_one(&identity.member_id, identity.group_instance_id.as_ref(), now);
            MemberResponse::default()
                .with_member_id(identity.member_id.clone())
                .with_group_instance_id(identity.group_instance_id.clone())
                .with_error_code(result.map_or_else(|error| error.code(), |()| 0))
        };
        let members = request.members.iter().map(leave).collect();
        response.with_members(members)
    }

    fn leave_one(
        &mut self,
        id: &StrBytes,
        instance_id: Option<&StrBytes>,
        now: Instant,
    ) -> Result<(), ResponseError> {
        if self.pending.remove(id).is_some() {
            self.complete_join_if_all_there(now);
            return Ok(());
        }
        // An administrator removes a static member by its instance id alone.
        let holder = instance_id.filter(|_| id.is_empty()).and_then(|instance| {
            self.members.iter().find(|member| member.instance_id.as_ref() == Some(instance))
        });
        let id = match holder {
            Some(member) => member.id.clone(),
            None => self.identify(id, instance_id)?.id.clone(),
        };
        self.remove(&id, now);
        Ok(())
    }

    pub(super) fn require_alive(&self) -> Result<(), ResponseError> {
        if self.phase == Phase::Dead { Err(ResponseError::CoordinatorNotAvailable) } else { Ok(()) }
    }

    pub(super) fn require_generation(&self, generation: i32) -> Result<(), ResponseError> {
        if self.generation == generation { Ok(()) } else { Err(ResponseError::IllegalGeneration) }
    }
}
