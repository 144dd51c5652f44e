//! What connectors and tasks see of the stored offsets.

use std::sync::Arc;

use aqueduct_api::{OffsetMap, OffsetStorageReader, Result};
use aqueduct_proto::offsets::{key_bytes, parse_value};
use async_trait::async_trait;

use super::OffsetStore;

/// Reads the offsets of one connector.
pub(crate) struct StoreReader {
    pub(crate) connector: String,
    pub(crate) store: Arc<dyn OffsetStore>,
}

#[async_trait]
impl OffsetStorageReader for StoreReader {
    async fn offsets(&self, partitions: &[OffsetMap]) -> Result<Vec<Option<OffsetMap>>> {
        let keys = partitions
            .iter()
            .map(|partition| key_bytes(&self.connector, partition))
            .collect::<Result<Vec<_>>>()?;
        let values = self.store.get(&keys).await?;
        values.into_iter().map(|value| value.as_deref().map(parse_value).transpose()).collect()
    }
}
