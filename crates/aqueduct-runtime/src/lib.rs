//! The worker: it runs connectors and their tasks, keeps their state, and answers the REST API.
//!
//! The control plane (herder, REST) and the data plane (task loops) run on runtimes of their own, so that no connector can
//! hold up an answer. The crate knows no plugin: the [`registry`](registry::Registry) is a value that the program gives.

pub mod configs;
pub mod connector_config;
mod errors;
pub mod herder;
pub mod internal_topics;
pub mod logging;
pub mod metrics;
pub mod offsets;
pub mod properties;
pub mod providers;
pub mod registry;
pub mod rest;
pub mod status;
mod task;
pub mod validation;
pub mod worker;
pub mod worker_config;
