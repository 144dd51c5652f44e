//! What tests of the worker and of plugins stand on.
//!
//! - [`EmbeddedCluster`]: a broker with faults to inject, and a standalone worker on the real runtime.
//! - [`Monitor`]: a source and a sink connector that tell what happens to them, and fail or hang when a test wants it.
//! - [`contract`]: what every source, sink and converter must do, as functions that a plugin's own tests call.
//!
//! Nothing here sleeps for a while and hopes: waiting is looking at a condition until [`PATIENCE`] is over, and then
//! failing with what the worker says about itself.

mod client;
mod cluster;
pub mod contract;
mod monitor;
mod text;
mod wait;

pub use client::{KafkaClient, NewRecord, TopicRecord, values};
pub use cluster::{ClusterBuilder, EmbeddedCluster, Ending};
pub use monitor::{Batch, Call, Hold, Monitor, Probe, SINK_CLASS, SOURCE_CLASS, Trouble};
pub use text::{TEXT_CONVERTER, TEXT_HEADER_CONVERTER, TextConverter, TextHeaderConverter, text_plugins};
pub use wait::{PATIENCE, eventually};
