//! Where source offsets are kept.

mod connector;
mod file;
mod kafka;
mod reader;

use aqueduct_api::{OffsetMap, Result};
use async_trait::async_trait;

pub use connector::ConnectorOffsets;
pub use file::FileOffsetStore;
pub use kafka::KafkaOffsetStore;
pub(crate) use reader::StoreReader;

/// A serialized offset key with its value; a null value is a tombstone.
pub type OffsetEntry = (Vec<u8>, Option<Vec<u8>>);

/// Keeps serialized source offsets. Called from any thread.
#[async_trait]
pub trait OffsetStore: Send + Sync {
    /// The stored value of each key, in their order.
    async fn get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>>;

    /// Stores values; they are safe when this returns. After an error, some may be.
    async fn set(&self, entries: Vec<OffsetEntry>) -> Result<()>;

    /// The stored partitions of a connector with their offsets. What can't be read is left out.
    async fn connector_offsets(&self, connector: &str) -> Result<Vec<(OffsetMap, OffsetMap)>>;
}
