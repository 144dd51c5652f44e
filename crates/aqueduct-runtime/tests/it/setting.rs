//! Configurations, plugins and clusters for tests of running connectors.

use std::sync::Arc;

use aqueduct_api::data::java_text::value_text;
use aqueduct_api::{ConfigDef, ConfigMap, Error, Origin, Plugin, PluginKind, Record, Result, Transformation};
use aqueduct_testkit::{EmbeddedCluster, Monitor, SINK_CLASS, SOURCE_CLASS};

pub(crate) const TOPIC: &str = "topic";
/// The group of the connector `c`.
pub(crate) const GROUP: &str = "connect-c";

pub(crate) async fn cluster(monitor: &Monitor) -> EmbeddedCluster {
    EmbeddedCluster::start(monitor.plugins()).await
}

fn config(class: &str, more: &[(&str, &str)]) -> ConfigMap {
    let mut config = ConfigMap::from([("connector.class", class), ("tasks.max", "1")]);
    config.extend_with(&more.iter().copied().collect());
    config
}

/// A source with one task that writes to [`TOPIC`].
pub(crate) fn source(more: &[(&str, &str)]) -> ConfigMap {
    let mut config = config(SOURCE_CLASS, &[("topic", TOPIC)]);
    config.extend_with(&more.iter().copied().collect());
    config
}

/// A sink with one task that reads [`TOPIC`].
pub(crate) fn sink(more: &[(&str, &str)]) -> ConfigMap {
    let mut config = config(SINK_CLASS, &[("topics", TOPIC)]);
    config.extend_with(&more.iter().copied().collect());
    config
}

/// A sink of the topics that match.
pub(crate) fn sink_of_pattern(pattern: &str) -> ConfigMap {
    config(SINK_CLASS, &[("topics.regex", pattern)])
}

/// The values that the source `c` with one task gives.
pub(crate) fn source_values(numbers: impl IntoIterator<Item = i64>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("value-c-0-{number}")).collect()
}

/// Numbered values for sinks.
pub(crate) fn texts(numbers: impl IntoIterator<Item = usize>) -> Vec<String> {
    numbers.into_iter().map(|number| format!("text-{number}")).collect()
}

/// The class of [`changing`].
pub(crate) const CHANGING: &str = "test.Changing";

/// Applies [`CHANGING`] to all records.
pub(crate) const CHANGED: [(&str, &str); 2] =
    [("transforms", "change"), ("transforms.change.type", CHANGING)];

type Rule = Arc<dyn Fn(Record) -> Result<Option<Record>> + Send + Sync>;

struct Changing(Rule);

impl Transformation for Changing {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }

    fn configure(&mut self, _config: &ConfigMap) -> Result<()> {
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let changed = (self.0)(record.clone())?;
        Ok(changed.map(|changed| *record = changed).is_some())
    }
}

/// A transformation that does what a test wants.
pub(crate) fn changing(rule: impl Fn(Record) -> Result<Option<Record>> + Send + Sync + 'static) -> Plugin {
    let rule: Rule = Arc::new(rule);
    let make = move || Box::new(Changing(Arc::clone(&rule))) as Box<dyn Transformation>;
    Plugin { class: CHANGING, version: "1", kind: PluginKind::Transformation(Arc::new(make)) }
}

/// A transformation that fails for a value.
pub(crate) fn failing_for(value: impl Into<String>) -> Plugin {
    let value = value.into();
    changing(move |record| match value_text(&record.value) == value {
        true => Err(Error::data(format!("{value} does not suit"))),
        false => Ok(Some(record)),
    })
}

/// Connectors of a monitor, and one more plugin.
pub(crate) fn plugins(monitor: &Monitor, more: Plugin) -> Vec<Plugin> {
    let mut plugins = monitor.plugins();
    plugins.push(more);
    plugins
}

/// The stored offset of the only partition of a source, by its key `saved`.
pub(crate) async fn saved(cluster: &EmbeddedCluster, name: &str) -> Option<i64> {
    let offsets = cluster.herder().connector_offsets(name).await.expect("offsets").offsets;
    assert!(offsets.len() <= 1, "{offsets:?}");
    offsets.first()?.offset.as_ref()?.get("saved")?.as_i64()
}

/// Waits until an offset is stored.
pub(crate) async fn expect_saved(cluster: &EmbeddedCluster, name: &str, offset: i64) {
    expect(&format!("{offset} is saved"), async || saved(cluster, name).await == Some(offset)).await;
}

/// Waits until a group has committed an offset of partition 0 of [`TOPIC`].
pub(crate) async fn expect_committed(cluster: &EmbeddedCluster, offset: i64) {
    let is = async || cluster.kafka().committed(GROUP, TOPIC).await.get(&0) == Some(&offset);
    expect(&format!("{offset} is committed"), is).await;
}

/// Waits until a condition holds that takes I/O to look at.
pub(crate) async fn expect(what: &str, condition: impl AsyncFn() -> bool) {
    let deadline = tokio::time::Instant::now() + aqueduct_testkit::PATIENCE;
    while !condition().await {
        assert!(tokio::time::Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
