//! The keys that every connector has, and those of every source and every sink.

use std::collections::HashSet;
use std::sync::Arc;

use aqueduct_api::config::Parsed;
use aqueduct_api::{ConfigDef, ConfigKey, ConfigType, Importance, Validator, Width};

use super::classes::{ConverterKeys, ShownConverter, Versions, converter_keys, version_spec};
use super::keys;
use crate::registry::{Registry, Wanted};

pub(super) const COMMON: &str = "Common";
const TRANSFORMS: &str = "Transforms";
const PREDICATES: &str = "Predicates";
const ERRORS: &str = "Error Handling";
const TOPIC_CREATION: &str = "Topic Creation";
const EXACTLY_ONCE: &str = "Exactly Once Support";
const OFFSETS_TOPIC: &str = "offsets.topic";

/// Defaults that the validate endpoint shows and that no running connector gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The newest version of the connector's class.
    pub connector_version: Option<String>,
    /// The key converter.
    pub key: ShownConverter,
    /// The value converter.
    pub value: ShownConverter,
    /// The header converter.
    pub header: ShownConverter,
}

/// Checks that no alias comes twice.
fn unique_aliases(of_what: &str) -> Validator {
    let unique = Validator::lambda(format!("unique {of_what}"), |_, value| match value {
        Parsed::List(aliases) if aliases.iter().collect::<HashSet<_>>().len() < aliases.len() => {
            Err("Duplicate alias provided.".to_owned())
        }
        _ => Ok(()),
    });
    Validator::composite([Validator::non_null(), unique])
}

/// The keys of every connector.
pub fn common(registry: &Arc<Registry>, shown: &Shown) -> ConfigDef {
    let mut def = ConfigDef::from_iter(identity(registry, shown));
    let converters = [
        (keys::KEY_CONVERTER, keys::KEY_CONVERTER_VERSION, "Key", Wanted::Converter, &shown.key),
        (keys::VALUE_CONVERTER, keys::VALUE_CONVERTER_VERSION, "Value", Wanted::Converter, &shown.value),
        (
            keys::HEADER_CONVERTER,
            keys::HEADER_CONVERTER_VERSION,
            "Header",
            Wanted::HeaderConverter,
            &shown.header,
        ),
    ];
    for (order, (class_key, version_key, part, wanted, shown)) in (6..).step_by(2).zip(converters) {
        let which = ConverterKeys { class_key, version_key, part, wanted };
        for key in converter_keys(registry, which, order, shown) {
            def.define(key);
        }
    }
    for key in changes().into_iter().chain(errors()) {
        def.define(key);
    }
    def
}

fn identity(registry: &Arc<Registry>, shown: &Shown) -> [ConfigKey; 5] {
    let version = shown.connector_version.clone().map_or(Parsed::Null, Parsed::String);
    [
        ConfigKey::required(keys::NAME, ConfigType::String, Importance::High, "A name for the connector that no other in the cluster has.")
            .validator(Validator::non_empty_without_control_chars())
            .group(COMMON, 1, Width::Medium, "Connector name"),
        ConfigKey::required(
            keys::CONNECTOR_CLASS,
            ConfigType::String,
            Importance::High,
            "The class of the connector: its full name, or a short name such as FileStreamSink for \
             org.apache.kafka.connect.file.FileStreamSinkConnector.",
        )
        .group(COMMON, 2, Width::Long, "Connector class"),
        ConfigKey::new(
            keys::CONNECTOR_VERSION,
            ConfigType::String,
            version,
            Importance::Medium,
            "The version, or a range of versions, of the connector's class.",
        )
        .validator(version_spec())
        .group(COMMON, 3, Width::Medium, "Connector version")
        .recommender(Arc::new(Versions {
            registry: Arc::clone(registry),
            wanted: Wanted::Connector,
            class_key: keys::CONNECTOR_CLASS.to_owned(),
            always_visible: false,
        })),
        ConfigKey::new(keys::TASKS_MAX, ConfigType::Int, 1, Importance::High, "How many tasks the connector may have at most.")
            .validator(Validator::at_least(1))
            .group(COMMON, 4, Width::Short, "Tasks max"),
        ConfigKey::new(
            keys::TASKS_MAX_ENFORCE,
            ConfigType::Boolean,
            true,
            Importance::Low,
            "(Deprecated) Whether a connector that asks for more tasks than tasks.max fails. When false, all its tasks run \
             and a warning is logged.",
        )
        .group(COMMON, 5, Width::Short, "Enforce tasks max"),
    ]
}

fn changes() -> [ConfigKey; 3] {
    [
        ConfigKey::new(keys::TRANSFORMS, ConfigType::List, [], Importance::Low, "Aliases of the transformations of records, in the order in which they apply.")
            .validator(unique_aliases("transformation aliases"))
            .group(TRANSFORMS, 12, Width::Long, "Transforms"),
        ConfigKey::new(keys::PREDICATES, ConfigType::List, [], Importance::Low, "Aliases of the predicates that transformations use.")
            .validator(unique_aliases("predicate aliases"))
            .group(PREDICATES, 13, Width::Long, "Predicates"),
        ConfigKey::new(
            keys::CONFIG_RELOAD,
            ConfigType::String,
            "restart",
            Importance::Low,
            "What happens when a config provider says that a value is no longer good: restart the connector, or none.",
        )
        .validator(Validator::valid_string(["none", "restart"]))
        .group(COMMON, 14, Width::Medium, "Reload Action"),
    ]
}

fn errors() -> [ConfigKey; 5] {
    [
        ConfigKey::new(
            keys::ERRORS_RETRY_TIMEOUT,
            ConfigType::Long,
            0_i64,
            Importance::Medium,
            "For how many milliseconds a failed operation is tried again. 0: never; -1: without end.",
        )
        .group(ERRORS, 1, Width::Medium, "Retry Timeout for Errors"),
        ConfigKey::new(
            keys::ERRORS_RETRY_DELAY_MAX_MS,
            ConfigType::Long,
            60_000_i64,
            Importance::Medium,
            "The longest pause in milliseconds between two tries. Near it, pauses get some randomness.",
        )
        .group(ERRORS, 2, Width::Medium, "Maximum Delay Between Retries for Errors"),
        ConfigKey::new(
            keys::ERRORS_TOLERANCE,
            ConfigType::String,
            "none",
            Importance::Medium,
            "Whether records that cannot be handled are skipped (all) or fail the task (none).",
        )
        .validator(Validator::valid_string(["none", "all"]))
        .group(ERRORS, 3, Width::Short, "Error Tolerance"),
        ConfigKey::new(
            keys::ERRORS_LOG_ENABLE,
            ConfigType::Boolean,
            false,
            Importance::Medium,
            "Whether every error is logged, or only those that fail a task.",
        )
        .group(ERRORS, 4, Width::Short, "Log Errors"),
        ConfigKey::new(
            keys::ERRORS_LOG_INCLUDE_MESSAGES,
            ConfigType::Boolean,
            false,
            Importance::Medium,
            "Whether logged errors name the record: topic, partition, offset and timestamp of a sink's; key, value, headers \
             and schemas of a source's.",
        )
        .group(ERRORS, 5, Width::Short, "Log Error Details"),
    ]
}

/// The keys of every sink, behind the common ones.
pub fn sink(registry: &Arc<Registry>, shown: &Shown) -> ConfigDef {
    let keys = [
        ConfigKey::new(keys::TOPICS, ConfigType::List, [], Importance::High, "The topics to read.")
            .validator(Validator::any_non_duplicate_values(true, false))
            .group(COMMON, 4, Width::Long, "Topics"),
        ConfigKey::new(
            keys::TOPICS_REGEX,
            ConfigType::String,
            "",
            Importance::High,
            "A regular expression of Java's; topics whose whole name matches are read. Either this or topics must be set.",
        )
        .validator(Validator::regex())
        .group(COMMON, 4, Width::Long, "Topics regex"),
        ConfigKey::new(
            keys::DLQ_TOPIC,
            ConfigType::String,
            "",
            Importance::Medium,
            "The topic for records that cannot be handled. Empty: there is none.",
        )
        .group(ERRORS, 6, Width::Medium, "Dead Letter Queue Topic Name"),
        ConfigKey::new(
            keys::DLQ_REPLICATION_FACTOR,
            ConfigType::Short,
            3_i16,
            Importance::Medium,
            "The replication factor of the dead letter queue's topic, if it does not exist yet.",
        )
        .group(ERRORS, 7, Width::Medium, "Dead Letter Queue Topic Replication Factor"),
        ConfigKey::new(
            keys::DLQ_CONTEXT_HEADERS,
            ConfigType::Boolean,
            false,
            Importance::Medium,
            "Whether dead letters get headers that tell what went wrong, and where. Their keys begin with \
             __connect.errors.",
        )
        .group(ERRORS, 8, Width::Medium, "Enable Error Context Headers"),
    ];
    keys.into_iter().fold(common(registry, shown), ConfigDef::with)
}

/// The keys of every source, behind the common ones.
pub fn source(registry: &Arc<Registry>, shown: &Shown) -> ConfigDef {
    let keys = [
        ConfigKey::new(keys::TOPIC_CREATION_GROUPS, ConfigType::List, [], Importance::Low, "Names of groups of topics that are created with settings of their own.")
            .validator(unique_aliases("topic creation groups"))
            .group(TOPIC_CREATION, 1, Width::Long, "Topic Creation Groups"),
        ConfigKey::new(
            keys::EXACTLY_ONCE_SUPPORT,
            ConfigType::String,
            "requested",
            Importance::Medium,
            "Whether the connector must be able to deliver exactly once with this configuration (required), or not \
             (requested).",
        )
        .validator(Validator::case_insensitive(["required", "requested"]))
        .group(EXACTLY_ONCE, 2, Width::Short, "Exactly once support"),
        ConfigKey::new(
            keys::TRANSACTION_BOUNDARY,
            ConfigType::String,
            "poll",
            Importance::Medium,
            "Where transactions end with exactly-once delivery: after each batch of a task (poll), after some time \
             (interval), or where the connector says (connector).",
        )
        .validator(Validator::case_insensitive(["interval", "poll", "connector"]))
        .group(EXACTLY_ONCE, 3, Width::Short, "Transaction Boundary"),
        ConfigKey::new(
            keys::TRANSACTION_BOUNDARY_INTERVAL_MS,
            ConfigType::Long,
            (),
            Importance::Low,
            "How many milliseconds of records form a transaction with transaction.boundary=interval. Without it, the \
             worker's offset.flush.interval.ms counts.",
        )
        .validator(optional(Validator::at_least(0)))
        .group(EXACTLY_ONCE, 4, Width::Short, "Transaction boundary interval"),
        ConfigKey::new(
            keys::OFFSETS_STORAGE_TOPIC,
            ConfigType::String,
            (),
            Importance::Low,
            "A topic of the connector's own for its offsets. Empty: the worker's topic.",
        )
        .validator(Validator::non_empty_string())
        .group(OFFSETS_TOPIC, 1, Width::Long, "Offsets topic"),
    ];
    keys.into_iter().fold(common(registry, shown), ConfigDef::with)
}

/// The same check, with null as a good value.
fn optional(inner: Validator) -> Validator {
    let text = inner.text().unwrap_or_default().to_owned();
    Validator::new(
        text,
        move |name, value| if value.is_null() { Vec::new() } else { inner.check(name, value) },
    )
}
