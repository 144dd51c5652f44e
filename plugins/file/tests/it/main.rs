//! The connectors and their tasks on real files, as the runtime drives them.

mod contract;
mod golden;
mod plugins;
mod setting;
mod sink;
mod source;
mod standard_streams;
