//! The configuration of connectors as the runtime uses it.

use std::sync::Arc;

use aqueduct_api::{ConfigDef, Result};
use aqueduct_runtime::connector_config::{ConnectorConfig, Topics, TransactionBoundary};
use aqueduct_runtime::registry::Registry;

use crate::doubles::plugin;

fn parse(entries: &[(&str, &str)]) -> Result<ConnectorConfig> {
    let registry = Registry::new(vec![
        plugin("source", "t.IdleSourceConnector", "1", ConfigDef::new()),
        plugin("sink", "t.IdleSinkConnector", "1", ConfigDef::new()),
        plugin("transformation", "t.Filter", "1", ConfigDef::new()),
        plugin("predicate", "t.Matches", "1", ConfigDef::new()),
    ]);
    let config = entries.iter().copied().collect();
    ConnectorConfig::parse(&config, &Arc::new(registry))
}

fn message(entries: &[(&str, &str)]) -> String {
    parse(entries).expect_err("bad").to_string()
}

const SINK: [(&str, &str); 2] = [("name", "c"), ("connector.class", "IdleSink")];
const SOURCE: [(&str, &str); 2] = [("name", "c"), ("connector.class", "t.IdleSourceConnector")];

#[test]
fn reads_a_sink() {
    let more = [
        ("topics", "a, b"),
        ("tasks.max", "3"),
        ("errors.tolerance", "all"),
        ("errors.deadletterqueue.topic.name", "dead"),
        ("consumer.override.max.poll.records", "5"),
        ("transforms", "f,g"),
        ("transforms.f.type", "Filter"),
        ("transforms.f.predicate", "p"),
        ("transforms.f.negate", "true"),
        ("transforms.f.own", "x"),
        ("transforms.g.type", "t.Filter"),
        ("predicates", "p"),
        ("predicates.p.type", "Matches"),
        ("predicates.p.pattern", "y"),
    ];
    let config = parse(&[&SINK[..], &more[..]].concat()).expect("good");
    assert_eq!((config.name.as_str(), config.tasks_max, config.errors.tolerate_all), ("c", 3, true));
    assert_eq!(config.consumer_overrides, [("max.poll.records", "5")].into());
    let sink = config.sink().expect("a sink");
    assert!(matches!(&sink.topics, Topics::List(topics) if topics == &["a", "b"]));
    assert_eq!(sink.dead_letter_queue.as_ref().map(|queue| queue.replication_factor), Some(3));
    let [filter, plain] = config.transforms.as_slice() else { panic!("two transformations") };
    assert_eq!((filter.predicate.as_deref(), filter.negate), (Some("p"), true));
    assert_eq!(filter.plugin.config, [("type", "Filter"), ("own", "x")].into());
    assert_eq!((plain.predicate.as_deref(), plain.negate), (None, false));
    assert_eq!(config.predicates[0].1.config.get("pattern"), Some("y"));
    assert!(config.key_converter.is_none());
}

#[test]
fn reads_a_source() {
    let more = [
        ("transaction.boundary", "INTERVAL"),
        ("transaction.boundary.interval.ms", "5"),
        ("exactly.once.support", "required"),
        ("offsets.storage.topic", "o"),
        ("config.action.reload", "none"),
    ];
    let config = parse(&[&SOURCE[..], &more[..]].concat()).expect("good");
    let source = config.source().expect("a source");
    assert_eq!((source.boundary, source.boundary_interval_ms), (TransactionBoundary::Interval, Some(5)));
    assert_eq!((source.exactly_once_required, source.offsets_topic.as_deref()), (true, Some("o")));
    assert!(source.topic_creation.is_empty() && !config.restart_on_reload);
}

#[test]
fn drops_what_validation_refuses_of_lists() {
    let config = parse(&[&SINK[..], &[("topics", "a,b,a")]].concat()).expect("good");
    assert!(matches!(&config.sink().expect("a sink").topics, Topics::List(topics) if topics == &["a", "b"]));
}

#[test]
fn says_what_is_wrong() {
    let sink = |more: &[(&str, &str)]| message(&[&SINK[..], more].concat());
    assert_eq!(sink(&[]), "Must configure one of topics or topics.regex");
    assert_eq!(
        sink(&[("topics", "a"), ("tasks.max", "0")]),
        "Invalid value 0 for configuration tasks.max: Value must be at least 1"
    );
    assert_eq!(
        sink(&[("topics", "a"), ("transforms", "f")]),
        "Missing required configuration \"transforms.f.type\" which has no default value."
    );
    assert_eq!(
        sink(&[("topics", "a"), ("connector.plugin.version", "9")]),
        "Plugin t.IdleSinkConnector not found that matches the version range [9,9], available versions: [1]"
    );
}
