//! JoinGroup, SyncGroup, Heartbeat, LeaveGroup.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest,
    LeaveGroupResponse, SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::code;
use crate::dispatch::Context;

/// Before this version the protocol's name cannot be null.
const NULL_PROTOCOL_FROM: i16 = 7;

pub(crate) async fn join(context: &Context, request: JoinGroupRequest) -> JoinGroupResponse {
    if request.group_id.is_empty() {
        return JoinGroupResponse::default()
            .with_error_code(ResponseError::InvalidGroupId.code())
            .with_generation_id(-1)
            .with_protocol_name(Some(StrBytes::default()))
            .with_member_id(request.member_id);
    }
    let mut caller = context.caller();
    if caller.client_id.is_empty() {
        caller.client_id = StrBytes::from_static_str("member");
    }
    let mut response = context.node.groups.obtain(&request.group_id).join(&request, &caller).await;
    if context.version < NULL_PROTOCOL_FROM {
        response.protocol_name.get_or_insert_default();
    }
    response
}

pub(crate) async fn sync(context: &Context, request: SyncGroupRequest) -> SyncGroupResponse {
    match context.node.groups.get(&request.group_id) {
        Some(group) => group.sync(&request).await,
        None => SyncGroupResponse::default().with_error_code(ResponseError::UnknownMemberId.code()),
    }
}

pub(crate) fn heartbeat(context: &Context, request: HeartbeatRequest) -> HeartbeatResponse {
    let group = context.node.groups.get(&request.group_id).ok_or(ResponseError::UnknownMemberId);
    let result = group.and_then(|group| group.heartbeat(&request));
    HeartbeatResponse::default().with_error_code(code(&result))
}

pub(crate) fn leave(context: &Context, request: LeaveGroupRequest) -> LeaveGroupResponse {
    let group = context.node.groups.get(&request.group_id);
    match group {
        Some(group) => group.leave(&request, context.version),
        None => LeaveGroupResponse::default().with_error_code(ResponseError::UnknownMemberId.code()),
    }
}
