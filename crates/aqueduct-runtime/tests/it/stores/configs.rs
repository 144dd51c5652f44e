//! Configurations in a topic.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use aqueduct_api::{ConfigMap, Error};
use aqueduct_broker::{ApiKey, Fault};
use aqueduct_proto::config_log::{
    ConfigLog, ConfigState, Event, Record, Step, put_connector, put_logger_level, put_restart_request,
    put_session_key, put_target_state, put_task_count, put_tasks, remove_connector,
};
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::session::SessionKey;
use aqueduct_proto::state::{TargetState, TaskId};
use aqueduct_runtime::configs::{ConfigRecords, ConfigTopic, ConfigWriteError, Privilege};
use aqueduct_testkit::NewRecord;
use futures::FutureExt;

use super::{CONFIGS, Place};
use crate::setting::expect;

/// A worker's view of the topic, folded as its herder does, with its writes.
struct Reader {
    topic: ConfigTopic,
    folded: Mutex<Folded>,
}

struct Folded {
    records: ConfigRecords,
    log: ConfigLog,
    events: Vec<Event>,
}

impl Folded {
    fn take(&mut self) {
        for record in self.records.take() {
            let events = self.log.apply(record.offset, &record.key, record.value.as_deref());
            self.events.extend(events.into_iter().filter(|event| !matches!(event, Event::Garbage { .. })));
        }
    }
}

type Written = Result<(), ConfigWriteError>;

async fn open(place: &Place) -> Reader {
    let (clients, group) = place.clients();
    let (topic, records) = ConfigTopic::open(&clients, &group).await.expect("the topic");
    let mut folded = Folded { records, log: ConfigLog::default(), events: Vec::new() };
    folded.take();
    folded.log.start();
    Reader { topic, folded: Mutex::new(folded) }
}

impl Reader {
    fn folded(&self) -> MutexGuard<'_, Folded> {
        self.folded.lock().expect("not poisoned")
    }

    fn snapshot(&self) -> Arc<ConfigState> {
        self.folded().log.snapshot()
    }

    async fn refresh(&self, within: Duration) -> aqueduct_api::Result<()> {
        self.topic.read_to_end(within).await?;
        self.folded().take();
        Ok(())
    }

    /// All that has changed since it was called last.
    fn changes(&self) -> Vec<Event> {
        let mut folded = self.folded();
        folded.take();
        std::mem::take(&mut folded.events)
    }

    async fn write(&self, privilege: Privilege, records: Vec<Record>) -> Written {
        self.topic.write(records, privilege).await?;
        self.refresh(aqueduct_testkit::PATIENCE).await.expect("read");
        Ok(())
    }

    async fn put_connector(&self, name: &str, config: &ConfigMap, initial: Option<TargetState>) -> Written {
        self.write(Privilege::Leader, put_connector(name, config, initial)).await
    }

    async fn put_tasks(&self, name: &str, configs: &[ConfigMap]) -> Written {
        for step in put_tasks(name, configs) {
            if let Step::Write(records) = step {
                self.write(Privilege::Leader, records).await?;
            }
        }
        Ok(())
    }

    async fn put_target_state(&self, name: &str, target: TargetState) -> Written {
        self.write(Privilege::Anyone, vec![put_target_state(name, target)]).await
    }

    async fn put_restart_request(&self, name: &str, request: RestartRequest) -> Written {
        self.write(Privilege::Leader, vec![put_restart_request(name, request)]).await
    }
}

fn config(value: &str) -> ConfigMap {
    ConfigMap::from([("name", "c"), ("k", value)])
}

/// Waits for this many events.
async fn events(reader: &Reader, count: usize) -> Vec<Event> {
    let deadline = tokio::time::Instant::now() + aqueduct_testkit::PATIENCE;
    let mut events = Vec::new();
    while events.len() < count {
        assert!(tokio::time::Instant::now() < deadline, "more events than {events:?}");
        events.extend(reader.changes());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    events
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_are_javas_and_all_workers_see_them_in_order() {
    let place = Place::new().await;
    let (one, other) = (open(&place).await, open(&place).await);
    one.topic.claim().await.expect("nothing to claim");
    one.put_connector("c", &config("1"), Some(TargetState::Stopped)).await.expect("written");
    one.put_tasks("c", &[config("a"), config("b")]).await.expect("written");
    assert_eq!(one.snapshot().tasks("c").len(), 2, "a write is read back before it returns");
    one.put_target_state("c", TargetState::Started).await.expect("written");
    other.put_target_state("c", TargetState::Paused).await.expect("written");
    let key = SessionKey { key: vec![1, 2, 3], algorithm: "HmacSHA256".to_owned(), created_ms: 5 };
    one.write(Privilege::Leader, vec![put_session_key(&key)]).await.expect("written");
    let request = RestartRequest { only_failed: true, include_tasks: false };
    one.put_restart_request("c", request).await.expect("written");
    other.write(Privilege::Anyone, vec![put_logger_level("org.x", "DEBUG")]).await.expect("written");
    one.write(Privilege::Leader, vec![put_task_count("c", 2)]).await.expect("written");
    one.put_tasks("c", &[]).await.expect("written");
    one.write(Privilege::Leader, remove_connector("c")).await.expect("written");
    assert_eq!(
        place.lines(CONFIGS).await,
        [
            r#"target-state-c {"state":"PAUSED","state.v2":"STOPPED"}"#,
            r#"connector-c {"properties":{"name":"c","k":"1"}}"#,
            r#"task-c-0 {"properties":{"name":"c","k":"a"}}"#,
            r#"task-c-1 {"properties":{"name":"c","k":"b"}}"#,
            r#"commit-c {"tasks":2}"#,
            r#"target-state-c {"state":"STARTED","state.v2":"STARTED"}"#,
            r#"target-state-c {"state":"PAUSED","state.v2":"PAUSED"}"#,
            r#"session-key {"key":"AQID","algorithm":"HmacSHA256","creation-timestamp":5}"#,
            r#"restart-connector-c {"include-tasks":false,"only-failed":true}"#,
            r#"logger-cluster-org.x {"level":"DEBUG"}"#,
            r#"tasks-fencing-c {"task-count":2}"#,
            r#"commit-c {"tasks":0}"#,
            "connector-c ",
            "target-state-c ",
        ]
    );
    let c = || "c".to_owned();
    let expected = [
        Event::ConnectorUpdated(c()),
        Event::TasksUpdated { connector: c(), tasks: vec![TaskId::new("c", 0), TaskId::new("c", 1)] },
        Event::TargetState(c()),
        Event::TargetState(c()),
        Event::SessionKey(key),
        Event::Restart { connector: c(), request },
        Event::LoggerLevel { namespace: "org.x".to_owned(), level: "DEBUG".to_owned() },
        Event::TasksUpdated { connector: c(), tasks: vec![] },
        Event::ConnectorRemoved(c()),
    ];
    for store in [&one, &other] {
        store.refresh(aqueduct_testkit::PATIENCE).await.expect("read");
        assert_eq!(events(store, expected.len()).await, expected);
        assert_eq!(store.snapshot().offset(), 14);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_reads_the_same_without_events_also_after_compaction() {
    let place = Place::new().await;
    let one = open(&place).await;
    for value in ["1", "2"] {
        one.put_connector("c", &config(value), None).await.expect("written");
        one.put_tasks("c", &[config(value)]).await.expect("written");
        one.put_restart_request("c", RestartRequest::default()).await.expect("written");
        one.put_target_state("c", TargetState::Stopped).await.expect("written");
    }
    let again = open(&place).await;
    assert_eq!(again.snapshot(), one.snapshot());
    assert_eq!(again.changes(), [], "an event of the past");
    place.broker.compact_now(CONFIGS).await.expect("compacted");
    assert_eq!(place.lines(CONFIGS).await.len(), 5);
    let later = open(&place).await;
    let (state, seen) = (later.snapshot(), one.snapshot());
    assert_eq!(state.offset(), seen.offset());
    assert_eq!(state.tasks("c"), seen.tasks("c"));
    assert_eq!(state.task_config(&TaskId::new("c", 0)), seen.task_config(&TaskId::new("c", 0)));
    assert_eq!(state.target_state("c"), Some(TargetState::Stopped));
    one.put_connector("c", &config("3"), None).await.expect("written");
    assert_eq!(events(&later, 1).await, [Event::ConnectorUpdated("c".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_skipped_while_running_and_at_start() {
    let place = Place::new().await;
    let one = open(&place).await;
    one.put_connector("c", &config("1"), None).await.expect("written");
    let garbage = [
        NewRecord::value("no JSON").key("connector-c"),
        NewRecord::value(r#"{"properties":5}"#).key("connector-c"),
        NewRecord::value(r#"{"tasks":"x"}"#).key("commit-c"),
        NewRecord::value(r#"{"task-count":"1"}"#).key("tasks-fencing-c"),
        NewRecord::value(r#"{"state.v2":"ASLEEP"}"#).key("target-state-c"),
        NewRecord::value("[]").key("session-key"),
        NewRecord::value("{}").key("task-c"),
        NewRecord::value("{}").key([0xff]),
    ];
    let count = garbage.len() as i64;
    place.produce(CONFIGS, garbage).await;
    for store in [&one, &open(&place).await] {
        store.refresh(aqueduct_testkit::PATIENCE).await.expect("read");
        let state = store.snapshot();
        assert_eq!(state.connector("c").and_then(|c| c.config().cloned()).as_deref(), Some(&config("1")));
        assert_eq!((state.target_state("c"), state.session_key()), (Some(TargetState::Started), None));
        assert_eq!(state.offset(), count + 1, "what can be decoded counts");
    }
    one.put_tasks("c", &[config("a")]).await.expect("written");
    assert_eq!(one.snapshot().tasks("c"), [TaskId::new("c", 0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leader_that_was_fenced_cannot_write_until_it_claims_again() {
    let place = Place::with(&[("exactly.once.source.support", "enabled")]).await;
    let (old, new) = (open(&place).await, open(&place).await);
    let early = old.put_connector("c", &config("0"), None).await.expect_err("not claimed");
    assert!(matches!(early, ConfigWriteError::NotClaimed), "{early}");
    old.topic.claim().await.expect("claimed");
    old.put_connector("c", &config("1"), Some(TargetState::Started)).await.expect("written");
    old.put_tasks("c", &[config("a"), config("b")]).await.expect("written");
    assert_eq!(old.snapshot().tasks("c").len(), 2);
    new.topic.claim().await.expect("claimed");
    new.put_connector("c", &config("2"), None).await.expect("written");

    let fenced = old.put_connector("c", &config("3"), None).await.expect_err("another one leads");
    assert!(fenced.must_claim() && matches!(fenced, ConfigWriteError::Fenced(_)), "{fenced}");
    assert_eq!(
        Error::from(fenced).to_string(),
        "Failed to write to config topic; this may be due to a transient error and the request can be safely retried"
    );
    let again = old.put_tasks("c", &[]).await.expect_err("not claimed again");
    assert!(matches!(again, ConfigWriteError::NotClaimed), "{again}");
    old.put_target_state("c", TargetState::Paused).await.expect("anyone may");
    old.topic.claim().await.expect("claimed");
    old.put_connector("d", &config("4"), None).await.expect("written");
    new.put_connector("c", &config("5"), None).await.expect_err("it is the other one's turn");
    old.topic.relinquish().await;
    old.put_connector("c", &config("6"), None).await.expect_err("given up");
    // The last record is none of a transaction: what reads it below does not know the markers of transactions.
    old.put_target_state("d", TargetState::Paused).await.expect("anyone may");

    let keys: Vec<_> = place.lines(CONFIGS).await;
    let configs: Vec<_> = keys.iter().filter(|line| line.starts_with("connector-")).collect();
    assert_eq!(configs.len(), 3, "{configs:?}");
    for store in [&old, &new, &open(&place).await] {
        store.refresh(aqueduct_testkit::PATIENCE).await.expect("read");
        let state = store.snapshot();
        assert_eq!(state.connector("c").and_then(|c| c.config().cloned()).as_deref(), Some(&config("2")));
        assert_eq!(state.target_state("c"), Some(TargetState::Paused));
        assert!(state.connector("d").is_some());
        assert_eq!(state.offset(), old.snapshot().offset());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reading_to_the_end_takes_no_longer_than_it_may() {
    let place = Place::new().await;
    let store = open(&place).await;
    let slow = Fault::delay(ApiKey::ListOffsets, Duration::from_secs(2)).times(1);
    let hits = place.broker.faults().inject(slow);
    let error = store.refresh(Duration::from_millis(100)).await.expect_err("too slow");
    assert!(error.is_retriable(), "{error}");
    assert_eq!(hits.count(), 1);
    store.refresh(aqueduct_testkit::PATIENCE).await.expect("read");
    store.put_connector("c", &config("1"), None).await.expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_is_away_for_a_while_loses_nothing() {
    let place = Place::new().await;
    let (one, other) = (open(&place).await, open(&place).await);
    one.put_connector("c", &config("1"), None).await.expect("written");
    // Before the broker goes: afterwards nobody could read it.
    assert_eq!(events(&other, 1).await.len(), 1, "the first change");
    let faults = place.broker.faults();
    faults.refuse_connections(true);
    faults.close_connections();
    let changed = config("2");
    let writing = one.put_connector("c", &changed, None);
    let returning = async {
        // Clients have found out, and tried again.
        expect("connections are refused", async || faults.refused_connections() >= 4).await;
        assert_eq!(other.changes(), [], "nobody can write");
        faults.refuse_connections(false);
    };
    let (written, ()) = tokio::join!(writing, returning);
    written.expect("written");
    assert_eq!(events(&other, 1).await, [Event::ConnectorUpdated("c".to_owned())]);
    assert_eq!(other.snapshot(), one.snapshot());
    assert_eq!(other.snapshot().offset(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_herder_gets_every_record_in_order_and_all_before_the_end() {
    let place = Place::with(&[("exactly.once.source.support", "preparing")]).await;
    let store = open(&place).await;
    store.put_target_state("a", TargetState::Paused).await.expect("written");
    let (clients, group) = place.clients();
    let (topic, mut records) = ConfigTopic::open(&clients, &group).await.expect("the topic");
    let keys = |records: Vec<aqueduct_runtime::configs::ConfigRecord>| {
        records.into_iter().map(|record| (record.offset, record.key)).collect::<Vec<_>>()
    };
    assert_eq!(keys(records.take()), [(0, "target-state-a".to_owned())], "all that was there");

    let connector = put_connector("b", &config("1"), Some(TargetState::Stopped));
    let refused = topic.write(connector.clone(), Privilege::Leader).await.expect_err("not claimed");
    assert!(refused.must_claim(), "{refused}");
    topic.claim().await.expect("claimed");
    topic.write(connector, Privilege::Leader).await.expect("written");
    topic.read_to_end(aqueduct_testkit::PATIENCE).await.expect("read");
    assert_eq!(keys(records.take()), [(1, "target-state-b".to_owned()), (2, "connector-b".to_owned())]);
    assert!(records.next().now_or_never().is_none(), "nothing twice");

    // A marker of the transaction lies in between.
    let tombstone = NewRecord { value: None, ..NewRecord::value("").key("connector-b") };
    topic.write(vec![put_target_state("b", TargetState::Started)], Privilege::Anyone).await.expect("written");
    place.produce(CONFIGS, [tombstone]).await;
    let mut came = Vec::new();
    while came.len() < 2 {
        let next = tokio::time::timeout(aqueduct_testkit::PATIENCE, records.next()).await;
        came.extend(next.expect("records come by themselves"));
    }
    assert_eq!(came[1].value, None);
    assert_eq!(keys(came), [(4, "target-state-b".to_owned()), (5, "connector-b".to_owned())]);
}
