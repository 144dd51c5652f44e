//! Recorded records through a running worker: each transformation in a source connector, with `JsonConverter` and
//! `SimpleHeaderConverter`, into a topic whose bytes are looked at.

use std::collections::BTreeMap;
use std::sync::Arc;

use aqueduct_api::{
    ConfigMap, Converter, ConverterRole, HeaderConverter, Plugin, PluginKind, Record, WireHeaders,
};
use aqueduct_testkit::{EmbeddedCluster, Monitor, SOURCE_CLASS, TopicRecord};
use aqueduct_vectors::{Case, Expect, RecordOrigin, Vectors, decode_record};

/// Settings of each transformation that are tried: those with the most records.
const SETTINGS_MAX: usize = 2;
const COMPONENTS: [&str; 16] = [
    "Cast",
    "DropHeaders",
    "ExtractField",
    "Filter",
    "Flatten",
    "HeaderFrom",
    "HoistField",
    "InsertField",
    "InsertHeader",
    "MaskField",
    "RegexRouter",
    "ReplaceField",
    "SetSchemaMetadata",
    "TimestampConverter",
    "TimestampRouter",
    "ValueToKey",
];

fn plugins() -> Vec<Plugin> {
    let mut plugins = aqueduct_converters::plugins();
    plugins.extend(aqueduct_transforms::plugins());
    plugins
}

/// What writes the bytes that are expected.
struct Writers {
    key: Box<dyn Converter>,
    value: Box<dyn Converter>,
    header: Box<dyn HeaderConverter>,
}

impl Writers {
    fn new() -> Self {
        let converter = |role| {
            let found = plugins().into_iter().find_map(|plugin| match &plugin.kind {
                PluginKind::Converter(make) if plugin.simple_name() == "JsonConverter" => Some(make()),
                _ => None,
            });
            let mut converter = found.expect("a JsonConverter");
            converter.configure(&ConfigMap::new(), role).expect("good");
            converter
        };
        let header = plugins().into_iter().find_map(|plugin| match &plugin.kind {
            PluginKind::HeaderConverter(make) if plugin.simple_name() == "SimpleHeaderConverter" => {
                Some(make())
            }
            _ => None,
        });
        Self {
            key: converter(ConverterRole::Key),
            value: converter(ConverterRole::Value),
            header: header.expect("a SimpleHeaderConverter"),
        }
    }

    /// The record as it should lie in its topic; `None` for one that cannot be written.
    fn written(&mut self, record: &Record) -> Option<TopicRecord> {
        let (topic, mut none) = (&*record.topic, WireHeaders::new());
        let mut headers = Vec::new();
        for header in record.headers.iter() {
            let mut buffer = Vec::new();
            let (schema, value) = (header.schema.as_ref(), &header.value);
            let bytes =
                self.header.from_connect_header(topic, &header.key, schema, value, &mut buffer).ok()?;
            headers.push((header.key.to_string(), bytes.map(<[u8]>::to_vec)));
        }
        let (mut key, mut value) = (Vec::new(), Vec::new());
        let key =
            self.key.from_connect_data(topic, &mut none, record.key_schema.as_ref(), &record.key, &mut key);
        let value = self.value.from_connect_data(
            topic,
            &mut none,
            record.value_schema.as_ref(),
            &record.value,
            &mut value,
        );
        Some(TopicRecord {
            partition: 0,
            offset: 0,
            timestamp: record.timestamp,
            key: key.ok()?.map(<[u8]>::to_vec),
            value: value.ok()?.map(<[u8]>::to_vec),
            headers,
        })
    }
}

/// A record as a source gives it, and what should come of it; without a result it is dropped.
struct Passage {
    id: String,
    given: Record,
    result: Option<(String, TopicRecord)>,
}

/// A record that a source can give, to a topic with one partition. For the producer's library, a timestamp of 0 is none.
fn is_plain(record: &Record) -> bool {
    let named = record.topic.bytes().all(|c| c.is_ascii_alphanumeric() || b"._-".contains(&c));
    let topic = named && !matches!(&*record.topic, "" | "." | "..") && record.topic.len() < 250;
    topic && record.partition.is_none() && record.timestamp.is_none_or(|timestamp| timestamp > 0)
}

fn passage(case: &Case, writers: &mut Writers, looks_at_partitions: bool) -> Option<Passage> {
    let Expect::Out(_) = &case.expect else { return None };
    let (mut given, origin) = decode_record(case.get("record")).ok()?;
    if !looks_at_partitions {
        given.partition = None;
    }
    if !matches!(origin, RecordOrigin::Source { .. }) || !is_plain(&given) {
        return None;
    }
    let result = match case.expected("record") {
        gone if gone.is_null() => None,
        kept => {
            let (mut record, _) = decode_record(kept).ok()?;
            record.partition = given.partition;
            if !is_plain(&record) {
                return None;
            }
            Some((record.topic.to_string(), writers.written(&record)?))
        }
    };
    Some(Passage { id: case.id.clone(), given, result })
}

/// The cases of a transformation by its class and settings.
fn settings(component: &str) -> Vec<(ConfigMap, Vec<Passage>)> {
    let mut writers = Writers::new();
    let mut all: BTreeMap<String, (ConfigMap, Vec<Passage>)> = BTreeMap::new();
    for case in Vectors::load(&format!("smt.{component}")) {
        let passage = passage(&case, &mut writers, component == "InsertField");
        let (Ok(class), Some(passage)) = (case.text("class"), passage) else { continue };
        let mut config = ConfigMap::from([("transforms", "t")]);
        config.insert("transforms.t.type", format!("org.apache.kafka.connect.transforms.{class}"));
        for (key, value) in case.config().iter() {
            if let Some(value) = value {
                config.insert(format!("transforms.t.{key}"), value);
            }
        }
        // `Debug` shows no values.
        let settings: Vec<_> = config.iter().collect();
        all.entry(format!("{settings:?}")).or_insert_with(|| (config, Vec::new())).1.push(passage);
    }
    let mut all: Vec<_> = all.into_values().collect();
    all.sort_by_key(|(_, passages)| std::cmp::Reverse(passages.len()));
    all.truncate(SETTINGS_MAX);
    all
}

/// CV-04 to CV-19 of the test plan.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_transformation_in_a_running_source() {
    let monitor = Monitor::new();
    let mut all = monitor.plugins();
    all.extend(plugins());
    let json = "org.apache.kafka.connect.json.JsonConverter";
    let cluster = EmbeddedCluster::with(all)
        .property("key.converter", json)
        .property("value.converter", json)
        .property("header.converter", "org.apache.kafka.connect.storage.SimpleHeaderConverter")
        .start()
        .await;
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut passed, mut dropped) = (0, 0);
    for component in COMPONENTS {
        let settings = settings(component);
        assert!(!settings.is_empty(), "{component} has no records");
        for (at, (mut config, passages)) in settings.into_iter().enumerate() {
            let name = format!("{component}-{at}");
            config.insert("connector.class", SOURCE_CLASS);
            config.insert("topic", "unused");
            config.insert("tasks.max", "1");
            config.insert("max.messages", passages.len().to_string());
            let probe = monitor.probe(&name);
            let given: Arc<[Record]> = passages.iter().map(|one| one.given.clone()).collect();
            let next = std::sync::atomic::AtomicUsize::new(0);
            probe.change_records(move |mut record| {
                let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                record.record = given[at].clone();
                record
            });
            cluster.create_running(&name, config.clone()).await;
            let mut expected: BTreeMap<String, Vec<(String, TopicRecord)>> = BTreeMap::new();
            for Passage { id, result, .. } in passages {
                match result {
                    Some((topic, record)) => expected.entry(topic).or_default().push((id, record)),
                    None => dropped += 1,
                }
            }
            for (topic, records) in expected {
                let from = *seen.entry(topic.clone()).or_default();
                let found = cluster.kafka().expect_records(&topic, from + records.len()).await;
                assert_eq!(found.len(), from + records.len(), "{name}: {topic}");
                for ((id, expected), found) in records.iter().zip(&found[from..]) {
                    let expected = TopicRecord {
                        timestamp: expected.timestamp.or(found.timestamp),
                        offset: found.offset,
                        ..expected.clone()
                    };
                    assert_eq!(*found, expected, "{id}");
                    passed += 1;
                }
                seen.insert(topic, found.len());
            }
            cluster.expect_tasks(&name, 1, aqueduct_proto::state::State::Running).await;
            cluster.delete(&name).await;
        }
    }
    let summary = format!("{passed} records passed, {dropped} were dropped");
    say(&summary);
    assert!(passed > 200 && dropped > 0, "{summary}");
}

#[expect(clippy::print_stdout, reason = "a test's own report, which the harness shows when asked")]
fn say(line: &str) {
    println!("{line}");
}
