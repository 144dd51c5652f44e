//! What stands in for the runtime.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{
    ConfigMap, ErrantRecordReporter, OffsetMap, OffsetStorageReader, Offsets, Result, SinkTaskContext,
    SourceTaskContext, TopicPartition, TransactionContext, async_trait,
};

/// A file or its folder, gone at the end of the test.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.0.path().join(name).to_str().expect("a path of UTF-8").to_owned()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).expect("writes");
        path
    }
}

/// The context of a task whose connector has stored one offset, or none.
pub(crate) struct Context {
    stored: Option<OffsetMap>,
}

impl Context {
    pub(crate) fn with(stored: Option<OffsetMap>) -> Arc<Self> {
        Arc::new(Self { stored })
    }
}

struct Stored(Option<OffsetMap>);

#[async_trait]
impl OffsetStorageReader for Stored {
    async fn offsets(&self, partitions: &[OffsetMap]) -> Result<Vec<Option<OffsetMap>>> {
        Ok(partitions.iter().map(|_| self.0.clone()).collect())
    }
}

impl SourceTaskContext for Context {
    fn config(&self) -> ConfigMap {
        ConfigMap::new()
    }

    fn offset_storage_reader(&self) -> Arc<dyn OffsetStorageReader> {
        Arc::new(Stored(self.stored.clone()))
    }

    fn transaction_context(&self) -> Option<Arc<dyn TransactionContext>> {
        None
    }
}

impl SinkTaskContext for Context {
    fn config(&self) -> ConfigMap {
        ConfigMap::new()
    }

    fn rewind(&self, _offsets: &Offsets) {}

    fn set_timeout(&self, _timeout: Duration) {}

    fn assignment(&self) -> Vec<TopicPartition> {
        Vec::new()
    }

    fn pause(&self, _partitions: &[TopicPartition]) -> Result<()> {
        Ok(())
    }

    fn resume(&self, _partitions: &[TopicPartition]) -> Result<()> {
        Ok(())
    }

    fn request_commit(&self) {}

    fn errant_record_reporter(&self) -> Option<Arc<dyn ErrantRecordReporter>> {
        None
    }
}
