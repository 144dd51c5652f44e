//! Java client properties, and what becomes of them here.
//!
//! Users configure clients with the keys of Kafka's Java clients. Three tables (connection, producer, consumer) say
//! for each key what type it has, what librdkafka calls it, or that it has no meaning outside a JVM. Defaults are
//! Java's, with two exceptions made for speed and memory: see [`ProducerSettings`] and [`ConsumerSettings`].

mod connection;
mod consumer;
mod jaas;
mod jks;
mod native;
mod producer;
mod properties;
mod security;
mod stores;
mod table;
mod token;
mod value;

pub use connection::{ConnectionSettings, STATISTICS_INTERVAL};
pub use consumer::{ConsumerSettings, OffsetReset, REPORT_ENDS};
pub use jaas::JaasEntry;
pub use native::NativeConfig;
pub use producer::ProducerSettings;
pub use properties::{Properties, Secret};
pub use security::{Sasl, SecurityConfig, Tls};
pub use stores::Identity;
pub use token::{Token, TokenSource};
