//! A connector's configuration as the runtime uses it.

use std::sync::Arc;

use aqueduct_api::config::ConfigData;
use aqueduct_api::java_regex::JavaRegex;
use aqueduct_api::{ConfigMap, Error, PluginKind, Result};

use super::definition::{Shown, sink, source};
use super::enrich::{NEGATE, PREDICATE, aliases, enrich};
use super::{TopicCreationGroup, keys};
use crate::registry::{Registry, VersionRange, Wanted};

/// What every connector is configured with, whatever its class. Made from a configuration whose references to config
/// providers are resolved.
#[derive(Debug, Clone)]
pub struct ConnectorConfig {
    /// The connector's name.
    pub name: String,
    /// Its class or alias, as given.
    pub class: String,
    /// The versions of the class that will do; `None`: the newest.
    pub version: Option<VersionRange>,
    /// How many tasks there may be.
    pub tasks_max: usize,
    /// Whether more tasks than that make the connector fail.
    pub tasks_max_enforce: bool,
    /// The key converter; `None`: the worker's.
    pub key_converter: Option<PluginSpec>,
    /// The value converter; `None`: the worker's.
    pub value_converter: Option<PluginSpec>,
    /// The header converter; `None`: the worker's.
    pub header_converter: Option<PluginSpec>,
    /// The transformations in their order.
    pub transforms: Vec<TransformSpec>,
    /// The predicates by alias.
    pub predicates: Vec<(String, PluginSpec)>,
    /// Whether the connector is restarted when a config provider's value is no longer good.
    pub restart_on_reload: bool,
    /// What to do about errors.
    pub errors: ErrorSettings,
    /// What only sources or only sinks have.
    pub direction: Direction,
    /// Settings of the connector's producers.
    pub producer_overrides: ConfigMap,
    /// Settings of the connector's consumers.
    pub consumer_overrides: ConfigMap,
    /// Settings of the connector's admin clients.
    pub admin_overrides: ConfigMap,
}

/// A plugin to make: its class or alias, its versions, its own configuration.
#[derive(Debug, Clone)]
pub struct PluginSpec {
    /// The class or alias, as given.
    pub class: String,
    /// The versions that will do; `None`: the newest.
    pub version: Option<VersionRange>,
    /// What `configure` gets.
    pub config: ConfigMap,
}

/// A transformation of the chain.
#[derive(Debug, Clone)]
pub struct TransformSpec {
    /// Its alias.
    pub alias: String,
    /// The plugin.
    pub plugin: PluginSpec,
    /// The alias of the predicate that says to which records it applies.
    pub predicate: Option<String>,
    /// Whether it applies to the other records instead.
    pub negate: bool,
}

/// What to do about errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorSettings {
    /// For how long to try again; 0: not at all; -1: without end.
    pub retry_timeout_ms: i64,
    /// The longest pause between two tries.
    pub retry_delay_max_ms: i64,
    /// Whether records that cannot be handled are skipped; otherwise they fail the task.
    pub tolerate_all: bool,
    /// Whether every error is logged.
    pub log_enable: bool,
    /// Whether logged errors name the record.
    pub log_include_messages: bool,
}

/// What only sources or only sinks have.
#[derive(Debug, Clone)]
pub enum Direction {
    /// From a system into Kafka.
    Source(SourceSettings),
    /// From Kafka into a system.
    Sink(SinkSettings),
}

/// What every source has.
#[derive(Debug, Clone)]
pub struct SourceSettings {
    /// The groups of topics to create, the default last; empty: the brokers create topics, or nobody.
    pub topic_creation: Vec<TopicCreationGroup>,
    /// Whether the connector must deliver exactly once.
    pub exactly_once_required: bool,
    /// Where transactions end.
    pub boundary: TransactionBoundary,
    /// With [`TransactionBoundary::Interval`]; `None`: the worker's flush interval.
    pub boundary_interval_ms: Option<i64>,
    /// The connector's own topic for offsets.
    pub offsets_topic: Option<String>,
}

/// Where transactions end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionBoundary {
    /// After each batch.
    Poll,
    /// After some time.
    Interval,
    /// Where the task says.
    Connector,
}

/// What every sink has.
#[derive(Debug, Clone)]
pub struct SinkSettings {
    /// What to read.
    pub topics: Topics,
    /// Where records go that cannot be handled.
    pub dead_letter_queue: Option<DeadLetterQueue>,
}

/// Topics to read.
#[derive(Debug, Clone)]
pub enum Topics {
    /// These.
    List(Vec<String>),
    /// All whose whole name matches.
    Regex(Box<JavaRegex>),
}

/// Where records go that cannot be handled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterQueue {
    /// The topic.
    pub topic: String,
    /// How many replicas the topic gets if it has to be created.
    pub replication_factor: i16,
    /// Whether letters get headers about the error.
    pub context_headers: bool,
}

/// The keys of every connector of a direction.
pub fn definition(kind: &PluginKind, registry: &Arc<Registry>, shown: &Shown) -> aqueduct_api::ConfigDef {
    match kind {
        PluginKind::Sink { .. } => sink(registry, shown),
        _ => source(registry, shown),
    }
}

impl ConnectorConfig {
    /// Parses a configuration. Fails at the first key that cannot be used, with Java's message.
    pub fn parse(config: &ConfigMap, registry: &Arc<Registry>) -> Result<Self> {
        let class = config.require(keys::CONNECTOR_CLASS)?;
        let version = VersionRange::parse(config.get(keys::CONNECTOR_VERSION))?;
        let plugin = registry.get(Wanted::Connector, class, version.as_ref())?;
        let def = enrich(definition(&plugin.kind, registry, &Shown::default()), config, registry);
        let data = def.parse_with(config, registry.as_ref())?;
        let direction = match plugin.kind {
            PluginKind::Sink { .. } => Direction::Sink(SinkSettings::new(&data)?),
            _ => Direction::Source(SourceSettings::new(config, &data)?),
        };
        for warning in data.warnings() {
            tracing::warn!(connector = config.get(keys::NAME), "{warning}");
        }
        Ok(Self {
            name: data.string(keys::NAME)?.to_owned(),
            class: class.to_owned(),
            version,
            tasks_max: usize::try_from(data.integer(keys::TASKS_MAX)?).unwrap_or(1),
            tasks_max_enforce: data.boolean(keys::TASKS_MAX_ENFORCE)?,
            key_converter: converter(config, &data, keys::KEY_CONVERTER)?,
            value_converter: converter(config, &data, keys::VALUE_CONVERTER)?,
            header_converter: converter(config, &data, keys::HEADER_CONVERTER)?,
            transforms: transforms(config, &data)?,
            predicates: predicates(config)?,
            restart_on_reload: data.string(keys::CONFIG_RELOAD)? == "restart",
            errors: ErrorSettings::new(&data)?,
            direction,
            producer_overrides: config.with_prefix(keys::PRODUCER_OVERRIDE_PREFIX),
            consumer_overrides: config.with_prefix(keys::CONSUMER_OVERRIDE_PREFIX),
            admin_overrides: config.with_prefix(keys::ADMIN_OVERRIDE_PREFIX),
        })
    }

    /// What only a source has.
    pub fn source(&self) -> Option<&SourceSettings> {
        match &self.direction {
            Direction::Source(settings) => Some(settings),
            Direction::Sink(_) => None,
        }
    }

    /// What only a sink has.
    pub fn sink(&self) -> Option<&SinkSettings> {
        match &self.direction {
            Direction::Sink(settings) => Some(settings),
            Direction::Source(_) => None,
        }
    }
}

/// A converter that the connector sets itself; its keys then come from the connector's configuration alone.
fn converter(config: &ConfigMap, data: &ConfigData, key: &str) -> Result<Option<PluginSpec>> {
    let Some(class) = data.optional_string(key)? else {
        return Ok(None);
    };
    PluginSpec::new(class, config.with_prefix(&format!("{key}."))).map(Some)
}

fn transforms(config: &ConfigMap, data: &ConfigData) -> Result<Vec<TransformSpec>> {
    let spec = |alias: String| {
        let prefix = format!("{}.{alias}.", keys::TRANSFORMS);
        let mut own = config.with_prefix(&prefix);
        own.remove(PREDICATE);
        own.remove(NEGATE);
        let class = own.require("type").map_err(|_| missing_type(&prefix))?.to_owned();
        Ok(TransformSpec {
            plugin: PluginSpec::new(class.trim(), own)?,
            predicate: data.optional_string(&format!("{prefix}{PREDICATE}"))?.map(str::to_owned),
            negate: data.boolean(&format!("{prefix}{NEGATE}"))?,
            alias,
        })
    };
    aliases(config, keys::TRANSFORMS).into_iter().map(spec).collect()
}

fn predicates(config: &ConfigMap) -> Result<Vec<(String, PluginSpec)>> {
    let spec = |alias: String| {
        let prefix = format!("{}.{alias}.", keys::PREDICATES);
        let own = config.with_prefix(&prefix);
        let class = own.require("type").map_err(|_| missing_type(&prefix))?.to_owned();
        Ok((alias, PluginSpec::new(class.trim(), own)?))
    };
    aliases(config, keys::PREDICATES).into_iter().map(spec).collect()
}

fn missing_type(prefix: &str) -> Error {
    Error::config(format!("Missing required configuration \"{prefix}type\" which has no default value."))
}

impl PluginSpec {
    /// A plugin whose configuration says in `plugin.version` which versions will do.
    pub fn new(class: &str, config: ConfigMap) -> Result<Self> {
        let version = VersionRange::parse(config.get(keys::PLUGIN_VERSION))?;
        Ok(Self { class: class.to_owned(), version, config })
    }
}

impl ErrorSettings {
    fn new(data: &ConfigData) -> Result<Self> {
        Ok(Self {
            retry_timeout_ms: data.integer(keys::ERRORS_RETRY_TIMEOUT)?,
            retry_delay_max_ms: data.integer(keys::ERRORS_RETRY_DELAY_MAX_MS)?,
            tolerate_all: data.string(keys::ERRORS_TOLERANCE)? == "all",
            log_enable: data.boolean(keys::ERRORS_LOG_ENABLE)?,
            log_include_messages: data.boolean(keys::ERRORS_LOG_INCLUDE_MESSAGES)?,
        })
    }
}

impl SourceSettings {
    fn new(config: &ConfigMap, data: &ConfigData) -> Result<Self> {
        let boundary = match data.string(keys::TRANSACTION_BOUNDARY)?.to_lowercase().as_str() {
            "interval" => TransactionBoundary::Interval,
            "connector" => TransactionBoundary::Connector,
            _ => TransactionBoundary::Poll,
        };
        Ok(Self {
            topic_creation: TopicCreationGroup::configured(config, data.list(keys::TOPIC_CREATION_GROUPS)?)?,
            exactly_once_required: data.string(keys::EXACTLY_ONCE_SUPPORT)?.eq_ignore_ascii_case("required"),
            boundary,
            boundary_interval_ms: data.optional_integer(keys::TRANSACTION_BOUNDARY_INTERVAL_MS)?,
            offsets_topic: data.optional_string(keys::OFFSETS_STORAGE_TOPIC)?.map(str::to_owned),
        })
    }
}

impl SinkSettings {
    fn new(data: &ConfigData) -> Result<Self> {
        let list = data.list(keys::TOPICS)?;
        let regex = data.string(keys::TOPICS_REGEX)?;
        let topics = match (list.is_empty(), regex.is_empty()) {
            (false, true) => Topics::List(list.to_vec()),
            (true, false) => {
                let regex = JavaRegex::new(regex).map_err(|error| Error::config(error.to_string()))?;
                Topics::Regex(Box::new(regex))
            }
            (true, true) => return Err(Error::config("Must configure one of topics or topics.regex")),
            (false, false) => {
                return Err(Error::config(
                    "topics and topics.regex are mutually exclusive options, but both are set.",
                ));
            }
        };
        let topic = data.string(keys::DLQ_TOPIC)?;
        let dead_letter_queue = if topic.is_empty() {
            None
        } else {
            Some(DeadLetterQueue {
                topic: topic.to_owned(),
                replication_factor: i16::try_from(data.integer(keys::DLQ_REPLICATION_FACTOR)?).unwrap_or(-1),
                context_headers: data.boolean(keys::DLQ_CONTEXT_HEADERS)?,
            })
        };
        Ok(Self { topics, dead_letter_queue })
    }
}
