//! The names of the keys of every connector.
#![expect(missing_docs, reason = "each constant is the key that it is named after")]

pub const NAME: &str = "name";
pub const CONNECTOR_CLASS: &str = "connector.class";
pub const CONNECTOR_VERSION: &str = "connector.plugin.version";
pub const TASKS_MAX: &str = "tasks.max";
pub const TASKS_MAX_ENFORCE: &str = "tasks.max.enforce";
pub const KEY_CONVERTER: &str = "key.converter";
pub const KEY_CONVERTER_VERSION: &str = "key.converter.plugin.version";
pub const VALUE_CONVERTER: &str = "value.converter";
pub const VALUE_CONVERTER_VERSION: &str = "value.converter.plugin.version";
pub const HEADER_CONVERTER: &str = "header.converter";
pub const HEADER_CONVERTER_VERSION: &str = "header.converter.plugin.version";
pub const TRANSFORMS: &str = "transforms";
pub const PREDICATES: &str = "predicates";
pub const CONFIG_RELOAD: &str = "config.action.reload";
pub const ERRORS_RETRY_TIMEOUT: &str = "errors.retry.timeout";
pub const ERRORS_RETRY_DELAY_MAX_MS: &str = "errors.retry.delay.max.ms";
pub const ERRORS_TOLERANCE: &str = "errors.tolerance";
pub const ERRORS_LOG_ENABLE: &str = "errors.log.enable";
pub const ERRORS_LOG_INCLUDE_MESSAGES: &str = "errors.log.include.messages";

pub const TOPICS: &str = "topics";
pub const TOPICS_REGEX: &str = "topics.regex";
pub const DLQ_TOPIC: &str = "errors.deadletterqueue.topic.name";
pub const DLQ_REPLICATION_FACTOR: &str = "errors.deadletterqueue.topic.replication.factor";
pub const DLQ_CONTEXT_HEADERS: &str = "errors.deadletterqueue.context.headers.enable";

pub const TOPIC_CREATION_GROUPS: &str = "topic.creation.groups";
pub const TOPIC_CREATION_PREFIX: &str = "topic.creation.";
pub const EXACTLY_ONCE_SUPPORT: &str = "exactly.once.support";
pub const TRANSACTION_BOUNDARY: &str = "transaction.boundary";
pub const TRANSACTION_BOUNDARY_INTERVAL_MS: &str = "transaction.boundary.interval.ms";
pub const OFFSETS_STORAGE_TOPIC: &str = "offsets.storage.topic";

pub const PRODUCER_OVERRIDE_PREFIX: &str = "producer.override.";
pub const CONSUMER_OVERRIDE_PREFIX: &str = "consumer.override.";
pub const ADMIN_OVERRIDE_PREFIX: &str = "admin.override.";

/// The end of the keys that choose a plugin's version.
pub const PLUGIN_VERSION: &str = "plugin.version";
