//! Statuses in a topic.

use aqueduct_broker::{ApiKey, Fault, ResponseError};
use aqueduct_proto::config_log::ConfigLog;
use aqueduct_proto::state::{State, TaskId};
use aqueduct_proto::status_log::StatusOf;
use aqueduct_runtime::internal_topics::Purpose;
use aqueduct_runtime::status::{KafkaStatusStore, Status, StatusStore};
use aqueduct_testkit::{NewRecord, PATIENCE, eventually};

use super::{Place, STATUSES};

async fn open(place: &Place, generation: i32) -> KafkaStatusStore {
    let (clients, group) = place.clients();
    let store = KafkaStatusStore::open(&clients.of(Purpose::Statuses), &group.status_topic).await;
    let store = store.expect("statuses");
    store.set_generation(generation);
    store
}

fn status(state: State, worker: &str) -> Status {
    Status {
        state,
        trace: None,
        worker_id: worker.to_owned(),
        generation: 0,
        version: Some("4.3.1".to_owned()),
    }
}

/// Waits until all is written and both have read it.
async fn settle(stores: &[&KafkaStatusStore]) {
    for store in stores {
        assert!(store.flush(PATIENCE).await, "not all is written");
    }
    for store in stores {
        store.refresh().await.expect("read");
    }
}

/// All lines, those of a key in order.
async fn lines(place: &Place) -> Vec<String> {
    let mut lines = place.lines(STATUSES).await;
    lines.sort_by(|a, b| a.split(' ').next().cmp(&b.split(' ').next()));
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statuses_are_written_as_javas_and_count_when_they_are_read() {
    let place = Place::new().await;
    let (one, other) = (open(&place, 3).await, open(&place, 3).await);
    let id = TaskId::new("c-1", 0);
    one.put_connector("c-1", status(State::Running, "w1:8083"));
    one.put_task(&id, status(State::Running, "w1:8083"));
    one.put_task(
        &id,
        Status { trace: Some("a\n\tb".to_owned()), version: None, ..status(State::Failed, "w1:8083") },
    );
    settle(&[&one, &other]).await;
    assert_eq!(
        lines(&place).await,
        [
            r#"status-connector-c-1 {"state":"RUNNING","trace":null,"worker_id":"w1:8083","generation":3,"version":"4.3.1"}"#,
            r#"status-task-c-1-0 {"state":"RUNNING","trace":null,"worker_id":"w1:8083","generation":3,"version":"4.3.1"}"#,
            r#"status-task-c-1-0 {"state":"FAILED","trace":"a\n\tb","worker_id":"w1:8083","generation":3,"version":null}"#,
        ]
    );
    for store in [&one, &other, &open(&place, 0).await] {
        assert_eq!(
            store.connector("c-1"),
            Some(Status { generation: 3, ..status(State::Running, "w1:8083") })
        );
        assert_eq!(store.tasks("c-1").into_keys().collect::<Vec<_>>(), [0]);
        assert_eq!(store.task(&id).map(|status| status.state), Some(State::Failed));
    }
    one.delete_task(&id);
    eventually("both read the tombstone", || (one.task(&id).or(other.task(&id)).is_none()).then_some(()))
        .await;
    settle(&[&one]).await;
    place.broker.compact_now(STATUSES).await.expect("compacted");
    assert_eq!(lines(&place).await.len(), 2);
    assert_eq!(open(&place, 0).await.task(&id), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_word_of_a_worker_gives_way_to_a_later_generation() {
    let place = Place::new().await;
    let (old, new) = (open(&place, 3).await, open(&place, 4).await);
    let id = TaskId::new("c", 0);
    old.put_task(&id, status(State::Running, "w1:8083"));
    settle(&[&old, &new]).await;
    new.put_task(&id, status(State::Running, "w2:8083"));
    settle(&[&new, &old]).await;
    for late in [State::Unassigned, State::Failed] {
        old.put_task(&id, status(late, "w1:8083"));
    }
    settle(&[&old, &new]).await;
    assert_eq!(lines(&place).await.len(), 2);
    old.put_task(&id, status(State::Paused, "w1:8083"));
    settle(&[&old, &new]).await;
    assert_eq!(new.task(&id).map(|status| (status.state, status.generation)), Some((State::Paused, 3)));
    old.put_task(&id, status(State::Unassigned, "w1:8083"));
    settle(&[&old, &new]).await;
    assert_eq!(new.task(&id).map(|status| status.state), Some(State::Unassigned));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_write_is_repeated_unless_there_is_a_newer_one() {
    let place = Place::new().await;
    let store = open(&place, 1).await;
    let faults = place.broker.faults();
    let fault = Fault::fail(ApiKey::Produce, ResponseError::NotEnoughReplicas);
    let hits = faults.inject(fault.clone().times(2));
    store.put_connector("a", status(State::Running, "w"));
    settle(&[&store]).await;
    assert_eq!(hits.count(), 2);
    assert_eq!(store.connector("a").map(|status| status.state), Some(State::Running));

    let hits = faults.inject(fault);
    store.put_connector("b", status(State::Running, "w"));
    eventually("the first is tried", || (hits.count() >= 1).then_some(())).await;
    store.put_connector("b", status(State::Paused, "w"));
    let tried = hits.count();
    eventually("the second is tried", || (hits.count() >= tried + 2).then_some(())).await;
    faults.clear();
    settle(&[&store]).await;
    let lines = lines(&place).await;
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[1].starts_with(r#"status-connector-b {"state":"PAUSED""#), "{lines:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_in_use_are_noted_once_until_they_are_forgotten() {
    let place = Place::new().await;
    let (one, other) = (open(&place, 1).await, open(&place, 1).await);
    for _ in 0..2 {
        for topic in ["t", "u"] {
            one.put_topic(&TaskId::new("c", 1), topic);
        }
        settle(&[&one, &other]).await;
    }
    assert_eq!(other.topics("c"), ["t".to_owned(), "u".to_owned()].into());
    assert!(other.topics("d").is_empty());
    let written = lines(&place).await;
    assert_eq!(written.len(), 2, "{written:?}");
    let start =
        r#"status-topic-t:connector-c {"topic":{"name":"t","connector":"c","task":1,"discoverTimestamp":"#;
    assert!(written[0].starts_with(start), "{written:?}");
    other.delete_topics("c");
    settle(&[&other, &one]).await;
    assert!(one.topics("c").is_empty());
    assert_eq!(lines(&place).await.iter().filter(|line| line.ends_with(' ')).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_leader_finds_what_is_left_over_and_garbage_is_skipped() {
    let place = Place::new().await;
    let store = open(&place, 1).await;
    for connector in ["gone", "here"] {
        store.put_connector(connector, status(State::Running, "w"));
        for task in 0..2 {
            store.put_task(&TaskId::new(connector, task), status(State::Running, "w"));
        }
    }
    settle(&[&store]).await;
    let garbage = [
        NewRecord::value("{}").key("unknown"),
        NewRecord::value("no JSON").key("status-connector-here"),
        NewRecord::value(r#"{"state":"ASLEEP"}"#).key("status-connector-here"),
        NewRecord::value("{}").key("status-task-here-x"),
        NewRecord::value("{}").key([0xff]),
    ];
    place.produce(STATUSES, garbage).await;
    let mut configs = ConfigLog::default();
    configs.apply(0, "connector-here", Some(br#"{"properties":{}}"#));
    configs.apply(1, "task-here-0", Some(br#"{"properties":{}}"#));
    configs.apply(2, "commit-here", Some(br#"{"tasks":1}"#));
    for store in [&store, &open(&place, 1).await] {
        store.refresh().await.expect("read");
        assert_eq!(store.connector("here").map(|status| status.state), Some(State::Running));
        assert_eq!(
            store.left_over(&configs.snapshot()),
            [
                StatusOf::Connector("gone".to_owned()),
                StatusOf::Task(TaskId::new("gone", 0)),
                StatusOf::Task(TaskId::new("gone", 1)),
                StatusOf::Task(TaskId::new("here", 1)),
            ]
        );
    }
    for of in store.left_over(&configs.snapshot()) {
        store.remove(of);
    }
    settle(&[&store]).await;
    assert!(store.left_over(&configs.snapshot()).is_empty());
    assert_eq!(store.tasks("here").len(), 1);
}
