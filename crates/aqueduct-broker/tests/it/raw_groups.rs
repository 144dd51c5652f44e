//! Group membership frame by frame, with a protocol type that is not "consumer".

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::ResponseError;
use kafka_protocol::messages::join_group_request::JoinGroupRequestProtocol;
use kafka_protocol::messages::leave_group_request::MemberIdentity;
use kafka_protocol::messages::sync_group_request::SyncGroupRequestAssignment;
use kafka_protocol::messages::*;
use kafka_protocol::protocol::StrBytes;

use crate::clients::memory_broker;
use crate::raw::RawClient;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn group() -> GroupId {
    GroupId(text("connect-cluster"))
}

fn join_request(member_id: &StrBytes, protocols: &[(&str, &str)]) -> JoinGroupRequest {
    let protocols = protocols.iter().map(|(name, metadata)| {
        JoinGroupRequestProtocol::default()
            .with_name(text(name))
            .with_metadata(Bytes::copy_from_slice(metadata.as_bytes()))
    });
    JoinGroupRequest::default()
        .with_group_id(group())
        .with_session_timeout_ms(10_000)
        .with_rebalance_timeout_ms(10_000)
        .with_member_id(member_id.clone())
        .with_protocol_type(text("connect"))
        .with_protocols(protocols.collect())
}

/// First join: sent back with an id.
async fn member_id(client: &mut RawClient) -> StrBytes {
    let response = client.call(9, join_request(&StrBytes::default(), &[("sessioned", "m")])).await;
    assert_eq!(response.error_code, ResponseError::MemberIdRequired.code());
    assert!(!response.member_id.is_empty());
    response.member_id
}

async fn sync(
    client: &mut RawClient,
    joined: &JoinGroupResponse,
    assignments: &[(&StrBytes, &str)],
) -> SyncGroupResponse {
    let assignments = assignments.iter().map(|(id, assignment)| {
        SyncGroupRequestAssignment::default()
            .with_member_id((*id).clone())
            .with_assignment(Bytes::copy_from_slice(assignment.as_bytes()))
    });
    let request = SyncGroupRequest::default()
        .with_group_id(group())
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id.clone())
        .with_protocol_type(Some(text("connect")))
        .with_protocol_name(joined.protocol_name.clone())
        .with_assignments(assignments.collect());
    client.call(5, request).await
}

async fn heartbeat(client: &mut RawClient, joined: &JoinGroupResponse) -> i16 {
    let request = HeartbeatRequest::default()
        .with_group_id(group())
        .with_generation_id(joined.generation_id)
        .with_member_id(joined.member_id.clone());
    client.call(4, request).await.error_code
}

async fn wait_for_rebalance(client: &mut RawClient, joined: &JoinGroupResponse) {
    let rebalance = ResponseError::RebalanceInProgress.code();
    tokio::time::timeout(Duration::from_secs(20), async {
        while heartbeat(client, joined).await != rebalance {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await
    .expect("no rebalance");
}

#[tokio::test]
async fn connect_workers_meet_at_the_barrier() {
    let broker = memory_broker().await;
    let mut a = RawClient::connect(broker.local_addr()).await;
    let mut b = RawClient::connect(broker.local_addr()).await;
    let protocols = [("sessioned", "from-a"), ("compatible", "old-a")];
    let a_id = member_id(&mut a).await;
    let first = a.call(9, join_request(&a_id, &protocols)).await;
    assert_eq!((first.error_code, first.generation_id, &first.leader), (0, 1, &a_id));
    assert_eq!(first.protocol_type, Some(text("connect")));
    assert_eq!(sync(&mut a, &first, &[(&a_id, "all")]).await.assignment, "all");
    assert_eq!(heartbeat(&mut a, &first).await, 0);

    let b_id = member_id(&mut b).await;
    let b_request = join_request(&b_id, &[("compatible", "from-b")]);
    let b_joins = tokio::spawn(async move {
        let joined = b.call(9, b_request).await;
        (b, joined)
    });
    wait_for_rebalance(&mut a, &first).await;
    assert!(!b_joins.is_finished(), "the barrier let b through before a came");
    let second = a.call(9, join_request(&a_id, &protocols)).await;
    let (mut b, b_joined) = b_joins.await.unwrap();
    assert_eq!((second.generation_id, b_joined.generation_id), (2, 2));
    // The only protocol that both speak, though a prefers the other.
    assert_eq!(second.protocol_name, Some(text("compatible")));
    let metadata: Vec<&[u8]> = second.members.iter().map(|member| &member.metadata[..]).collect();
    assert_eq!(metadata, [&b"old-a"[..], b"from-b"]);
    assert!(b_joined.members.is_empty());

    let b_waits = tokio::spawn(async move {
        let synced = sync(&mut b, &b_joined, &[]).await;
        (b, b_joined, synced)
    });
    let a_synced = sync(&mut a, &second, &[(&a_id, "one"), (&b_id, "two")]).await;
    let (mut b, b_joined, b_synced) = b_waits.await.unwrap();
    assert_eq!((&a_synced.assignment[..], &b_synced.assignment[..]), (&b"one"[..], &b"two"[..]));

    let leaving = MemberIdentity::default().with_member_id(b_joined.member_id.clone());
    let left =
        b.call(5, LeaveGroupRequest::default().with_group_id(group()).with_members(vec![leaving])).await;
    assert_eq!((left.error_code, left.members[0].error_code), (0, 0));
    wait_for_rebalance(&mut a, &second).await;
    let third = a.call(9, join_request(&a_id, &protocols)).await;
    assert_eq!((third.generation_id, third.members.len()), (3, 1));
    assert_eq!(third.protocol_name, Some(text("sessioned")));
}

#[tokio::test]
async fn strangers_and_stragglers_get_their_codes() {
    let broker = memory_broker().await;
    let mut a = RawClient::connect(broker.local_addr()).await;
    let a_id = member_id(&mut a).await;
    let joined = a.call(9, join_request(&a_id, &[("sessioned", "m")])).await;
    let synced = sync(&mut a, &joined, &[(&a_id, "x")]).await;
    assert_eq!(synced.error_code, 0);

    let mut other = RawClient::connect(broker.local_addr()).await;
    let code = |error: ResponseError| error.code();
    let mut stranger = join_request(&StrBytes::default(), &[("unheard-of", "m")]);
    assert_eq!(
        other.call(9, stranger.clone()).await.error_code,
        code(ResponseError::InconsistentGroupProtocol)
    );
    stranger.protocols = join_request(&StrBytes::default(), &[("sessioned", "m")]).protocols;
    stranger.protocol_type = text("consumer");
    assert_eq!(
        other.call(9, stranger.clone()).await.error_code,
        code(ResponseError::InconsistentGroupProtocol)
    );
    let nobody = join_request(&text("nobody"), &[("sessioned", "m")]);
    assert_eq!(other.call(9, nobody).await.error_code, code(ResponseError::UnknownMemberId));

    let mut late = joined.clone();
    late.generation_id = 0;
    assert_eq!(heartbeat(&mut a, &late).await, code(ResponseError::IllegalGeneration));
    assert_eq!(sync(&mut a, &late, &[]).await.error_code, code(ResponseError::IllegalGeneration));
    let mut ghost = joined.clone();
    ghost.member_id = text("ghost");
    assert_eq!(heartbeat(&mut a, &ghost).await, code(ResponseError::UnknownMemberId));

    let describe = DescribeGroupsRequest::default().with_groups(vec![group()]);
    let described = a.call(5, describe).await;
    let found = &described.groups[0];
    assert_eq!((found.group_state.as_str(), found.protocol_type.as_str()), ("Stable", "connect"));
    assert_eq!(
        (found.protocol_data.as_str(), &found.members[0].member_assignment[..]),
        ("sessioned", &b"x"[..])
    );

    let delete = || DeleteGroupsRequest::default().with_groups_names(vec![group(), GroupId(text("none"))]);
    let deleted = other.call(2, delete()).await;
    let codes: Vec<i16> = deleted.results.iter().map(|result| result.error_code).collect();
    assert_eq!(codes, [code(ResponseError::NonEmptyGroup), code(ResponseError::GroupIdNotFound)]);
    let leaving = MemberIdentity::default().with_member_id(a_id);
    a.call(5, LeaveGroupRequest::default().with_group_id(group()).with_members(vec![leaving])).await;
    let deleted = other.call(2, delete()).await;
    assert_eq!(deleted.results[0].error_code, 0);
}

#[tokio::test]
async fn a_silent_member_loses_its_session() {
    let broker = memory_broker().await;
    let mut a = RawClient::connect(broker.local_addr()).await;
    let a_id = member_id(&mut a).await;
    let mut request = join_request(&a_id, &[("sessioned", "m")]);
    request.session_timeout_ms = 300;
    let joined = a.call(9, request).await;
    sync(&mut a, &joined, &[(&a_id, "x")]).await;
    let unknown = ResponseError::UnknownMemberId.code();
    tokio::time::timeout(Duration::from_secs(20), async {
        let mut watcher = RawClient::connect(broker.local_addr()).await;
        loop {
            let described =
                watcher.call(5, DescribeGroupsRequest::default().with_groups(vec![group()])).await;
            if described.groups[0].group_state.as_str() == "Empty" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the session never expired");
    assert_eq!(heartbeat(&mut a, &joined).await, unknown);
}

#[tokio::test]
async fn who_misses_the_rebalance_is_out() {
    let broker = memory_broker().await;
    let mut a = RawClient::connect(broker.local_addr()).await;
    let mut b = RawClient::connect(broker.local_addr()).await;
    let a_id = member_id(&mut a).await;
    let mut request = join_request(&a_id, &[("sessioned", "m")]);
    request.rebalance_timeout_ms = 300;
    let joined = a.call(9, request).await;
    sync(&mut a, &joined, &[(&a_id, "x")]).await;
    let b_id = member_id(&mut b).await;
    let mut request = join_request(&b_id, &[("sessioned", "m")]);
    request.rebalance_timeout_ms = 300;
    let b_joined = b.call(9, request).await;
    assert_eq!((b_joined.error_code, b_joined.generation_id, &b_joined.leader), (0, 2, &b_id));
    assert_eq!(b_joined.members.len(), 1);
    assert_eq!(heartbeat(&mut a, &joined).await, ResponseError::UnknownMemberId.code());
}

#[tokio::test]
async fn a_static_member_fences_its_elder() {
    let broker = memory_broker().await;
    let mut a = RawClient::connect(broker.local_addr()).await;
    let mut request = join_request(&StrBytes::default(), &[("sessioned", "m")]);
    request.group_instance_id = Some(text("one"));
    let old = a.call(9, request.clone()).await;
    assert_eq!(old.error_code, 0);
    let old_id = old.member_id.clone();
    sync(&mut a, &old, &[(&old_id, "kept")]).await;
    let mut b = RawClient::connect(broker.local_addr()).await;
    let new = b.call(9, request).await;
    assert_eq!((new.error_code, new.generation_id), (0, old.generation_id));
    assert_ne!(new.member_id, old.member_id);
    assert!(new.skip_assignment);
    assert_eq!(sync(&mut b, &new, &[]).await.assignment, "kept");
    let beat = HeartbeatRequest::default()
        .with_group_id(group())
        .with_generation_id(old.generation_id)
        .with_member_id(old.member_id)
        .with_group_instance_id(Some(text("one")));
    assert_eq!(a.call(4, beat).await.error_code, ResponseError::FencedInstanceId.code());
}
