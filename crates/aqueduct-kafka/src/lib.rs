//! Kafka I/O for Aqueduct.
//!
//! Two planes, one set of properties. The **data plane** moves records in batches: [`BatchProducer`] and
//! [`BatchConsumer`] say what a task loop needs, and [`NativeProducer`] and [`NativeConsumer`] are made on librdkafka.
//! The
//! **control plane** ([`control`], [`admin`]) is a small client of our own that speaks the protocol directly.
//!
//! Both take the properties of Kafka's Java clients ([`config`]). Nothing here knows what the records are for.

pub mod admin;
pub mod batch;
pub mod config;
pub mod consumer;
pub mod control;
pub mod error;
pub mod group;
mod log_reader;
mod native;
mod plane;
pub mod producer;
pub mod record;
pub mod sampled;
pub mod statistics;

pub use admin::Admin;
pub use batch::{FetchedBatch, FetchedHeader, FetchedRecord, TimestampType};
pub use config::Properties;
pub use consumer::{BatchConsumer, CommitCompleted, Offsets, Polled, Rebalance, Subscription};
pub use error::{ErrorKind, KafkaError, Result};
/// The protocol's error codes, to match with [`KafkaError::is`].
pub use kafka_protocol::error::ResponseError;
pub use log_reader::LogReader;
pub use native::{NativeConsumer, NativeProducer};
pub use plane::{DataPlane, NativeDataPlane};
pub use producer::{BatchProducer, SendError};
pub use record::{Ack, OutHeader, OutRecord, RecordMetadata, TopicPartition};
pub use statistics::ClientStatistics;
