//! The loop of a sink task: fetch, convert, transform, put, and commit what the task says is safe (spec: sink).

mod commit;
mod convert;
mod partitions;
mod reporter;

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{Error, Result, SinkRecord, SinkTask};
use aqueduct_kafka::{BatchConsumer, FetchedBatch, Polled, Rebalance, Subscription};
use aqueduct_proto::state::TaskId;
use tokio::time::Instant;

pub(crate) use convert::Converters;
pub(crate) use partitions::SinkContext;
pub(crate) use reporter::ErrantRecords;

use super::{TaskControl, TaskTarget};
use crate::errors::{ErrorHandler, Failed, Outcome, kafka_error};
use crate::metrics::{BatchTimer, TaskStage};
use crate::worker::TaskReport;
pub(crate) use commit::Commits;

/// How long leaving the group may take.
const CONSUMER_CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// How often a consumer that has nothing to do is looked at.
const IDLE_POLL_INTERVAL: Duration = Duration::from_secs(30);

/// A sink task with all that moves its records. One future drives it, and owns everything.
pub(crate) struct SinkLoop {
    pub(crate) id: TaskId,
    pub(crate) task: Box<dyn SinkTask>,
    pub(crate) task_class: &'static str,
    pub(crate) context: Arc<SinkContext>,
    pub(crate) config: aqueduct_api::ConfigMap,
    pub(crate) subscription: Subscription,
    pub(crate) converters: Converters,
    pub(crate) errors: ErrorHandler,
    pub(crate) errant: Option<Arc<ErrantRecords>>,
    pub(crate) consumer: Box<dyn BatchConsumer>,
    pub(crate) commits: Commits,
    pub(crate) control: TaskControl,
    pub(crate) report: TaskReport,
    pub(crate) batch: Batch,
}

/// The records at hand, in buffers that are kept.
#[derive(Default)]
pub(crate) struct Batch {
    fetched: FetchedBatch,
    /// What the task gets: the fetched records, converted, without those left out.
    records: Vec<SinkRecord>,
    /// The task could not take `records` for now: they are put again, and nothing is fetched.
    redelivery: bool,
    user_paused: bool,
    timer: BatchTimer,
}

impl Batch {
    /// The target that the loop has followed: a poll ends early when there is another one.
    fn target(&self) -> TaskTarget {
        if self.user_paused { TaskTarget::Pause } else { TaskTarget::Run }
    }
}

impl SinkLoop {
    /// Runs the task to its end. The caller reports the error.
    pub(crate) async fn run(mut self) -> Result<()> {
        if self.control.target() == TaskTarget::Pause {
            self.wait_to_begin().await;
        }
        if self.control.is_stopping() {
            return Ok(());
        }
        let result = self.start_and_iterate().await;
        let closed = self.finish().await;
        result.and(closed)
    }

    /// Waits until the task is not paused any more. What the consumer says meanwhile would pile up.
    async fn wait_to_begin(&mut self) {
        self.report.paused();
        loop {
            tokio::select! {
                _ = self.control.other_than(TaskTarget::Pause) => return,
                () = tokio::time::sleep(IDLE_POLL_INTERVAL) => {
                    // It reads nothing yet; an error of its connection comes again when it does.
                    let _ = self.consumer.poll(Duration::ZERO, &mut self.batch.fetched).await;
                }
            }
        }
    }

    async fn start_and_iterate(&mut self) -> Result<()> {
        self.consumer.subscribe(self.subscription.clone()).await.map_err(kafka_error)?;
        let context: Arc<dyn aqueduct_api::SinkTaskContext> = Arc::clone(&self.context) as _;
        self.task.start(context, &self.config).await?;
        self.report.running();
        while !self.control.is_stopping() {
            self.follow_pause()?;
            self.iterate().await?;
        }
        Ok(())
    }

    fn follow_pause(&mut self) -> Result<()> {
        let paused = self.control.target() == TaskTarget::Pause;
        if paused == self.batch.user_paused {
            return Ok(());
        }
        self.batch.user_paused = paused;
        if paused {
            self.report.paused();
            self.commits.request();
        } else {
            self.report.running();
        }
        self.apply_pauses()
    }

    /// Pauses and resumes what the user, the task and a batch to be put again want to be paused.
    fn apply_pauses(&mut self) -> Result<()> {
        let held = self.context.assignment_kafka();
        if self.batch.user_paused || self.batch.redelivery {
            self.consumer.pause(&held).map_err(kafka_error)?;
        } else {
            let (paused, running) = self.context.split_paused(held);
            self.consumer.resume(&running).map_err(kafka_error)?;
            self.consumer.pause(&paused).map_err(kafka_error)?;
        }
        Ok(())
    }

    async fn iterate(&mut self) -> Result<()> {
        if self.context.take_commit_request() {
            self.commits.request();
        }
        self.commits.expire(&self.report);
        if self.commits.is_due() {
            self.commit().await?;
        }
        self.rewind().await?;
        if self.context.take_pause_change() {
            self.apply_pauses()?;
        }
        let wait = self.poll_wait();
        if self.batch.redelivery {
            self.poll_for_membership(wait).await?;
        } else {
            self.fetch(wait).await?;
        }
        if self.control.is_stopping() && self.batch.redelivery {
            return Ok(());
        }
        self.put().await
    }

    fn poll_wait(&self) -> Duration {
        let until_commit = self.commits.next().saturating_duration_since(Instant::now());
        match self.context.take_timeout() {
            Some(timeout) => until_commit.min(timeout),
            None => until_commit,
        }
    }

    /// Polls, and handles all that is not records, until records come or the time is up.
    async fn fetch(&mut self, wait: Duration) -> Result<()> {
        self.batch.records.clear();
        let deadline = Instant::now() + wait;
        loop {
            let started = Instant::now();
            let wait = deadline.saturating_duration_since(started);
            let target = self.batch.target();
            let polled = tokio::select! {
                biased;
                polled = self.consumer.poll(wait, &mut self.batch.fetched) => polled.map_err(kafka_error)?,
                _ = self.control.other_than(target) => return Ok(()),
                () = self.context.woken() => return Ok(()),
            };
            self.report.poll_took(started.elapsed(), !self.batch.fetched.is_empty());
            let converted = self.convert().await;
            for topic in self.converters.take_new_topics() {
                self.report.used_topic(&topic);
            }
            converted?;
            match polled {
                Polled::Records | Polled::EndReached(_) => return Ok(()),
                Polled::Committed(done) => self.commits.completed(done, &self.report),
                Polled::Rebalance(rebalance) => {
                    // What came before the rebalance goes to the task while its partitions are still open.
                    self.put().await?;
                    self.rebalance(rebalance).await?;
                }
            }
            if !self.batch.records.is_empty() || self.batch.redelivery {
                return Ok(());
            }
        }
    }

    /// All partitions are paused: polling keeps the membership and hears of rebalances.
    async fn poll_for_membership(&mut self, wait: Duration) -> Result<()> {
        let mut nothing = FetchedBatch::new();
        let started = Instant::now();
        let target = self.batch.target();
        let polled = tokio::select! {
            biased;
            polled = self.consumer.poll(wait, &mut nothing) => polled.map_err(kafka_error)?,
            _ = self.control.other_than(target) => return Ok(()),
        };
        self.report.poll_took(started.elapsed(), false);
        match polled {
            Polled::Records | Polled::EndReached(_) => Ok(()),
            Polled::Committed(done) => {
                self.commits.completed(done, &self.report);
                Ok(())
            }
            Polled::Rebalance(rebalance) => self.rebalance(rebalance).await,
        }
    }

    /// Makes records of what was fetched.
    async fn convert(&mut self) -> Result<()> {
        let Self { batch, converters, errors, commits, report, control, .. } = self;
        let read = batch.fetched.len();
        batch.timer.begin();
        for record in batch.fetched.iter() {
            batch.timer.record();
            loop {
                let failure = match converters.convert(record, &mut batch.records, &mut batch.timer) {
                    Ok(()) => break,
                    Err(failure) if !converters.needs_preparation() => failure,
                    Err(_) => {
                        let since = std::time::Instant::now();
                        let prepared = tokio::select! {
                            prepared = converters.prepare() => prepared,
                            () = control.stopping() => return Ok(()),
                        };
                        batch.timer.waited(TaskStage::Convert, since);
                        match prepared {
                            Ok(()) => continue,
                            Err(failure) => failure,
                        }
                    }
                };
                let since = std::time::Instant::now();
                let outcome = errors.failed(&failure, Some(Failed::Sink(record))).await?;
                batch.timer.waited(TaskStage::of_failure(failure.stage), since);
                match outcome {
                    Outcome::Retry => {}
                    Outcome::Skip => {
                        report.skipped();
                        break;
                    }
                    Outcome::Abandon => return Ok(()),
                }
            }
            errors.passed();
            commits.fetched(record);
        }
        if read > 0 {
            batch.timer.finish(&report.metrics.stages);
            report.read(read);
        }
        Ok(())
    }

    async fn put(&mut self) -> Result<()> {
        let started = Instant::now();
        let result = self.task.put(&self.batch.records).await;
        let settled = self.settle_errant().await;
        let result = result.and(settled);
        match result {
            Ok(()) => {
                self.report.put(self.batch.records.len(), started.elapsed());
                self.commits.put();
                self.batch.records.clear();
                if std::mem::take(&mut self.batch.redelivery) {
                    self.apply_pauses()?;
                }
                Ok(())
            }
            Err(error) if error.is_retriable() => {
                tracing::warn!(task = %self.id, "the task could not take a batch, and gets it again: {error:#}");
                if !std::mem::replace(&mut self.batch.redelivery, true) {
                    self.apply_pauses()?;
                }
                Ok(())
            }
            Err(error) => {
                tracing::error!(task = %self.id, "the task failed to take a batch: {error:#}");
                Err(Error::connect("Exiting WorkerSinkTask due to unrecoverable exception.")
                    .with_source(error))
            }
        }
    }

    /// Takes what the task has reported to the dead letter queue, and fails if it has reported more than is tolerated.
    pub(in crate::task::sink) async fn settle_errant(&mut self) -> Result<()> {
        match &self.errant {
            Some(errant) => errant.settle(&self.batch.fetched, &mut self.errors).await,
            None => Ok(()),
        }
    }

    async fn rebalance(&mut self, rebalance: Rebalance) -> Result<()> {
        match rebalance {
            Rebalance::Assigned(partitions) => {
                let positions = self
                    .consumer
                    .positions(&partitions, self.commits.timeout())
                    .await
                    .map_err(kafka_error)?;
                self.commits.assigned(&positions);
                let opened = self.context.assigned(&partitions);
                self.report.assigned(self.context.len());
                if self.batch.user_paused || self.batch.redelivery {
                    self.consumer.pause(&partitions).map_err(kafka_error)?;
                }
                self.task.open(&opened).await?;
                self.consumer.complete_rebalance().await.map_err(kafka_error)?;
                self.apply_pauses()?;
                self.rewind().await
            }
            Rebalance::Revoked(partitions) => {
                let closed = self.close(&partitions).await;
                self.forget(&partitions)?;
                closed?;
                self.consumer.complete_rebalance().await.map_err(kafka_error)
            }
            Rebalance::Lost(partitions) => {
                let lost = self.context.held(&partitions);
                let closed = self.task.close(&lost).await;
                self.forget(&partitions)?;
                closed?;
                self.consumer.complete_rebalance().await.map_err(kafka_error)
            }
        }
    }

    fn forget(&mut self, partitions: &[aqueduct_kafka::TopicPartition]) -> Result<()> {
        // librdkafka keeps the pause of a partition that goes, and would not read it when it comes back.
        self.consumer.resume(partitions).map_err(kafka_error)?;
        self.commits.forget(partitions);
        self.context.revoked(partitions);
        self.report.assigned(self.context.len());
        let gone = |record: &SinkRecord| {
            partitions
                .iter()
                .any(|p| p.partition == record.origin.partition && p.topic == record.origin.topic)
        };
        self.batch.records.retain(|record| !gone(record));
        Ok(())
    }

    async fn rewind(&mut self) -> Result<()> {
        for (partition, offset) in self.context.take_rewinds() {
            self.consumer.seek(&partition, offset).await.map_err(kafka_error)?;
            self.commits.rewound(partition, offset);
        }
        Ok(())
    }

    /// Commits a last time, and lets everything go. Also after a failure: what the task took before counts.
    async fn finish(&mut self) -> Result<()> {
        let closed = self.close_all().await;
        if let Err(error) = self.task.stop().await {
            tracing::warn!(task = %self.id, class = self.task_class, "the task could not be stopped cleanly: {error:#}");
        }
        if let Some(dead_letters) = &mut self.errors.dead_letters {
            dead_letters.close(self.commits.timeout()).await;
        }
        self.consumer.close(CONSUMER_CLOSE_TIMEOUT).await;
        closed
    }
}
