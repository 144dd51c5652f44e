//! What administrators see of a group.

use kafka_protocol::messages::GroupId;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::protocol::StrBytes;

use super::Group;
use super::member::Member;
use super::state::Phase;

impl Group {
    pub(crate) fn listed(&self) -> ListedGroup {
        let state = self.state.lock();
        ListedGroup::default()
            .with_group_id(GroupId(StrBytes::from_string(self.id.clone())))
            .with_protocol_type(state.protocol_type.clone().unwrap_or_default())
            .with_group_state(StrBytes::from_static_str(state.phase.name()))
            .with_group_type(StrBytes::from_static_str("classic"))
    }

    pub(crate) fn described(&self) -> DescribedGroup {
        let state = self.state.lock();
        let protocol = state.protocol.clone().unwrap_or_default();
        // Kafka shows metadata and assignments only of a stable group.
        let is_stable = state.phase == Phase::Stable;
        let describe = |member: &Member| {
            let described = DescribedGroupMember::default()
                .with_member_id(member.id.clone())
                .with_group_instance_id(member.instance_id.clone())
                .with_client_id(member.client_id.clone())
                .with_client_host(StrBytes::from_string(member.client_host.clone()));
            if is_stable {
                described
                    .with_member_metadata(member.metadata(&protocol))
                    .with_member_assignment(member.assignment.clone())
            } else {
                described
            }
        };
        DescribedGroup::default()
            .with_group_id(GroupId(StrBytes::from_string(self.id.clone())))
            .with_group_state(StrBytes::from_static_str(state.phase.name()))
            .with_protocol_type(state.protocol_type.clone().unwrap_or_default())
            .with_protocol_data(if is_stable { protocol.clone() } else { StrBytes::default() })
            .with_members(state.members.iter().map(describe).collect())
    }
}
