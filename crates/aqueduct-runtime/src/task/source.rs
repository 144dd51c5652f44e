//! The loop of a source task: poll, transform, convert, send, and store the offsets of what Kafka has
//! (spec: source, at-least-once).

mod committer;
mod dispatch;
mod pipeline;
mod topics;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aqueduct_api::{Error, RecordMetadata, Result, SourceRecord, SourceTask, SourceTaskContext};
use aqueduct_kafka::{Ack, BatchProducer, KafkaError};
use aqueduct_proto::offsets::SubmittedRecords;
use aqueduct_proto::state::TaskId;
use aqueduct_proto::tolerance::Stage;

pub(crate) use committer::Committer;
pub(crate) use pipeline::{Named, Pipeline};
pub(crate) use topics::{TopicCreation, TopicCreator};

use super::{TaskControl, TaskTarget};
use crate::errors::{ErrorHandler, Failure, java_cause};
use crate::metrics::BatchTimer;
use crate::worker::TaskReport;

/// How long the producer may take to hand over what it holds when the task ends.
const PRODUCER_CLOSE_TIMEOUT: Duration = Duration::from_secs(30);
/// The pause before a record is tried again that the producer could not take for now.
const SEND_RETRY_DELAY: Duration = Duration::from_millis(100);

/// A source task with all that moves its records. One future drives it, and owns everything.
pub(crate) struct SourceLoop {
    pub(crate) id: TaskId,
    pub(crate) task: Box<dyn SourceTask>,
    pub(crate) task_class: &'static str,
    pub(crate) context: Arc<dyn SourceTaskContext>,
    pub(crate) config: aqueduct_api::ConfigMap,
    pub(crate) pipeline: Pipeline,
    pub(crate) errors: ErrorHandler,
    pub(crate) producer: Box<dyn BatchProducer>,
    pub(crate) topics: TopicCreation,
    pub(crate) committer: Committer,
    pub(crate) control: TaskControl,
    pub(crate) report: TaskReport,
    pub(crate) state: Flow,
}

/// What is on its way.
#[derive(Default)]
pub(crate) struct Flow {
    submitted: SubmittedRecords,
    /// Sent records by sequence, for a task that wants to hear of their end.
    awaiting: VecDeque<(u64, SourceRecord)>,
    /// Records whose end the task has not heard of yet, because a poll was running.
    ended: Vec<(SourceRecord, Option<RecordMetadata>)>,
    acks: Vec<Ack>,
    /// Times the batch at hand.
    timer: BatchTimer,
    /// What a delivery report said that the task must fail for.
    failure: Option<Error>,
}

impl SourceLoop {
    /// Runs the task to its end. The caller reports the error.
    pub(crate) async fn run(mut self) -> Result<()> {
        if self.control.target() == TaskTarget::Pause {
            self.wait_to_begin().await;
        }
        if self.control.is_stopping() {
            return Ok(());
        }
        let started = self.task.start(Arc::clone(&self.context), &self.config).await;
        let result = match started {
            Ok(()) => {
                self.report.running();
                self.execute().await
            }
            Err(error) => Err(error),
        };
        self.finish().await;
        result
    }

    /// Waits until the task is not paused any more. What the producer says meanwhile would pile up.
    async fn wait_to_begin(&mut self) {
        self.report.paused();
        loop {
            tokio::select! {
                _ = self.control.other_than(TaskTarget::Pause) => return,
                _ = self.producer.acks(&mut self.state.acks, Duration::MAX) => {}
            }
        }
    }

    async fn execute(&mut self) -> Result<()> {
        loop {
            match self.control.target() {
                TaskTarget::Stop => return Ok(()),
                TaskTarget::Pause => self.pause().await?,
                TaskTarget::Run => {}
            }
            self.fail_for_delivery()?;
            let started = Instant::now();
            let polled = self.poll().await?;
            self.report.poll_took(started.elapsed(), polled.is_some());
            if let Some(batch) = polled {
                self.send_batch(batch).await?;
            }
            self.take_acks(Duration::ZERO).await?;
            self.settle().await;
        }
    }

    /// Polls the task while acknowledgements come in and offsets are stored. `None`: nothing, or told to stop.
    async fn poll(&mut self) -> Result<Option<Vec<SourceRecord>>> {
        let Self { task, producer, state, committer, control, errors, report, id, .. } = self;
        let mut poll = task.poll();
        loop {
            let in_flight = producer.in_flight() > 0;
            tokio::select! {
                biased;
                polled = &mut poll => match polled {
                    Ok(batch) => return Ok(batch),
                    Err(error) if error.is_retriable() => {
                        tracing::warn!(task = %id, "poll of the task failed, and is tried again: {error:#}");
                        return Ok(None);
                    }
                    Err(error) => return Err(error),
                },
                () = control.stopping() => return Ok(None),
                _ = producer.acks(&mut state.acks, Duration::MAX), if in_flight => {
                    state.handle_acks(errors, report).await;
                }
                () = committer.due() => {
                    committer.store(&mut state.submitted, report).await;
                    // Also a producer that has nothing to send says something now and then.
                    producer.acks(&mut state.acks, Duration::ZERO).await;
                }
            }
        }
    }

    async fn wait_before_resending(&mut self) {
        tokio::select! {
            () = tokio::time::sleep(SEND_RETRY_DELAY) => {}
            () = self.control.stopping() => {}
        }
    }

    async fn take_acks(&mut self, max_wait: Duration) -> Result<()> {
        self.producer.acks(&mut self.state.acks, max_wait).await;
        self.state.handle_acks(&mut self.errors, &self.report).await;
        Ok(())
    }

    fn fail_for_delivery(&mut self) -> Result<()> {
        self.state.failure.take().map_or(Ok(()), Err)
    }

    /// Tells the task which records have ended, and stores offsets if it is time to.
    async fn settle(&mut self) {
        for (record, metadata) in self.state.ended.drain(..) {
            if let Err(error) = self.task.commit_record(&record, metadata.as_ref()) {
                tracing::error!(task = %self.id, "commitRecord of the task failed: {error:#}");
            }
        }
        if self.committer.is_due() {
            self.committer.store(&mut self.state.submitted, &self.report).await;
        }
        if self.committer.take_stored() {
            self.tell_committed().await;
        }
    }

    async fn tell_committed(&mut self) {
        if let Err(error) = self.task.commit().await {
            tracing::error!(task = %self.id, "commit of the task failed: {error:#}");
        }
    }

    async fn pause(&mut self) -> Result<()> {
        self.report.paused();
        loop {
            tokio::select! {
                target = self.control.other_than(TaskTarget::Pause) => {
                    if target == TaskTarget::Run {
                        self.report.running();
                    }
                    return Ok(());
                }
                // Also a producer that has nothing to send says something now and then.
                _ = self.producer.acks(&mut self.state.acks, Duration::MAX) => {
                    self.state.handle_acks(&mut self.errors, &self.report).await;
                }
                () = self.committer.due() => {}
            }
            self.fail_for_delivery()?;
            self.settle().await;
        }
    }

    /// Waits for what was sent, stores its offsets, and lets everything go. Also after a failure: what Kafka has of the
    /// records before it counts.
    async fn finish(&mut self) {
        let deadline = Instant::now() + self.committer.flush_timeout();
        if let Err(error) = self.producer.flush(self.committer.flush_timeout()).await {
            tracing::warn!(task = %self.id, "not all records were acknowledged in time, and will be sent again: {error}");
        }
        while self.producer.acks(&mut self.state.acks, Duration::ZERO).await > 0 && Instant::now() < deadline
        {
            self.state.handle_acks(&mut self.errors, &self.report).await;
        }
        self.state.handle_acks(&mut self.errors, &self.report).await;
        if let Some(error) = self.state.failure.take() {
            tracing::error!(task = %self.id, "a record could not be sent: {error:#}");
        }
        self.committer.store(&mut self.state.submitted, &self.report).await;
        self.settle().await;
        if let Err(error) = self.task.stop().await {
            tracing::warn!(task = %self.id, class = self.task_class, "the task could not be stopped cleanly: {error:#}");
        }
        self.producer.close(PRODUCER_CLOSE_TIMEOUT).await;
    }
}

impl Flow {
    /// Notes what became of sent records.
    async fn handle_acks(&mut self, errors: &mut ErrorHandler, report: &TaskReport) {
        let mut acks = std::mem::take(&mut self.acks);
        if !acks.is_empty() {
            let taken = acks.iter().filter(|ack| ack.result.is_ok()).count();
            report.acknowledged(taken as u64);
        }
        for ack in acks.drain(..) {
            let record = self.take_awaiting(ack.sequence);
            let metadata = match ack.result {
                Ok(metadata) => Some(RecordMetadata {
                    partition: metadata.partition,
                    offset: metadata.offset,
                    timestamp: metadata.timestamp,
                }),
                Err(error) => {
                    if !errors.tolerates(&delivery_failure(&error), None).await {
                        // Its offset and those behind it are not stored: the record comes again after a restart.
                        self.failure.get_or_insert(fatal_delivery(error));
                        continue;
                    }
                    report.skipped();
                    None
                }
            };
            self.submitted.ack(ack.sequence);
            if let Some(record) = record {
                self.ended.push((record, metadata));
            }
        }
        // Keep the buffer.
        self.acks = acks;
    }

    fn take_awaiting(&mut self, sequence: u64) -> Option<SourceRecord> {
        let at = self.awaiting.binary_search_by_key(&sequence, |(sequence, _)| *sequence).ok()?;
        self.awaiting.remove(at).map(|(_, record)| record)
    }
}

const PRODUCER_CLASS: &str = "org.apache.kafka.clients.producer.KafkaProducer";

fn delivery_failure(error: &KafkaError) -> Failure {
    Failure::new(Stage::KafkaProduce, PRODUCER_CLASS, Error::connect(error.to_string()))
}

fn fatal_delivery(cause: KafkaError) -> Error {
    Error::connect("Unrecoverable exception from producer send callback").with_source(java_cause(cause))
}
