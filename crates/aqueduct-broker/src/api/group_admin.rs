//! DescribeGroups, ListGroups, DeleteGroups.

use kafka_protocol::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::DescribedGroup;
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse, GroupId,
    ListGroupsRequest, ListGroupsResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::{code, text};
use crate::dispatch::Context;

/// From this version on an unknown group is an error, not a dead group (KIP-1043).
const NOT_FOUND_FROM: i16 = 6;

pub(crate) fn describe(context: &Context, request: DescribeGroupsRequest) -> DescribeGroupsResponse {
    let describe = |id: GroupId| match context.node.groups.get(&id) {
        Some(group) => group.described(),
        None => {
            let message = format!("Group {} not found.", id.as_str());
            let dead = DescribedGroup::default()
                .with_group_id(id)
                .with_group_state(StrBytes::from_static_str("Dead"));
            if context.version < NOT_FOUND_FROM {
                return dead;
            }
            dead.with_error_code(ResponseError::GroupIdNotFound.code())
                .with_error_message(Some(text(message)))
        }
    };
    DescribeGroupsResponse::default().with_groups(request.groups.into_iter().map(describe).collect())
}

pub(crate) fn list(context: &Context, request: ListGroupsRequest) -> ListGroupsResponse {
    let allowed = |filter: &[StrBytes], value: &StrBytes| {
        filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(value))
    };
    let wanted = |group: &ListedGroup| {
        allowed(&request.states_filter, &group.group_state)
            && allowed(&request.types_filter, &group.group_type)
    };
    let groups = context.node.groups.all().iter().map(|group| group.listed()).filter(wanted).collect();
    ListGroupsResponse::default().with_groups(groups)
}

pub(crate) fn delete(context: &Context, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let results = request.groups_names.into_iter().map(|id| {
        let result = context.node.groups.delete(&id);
        DeletableGroupResult::default().with_error_code(code(&result)).with_group_id(id)
    });
    DeleteGroupsResponse::default().with_results(results.collect())
}
