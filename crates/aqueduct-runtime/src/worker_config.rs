//! What a worker is configured with.

mod checks;
mod definition;
mod distributed;
mod headers;
mod rest;
mod table;

pub use definition::{TEST_PLUGINS, distributed, standalone};
pub use distributed::{DistributedConfig, ExactlyOnceSource, InternalTopic, Protocol, Signing};
pub use headers::{HeaderAction, HeaderRule};
pub use rest::{Listener, RestConfig};
pub(crate) use table::default as default_text;

use std::path::PathBuf;
use std::time::Duration;

use aqueduct_api::config::{AnyClass, ConfigData, Parsed};
use aqueduct_api::{ConfigMap, ConfigType, Error, Result};

use crate::connector_config::PluginSpec;
use crate::validation::OverridePolicy;

/// The simple header converter, which workers use unless told otherwise.
const SIMPLE_HEADER_CONVERTER: &str = "org.apache.kafka.connect.storage.SimpleHeaderConverter";

/// What a worker is configured with. Made from properties whose references to config providers are resolved.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// The properties as they came. Keys that nobody defines are kept: clients and plugins may know them.
    pub properties: ConfigMap,
    /// Whether the worker stands alone, or shares work with others.
    pub mode: Mode,
    /// Brokers to begin with.
    pub bootstrap_servers: Vec<String>,
    /// The key converter of connectors that choose none.
    pub key_converter: PluginSpec,
    /// The value converter of connectors that choose none.
    pub value_converter: PluginSpec,
    /// The header converter of connectors that choose none.
    pub header_converter: PluginSpec,
    /// What all tasks together get to stop by themselves.
    pub task_shutdown_graceful_timeout: Duration,
    /// Between two commits of a task's offsets.
    pub offset_flush_interval: Duration,
    /// How long a commit may take.
    pub offset_flush_timeout: Duration,
    /// Which settings of clients connectors may override.
    pub override_policy: OverridePolicy,
    /// The REST API.
    pub rest: RestConfig,
    /// Whether sources may have topics created.
    pub topic_creation_enable: bool,
    /// Whether it is recorded which topics connectors use.
    pub topic_tracking_enable: bool,
    /// Whether that record may be reset.
    pub topic_tracking_allow_reset: bool,
    /// How metrics are sampled.
    pub metrics: MetricsConfig,
    /// Whether plugins for tests may be used.
    pub test_plugins: bool,
}

/// Whether a worker stands alone.
#[derive(Debug, Clone)]
pub enum Mode {
    /// It does, and keeps offsets in this file.
    Standalone {
        /// The file.
        offsets_file: PathBuf,
    },
    /// It shares work with others.
    Distributed(Box<DistributedConfig>),
}

/// How metrics are sampled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsConfig {
    /// What a sample covers.
    pub sample_window: Duration,
    /// How many samples are kept.
    pub samples: usize,
    /// `INFO` or `DEBUG`.
    pub recording_level: String,
    /// Labels from `metrics.context.`.
    pub context: ConfigMap,
}

impl WorkerConfig {
    /// Parses the properties of a standalone worker. Fails at the first key that cannot be used, with Java's message.
    pub fn standalone(properties: ConfigMap) -> Result<Self> {
        let data = standalone().parse(&properties)?;
        let offsets_file = data.string("offset.storage.file.filename")?.into();
        Self::new(properties, &data, Mode::Standalone { offsets_file })
    }

    /// Parses the properties of a worker in a group. Fails at the first key that cannot be used, with Java's message.
    pub fn distributed_worker(properties: ConfigMap) -> Result<Self> {
        let data = distributed().parse(&properties)?;
        let mode = Mode::Distributed(Box::new(DistributedConfig::new(&properties, &data)?));
        Self::new(properties, &data, mode)
    }

    fn new(properties: ConfigMap, data: &ConfigData, mode: Mode) -> Result<Self> {
        for warning in data.warnings() {
            tracing::warn!("{warning}");
        }
        for ignored in ["internal.key.converter", "internal.value.converter"] {
            if properties.names().any(|name| name.starts_with(ignored)) {
                tracing::warn!("{ignored} has no effect and can be removed");
            }
        }
        let converter = |key: &str| {
            let class = data.string(key)?;
            PluginSpec::new(class, properties.with_prefix(&format!("{key}.")))
        };
        Ok(Self {
            mode,
            bootstrap_servers: data.list("bootstrap.servers")?.to_vec(),
            key_converter: converter("key.converter")?,
            value_converter: converter("value.converter")?,
            header_converter: header_converter(&properties, data)?,
            task_shutdown_graceful_timeout: millis(data, "task.shutdown.graceful.timeout.ms")?,
            offset_flush_interval: millis(data, "offset.flush.interval.ms")?,
            offset_flush_timeout: millis(data, "offset.flush.timeout.ms")?,
            override_policy: override_policy(&properties, data)?,
            rest: RestConfig::new(&properties, data)?,
            topic_creation_enable: data.boolean("topic.creation.enable")?,
            topic_tracking_enable: data.boolean("topic.tracking.enable")?,
            topic_tracking_allow_reset: data.boolean("topic.tracking.allow.reset")?,
            metrics: MetricsConfig {
                sample_window: millis(data, "metrics.sample.window.ms")?,
                samples: optional_usize(data, "metrics.num.samples")?.unwrap_or(1),
                recording_level: data.string("metrics.recording.level")?.to_owned(),
                context: properties.with_prefix("metrics.context."),
            },
            test_plugins: data.boolean(TEST_PLUGINS)?,
            properties,
        })
    }

    /// What only a worker in a group has.
    pub fn distributed(&self) -> Option<&DistributedConfig> {
        match &self.mode {
            Mode::Distributed(config) => Some(config),
            Mode::Standalone { .. } => None,
        }
    }

    /// Settings of all producers of connectors: what begins with `producer.`, without that.
    pub fn producer(&self) -> ConfigMap {
        self.properties.with_prefix("producer.")
    }

    /// Settings of all consumers of connectors: what begins with `consumer.`, without that.
    pub fn consumer(&self) -> ConfigMap {
        self.properties.with_prefix("consumer.")
    }

    /// Settings of all admin clients of connectors: what begins with `admin.`, without that. The keys of the admin
    /// endpoints are left out.
    pub fn admin(&self) -> ConfigMap {
        let all = self.properties.with_prefix("admin.");
        let settings = all.iter().filter(|(name, _)| *name != "listeners" && !name.starts_with("listeners."));
        settings.map(|(name, value)| (name, value.map(str::to_owned))).collect()
    }
}

/// A header converter that nobody has chosen gets no keys.
fn header_converter(properties: &ConfigMap, data: &ConfigData) -> Result<PluginSpec> {
    let class = data.optional_string("header.converter")?.unwrap_or(SIMPLE_HEADER_CONVERTER);
    PluginSpec::new(class, properties.with_prefix("header.converter."))
}

fn override_policy(properties: &ConfigMap, data: &ConfigData) -> Result<OverridePolicy> {
    let list = properties.get("connector.client.config.override.allowlist").unwrap_or_default();
    let allowlist =
        match ConfigType::List.parse("connector.client.config.override.allowlist", list, &AnyClass) {
            Ok(Parsed::List(settings)) => settings,
            _ => Vec::new(),
        };
    let name = data.string("connector.client.config.override.policy")?;
    let policy = OverridePolicy::from_name(name, &allowlist).ok_or_else(|| {
        Error::config(format!(
            "Invalid value {name} for configuration connector.client.config.override.policy: String must be one of: All, \
             None, Principal, Allowlist"
        ))
    })?;
    if policy == OverridePolicy::Principal {
        tracing::warn!("the Principal override policy is deprecated; use Allowlist");
    }
    Ok(policy)
}

/// The milliseconds of a key; a negative number counts as none.
fn millis(data: &ConfigData, key: &str) -> Result<Duration> {
    Ok(Duration::from_millis(u64::try_from(data.integer(key)?).unwrap_or(0)))
}

fn optional_usize(data: &ConfigData, key: &str) -> Result<Option<usize>> {
    Ok(data.optional_integer(key)?.and_then(|number| usize::try_from(number).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(more: &[(&str, &str)]) -> ConfigMap {
        let mut properties: ConfigMap = [
            ("bootstrap.servers", "h1:9092,h2:9092,h1:9092"),
            ("key.converter", "K"),
            ("value.converter", "V"),
            ("value.converter.schemas.enable", "false"),
            ("offset.storage.file.filename", "/data/offsets"),
            ("group.id", "g"),
            ("offset.storage.topic", "o"),
            ("config.storage.topic", "c"),
            ("status.storage.topic", "s"),
        ]
        .into();
        for (name, value) in more {
            properties.insert(*name, *value);
        }
        properties
    }

    #[test]
    fn reads_a_standalone_worker() {
        let more =
            [("producer.acks", "1"), ("admin.retries", "3"), ("admin.listeners", ""), ("unknown", "x")];
        let worker = WorkerConfig::standalone(properties(&more)).expect("good");
        assert_eq!(worker.bootstrap_servers, ["h1:9092", "h2:9092"]);
        assert_eq!(worker.value_converter.config, [("schemas.enable", "false")].into());
        assert_eq!(worker.offset_flush_interval, Duration::from_secs(60));
        assert_eq!(worker.producer(), [("acks", "1")].into());
        assert_eq!(worker.admin(), [("retries", "3")].into());
        assert_eq!(worker.rest.admin_listeners, Some(Vec::new()));
        assert_eq!(worker.properties.get("unknown"), Some("x"));
        assert!(worker.distributed().is_none());
    }

    #[test]
    fn reads_a_worker_of_a_group() {
        let more = [("exactly.once.source.support", "ENABLED"), ("config.storage.min.insync.replicas", "2")];
        let worker = WorkerConfig::distributed_worker(properties(&more)).expect("good");
        let distributed = worker.distributed().expect("a group");
        assert!(distributed.exactly_once.is_enabled());
        assert_eq!(distributed.protocol, Protocol::Sessioned);
        assert_eq!(distributed.offset_topic.partitions, 25);
        assert_eq!(distributed.config_topic.partitions, 1);
        assert_eq!(distributed.config_topic.settings, [("min.insync.replicas", "2")].into());
    }

    #[test]
    fn says_what_java_says() {
        for (key, value, message) in [
            (
                "bootstrap.servers",
                "",
                "Configuration 'bootstrap.servers' must not be empty. Valid values include: any non-empty value",
            ),
            (
                "connect.protocol",
                "x",
                "Invalid value x for configuration connect.protocol: String must be one of: eager, compatible, sessioned",
            ),
            (
                "inter.worker.signature.algorithm",
                "HmacSHA1",
                "Invalid value HmacSHA1 for configuration inter.worker.signature.algorithm: Signature algorithm must be present in inter.worker.verification.algorithms list",
            ),
            ("listeners", "ftp://h:1", "Listener protocol must be either \"http\" or \"https\"."),
            (
                "status.storage.partitions",
                "0",
                "Invalid value 0 for configuration status.storage.partitions: Number of partitions must be positive, or -1 to use the broker's default",
            ),
        ] {
            let error = WorkerConfig::distributed_worker(properties(&[(key, value)])).expect_err(key);
            assert_eq!(error.message(), Some(message));
        }
    }
}
