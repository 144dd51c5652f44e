//! The state machine's requests and answers on the wire.

use std::time::Duration;

use aqueduct_proto::member::{Request, Response};
use aqueduct_proto::subprotocol::PROTOCOL_TYPE;
use kafka_protocol::error::{ParseResponseErrorCode, ResponseError};
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::{
    GroupId, HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, SyncGroupRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::{GroupSettings, refusal};
use crate::control::Connection;
use crate::error::{KafkaError, Result};

const JOIN_MAX: i16 = 9;
const SYNC_MAX: i16 = 5;
const HEARTBEAT_MAX: i16 = 4;
const LEAVE_MAX: i16 = 5;
/// From this version on several members can leave at once, each in an entry of its own.
const LEAVE_MEMBERS_FROM: i16 = 3;
/// Brokers refuse longer reasons than this many bytes (KIP-800).
const REASON_BYTES_MAX: usize = 255;

/// What came back for a request of the state machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// For [`Member::handle`](aqueduct_proto::member::Member::handle).
    Response(Response),
    /// For [`Member::handle_member_id`](aqueduct_proto::member::Member::handle_member_id).
    MemberId(String),
}

impl Answer {
    /// The answer that a failure is.
    pub(super) fn failed(error: &KafkaError) -> Answer {
        Answer::Response(Response::Failed(refusal::of_error(error)))
    }
}

/// The group as requests name it, and how long they may take.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) id: String,
    request_timeout: Duration,
    rebalance_patience: Duration,
}

impl Group {
    pub(super) fn new(settings: &GroupSettings) -> Group {
        Group {
            id: settings.group_id.clone(),
            request_timeout: settings.request_timeout(),
            rebalance_patience: settings.rebalance_patience(),
        }
    }

    /// Makes a request to the coordinator. `reason` is for its log.
    ///
    /// # Errors
    /// The connection's, and the code that the coordinator answered.
    pub(super) async fn perform(
        &self,
        connection: &Connection,
        request: Request,
        reason: Option<&str>,
    ) -> Result<Answer> {
        match request {
            Request::FindCoordinator => Ok(Answer::Response(Response::CoordinatorFound)),
            Request::Join { member_id, protocols, session_timeout_ms, rebalance_timeout_ms } => {
                let named = |(name, metadata): (&'static str, Vec<u8>)| {
                    JoinGroupRequestProtocol::default()
                        .with_name(StrBytes::from_static_str(name))
                        .with_metadata(metadata.into())
                };
                let request = JoinGroupRequest::default()
                    .with_group_id(self.id())
                    .with_session_timeout_ms(session_timeout_ms)
                    .with_rebalance_timeout_ms(rebalance_timeout_ms)
                    .with_member_id(StrBytes::from_string(member_id))
                    .with_protocol_type(StrBytes::from_static_str(PROTOCOL_TYPE))
                    .with_protocols(protocols.into_iter().map(named).collect())
                    .with_reason(reason.map(shortened));
                joined(connection.call_within(&request, JOIN_MAX, self.rebalance_patience).await?)
            }
            Request::Sync { generation, member_id, protocol, assignments } => {
                let given = |(member_id, assignment): (String, Vec<u8>)| {
                    SyncGroupRequestAssignment::default()
                        .with_member_id(StrBytes::from_string(member_id))
                        .with_assignment(assignment.into())
                };
                let request = SyncGroupRequest::default()
                    .with_group_id(self.id())
                    .with_generation_id(generation)
                    .with_member_id(StrBytes::from_string(member_id))
                    .with_protocol_type(Some(StrBytes::from_static_str(PROTOCOL_TYPE)))
                    .with_protocol_name(Some(StrBytes::from_static_str(protocol)))
                    .with_assignments(assignments.into_iter().map(given).collect());
                let response = connection.call_within(&request, SYNC_MAX, self.rebalance_patience).await?;
                checked(response.error_code)?;
                Ok(Answer::Response(Response::Synced(response.assignment.to_vec())))
            }
            Request::Heartbeat { generation, member_id } => {
                let request = HeartbeatRequest::default()
                    .with_group_id(self.id())
                    .with_generation_id(generation)
                    .with_member_id(StrBytes::from_string(member_id));
                let response = connection.call_within(&request, HEARTBEAT_MAX, self.request_timeout).await?;
                checked(response.error_code)?;
                Ok(Answer::Response(Response::Alive))
            }
            Request::Leave { member_id } => {
                self.leave(connection, StrBytes::from_string(member_id), reason).await?;
                Ok(Answer::Response(Response::Alive))
            }
        }
    }

    async fn leave(&self, connection: &Connection, member_id: StrBytes, reason: Option<&str>) -> Result<()> {
        let request = LeaveGroupRequest::default().with_group_id(self.id());
        let request = if connection.version::<LeaveGroupRequest>(LEAVE_MAX)? < LEAVE_MEMBERS_FROM {
            request.with_member_id(member_id)
        } else {
            let member =
                MemberIdentity::default().with_member_id(member_id).with_reason(reason.map(shortened));
            request.with_members(vec![member])
        };
        let response = connection.call_within(&request, LEAVE_MAX, self.request_timeout).await?;
        checked(response.error_code)?;
        response.members.iter().try_for_each(|member| checked(member.error_code))
    }

    fn id(&self) -> GroupId {
        GroupId(StrBytes::from_string(self.id.clone()))
    }
}

fn joined(response: JoinGroupResponse) -> Result<Answer> {
    let text = |text: &StrBytes| text.as_str().to_owned();
    if response.error_code == ResponseError::MemberIdRequired.code() {
        return Ok(Answer::MemberId(text(&response.member_id)));
    }
    checked(response.error_code)?;
    Ok(Answer::Response(Response::Joined {
        generation: response.generation_id,
        protocol: response.protocol_name.as_ref().map(text).unwrap_or_default(),
        leader: text(&response.leader),
        member_id: text(&response.member_id),
        members: response
            .members
            .iter()
            .map(|member| (text(&member.member_id), member.metadata.to_vec()))
            .collect(),
    }))
}

fn checked(code: i16) -> Result<()> {
    code.err().map_or(Ok(()), |code| Err(KafkaError::broker(code, None)))
}

/// A reason in the length that brokers take, cut at a character.
fn shortened(reason: &str) -> StrBytes {
    let end = reason.floor_char_boundary(REASON_BYTES_MAX.min(reason.len()));
    StrBytes::from_string(reason.get(..end).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_reasons_are_cut_between_characters() {
        assert_eq!(shortened("stopping").as_str(), "stopping");
        let long = "é".repeat(200);
        assert_eq!(shortened(&long).as_str(), "é".repeat(127));
    }

    #[test]
    fn a_first_join_is_answered_with_an_id() {
        let response = JoinGroupResponse::default()
            .with_error_code(ResponseError::MemberIdRequired.code())
            .with_member_id(StrBytes::from_static_str("m-1"));
        assert_eq!(joined(response).unwrap(), Answer::MemberId("m-1".to_owned()));
        let response = JoinGroupResponse::default().with_error_code(ResponseError::UnknownMemberId.code());
        assert!(joined(response).unwrap_err().is(ResponseError::UnknownMemberId));
    }
}
