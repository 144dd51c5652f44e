//! What stands in for the runtime.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aqueduct_api::{
    ConfigMap, ConnectorContext, ErrantRecordReporter, Error, OffsetMap, OffsetStorageReader, Offsets,
    Result, SinkTaskContext, SourceRecord, SourceTask, SourceTaskContext, TopicPartition, TransactionContext,
    async_trait,
};
use aqueduct_tools::Printer;

/// Collects what is printed.
#[derive(Clone, Default)]
pub(crate) struct Paper(Arc<Mutex<Vec<String>>>);

impl Paper {
    pub(crate) fn printer(&self) -> Printer {
        let lines = Arc::clone(&self.0);
        Printer::new(move |line| lines.lock().expect("not poisoned").push(line.to_owned()))
    }

    /// The lines since the last call, with all times 0.
    pub(crate) fn take(&self) -> Vec<String> {
        let lines = std::mem::take(&mut *self.0.lock().expect("not poisoned"));
        lines.iter().map(|line| without_time(line)).collect()
    }
}

fn without_time(line: &str) -> String {
    let Some((head, tail)) = line.split_once("\"time_ms\":") else { return line.to_owned() };
    let rest = tail.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let time: u64 = tail[..tail.len() - rest.len()].parse().expect("a time");
    assert!(time > 1_700_000_000_000, "{line}");
    format!("{head}\"time_ms\":0{rest}")
}

/// The context of anything; remembers what it is told.
#[derive(Default)]
pub(crate) struct Context {
    pub(crate) stored: Option<OffsetMap>,
    pub(crate) errors: Mutex<Vec<Error>>,
    pub(crate) timeouts: Mutex<Vec<Duration>>,
}

impl Context {
    pub(crate) fn with(stored: Option<OffsetMap>) -> Arc<Self> {
        Arc::new(Self { stored, ..Self::default() })
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

    fn set_timeout(&self, timeout: Duration) {
        self.timeouts.lock().expect("not poisoned").push(timeout);
    }

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

impl ConnectorContext for Context {
    fn request_task_reconfiguration(&self) {}

    fn raise_error(&self, error: Error) {
        self.errors.lock().expect("not poisoned").push(error);
    }

    fn offset_storage_reader(&self) -> Option<Arc<dyn OffsetStorageReader>> {
        None
    }
}

/// Polls until there is a record.
pub(crate) async fn next(task: &mut impl SourceTask) -> SourceRecord {
    for _ in 0..100 {
        if let Some(mut records) = task.poll().await.expect("polls") {
            assert_eq!(records.len(), 1);
            return records.remove(0);
        }
    }
    panic!("no record in 100 polls");
}
