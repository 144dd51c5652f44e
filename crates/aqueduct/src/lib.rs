//! The command line as a library: what each command does, and the list of plugins that the program has.
//!
//! Three commands run workers ([`standalone`], [`distributed`], [`dev`]), one the embedded [`broker`] alone; those in [`client`] talk to any
//! worker of Kafka Connect over REST. Nothing here knows how connectors run: that is `aqueduct-runtime`.

pub mod broker;
pub mod cli;
pub mod client;
pub mod demo;
pub mod dev;
pub mod distributed;
pub mod docs;
pub mod exit;
pub mod logging;
pub mod node;
pub mod output;
pub mod planes;
pub mod plugins;
pub mod signals;
pub mod standalone;
