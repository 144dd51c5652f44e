//! The source task.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{
    ConfigMap, Error, OffsetMap, Record, RecordMetadata, Result, Schema, SchemaAndValue, SourceRecord,
    SourceTask, SourceTaskContext, Topic, Value, async_trait,
};

use super::{Call, Monitor, Probe, number};

/// How long a poll waits when all records have been given.
const IDLE: Duration = Duration::from_millis(10);

/// Gives numbered records: key `key-TASK-N`, value `value-TASK-N`, a header `header-N`, and the offset `{"saved":N}`.
pub(super) struct MonitorableSourceTask {
    monitor: Monitor,
    state: Option<State>,
}

struct State {
    probe: Arc<Probe>,
    /// `connector-number`
    id: String,
    number: i32,
    topic: Topic,
    partition: Arc<OffsetMap>,
    /// The sequence number of the last record given.
    seqno: i64,
    seqno_max: i64,
    batch_records: i64,
    /// Records a second; `None` is no limit.
    throughput: Option<u32>,
}

impl MonitorableSourceTask {
    pub(super) fn new(monitor: Monitor) -> Self {
        Self { monitor, state: None }
    }

    fn state(&mut self) -> Result<&mut State> {
        self.state.as_mut().ok_or_else(|| Error::connect("The task has not been started"))
    }
}

/// The number at the end of a task's id.
pub(super) fn number_of(id: &str) -> i32 {
    id.rsplit_once('-').and_then(|(_, number)| number.parse().ok()).unwrap_or_default()
}

#[async_trait]
impl SourceTask for MonitorableSourceTask {
    async fn start(&mut self, context: Arc<dyn SourceTaskContext>, config: &ConfigMap) -> Result<()> {
        let probe = self.monitor.probe_of(config);
        let id = config.require("task.id")?.to_owned();
        let number_of_task = number_of(&id);
        probe.source_started(number_of_task, Arc::clone(&context));
        probe.enter(Call::Start).await?;
        if config.get(&format!("task-{id}.start.inject.error")) == Some("true") {
            return Err(Error::connect("Injecting errors during task start"));
        }
        let partition = Arc::new(OffsetMap::of("task.id", id.as_str()));
        let stored = context.offset_storage_reader().offset(&partition).await?;
        let saved = stored.as_ref().and_then(|offset| offset.get("saved")).and_then(Value::as_i64);
        self.state = Some(State {
            probe,
            number: number_of_task,
            topic: config.get("topic").unwrap_or("sequential-topic").into(),
            partition,
            seqno: saved.unwrap_or(0),
            seqno_max: number(config, "max.messages", i64::MAX)?,
            batch_records: number(config, "messages.per.poll", 1)?,
            throughput: u32::try_from(number(config, "throughput", -1_i64)?).ok().filter(|limit| *limit > 0),
            id,
        });
        Ok(())
    }

    async fn poll(&mut self) -> Result<Option<Vec<SourceRecord>>> {
        let state = self.state()?;
        state.probe.enter(Call::Poll).await?;
        let count = (state.seqno_max - state.seqno).min(state.batch_records);
        if count <= 0 {
            tokio::time::sleep(IDLE).await;
            return Ok(None);
        }
        if let Some(limit) = state.throughput {
            tokio::time::sleep(Duration::from_secs_f64(count as f64 / f64::from(limit))).await;
        }
        (0..count).map(|_| state.next()).collect::<Result<_>>().map(Some)
    }

    async fn commit(&mut self) -> Result<()> {
        self.state()?.probe.enter(Call::Commit).await
    }

    fn wants_commit_record(&self) -> bool {
        true
    }

    fn commit_record(&mut self, record: &SourceRecord, metadata: Option<&RecordMetadata>) -> Result<()> {
        let state = self.state()?;
        let saved = record.source_offset.as_ref().and_then(|offset| offset.get("saved"));
        state.probe.ended(state.number, saved.and_then(Value::as_i64).unwrap_or(-1), metadata);
        Ok(())
    }

    async fn stop(&mut self) -> Result<()> {
        match &self.state {
            Some(state) => state.probe.enter(Call::Stop).await,
            None => Ok(()),
        }
    }
}

impl State {
    fn next(&mut self) -> Result<SourceRecord> {
        self.seqno += 1;
        let (id, seqno) = (&self.id, self.seqno);
        let mut record = Record::new(Arc::clone(&self.topic))
            .with_key(Schema::STRING, format!("key-{id}-{seqno}"))
            .with_value(Schema::STRING, format!("value-{id}-{seqno}"));
        record.headers.add(format!("header-{seqno}"), SchemaAndValue::new(Schema::INT64, seqno))?;
        let record = SourceRecord {
            record,
            source_partition: Some(Arc::clone(&self.partition)),
            source_offset: Some(OffsetMap::of("saved", seqno)),
        };
        Ok(self.probe.give(self.number, seqno, record))
    }
}
