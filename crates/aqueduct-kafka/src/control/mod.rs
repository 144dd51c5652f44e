//! The control plane: a small client that speaks Kafka's protocol directly.
//!
//! [`Connection`] is one authenticated connection with one request at a time; [`Cluster`] knows the brokers, keeps a
//! connection to each that was needed, and finds controllers, leaders and coordinators. What a call means is in
//! [`crate::admin`].

mod cluster;
mod connection;
mod sasl;
mod scram;
mod tls;

pub use cluster::{Cluster, CoordinatorKind, Node};
pub use connection::Connection;
pub use tls::AnyHost;
