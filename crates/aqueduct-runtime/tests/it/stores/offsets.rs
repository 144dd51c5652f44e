//! Offsets in topics.

use std::sync::{Arc, Mutex};

use aqueduct_api::{Error, OffsetMap, Result};
use aqueduct_proto::offsets::key_bytes;
use aqueduct_runtime::internal_topics::Purpose;
use aqueduct_runtime::offsets::{ConnectorOffsets, KafkaOffsetStore, OffsetEntry, OffsetStore};
use aqueduct_testkit::{NewRecord, eventually};
use async_trait::async_trait;

use super::{OFFSETS, Place};

async fn open(place: &Place) -> KafkaOffsetStore {
    let (clients, group) = place.clients();
    let clients = clients.of(Purpose::Offsets);
    KafkaOffsetStore::open(&clients, &group.offset_topic, "offset.storage.topic").await.expect("offsets")
}

fn key(connector: &str, file: &str) -> Vec<u8> {
    key_bytes(connector, &OffsetMap::of("filename", file)).expect("a key")
}

fn entry(key: &[u8], value: Option<&str>) -> OffsetEntry {
    (key.to_vec(), value.map(|value| value.as_bytes().to_vec()))
}

fn texts(values: Vec<Option<Vec<u8>>>) -> Vec<Option<String>> {
    values.into_iter().map(|value| value.map(|value| String::from_utf8(value).unwrap())).collect()
}

fn listed(file: &str, position: i64) -> (OffsetMap, OffsetMap) {
    (OffsetMap::of("filename", file), OffsetMap::of("position", position))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_worker_stores_another_reads_also_after_compaction() {
    let place = Place::new().await;
    let (one, other) = (open(&place).await, open(&place).await);
    let keys: Vec<_> = ["a", "b", "ü"].iter().map(|file| key("c", file)).collect();
    for position in 1..=3 {
        let value = format!(r#"{{"position":{position}}}"#);
        let entries = keys.iter().map(|key| entry(key, Some(&value))).collect();
        one.set(entries).await.expect("stored");
        assert_eq!(texts(other.get(&keys).await.expect("read")), vec![Some(value); 3]);
    }
    other.set(vec![entry(&keys[1], None), entry(&key("d", "a"), Some("{}"))]).await.expect("stored");
    assert_eq!(one.get(&keys[1..2]).await.expect("read"), [None]);
    let expected = [listed("a", 3), listed("ü", 3)];
    assert_eq!(one.connector_offsets("c").await.expect("read"), expected);

    place.broker.compact_now(OFFSETS).await.expect("compacted");
    let mut lines = place.lines(OFFSETS).await;
    lines.sort();
    assert_eq!(
        lines,
        [
            r#"["c",{"filename":"a"}] {"position":3}"#,
            r#"["c",{"filename":"b"}] "#,
            r#"["c",{"filename":"ü"}] {"position":3}"#,
            r#"["d",{"filename":"a"}] {}"#,
        ]
    );
    let later = open(&place).await;
    assert_eq!(later.connector_offsets("c").await.expect("read"), expected);
    assert_eq!(
        texts(later.get(&[key("d", "a"), key("c", "b")]).await.expect("read")),
        [Some("{}".into()), None]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_changes_nothing() {
    let place = Place::new().await;
    let one = open(&place).await;
    let good = key("c", "a");
    one.set(vec![entry(&good, Some(r#"{"position":1}"#))]).await.expect("stored");
    let garbage = [
        NewRecord::value("{}").key("no JSON"),
        NewRecord::value("{}").key(r#"["c"]"#),
        NewRecord::value("{}").key(r#"["c",null]"#),
        NewRecord::value("{}").key(r#"["c",{"nested":{}}]"#),
        NewRecord::value("{}").key([0xff, 0xfe]),
        NewRecord::value("no JSON").key(&good),
        NewRecord::value(r#"{"nested":[]}"#).key(&good),
    ];
    place.produce(OFFSETS, garbage).await;
    for store in [&one, &open(&place).await] {
        assert_eq!(store.connector_offsets("c").await.expect("read"), [listed("a", 1)]);
        store.set(vec![entry(&good, Some(r#"{"position":1}"#))]).await.expect("stored");
    }
    // Java's reader takes no bytes for null. This record lies in another partition than the store's, so they are read first.
    assert_eq!(one.connector_offsets("c").await.expect("read"), [listed("a", 1)]);
    place.produce(OFFSETS, [NewRecord::value("").key(&good)]).await;
    assert_eq!(one.get(&[good]).await.expect("read"), [None]);
}

/// A store that notes what it is told, and fails when a test wants it.
#[derive(Default)]
struct Noting {
    name: &'static str,
    calls: Arc<Mutex<Vec<String>>>,
    entries: Mutex<Vec<OffsetEntry>>,
    fails: bool,
}

#[async_trait]
impl OffsetStore for Noting {
    async fn get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        let entries = self.entries.lock().unwrap();
        let find = |key: &Vec<u8>| entries.iter().rev().find(|entry| entry.0 == *key)?.1.clone();
        Ok(keys.iter().map(find).collect())
    }

    async fn set(&self, entries: Vec<OffsetEntry>) -> Result<()> {
        if self.fails {
            return Err(Error::connect("no room"));
        }
        for (key, value) in &entries {
            let value = String::from_utf8_lossy(value.as_deref().unwrap_or(b"-"));
            let call = format!("{} {} {value}", self.name, String::from_utf8_lossy(key));
            self.calls.lock().unwrap().push(call);
        }
        self.entries.lock().unwrap().extend(entries);
        Ok(())
    }

    async fn connector_offsets(&self, _connector: &str) -> Result<Vec<(OffsetMap, OffsetMap)>> {
        let entries = self.entries.lock().unwrap();
        let read = |(key, value): &OffsetEntry| {
            let partition = aqueduct_proto::offsets::parse_key(key).ok()?.1?;
            Some((partition, aqueduct_proto::offsets::parse_value(value.as_deref()?).ok()?))
        };
        Ok(entries.iter().filter_map(read).collect())
    }
}

#[tokio::test]
async fn removals_reach_the_workers_topic_first_and_offsets_afterwards() {
    let calls = Arc::<Mutex<Vec<String>>>::default();
    let store =
        |name, fails| Arc::new(Noting { name, calls: Arc::clone(&calls), fails, ..Noting::default() });
    let both = ConnectorOffsets::new(store("own", false), store("global", false));
    let (a, b) = (key("c", "a"), key("c", "b"));
    both.set(vec![entry(&a, Some(r#"{"position":1}"#)), entry(&b, None)]).await.expect("stored");
    let expected = [
        r#"global ["c",{"filename":"b"}] -"#,
        r#"own ["c",{"filename":"a"}] {"position":1}"#,
        r#"own ["c",{"filename":"b"}] -"#,
        r#"global ["c",{"filename":"a"}] {"position":1}"#,
    ];
    eventually("the offset is copied", || (calls.lock().unwrap().len() == 4).then_some(())).await;
    assert_eq!(*calls.lock().unwrap(), expected);

    // The worker's topic is out of order: offsets are stored all the same, but nothing is removed.
    calls.lock().unwrap().clear();
    let both = ConnectorOffsets::new(store("own", false), store("global", true));
    both.set(vec![entry(&a, Some("{}"))]).await.expect("in its own topic");
    both.set(vec![entry(&a, None)]).await.expect_err("it would come back");
    assert_eq!(*calls.lock().unwrap(), [r#"own ["c",{"filename":"a"}] {}"#]);
}

/// All tasks of a connector store their offsets at the same time.
#[tokio::test]
async fn copies_of_many_tasks_reach_the_workers_topic() {
    let calls = Arc::<Mutex<Vec<String>>>::default();
    let store = |name| Arc::new(Noting { name, calls: Arc::clone(&calls), ..Noting::default() });
    let both = ConnectorOffsets::new(store("own"), store("global"));
    for task in 0..200 {
        both.set(vec![entry(&key("c", &task.to_string()), Some("{}"))]).await.expect("stored");
    }
    let copies = || calls.lock().unwrap().iter().filter(|call| call.starts_with("global")).count();
    eventually("all are copied", || (copies() == 200).then_some(())).await;
}

#[tokio::test]
async fn what_the_own_topic_does_not_know_comes_from_the_workers() {
    let entries =
        |entries: Vec<OffsetEntry>| Arc::new(Noting { entries: Mutex::new(entries), ..Noting::default() });
    let (a, b, c) = (key("c", "a"), key("c", "b"), key("c", "z"));
    let (old, new) = (Some(r#"{"position":1}"#), Some(r#"{"position":2}"#));
    let both =
        ConnectorOffsets::new(entries(vec![entry(&a, new)]), entries(vec![entry(&a, old), entry(&b, old)]));
    let values = texts(both.get(&[a, b, c]).await.expect("read"));
    assert_eq!(values, [new.map(str::to_owned), old.map(str::to_owned), None]);
    assert_eq!(both.connector_offsets("c").await.expect("read"), [listed("a", 2), listed("b", 1)]);
}
