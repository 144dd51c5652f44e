//! The runtime from outside: recordings of Java's answers, and whole answers of validation.

mod chain;
mod connector_config;
mod connectors;
mod doubles;
mod group;
mod offsets;
mod preparation;
mod rest;
mod secrets;
mod setting;
mod sink_errors;
mod sink_group;
mod sink_loop;
mod sink_offsets;
mod source_errors;
mod source_loop;
mod stores;
mod validation;
mod vectors;
