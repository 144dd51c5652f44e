//! The crate against a broker.

mod admin;
mod consumer;
mod group;
mod log_reader;
mod producer;
mod statistics;
mod support;
