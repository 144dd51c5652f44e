//! The test connectors, as the runtime drives them.

mod mock;
mod plugins;
mod schema;
mod setting;
mod verifiable;
