//! Partition logs: batches as received, in memory or in segment files.

pub(crate) mod aborted;
pub(crate) mod batch;
pub(crate) mod chunks;
mod compaction;
mod files;
mod memory;
pub(crate) mod partition;
mod producers;
pub(crate) mod records;
mod store;
mod timestamps;

pub(crate) use chunks::Chunks;
pub(crate) use partition::{AppendPolicy, Partition};
