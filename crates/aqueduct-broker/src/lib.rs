#![doc = include_str!("../README.md")]

mod api;
mod clock;
mod config;
mod connection;
mod dispatch;
mod error;
mod faults;
mod group;
mod journal;
mod log;
mod node;
mod server;
mod topic;
mod txn;

pub use config::{BrokerConfig, FsyncPolicy};
pub use error::BrokerError;
pub use faults::{Fault, FaultHits, Faults};
/// The names of APIs, and of error codes, that faults are injected with.
pub use kafka_protocol::{ResponseError, messages::ApiKey};
pub use server::Broker;
