use super::*;

fn settings() -> Settings {
    Settings {
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        heartbeat_interval_ms: 3_000,
        request_timeout_ms: 40_000,
        retry_backoff_ms: 100,
        subprotocol: Subprotocol::Sessioned,
    }
}

/// A member that is in generation 1.
fn stable(now_ms: i64) -> Member {
    let mut member = Member::new(settings(), now_ms);
    member.poll(now_ms);
    let (id, request) = member.poll_request().expect("a request");
    assert_eq!(request, Request::FindCoordinator);
    member.handle(id, Response::CoordinatorFound, now_ms);
    assert_eq!(member.poll_event(), Some(Event::Prepare));
    member.join(WorkerMetadata::default(), now_ms);
    let (id, _) = member.poll_request().expect("a join");
    member.handle_member_id(id, "m1".to_owned(), now_ms);
    let (id, request) = member.poll_request().expect("a second join");
    assert!(matches!(&request, Request::Join { member_id, .. } if member_id == "m1"), "{request:?}");
    let joined = Response::Joined {
        generation: 1,
        protocol: "compatible".to_owned(),
        leader: "m1".to_owned(),
        member_id: "m1".to_owned(),
        members: vec![("m1".to_owned(), vec![])],
    };
    member.handle(id, joined, now_ms);
    assert!(matches!(member.poll_event(), Some(Event::Lead { last_completed_generation: -1, .. })));
    member.assign(vec![("m1".to_owned(), vec![7])], now_ms);
    let (id, _) = member.poll_request().expect("a sync");
    member.handle(id, Response::Synced(vec![7]), now_ms);
    assert!(matches!(member.poll_event(), Some(Event::Assigned { generation: 1, .. })));
    assert!(member.is_stable());
    assert_eq!(member.protocol(), Subprotocol::Compatible);
    member
}

fn heartbeat(member: &mut Member, now_ms: i64) -> u64 {
    member.poll(now_ms);
    let (id, request) = member.poll_request().expect("a heartbeat");
    assert!(matches!(request, Request::Heartbeat { generation: 1, .. }), "{request:?}");
    id
}

#[test]
fn a_rebalance_keeps_the_id_and_a_fenced_member_gets_a_new_one() {
    let check = |error, expected_id: &str| {
        let mut member = stable(0);
        assert_eq!(member.poll_timeout(), Some(50));
        let id = heartbeat(&mut member, 3_000);
        member.handle(id, Response::Failed(error), 3_000);
        assert_eq!(member.poll_event(), Some(Event::Prepare), "{error:?}");
        assert_eq!(member.member_id(), expected_id, "{error:?}");
    };
    check(GroupError::RebalanceInProgress, "m1");
    check(GroupError::UnknownMember, "");
    check(GroupError::IllegalGeneration, "");
}

#[test]
fn heartbeats_are_frequent_when_a_generation_begins() {
    let mut member = stable(1_000);
    let mut sent_ms = Vec::new();
    while sent_ms.len() < 10 {
        let now_ms = member.poll_timeout().expect("a time");
        let id = heartbeat(&mut member, now_ms);
        member.handle(id, Response::Alive, now_ms);
        sent_ms.push(now_ms - 1_000);
    }
    assert_eq!(sent_ms, [50, 100, 200, 400, 800, 1_600, 3_200, 6_200, 9_200, 12_200]);
}

#[test]
fn a_coordinator_out_of_reach_stops_the_work_after_a_heartbeat_interval() {
    let mut member = stable(0);
    let id = heartbeat(&mut member, 3_000);
    member.handle(id, Response::Failed(GroupError::NotCoordinator), 3_000);
    let (id, request) = member.poll_request().expect("a search");
    assert_eq!(request, Request::FindCoordinator);
    member.handle(id, Response::Failed(GroupError::NotCoordinator), 3_050);
    member.poll(5_999);
    assert_eq!(member.poll_event(), None);
    member.poll(6_000);
    assert_eq!(member.poll_event(), Some(Event::OutOfReach));
    assert!(!member.is_stable());
}

#[test]
fn a_hanging_owner_leaves_and_comes_back() {
    let mut member = stable(0);
    let id = heartbeat(&mut member, 3_000);
    member.handle(id, Response::Alive, 3_000);
    member.handle_timeout(63_000);
    assert_eq!(member.poll_event(), Some(Event::PollTimeout));
    assert_eq!(
        member.poll_request().map(|(_, request)| request),
        Some(Request::Leave { member_id: "m1".to_owned() })
    );
    assert_eq!(member.poll_timeout(), None);
    member.poll(64_000);
    member.rejoin(64_000);
    assert_eq!(member.poll_event(), Some(Event::Prepare));
}

#[test]
fn late_answers_are_ignored() {
    let mut member = stable(0);
    let id = heartbeat(&mut member, 3_000);
    member.handle(id, Response::Alive, 3_000);
    member.handle(id, Response::Failed(GroupError::UnknownMember), 3_001);
    assert!(member.is_stable());
}

#[test]
fn a_coordinator_that_is_not_ready_is_looked_for_with_pauses() {
    let mut member = Member::new(settings(), 0);
    member.poll(0);
    let (id, _) = member.poll_request().expect("a search");
    member.handle(id, Response::CoordinatorFound, 10);
    member.join(WorkerMetadata::default(), 10);
    let (id, _) = member.poll_request().expect("a join");
    member.handle(id, Response::Failed(GroupError::NotCoordinator), 12);
    assert_eq!(member.poll_request(), None);
    assert_eq!(member.poll_timeout(), Some(110));
    member.handle_timeout(110);
    let (_, request) = member.poll_request().expect("a search");
    assert_eq!(request, Request::FindCoordinator);
}
