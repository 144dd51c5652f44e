//! The connectors and their tasks on real files, as the runtime drives them.

mod plugins;
mod setting;
mod sink;
mod source;
