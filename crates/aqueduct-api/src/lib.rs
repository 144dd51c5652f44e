//! All that the author of a connector, converter or transformation imports: Connect's data model, records, definitions of
//! configurations, the traits to implement, and errors.
//!
//! This crate knows neither an async runtime, nor Kafka, nor REST, nor files of configuration. Names are those of Kafka
//! Connect. The traits hold no assumption of shared memory, so a plugin may live in another process.
//!
//! Start with [`SourceTask`] or [`SinkTask`], then [`Connector`], then list the plugin with [`Plugin`].

pub mod config;
pub mod data;
pub mod java_regex;

mod connector;
mod converter;
mod error;
mod metrics;
mod plugin;
mod props;
mod provider;
mod record;
mod sink;
mod source;
mod transform;

pub use async_trait::async_trait;

/// The release of Apache Kafka that this project stands for: the version of its bundled plugins.
pub const KAFKA_VERSION: &str = "4.3.1";
/// The commit of that release: clients that know the Java worker compare it.
pub const KAFKA_COMMIT: &str = "26b251a451ce941d";

pub use config::{ConfigDef, ConfigKey, ConfigType, ConfigValue, Importance, Validator, Width};
pub use connector::{Connector, ConnectorContext};
pub use converter::{Converter, ConverterRole, HeaderConverter, WireHeaders};
pub use data::{Field, Header, Headers, Schema, SchemaAndValue, SchemaBuilder, Struct, Text, Type, Value};
pub use error::{Error, ErrorKind, Result};
pub use metrics::{MetricName, MetricSource, MetricValue, PluginMetrics, Sensor, Stat};
pub use plugin::{Maker, Plugin, PluginKind};
pub use props::{ConfigMap, ConfigText};
pub use provider::{ConfigProvider, ProvidedConfig};
pub use record::{
    OffsetMap, Origin, Record, RecordMetadata, SinkOrigin, SinkRecord, SourceRecord, TimestampType, Topic,
    TopicPartition,
};
pub use sink::{ErrantRecordReporter, Offsets, SinkConnector, SinkTask, SinkTaskContext};
pub use source::{
    OffsetChange, OffsetStorageReader, SourceConnector, SourceTask, SourceTaskContext, Support,
    TransactionContext,
};
pub use transform::{Predicate, Transformation};
