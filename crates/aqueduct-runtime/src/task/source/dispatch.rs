//! From a polled batch to the producer.
//!
//! Nearly every record goes all the way in one call of [`SourceLoop::advance`], which awaits nothing and moves nothing.
//! What is in a record's way is dealt with beside that path, and then the record advances from where it was.

use std::time::Instant;

use aqueduct_api::{Error, Result, SourceRecord};
use aqueduct_kafka::KafkaError;

use super::pipeline::Sent;
use super::{SourceLoop, delivery_failure, fatal_delivery};
use crate::errors::{Failed, Failure, Outcome};
use crate::metrics::TaskStage;

/// How far the record at hand has come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Polled,
    Transformed,
    Converted,
}

/// What an advance has come to.
enum Step {
    Sent(u64),
    /// A transformation has dropped the record.
    Dropped,
    /// A converter must get something before it can convert the record.
    Unprepared,
    /// It is the first record to its topic.
    NewTopic,
    /// The producer has no room.
    Full,
    /// The producer does not take it.
    Refused(KafkaError),
    Failed(Failure),
}

impl Step {
    /// The stage in which the record has to wait.
    fn waits_in(&self) -> Option<TaskStage> {
        match self {
            Self::Sent(_) | Self::Dropped => None,
            Self::Unprepared => Some(TaskStage::Convert),
            Self::NewTopic | Self::Full | Self::Refused(_) => Some(TaskStage::Send),
            Self::Failed(failure) => Some(TaskStage::of_failure(failure.stage)),
        }
    }
}

/// What to do after something was in a record's way.
enum Then {
    /// Go on with this record.
    Advance,
    /// Begin again, with the record as it was polled.
    Again,
    /// Go on with the next.
    Next,
    /// The task is stopping.
    Stop,
}

impl SourceLoop {
    /// Takes a batch to the producer; when the task is stopping, perhaps not all of it.
    pub(super) async fn send_batch(&mut self, batch: Vec<SourceRecord>) -> Result<()> {
        self.report.polled(batch.len());
        let keeps = self.task.wants_commit_record() || self.errors.needs_the_record();
        let mut sent = 0;
        self.state.timer.begin();
        for mut record in batch {
            self.state.timer.record();
            let kept = keeps.then(|| record.clone());
            let mut progress = Progress::Polled;
            loop {
                match self.advance(&mut record, &mut progress)? {
                    Step::Sent(sequence) => {
                        self.sent(sequence, kept);
                        sent += 1;
                        break;
                    }
                    step => match self.overcome_timed(step, &record, kept.as_ref()).await? {
                        Then::Advance => {}
                        Then::Again => {
                            // Retries are on, so the record was kept.
                            if let Some(kept) = &kept {
                                record = kept.clone();
                            }
                            progress = Progress::Polled;
                        }
                        Then::Next => break,
                        Then::Stop => {
                            self.batch_ended(sent);
                            return Ok(());
                        }
                    },
                }
            }
        }
        self.batch_ended(sent);
        Ok(())
    }

    fn batch_ended(&mut self, sent: u64) {
        self.report.sent(sent);
        self.state.timer.finish(&self.report.metrics.stages);
    }

    /// Takes the record as far as it goes without waiting.
    fn advance(&mut self, record: &mut SourceRecord, progress: &mut Progress) -> Result<Step> {
        if *progress == Progress::Polled {
            let transformed = self.pipeline.transform(record);
            if self.pipeline.transforms() {
                self.state.timer.passed(TaskStage::Transform);
            }
            match transformed {
                Ok(true) => *progress = Progress::Transformed,
                Ok(false) => return Ok(Step::Dropped),
                Err(failure) => return Ok(Step::Failed(failure)),
            }
        }
        if *progress == Progress::Transformed {
            if let Err(failure) = self.pipeline.convert(&mut record.record) {
                let unprepared = self.pipeline.needs_preparation();
                return Ok(if unprepared { Step::Unprepared } else { Step::Failed(failure) });
            }
            self.state.timer.passed(TaskStage::Convert);
            *progress = Progress::Converted;
        }
        if !self.topics.knows(&record.record.topic) {
            return Ok(Step::NewTopic);
        }
        match self.pipeline.send(&record.record, self.producer.as_mut()) {
            Sent::Taken(sequence) => {
                self.state.timer.passed(TaskStage::Send);
                if let Some(partition) = &record.source_partition {
                    let offset = record.source_offset.take();
                    self.state.submitted.submit(sequence, &self.id.connector, Some(partition), offset)?;
                }
                Ok(Step::Sent(sequence))
            }
            Sent::Full => Ok(Step::Full),
            Sent::Refused(error) => Ok(Step::Refused(error)),
        }
    }

    fn sent(&mut self, sequence: u64, kept: Option<SourceRecord>) {
        self.errors.passed();
        if let Some(record) = kept.filter(|_| self.task.wants_commit_record()) {
            self.state.awaiting.push_back((sequence, record));
        }
    }

    async fn overcome_timed(
        &mut self,
        step: Step,
        record: &SourceRecord,
        kept: Option<&SourceRecord>,
    ) -> Result<Then> {
        let Some(stage) = step.waits_in() else { return self.overcome(step, record, kept).await };
        let since = Instant::now();
        let then = self.overcome(step, record, kept).await;
        self.state.timer.waited(stage, since);
        then
    }

    /// Deals with what keeps a record from being sent.
    async fn overcome(
        &mut self,
        step: Step,
        record: &SourceRecord,
        kept: Option<&SourceRecord>,
    ) -> Result<Then> {
        if self.control.is_stopping() {
            return Ok(Then::Stop);
        }
        match step {
            Step::Sent(_) => Ok(Then::Next),
            Step::Dropped => {
                self.errors.passed();
                Ok(self.end(kept))
            }
            Step::Unprepared => {
                let prepared = tokio::select! {
                    prepared = self.pipeline.prepare() => prepared,
                    () = self.control.stopping() => return Ok(Then::Stop),
                };
                match prepared {
                    Ok(()) => Ok(Then::Advance),
                    Err(failure) => self.failed(&failure, kept).await,
                }
            }
            Step::NewTopic => self.meet_topic(record).await,
            Step::Full => {
                self.wait_for_room().await?;
                Ok(Then::Advance)
            }
            Step::Refused(error) if error.is_retriable() => {
                tracing::warn!(task = %self.id, "the producer could not take a record, and is tried again: {error}");
                self.wait_before_resending().await;
                Ok(Then::Advance)
            }
            // Java hears of a record that is too large in the producer's callback, so tolerance covers it.
            Step::Refused(error) if error.kind() == aqueduct_kafka::ErrorKind::RecordTooLarge => {
                if !self.errors.tolerates(&delivery_failure(&error), kept.map(Failed::Source)).await {
                    return Err(fatal_delivery(error));
                }
                self.report.skipped();
                Ok(self.end(kept))
            }
            Step::Refused(error) => {
                Err(Error::connect("Unrecoverable exception trying to send").with_source(error))
            }
            Step::Failed(failure) => self.failed(&failure, kept).await,
        }
    }

    async fn failed(&mut self, failure: &Failure, kept: Option<&SourceRecord>) -> Result<Then> {
        Ok(match self.errors.failed(failure, kept.map(Failed::Source)).await? {
            Outcome::Retry => Then::Again,
            Outcome::Skip => {
                self.report.skipped();
                self.end(kept)
            }
            Outcome::Abandon => Then::Stop,
        })
    }

    /// A record has ended without Kafka: the task hears of it.
    fn end(&mut self, kept: Option<&SourceRecord>) -> Then {
        if let Some(record) = kept.filter(|_| self.task.wants_commit_record()) {
            self.state.ended.push((record.clone(), None));
        }
        Then::Next
    }

    async fn meet_topic(&mut self, record: &SourceRecord) -> Result<Then> {
        let topic = &record.record.topic;
        match self.topics.meet(topic).await {
            Ok(true) => self.report.used_topic(topic),
            Ok(false) => {}
            Err(error) if error.is_retriable() => {
                tracing::warn!(task = %self.id, "could not make sure of a topic, and try again: {error:#}");
                self.wait_before_resending().await;
            }
            Err(error) => return Err(error),
        }
        Ok(Then::Advance)
    }

    async fn wait_for_room(&mut self) -> Result<()> {
        tokio::select! {
            () = self.producer.ready() => {}
            () = self.control.stopping() => {}
            () = self.committer.due() => self.committer.store(&mut self.state.submitted, &self.report).await,
        }
        self.take_acks(std::time::Duration::ZERO).await?;
        self.fail_for_delivery()
    }
}
