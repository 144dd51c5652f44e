//! The verifiable source task.

use std::sync::Arc;

use aqueduct_api::{
    ConfigMap, Error, ErrorKind, OffsetMap, Record, RecordMetadata, Result, Schema, SchemaBuilder,
    SourceRecord, SourceTask, SourceTaskContext, Struct, Text, Topic, Type,
};
use async_trait::async_trait;
use tracing::info;

use super::{bad_data, now_ms};
use crate::connector::ID;
use crate::json::{self, Line};
use crate::number;
use crate::pace::Pace;
use crate::seqno::{SEQNO, next_seqno};
use crate::stdout::Printer;

/// Makes a record a poll: the task's `id` as key, a number that goes up by one as value. Prints a line for each record
/// when it is made, and again, with `"committed":true`, when Kafka has it or it was dropped.
///
/// Keys: `topic`, `throughput` (records a second; 0 for none, negative for no limit), `complete.record.data` (`true`
/// makes the value a struct of all that is printed), `name`, and `id` from the connector.
#[derive(Debug, Default)]
pub struct VerifiableSourceTask {
    printer: Printer,
    state: Option<State>,
}

#[derive(Debug)]
struct State {
    name: Option<String>,
    id: i32,
    topic: Topic,
    partition: Arc<OffsetMap>,
    /// The schema of complete values.
    complete: Option<Schema>,
    seqno: i64,
    pace: Pace,
}

impl VerifiableSourceTask {
    /// A task that prints elsewhere.
    pub fn with_printer(printer: Printer) -> Self {
        Self { printer, state: None }
    }
}

#[async_trait]
impl SourceTask for VerifiableSourceTask {
    async fn start(&mut self, context: Arc<dyn SourceTaskContext>, config: &ConfigMap) -> Result<()> {
        let invalid = |error| number::invalid_task("VerifiableSourceTask", error);
        let id: i32 = number::required(config, ID).map_err(invalid)?;
        let per_second: i32 = number::required(config, "throughput").map_err(invalid)?;
        let topic: Topic = config.require("topic").map_err(invalid)?.into();
        let partition = Arc::new(OffsetMap::of(Text::from_static(ID), id));
        let seqno = next_seqno(context.as_ref(), &partition).await?;
        let is_complete =
            config.get("complete.record.data").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let name = config.get("name").map(str::to_owned);
        info!(
            "Started VerifiableSourceTask {}-{id} producing to topic {topic} resuming from seqno {seqno}",
            name.as_deref().unwrap_or("null")
        );
        self.state = Some(State {
            name,
            id,
            topic,
            partition,
            complete: is_complete.then(complete_schema).transpose()?,
            seqno,
            pace: Pace::new(per_second.into()),
        });
        Ok(())
    }

    async fn poll(&mut self) -> Result<Option<Vec<SourceRecord>>> {
        let Some(state) = &mut self.state else {
            return Err(Error::new(ErrorKind::IllegalState, "The task has not been started"));
        };
        if !state.pace.next().await {
            return Ok(None);
        }
        let (seqno, time) = (state.seqno, now_ms());
        let record = state.record(seqno, time)?;
        self.printer.print(
            &Line::default()
                .number("task", state.id.into())
                .number("seqno", seqno)
                .number("time_ms", time)
                .text("name", state.name.as_deref())
                .text("topic", Some(&state.topic))
                .finish(),
        );
        state.seqno += 1;
        Ok(Some(vec![record]))
    }

    fn wants_commit_record(&self) -> bool {
        true
    }

    fn commit_record(&mut self, record: &SourceRecord, _metadata: Option<&RecordMetadata>) -> Result<()> {
        let name = self.state.as_ref().and_then(|state| state.name.as_deref());
        let record = &record.record;
        let line = json::value(&record.key).and_then(|key| Ok((key, json::value(&record.value)?)));
        self.printer.print(&match line {
            Ok((key, value)) => Line::default()
                .raw("committed", "true")
                .raw("task", &key)
                .raw("seqno", &value)
                .number("time_ms", now_ms())
                .text("name", name)
                .text("topic", Some(&record.topic))
                .finish(),
            Err(reason) => bad_data(&reason),
        });
        Ok(())
    }

    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}

impl State {
    fn record(&self, seqno: i64, time: i64) -> Result<SourceRecord> {
        let record = Record::new(Arc::clone(&self.topic)).with_key(Schema::INT32, self.id);
        let record = match &self.complete {
            None => record.with_value(Schema::INT64, seqno),
            Some(schema) => {
                let value = Struct::new(schema.clone())?
                    .with("name", self.name.as_deref())?
                    .with("task", self.id)?
                    .with("topic", &*self.topic)?
                    .with("time_ms", time)?
                    .with("seqno", seqno)?;
                record.with_value(schema.clone(), value)
            }
        };
        Ok(SourceRecord {
            record,
            source_partition: Some(Arc::clone(&self.partition)),
            source_offset: Some(OffsetMap::of(Text::from_static(SEQNO), seqno)),
        })
    }
}

fn complete_schema() -> Result<Schema> {
    SchemaBuilder::new(Type::Struct)
        .field("name", Schema::STRING)
        .field("task", Schema::INT32)
        .field("topic", Schema::STRING)
        .field("time_ms", Schema::INT64)
        .field("seqno", Schema::INT64)
        .build()
}
