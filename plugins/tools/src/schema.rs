//! A source of structs whose schema may change from record to record.

use std::sync::Arc;

use aqueduct_api::{
    ConfigMap, Error, ErrorKind, OffsetMap, Record, Result, Schema, SchemaBuilder, SourceRecord, SourceTask,
    SourceTaskContext, Struct, Text, Topic, Type, Value,
};
use async_trait::async_trait;
use tracing::info;

use crate::connector::ID;
use crate::number;
use crate::pace::Pace;
use crate::seqno::{SEQNO, next_seqno};
use crate::stdout::Printer;

/// Makes a number of records, one a poll, and then no more. Prints `{"task": ID, "seqno": N}` for each.
///
/// Keys: `topic`, `num.messages`, `throughput` (as for the verifiable source), `multiple.schema` (`true`: every second
/// record has version 2 of the schema), `partition.count` (what the field `partitioning` runs through, 1), `name`, and
/// `id` from the connector. A record goes to the partition of the task's `id`.
#[derive(Debug, Default)]
pub struct SchemaSourceTask {
    printer: Printer,
    state: Option<State>,
}

#[derive(Debug)]
struct State {
    id: i32,
    topic: Topic,
    partition: Arc<OffsetMap>,
    records_left: i64,
    partition_count: i32,
    version_1: Schema,
    /// For every second record.
    version_2: Option<Schema>,
    seqno: i64,
    pace: Pace,
}

impl SchemaSourceTask {
    /// A task that prints elsewhere.
    pub fn with_printer(printer: Printer) -> Self {
        Self { printer, state: None }
    }
}

#[async_trait]
impl SourceTask for SchemaSourceTask {
    async fn start(&mut self, context: Arc<dyn SourceTaskContext>, config: &ConfigMap) -> Result<()> {
        let invalid = |error| number::invalid_task("SchemaSourceTask", error);
        let id: i32 = number::required(config, ID).map_err(invalid)?;
        let records_left: i64 = number::required(config, "num.messages").map_err(invalid)?;
        let partition_count: i32 = number::or(config, "partition.count", 1).map_err(invalid)?;
        let per_second: i32 = number::required(config, "throughput").map_err(invalid)?;
        let topic: Topic = config.require("topic").map_err(invalid)?.into();
        let is_multiple = config.get("multiple.schema").is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let partition = Arc::new(OffsetMap::of(Text::from_static(ID), id));
        let seqno = next_seqno(context.as_ref(), &partition).await?;
        info!(
            "Started SchemaSourceTask {}-{id} producing to topic {topic} resuming from seqno {seqno}",
            config.get("name").unwrap_or("null")
        );
        self.state = Some(State {
            id,
            topic,
            partition,
            records_left,
            partition_count,
            version_1: schema(1)?,
            version_2: is_multiple.then(|| schema(2)).transpose()?,
            seqno,
            pace: Pace::new(per_second.into()),
        });
        Ok(())
    }

    async fn poll(&mut self) -> Result<Option<Vec<SourceRecord>>> {
        let Some(state) = &mut self.state else {
            return Err(Error::new(ErrorKind::IllegalState, "The task has not been started"));
        };
        if state.records_left <= 0 {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            return Ok(None);
        }
        if !state.pace.next().await {
            return Ok(None);
        }
        let record = state.record()?;
        self.printer.print(&format!("{{\"task\": {}, \"seqno\": {}}}", state.id, state.seqno));
        state.seqno += 1;
        state.records_left -= 1;
        Ok(Some(vec![record]))
    }

    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}

impl State {
    fn record(&self) -> Result<SourceRecord> {
        let partitioning = self
            .seqno
            .checked_rem(self.partition_count.into())
            .ok_or_else(|| Error::new(ErrorKind::IllegalArgument, "/ by zero"))?;
        let version_2 = self.version_2.as_ref().filter(|_| self.seqno % 2 != 0);
        let schema = version_2.unwrap_or(&self.version_1);
        let mut value = Struct::new(schema.clone())?
            .with("boolean", Value::Boolean(true))?
            .with("int", 12i32)?
            .with("long", 12i64)?
            .with("float", 12.2f32)?
            .with("double", 12.2f64)?
            // As wide as the partition count, an INT32.
            .with("partitioning", partitioning as i32)?
            .with("id", self.id)?
            .with("seqno", self.seqno)?;
        if version_2.is_some() {
            value.put("string", "def")?;
        }
        let mut record = Record::new(Arc::clone(&self.topic))
            .with_key(Schema::STRING, Value::text("key"))
            .with_value(schema.clone(), value);
        record.partition = Some(self.id);
        Ok(SourceRecord {
            record,
            source_partition: Some(Arc::clone(&self.partition)),
            source_offset: Some(OffsetMap::of(Text::from_static(SEQNO), self.seqno)),
        })
    }
}

fn schema(version: i32) -> Result<Schema> {
    let mut builder = SchemaBuilder::structure()
        .name("record")
        .version(version)
        .field("boolean", Schema::BOOLEAN)
        .field("int", Schema::INT32)
        .field("long", Schema::INT64)
        .field("float", Schema::bare(Type::Float32))
        .field("double", Schema::bare(Type::Float64))
        .field("partitioning", Schema::INT32);
    if version > 1 {
        let text = SchemaBuilder::new(Type::String).default_value(Value::text("abc")).build()?;
        builder = builder.field("string", text);
    }
    builder.field("id", Schema::INT32).field("seqno", Schema::INT64).build()
}
