//! What every connector is configured with, whatever its class.
//!
//! [`enrich`] and the definitions serve validation; [`ConnectorConfig`] is what running connectors and tasks use.

mod classes;
mod definition;
mod enrich;
pub mod keys;
mod settings;
mod topic_creation;

pub use classes::ShownConverter;
pub use definition::{Shown, common, sink, source};
pub use enrich::enrich;
pub use settings::{
    ConnectorConfig, DeadLetterQueue, Direction, ErrorSettings, PluginSpec, SinkSettings, SourceSettings,
    Topics, TransactionBoundary, TransformSpec, definition,
};
pub use topic_creation::{DEFAULT_GROUP, TopicCreationGroup};
