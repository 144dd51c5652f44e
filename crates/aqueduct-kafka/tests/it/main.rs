//! The crate against a broker.

mod admin;
mod consumer;
mod log_reader;
mod producer;
mod support;
