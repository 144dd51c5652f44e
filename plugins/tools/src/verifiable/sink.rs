//! The verifiable sink task.

use std::collections::BTreeMap;
use std::sync::Arc;

use aqueduct_api::{
    ConfigMap, Offsets, Result, SinkRecord, SinkTask, SinkTaskContext, Topic, TopicPartition,
};
use async_trait::async_trait;

use super::{bad_data, now_ms};
use crate::connector::ID;
use crate::json::{self, Line};
use crate::number;
use crate::stdout::Printer;

/// Prints a line for each record, and again, with `"flushed":true`, when the record's offset is about to be committed.
///
/// Keys: `name`, and `id` from the connector. Key and value of a record are printed as what they are for the verifiable
/// source: the number of a task, and the number of a record.
#[derive(Debug, Default)]
pub struct VerifiableSinkTask {
    printer: Printer,
    name: Option<String>,
    id: i32,
    unflushed: BTreeMap<TopicPartition, Vec<Seen>>,
}

/// What is printed of a record.
#[derive(Debug)]
struct Seen {
    topic: Topic,
    offset: i64,
    /// Key and value as JSON, or why there is none.
    key_and_value: Result<(String, String), String>,
}

impl VerifiableSinkTask {
    /// A task that prints elsewhere.
    pub fn with_printer(printer: Printer) -> Self {
        Self { printer, ..Self::default() }
    }

    fn print(&self, seen: &Seen, is_flushed: bool) {
        let line = match &seen.key_and_value {
            Ok((key, value)) => {
                let line = Line::default()
                    .raw("task", key)
                    .raw("seqno", value)
                    .number("offset", seen.offset)
                    .number("time_ms", now_ms())
                    .text("name", self.name.as_deref())
                    .text("topic", Some(&seen.topic))
                    .number("sinkTask", self.id.into());
                if is_flushed { line.raw("flushed", "true").finish() } else { line.finish() }
            }
            Err(reason) => bad_data(reason),
        };
        self.printer.print(&line);
    }
}

#[async_trait]
impl SinkTask for VerifiableSinkTask {
    async fn start(&mut self, _context: Arc<dyn SinkTaskContext>, config: &ConfigMap) -> Result<()> {
        self.name = config.get("name").map(str::to_owned);
        // Kafka's own text names the source task here.
        self.id = number::required(config, ID)
            .map_err(|error| number::invalid_task("VerifiableSourceTask", error))?;
        Ok(())
    }

    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        for SinkRecord { record, origin } in records {
            let seen = Seen {
                topic: Arc::clone(&record.topic),
                offset: origin.offset,
                key_and_value: json::value(&record.key)
                    .and_then(|key| Ok((key, json::value(&record.value)?))),
            };
            self.print(&seen, false);
            let partition = TopicPartition::new(Arc::clone(&origin.topic), origin.partition);
            self.unflushed.entry(partition).or_default().push(seen);
        }
        Ok(())
    }

    async fn flush(&mut self, offsets: &Offsets) -> Result<()> {
        let mut flushed = Vec::new();
        for partition in offsets.keys() {
            flushed.extend(self.unflushed.remove_entry(partition));
        }
        flushed.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        for seen in flushed.iter().flat_map(|(_, seen)| seen) {
            self.print(seen, true);
        }
        Ok(())
    }

    async fn close(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        for partition in partitions {
            self.unflushed.remove(partition);
        }
        Ok(())
    }

    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}
