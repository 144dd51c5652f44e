//! The targets.

mod dates;
mod definitions;
mod files;
mod json;
mod offsets;
mod plugin;
mod regex;
mod registry;
mod scalars;
mod topics;
mod transforms;
mod values;

use crate::target::Target;

/// All of them.
pub const TARGETS: &[Target] = &[
    json::TARGET,
    scalars::TARGET,
    registry::AVRO,
    registry::JSON_SCHEMA,
    registry::PROTOBUF,
    values::TARGET,
    transforms::TARGET,
    definitions::TARGET,
    files::PROPERTIES,
    files::CONNECTOR_FILE,
    regex::TARGET,
    dates::TARGET,
    offsets::TARGET,
    topics::CONFIG,
    topics::STATUS,
    topics::SUBPROTOCOL,
];

/// The target of this name.
pub fn find(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
