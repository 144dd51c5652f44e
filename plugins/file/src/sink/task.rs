//! The sink task.

use std::path::Path;
use std::sync::Arc;

use aqueduct_api::data::java_text;
use aqueduct_api::{ConfigMap, Error, ErrorKind, Offsets, Result, SinkRecord, SinkTask, SinkTaskContext};
use async_trait::async_trait;
use tokio::task::spawn_blocking;

use super::output::Output;
use crate::config::{file_of, sink_def};

/// How many bytes of lines are collected before they are written. A batch is written at its end in any case.
const WRITE_BYTES: usize = 256 * 1024;
/// The most memory that is kept for the next batch.
const KEPT_BYTES: usize = 2 * WRITE_BYTES;

/// Appends a line for each record: the value as Java prints it. Keys and headers are ignored.
///
/// A `put` that returns has written its records; what can't be written fails the task, so that nothing is committed
/// that is not in the file.
#[derive(Default)]
pub struct FileStreamSinkTask {
    /// As configured, for messages.
    name: String,
    /// Absent before the start, behind the end, and while it is written to on another thread.
    output: Option<Output>,
    lines: Vec<u8>,
}

#[async_trait]
impl SinkTask for FileStreamSinkTask {
    async fn start(&mut self, _context: Arc<dyn SinkTaskContext>, config: &ConfigMap) -> Result<()> {
        let Some(file) = file_of(&sink_def(), config)? else {
            self.name = "stdout".into();
            self.output = Some(Output::Stdout);
            return Ok(());
        };
        self.name.clone_from(&file);
        let opened =
            spawn_blocking(move || Output::open(Path::new(&file))).await.map_err(std::io::Error::other);
        self.output = Some(opened.and_then(|opened| opened).map_err(|error| {
            Error::connect(format!("Couldn't find or create file '{}' for FileStreamSinkTask", self.name))
                .with_source(error)
        })?);
        Ok(())
    }

    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        self.lines.clear();
        for record in records {
            java_text::append_utf8(&mut self.lines, &record.record.value);
            self.lines.push(b'\n');
            if self.lines.len() >= WRITE_BYTES {
                self.write().await?;
            }
        }
        if self.lines.is_empty() { Ok(()) } else { self.write().await }
    }

    async fn flush(&mut self, _offsets: &Offsets) -> Result<()> {
        self.with_output("flush", |output, _| output.sync()).await
    }

    async fn stop(&mut self) -> Result<()> {
        self.output = None;
        Ok(())
    }
}

impl FileStreamSinkTask {
    async fn write(&mut self) -> Result<()> {
        self.with_output("write to", |output, lines| output.write(lines)).await?;
        self.lines.clear();
        self.lines.shrink_to(KEPT_BYTES);
        Ok(())
    }

    /// Does something that may block with the output and the lines collected.
    async fn with_output(
        &mut self,
        what: &str,
        work: impl FnOnce(&mut Output, &[u8]) -> std::io::Result<()> + Send + 'static,
    ) -> Result<()> {
        let Some(mut output) = self.output.take() else {
            return Err(Error::new(ErrorKind::IllegalState, "The task is not running"));
        };
        let lines = std::mem::take(&mut self.lines);
        let done = spawn_blocking(move || {
            let result = work(&mut output, &lines);
            (output, lines, result)
        });
        let (output, lines, result) = done.await.map_err(std::io::Error::other)?;
        (self.output, self.lines) = (Some(output), lines);
        result.map_err(|error| {
            Error::connect(format!("Couldn't {what} '{}' for FileStreamSinkTask: {error}", self.name))
                .with_source(error)
        })
    }
}
