//! The source task.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aqueduct_api::{
    ConfigMap, Error, ErrorKind, OffsetMap, Record, Result, Schema, SourceRecord, SourceTask,
    SourceTaskContext, Text, Value,
};
use async_trait::async_trait;
use tracing::{debug, warn};

use super::connector::{FILENAME, POSITION};
use super::input::Input;
use super::lines::Lines;
use crate::config::SourceConfig;

/// How long a poll waits when there is nothing to read.
const IDLE: Duration = Duration::from_secs(1);

/// Reads one file. Each line becomes a record whose value is the line as a STRING; its offset is the number of bytes up
/// to and with the line's end.
#[derive(Default)]
pub struct FileStreamSourceTask {
    state: Option<State>,
}

struct State {
    config: SourceConfig,
    context: Arc<dyn SourceTaskContext>,
    /// The standard input has a partition too, as in Java: its file name is null, and so are the positions in it.
    partition: Arc<OffsetMap>,
    /// `None` until the file is there.
    input: Option<Input>,
    lines: Lines,
    /// Records of a poll that was dropped while it read on.
    batch: Vec<SourceRecord>,
}

#[async_trait]
impl SourceTask for FileStreamSourceTask {
    async fn start(&mut self, context: Arc<dyn SourceTaskContext>, config: &ConfigMap) -> Result<()> {
        let config = SourceConfig::parse(config)?;
        let partition = Arc::new(OffsetMap::of(Text::from_static(FILENAME), config.file.as_deref()));
        let input = config.file.is_none().then_some(Input::Stdin);
        self.state =
            Some(State { config, context, partition, input, lines: Lines::default(), batch: Vec::new() });
        Ok(())
    }

    async fn poll(&mut self) -> Result<Option<Vec<SourceRecord>>> {
        match &mut self.state {
            Some(state) => state.poll().await,
            None => Err(Error::new(ErrorKind::IllegalState, "The task has not been started")),
        }
    }

    async fn stop(&mut self) -> Result<()> {
        self.state = None;
        Ok(())
    }
}

impl State {
    async fn poll(&mut self) -> Result<Option<Vec<SourceRecord>>> {
        if self.input.is_none() && !self.open().await? {
            tokio::time::sleep(IDLE).await;
            return Ok(None);
        }
        loop {
            self.take_lines();
            if self.batch.len() >= self.config.batch_records_max {
                break;
            }
            let Some(input) = &mut self.input else { return Ok(None) };
            if input.read(&mut self.lines).await.map_err(|error| failed("read", &self.config, error))? {
                continue;
            }
            if self.batch.is_empty() {
                input.wait(IDLE).await;
                return Ok(None);
            }
            break;
        }
        Ok(Some(std::mem::take(&mut self.batch)))
    }

    /// Opens the file and goes to the stored position; `false` if there is no such file.
    async fn open(&mut self) -> Result<bool> {
        let Some(file) = &self.config.file else { return Ok(true) };
        let mut input = match Input::open(Path::new(file)).await {
            Ok(input) => input,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                warn!(
                    "Couldn't find file {file} for FileStreamSourceTask, sleeping to wait for it to be created"
                );
                return Ok(false);
            }
            Err(error) => return Err(failed("open", &self.config, error)),
        };
        let stored = self.context.offset_storage_reader().offset(&self.partition).await?;
        let position = match stored.as_ref().and_then(|offset| offset.get(POSITION)) {
            None | Some(Value::Null) => 0,
            Some(Value::Int64(position)) => u64::try_from(*position).unwrap_or(0),
            Some(_) => return Err(Error::connect("Offset position is the incorrect type")),
        };
        input.skip_to(position).await.map_err(|error| failed("seek in", &self.config, error))?;
        debug!("Opened {file} for reading from position {position}");
        self.lines = Lines::starting_at(position);
        self.input = Some(input);
        Ok(true)
    }

    /// Makes records of the lines at hand, until the batch is full.
    fn take_lines(&mut self) {
        let (timestamp, has_positions) = (now_ms(), self.config.file.is_some());
        while self.batch.len() < self.config.batch_records_max {
            let Some(line) = self.lines.next() else { return };
            if self.batch.capacity() == 0 {
                self.batch.reserve(self.config.batch_records_max.min(BATCH_RESERVED_MAX));
            }
            let position = has_positions.then(|| i64::try_from(self.lines.position()).unwrap_or(i64::MAX));
            let mut record = Record::new(Arc::clone(&self.config.topic)).with_value(Schema::STRING, line);
            record.timestamp = Some(timestamp);
            self.batch.push(SourceRecord {
                record,
                source_partition: Some(Arc::clone(&self.partition)),
                source_offset: Some(OffsetMap::of(Text::from_static(POSITION), position)),
            });
        }
    }
}

/// The room made for a batch before its first record, in records: a batch size of a billion must not take memory.
const BATCH_RESERVED_MAX: usize = 2000;

fn failed(what: &str, config: &SourceConfig, error: std::io::Error) -> Error {
    let file = config.file.as_deref().unwrap_or("standard input");
    Error::connect(format!("Couldn't {what} file '{file}' for FileStreamSourceTask: {error}"))
        .with_source(error)
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
