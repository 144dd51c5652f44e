//! The sink task.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{
    ConfigMap, Error, Offsets, Result, SinkRecord, SinkTask, SinkTaskContext, TopicPartition, async_trait,
};

use super::source::number_of;
use super::{Batch, Call, Monitor, Probe, number};

/// Keeps what it gets for the test.
///
/// When it is told to fail with an error that may go away, it asks to be tried again after `retry.timeout.ms`, by default
/// 20 ms.
pub(super) struct MonitorableSinkTask {
    monitor: Monitor,
    state: Option<State>,
}

struct State {
    probe: Arc<Probe>,
    number: i32,
    context: Arc<dyn SinkTaskContext>,
    retry_timeout: Duration,
}

impl MonitorableSinkTask {
    pub(super) fn new(monitor: Monitor) -> Self {
        Self { monitor, state: None }
    }

    fn state(&self) -> Result<&State> {
        self.state.as_ref().ok_or_else(|| Error::connect("The task has not been started"))
    }
}

#[async_trait]
impl SinkTask for MonitorableSinkTask {
    async fn start(&mut self, context: Arc<dyn SinkTaskContext>, config: &ConfigMap) -> Result<()> {
        let probe = self.monitor.probe_of(config);
        let id = config.require("task.id")?;
        let task = number_of(id);
        probe.sink_started(task, Arc::clone(&context));
        probe.enter(Call::Start).await?;
        if config.get(&format!("task-{id}.start.inject.error")) == Some("true") {
            return Err(Error::connect("Injecting errors during task start"));
        }
        let retry_timeout = Duration::from_millis(number(config, "retry.timeout.ms", 20)?);
        self.state = Some(State { probe, number: task, context, retry_timeout });
        Ok(())
    }

    async fn open(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let state = self.state()?;
        state.probe.opened(state.number, partitions);
        state.probe.enter(Call::Open).await
    }

    async fn put(&mut self, records: &[SinkRecord]) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let state = self.state()?;
        let result = state.take(records).await;
        if result.as_ref().is_err_and(Error::is_retriable) {
            state.context.set_timeout(state.retry_timeout);
        }
        state.probe.put(Batch { task: state.number, records: records.to_vec(), taken: result.is_ok() });
        result
    }

    async fn flush(&mut self, _offsets: &Offsets) -> Result<()> {
        self.state()?.probe.enter(Call::Flush).await
    }

    async fn pre_commit(&mut self, offsets: &Offsets) -> Result<Offsets> {
        let probe = Arc::clone(&self.state()?.probe);
        probe.enter(Call::PreCommit).await?;
        self.flush(offsets).await?;
        Ok(probe.answer(offsets))
    }

    async fn close(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let state = self.state()?;
        state.probe.closed(state.number, partitions);
        state.probe.enter(Call::Close).await
    }

    async fn stop(&mut self) -> Result<()> {
        match &self.state {
            Some(state) => state.probe.enter(Call::Stop).await,
            None => Ok(()),
        }
    }
}

impl State {
    async fn take(&self, records: &[SinkRecord]) -> Result<()> {
        self.probe.enter(Call::Put).await?;
        for record in records.iter().filter(|record| self.probe.is_errant(record)) {
            let reporter = self.context.errant_record_reporter();
            let reporter = reporter.ok_or_else(|| Error::connect("There is no errant record reporter"))?;
            reporter.report(record, Error::data("this record is errant")).await?;
        }
        Ok(())
    }
}
