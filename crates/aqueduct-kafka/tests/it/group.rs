//! Members of a group, alone and together.

mod actor;
mod events;
mod member;

use std::sync::Arc;
use std::time::Duration;

use aqueduct_broker::{ApiKey, Broker, BrokerConfig, Fault, ResponseError};
use aqueduct_kafka::admin::GroupDescription;
use aqueduct_kafka::control::Cluster;
use aqueduct_kafka::group::{Answer, GroupLink, GroupSettings};
use aqueduct_kafka::{Admin, Properties, config::ConnectionSettings};
use aqueduct_proto::member::{Event, GroupError, Member, Request, Response, Settings};
use aqueduct_proto::subprotocol::{Subprotocol, WorkerMetadata, read_metadata};
use tokio::time::Instant;

use crate::support::{PATIENCE, properties, unique};
use member::GroupMember;

/// Short times; Apache Kafka does not take sessions as short as ours.
fn settings(group_id: &str, subprotocol: Subprotocol) -> GroupSettings {
    let real = std::env::var_os("AQUEDUCT_TEST_BOOTSTRAP").is_some();
    GroupSettings {
        group_id: group_id.to_owned(),
        member: Settings {
            session_timeout_ms: if real { 6_000 } else { 600 },
            rebalance_timeout_ms: 2_000,
            heartbeat_interval_ms: 100,
            request_timeout_ms: 1_000,
            retry_backoff_ms: 20,
            subprotocol,
        },
    }
}

async fn broker() -> Broker {
    Broker::start(BrokerConfig::default()).await.unwrap()
}

fn properties_of(broker: &Broker) -> Properties {
    Properties::new().with("bootstrap.servers", broker.bootstrap())
}

/// What a member got: `<number of members> <its URL>` as the leader wrote it.
#[derive(Debug, PartialEq, Eq)]
struct Got {
    generation: i32,
    protocol: Subprotocol,
    text: String,
}

/// An owner that does as it is told, and as a leader tells each member how many there are.
struct Worker {
    url: String,
    member: GroupMember,
    led: usize,
}

impl Worker {
    fn new(properties: &Properties, url: &str, settings: GroupSettings) -> Worker {
        let properties = properties.clone().with("client.id", url);
        let cluster = Cluster::new(ConnectionSettings::new(&properties).unwrap()).unwrap();
        Worker { url: url.to_owned(), member: GroupMember::start(Arc::new(cluster), settings), led: 0 }
    }

    /// The next event that a herder would have to think about.
    async fn event(&mut self) -> Event {
        loop {
            let event = self.member.poll(Instant::now() + PATIENCE).await.unwrap();
            match event.expect("an event in time") {
                Event::Prepare => self.prepared().await,
                Event::Lead { generation, protocol, members, .. } => {
                    self.led += 1;
                    let count = members.len();
                    let told = members.into_iter().map(|(id, metadata)| {
                        let url = read_metadata(&metadata, protocol).unwrap().url;
                        (id, format!("{count} {url}").into_bytes())
                    });
                    self.member.assign(generation, told.collect()).await;
                }
                event => return event,
            }
        }
    }

    async fn prepared(&self) {
        let metadata = WorkerMetadata { url: self.url.clone(), ..WorkerMetadata::default() };
        self.member.join(metadata).await;
    }

    /// Polls until it is in a generation of this many members.
    async fn among(&mut self, count: usize) -> Got {
        let expected = format!("{count} {}", self.url);
        loop {
            if let Event::Assigned { generation, protocol, assignment, .. } = self.event().await {
                let text = String::from_utf8(assignment).unwrap();
                if text == expected {
                    return Got { generation, protocol, text };
                }
            }
        }
    }

    /// Polls until the condition holds. Nothing may happen meanwhile.
    async fn quiet_until(&mut self, as_wanted: impl Fn(&GroupMember) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !as_wanted(&self.member) {
            assert!(Instant::now() < deadline, "{} waits in vain", self.url);
            let event = self.member.poll(Instant::now() + Duration::from_millis(10)).await.unwrap();
            assert_eq!(event, None, "{}", self.url);
        }
    }

    fn heartbeats(&self) -> u64 {
        self.member.metrics().counters().heartbeats.count
    }
}

/// Waits until the broker says so of the group.
async fn described(properties: &Properties, group: &str, as_wanted: impl Fn(&GroupDescription) -> bool) {
    let admin = Admin::new(properties).unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let described = admin.describe_group(group).await;
        if let Ok(described) = &described
            && as_wanted(described)
        {
            return;
        }
        assert!(Instant::now() < deadline, "{described:?}");
    }
}

#[tokio::test]
async fn a_member_alone_leads_and_gets_its_own_bytes() {
    let group = unique("alone");
    let mut worker = Worker::new(&properties(), "http://a", settings(&group, Subprotocol::Sessioned));
    let got = worker.among(1).await;
    assert_eq!(got.protocol, Subprotocol::Sessioned);
    assert_eq!(worker.led, 1);
    let membership = worker.member.membership();
    assert!(membership.stable && membership.generation == got.generation);
    assert!(membership.member_id.starts_with("http://a-"), "{membership:?}");

    let counters = worker.member.metrics().counters();
    assert_eq!((counters.joins.count, counters.syncs.count, counters.rebalances.count), (1, 1, 1));
    // The join that only brought the id.
    assert_eq!(counters.failed_rebalances, 1);
    worker.quiet_until(|member| member.metrics().counters().heartbeats.count >= 3).await;
    worker.member.close("the test is over", PATIENCE).await;
    described(&properties(), &group, |group| group.state == "Empty").await;
}

#[tokio::test]
async fn a_second_member_brings_a_rebalance_and_its_leave_another() {
    let group = unique("two");
    let mut a = Worker::new(&properties(), "http://a", settings(&group, Subprotocol::Sessioned));
    let first = a.among(1).await;
    let mut b = Worker::new(&properties(), "http://b", settings(&group, Subprotocol::Sessioned));
    let (of_a, of_b) = tokio::join!(a.among(2), b.among(2));
    assert_eq!(of_a.generation, of_b.generation);
    assert!(of_a.generation > first.generation);
    assert_eq!((of_a.text.as_str(), of_b.text.as_str()), ("2 http://a", "2 http://b"));
    assert_eq!(b.led, 0);

    b.member.leave("done here").await;
    assert_eq!(b.member.membership().member_id, "");
    let alone = a.among(1).await;
    assert!(alone.generation > of_a.generation);
    assert_eq!(b.member.poll(Instant::now()).await.unwrap(), None);

    b.member.rejoin("back again").await;
    let (of_a, of_b) = tokio::join!(a.among(2), b.among(2));
    assert_eq!(of_a.generation, of_b.generation);
}

#[tokio::test]
async fn a_member_that_dies_is_missed_when_its_session_ends() {
    let group = unique("dies");
    let mut a = Worker::new(&properties(), "http://a", settings(&group, Subprotocol::Sessioned));
    a.among(1).await;
    let mut b = Worker::new(&properties(), "http://b", settings(&group, Subprotocol::Sessioned));
    let (together, _) = tokio::join!(a.among(2), b.among(2));
    let session =
        Duration::from_millis(settings(&group, Subprotocol::Sessioned).member.session_timeout_ms as u64);
    let before = Instant::now();
    drop(b);
    let alone = a.among(1).await;
    // The last heartbeat may have come up to an interval before.
    assert!(before.elapsed() > session.mul_f32(0.5), "{:?}", before.elapsed());
    assert!(alone.generation > together.generation);
}

#[tokio::test]
async fn the_group_speaks_what_all_members_know() {
    let group = unique("speaks");
    let mut a = Worker::new(&properties(), "http://a", settings(&group, Subprotocol::Sessioned));
    assert_eq!(a.among(1).await.protocol, Subprotocol::Sessioned);
    let mut b = Worker::new(&properties(), "http://b", settings(&group, Subprotocol::Compatible));
    let (of_a, of_b) = tokio::join!(a.among(2), b.among(2));
    assert_eq!((of_a.protocol, of_b.protocol), (Subprotocol::Compatible, Subprotocol::Compatible));
    let mut c = Worker::new(&properties(), "http://c", settings(&group, Subprotocol::Eager));
    let (of_a, of_b, of_c) = tokio::join!(a.among(3), b.among(3), c.among(3));
    assert_eq!(of_a.protocol, Subprotocol::Eager);
    assert_eq!((of_b.protocol, of_c.protocol), (Subprotocol::Eager, Subprotocol::Eager));
    assert_eq!(a.member.membership().protocol, Subprotocol::Eager);
}

#[tokio::test]
async fn heartbeats_go_on_while_the_owner_is_busy_and_end_when_it_hangs() {
    let group = unique("hangs");
    let properties = properties();
    let mut settings = settings(&group, Subprotocol::Sessioned);
    settings.member.rebalance_timeout_ms = 1_000;
    let mut worker = Worker::new(&properties, "http://a", settings);
    let first = worker.among(1).await;
    let before = worker.heartbeats();
    worker.member.set_stage("starting connectors");

    // The owner is busy with this and does not poll.
    described(&properties, &group, |group| group.state == "Stable").await;
    let deadline = Instant::now() + PATIENCE;
    let mut beats_in_group = before;
    while !worker.member.membership().member_id.is_empty() {
        beats_in_group = worker.heartbeats();
        assert!(Instant::now() < deadline, "it does not leave");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(beats_in_group >= before + 5, "{before} heartbeats before, {beats_in_group} at the end");
    described(&properties, &group, |group| group.state == "Empty").await;

    assert_eq!(worker.event().await, Event::PollTimeout);
    assert_eq!(worker.member.poll(Instant::now()).await.unwrap(), None);
    worker.member.rejoin("back again").await;
    assert!(worker.among(1).await.generation > first.generation);
}

#[tokio::test]
async fn a_decision_for_a_generation_that_is_over_is_not_sent() {
    let group = unique("stale");
    let mut worker = Worker::new(&properties(), "http://a", settings(&group, Subprotocol::Sessioned));
    let first = worker.among(1).await.generation;
    worker.member.rejoin("a connector was added").await;
    let event = worker.member.poll(Instant::now() + PATIENCE).await.unwrap();
    assert_eq!(event, Some(Event::Prepare));
    worker.prepared().await;
    let event = worker.member.poll(Instant::now() + PATIENCE).await.unwrap();
    let Some(Event::Lead { generation, last_completed_generation, members, .. }) = event else {
        panic!("{event:?}");
    };
    assert_eq!(last_completed_generation, first);
    let bytes = |text: &str| vec![(members[0].0.clone(), text.as_bytes().to_vec())];
    worker.member.assign(first, bytes("stale")).await;
    worker.member.assign(generation, bytes("fresh")).await;
    let Event::Assigned { assignment, generation: assigned, .. } = worker.event().await else { panic!() };
    assert_eq!((assignment.as_slice(), assigned), (&b"fresh"[..], generation));
}

#[tokio::test]
async fn a_fenced_member_comes_back_under_a_new_id() {
    for error in [ResponseError::UnknownMemberId, ResponseError::IllegalGeneration] {
        let broker = broker().await;
        let group = unique("fenced");
        let mut worker =
            Worker::new(&properties_of(&broker), "http://a", settings(&group, Subprotocol::Sessioned));
        worker.among(1).await;
        let before = worker.member.membership();
        broker.faults().inject(Fault::fail(ApiKey::Heartbeat, error).times(1));
        // The broker waits for the old one until its session ends.
        assert!(worker.among(1).await.generation > before.generation, "{error}");
        assert_ne!(worker.member.membership().member_id, before.member_id, "{error}");
    }
}

#[tokio::test]
async fn a_rebalance_seen_in_a_heartbeat_keeps_the_id() {
    let broker = broker().await;
    let group = unique("rebalance");
    let mut worker =
        Worker::new(&properties_of(&broker), "http://a", settings(&group, Subprotocol::Sessioned));
    let first = worker.among(1).await;
    let before = worker.member.membership();
    broker.faults().inject(Fault::fail(ApiKey::Heartbeat, ResponseError::RebalanceInProgress).times(1));
    let second = worker.among(1).await;
    assert_eq!(second.generation, first.generation + 1);
    assert_eq!(worker.member.membership().member_id, before.member_id);
}

#[tokio::test]
async fn errors_on_the_way_in_are_overcome() {
    use ResponseError::{
        CoordinatorLoadInProgress, CoordinatorNotAvailable, NotCoordinator, RebalanceInProgress,
    };
    for fault in [
        Fault::fail(ApiKey::FindCoordinator, CoordinatorNotAvailable),
        Fault::drop_connection(ApiKey::FindCoordinator),
        Fault::fail(ApiKey::JoinGroup, CoordinatorLoadInProgress),
        Fault::fail(ApiKey::JoinGroup, NotCoordinator),
        Fault::drop_connection(ApiKey::JoinGroup),
        Fault::drop_response(ApiKey::JoinGroup),
        Fault::fail(ApiKey::SyncGroup, RebalanceInProgress),
        Fault::fail(ApiKey::SyncGroup, NotCoordinator),
        Fault::drop_connection(ApiKey::SyncGroup),
        Fault::drop_response(ApiKey::SyncGroup),
    ] {
        let broker = broker().await;
        let text = format!("{fault:?}");
        let hits = broker.faults().inject(fault.times(2));
        let group = unique("errors");
        let mut worker =
            Worker::new(&properties_of(&broker), "http://a", settings(&group, Subprotocol::Sessioned));
        worker.among(1).await;
        assert_eq!(hits.count(), 2, "{text}");
    }
}

#[tokio::test]
async fn a_lost_connection_to_the_coordinator_is_replaced_without_a_rebalance() {
    let broker = broker().await;
    let group = unique("lost");
    let mut worker =
        Worker::new(&properties_of(&broker), "http://a", settings(&group, Subprotocol::Sessioned));
    worker.among(1).await;
    let before = worker.member.membership();
    broker.faults().close_connections();
    let hits = broker.faults().inject(Fault::fail(ApiKey::Heartbeat, ResponseError::NotCoordinator).times(1));
    let beats = worker.heartbeats();
    worker.quiet_until(|member| member.metrics().counters().heartbeats.count >= beats + 4).await;
    assert_eq!(hits.count(), 1);
    assert_eq!(worker.member.membership(), before);
}

#[tokio::test]
async fn a_coordinator_out_of_reach_stops_the_work_until_it_is_back() {
    let broker = broker().await;
    let group = unique("reach");
    let mut worker =
        Worker::new(&properties_of(&broker), "http://a", settings(&group, Subprotocol::Sessioned));
    worker.among(1).await;
    broker.faults().refuse_connections(true);
    broker.faults().close_connections();
    assert_eq!(worker.event().await, Event::OutOfReach);
    assert!(!worker.member.membership().stable);
    worker.member.rejoin("everything has stopped").await;
    broker.faults().clear();
    worker.among(1).await;
    assert!(worker.member.membership().stable);
}

#[tokio::test]
async fn a_coordinator_that_does_not_answer_is_lost_when_the_session_is_over() {
    let broker = broker().await;
    let group = unique("silent");
    let mut settings = settings(&group, Subprotocol::Sessioned);
    settings.member.session_timeout_ms = 600;
    settings.member.request_timeout_ms = 40_000;
    let mut worker = Worker::new(&properties_of(&broker), "http://a", settings);
    worker.among(1).await;
    broker.faults().inject(Fault::delay(ApiKey::Heartbeat, PATIENCE));
    let before = Instant::now();
    broker.faults().inject(Fault::fail(ApiKey::FindCoordinator, ResponseError::CoordinatorNotAvailable));
    assert_eq!(worker.event().await, Event::OutOfReach);
    assert!(before.elapsed() < Duration::from_secs(2), "{:?}", before.elapsed());
}

#[tokio::test]
async fn a_restarted_broker_gets_its_member_back() {
    let broker = broker().await;
    let (listen, properties) = (broker.local_addr(), properties_of(&broker));
    let group = unique("restart");
    let mut worker = Worker::new(&properties, "http://a", settings(&group, Subprotocol::Sessioned));
    worker.among(1).await;
    let before = worker.member.membership().member_id;
    broker.shutdown().await;
    assert_eq!(worker.event().await, Event::OutOfReach);
    // Its memory is gone: it does not know the member.
    let _broker = Broker::start(BrokerConfig { listen, ..BrokerConfig::default() }).await.unwrap();
    worker.among(1).await;
    assert_ne!(worker.member.membership().member_id, before);
}

#[tokio::test]
async fn a_group_that_refuses_is_told_once() {
    let broker = broker().await;
    let refuse = ResponseError::GroupAuthorizationFailed;
    broker.faults().inject(Fault::fail(ApiKey::JoinGroup, refuse).times(1));
    let group = unique("refuses");
    let mut worker =
        Worker::new(&properties_of(&broker), "http://a", settings(&group, Subprotocol::Sessioned));
    assert_eq!(worker.event().await, Event::Fatal(GroupError::Refused(refuse.code())));
    assert_eq!(worker.member.poll(Instant::now() + Duration::from_millis(100)).await.unwrap(), None);
    worker.member.rejoin("the rights were given").await;
    worker.among(1).await;
}

#[tokio::test]
async fn leaving_does_not_wait_for_a_join_that_is_held() {
    let group = unique("held");
    let mut a = Worker::new(&properties(), "http://a", settings(&group, Subprotocol::Sessioned));
    a.among(1).await;
    // The coordinator holds b's join until a comes too, which it does not.
    let mut b = Worker::new(&properties(), "http://b", settings(&group, Subprotocol::Sessioned));
    let properties = properties();
    let held = described(&properties, &group, |group| group.members.len() == 2);
    tokio::select! {
        event = b.event() => panic!("{event:?}"),
        () = held => {}
    }
    let before = Instant::now();
    b.member.close("stopping", PATIENCE).await;
    assert!(before.elapsed() < Duration::from_secs(1), "{:?}", before.elapsed());
    a.among(1).await;
}

/// The link alone, under a state machine that the test drives.
#[tokio::test]
async fn a_link_serves_a_state_machine_of_the_owners() {
    let broker = broker().await;
    let group = unique("link");
    let settings = settings(&group, Subprotocol::Sessioned);
    let cluster = Cluster::new(ConnectionSettings::new(&properties_of(&broker)).unwrap()).unwrap();
    let mut link = GroupLink::new(Arc::new(cluster), &settings);
    let mut member = Member::new(settings.member.clone(), 0);
    member.poll(0);
    let assigned = loop {
        while let Some((id, request)) = member.poll_request() {
            link.send(id, request, None);
        }
        match member.poll_event() {
            Some(Event::Prepare) => member.join(WorkerMetadata::default(), 0),
            Some(Event::Lead { members, .. }) => {
                member.assign(members.into_iter().map(|(id, _)| (id, b"work".to_vec())).collect(), 0);
            }
            Some(Event::Assigned { assignment, .. }) => break assignment,
            Some(event) => panic!("{event:?}"),
            None => match link.answer().await {
                (id, Answer::Response(response)) => member.handle(id, response, 0),
                (id, Answer::MemberId(member_id)) => member.handle_member_id(id, member_id, 0),
            },
        }
    };
    assert_eq!(assigned, b"work");

    // A request that is given up is never answered; the way to the coordinator went with it.
    broker.faults().inject(Fault::delay(ApiKey::Heartbeat, PATIENCE));
    let heartbeat =
        Request::Heartbeat { generation: member.generation(), member_id: member.member_id().to_owned() };
    link.send(100, heartbeat.clone(), None);
    let nothing = tokio::time::timeout(Duration::from_millis(50), link.answer()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    link.send(101, heartbeat.clone(), None);
    let lost = Answer::Response(Response::Failed(GroupError::NotCoordinator));
    assert_eq!(link.answer().await, (101, lost));
    broker.faults().clear();
    link.send(102, Request::FindCoordinator, None);
    assert_eq!(link.answer().await, (102, Answer::Response(Response::CoordinatorFound)));
    link.send(103, heartbeat, None);
    assert_eq!(link.answer().await, (103, Answer::Response(Response::Alive)));
    link.send(104, Request::Leave { member_id: member.member_id().to_owned() }, Some("over"));
    link.close(PATIENCE).await;
    described(&properties_of(&broker), &group, |group| group.state == "Empty").await;
}
