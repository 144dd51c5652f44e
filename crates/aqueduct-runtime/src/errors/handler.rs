//! Retries and tolerance around what can fail about one record.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use aqueduct_api::{Error, SourceRecord};
use aqueduct_kafka::FetchedRecord;
use aqueduct_proto::failed_record::FailureContext;
use aqueduct_proto::state::TaskId;
use aqueduct_proto::tolerance::{Policy, Stage, Tolerance, Verdict};

use super::{DeadLetters, LogReporter};
use crate::metrics::TaskMetrics;
use crate::task::TaskControl;

/// What failed about a record, and where.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) stage: Stage,
    /// The class of the converter, transformation or task.
    pub(crate) class: &'static str,
    pub(crate) error: Error,
}

impl Failure {
    pub(crate) fn new(stage: Stage, class: &'static str, error: Error) -> Self {
        Self { stage, class, error }
    }

    /// As it is shown to users.
    pub(crate) fn context<'a>(&'a self, task: &'a TaskId) -> FailureContext<'a> {
        FailureContext { task, stage: self.stage, class: self.class, error: Some(&self.error) }
    }
}

/// The record that failed, as it came.
#[derive(Clone, Copy)]
pub(crate) enum Failed<'a> {
    Source(&'a SourceRecord),
    Sink(FetchedRecord<'a>),
}

/// What comes of a failure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Do it again, from the record as it came.
    Retry,
    /// Leave the record out: it was reported.
    Skip,
    /// The task is stopping: leave this record and all behind it to be read again.
    Abandon,
}

/// Decides about failures of one task, and reports them.
pub(crate) struct ErrorHandler {
    pub(crate) policy: Policy,
    pub(crate) log: Option<LogReporter>,
    pub(crate) dead_letters: Option<DeadLetters>,
    pub(crate) control: TaskControl,
    metrics: Arc<TaskMetrics>,
    attempts: Option<Attempts>,
}

/// The failed attempts at the record at hand.
struct Attempts {
    count: u32,
    since: Instant,
}

impl ErrorHandler {
    pub(crate) fn new(
        policy: Policy,
        log: Option<LogReporter>,
        dead_letters: Option<DeadLetters>,
        control: TaskControl,
        metrics: Arc<TaskMetrics>,
    ) -> Self {
        Self { policy, log, dead_letters, control, metrics, attempts: None }
    }

    /// Whether the record must be kept until it is through, to be tried again or shown in the log.
    pub(crate) fn needs_the_record(&self) -> bool {
        self.policy.retries() || self.log.as_ref().is_some_and(LogReporter::shows_records)
    }

    /// Call when a record is through, so that the next one's failures count from one.
    pub(crate) fn passed(&mut self) {
        self.attempts = None;
    }

    /// Decides about a failure: waits and says to try again, or reports it and says to skip the record, or fails.
    pub(crate) async fn failed(
        &mut self,
        failure: &Failure,
        record: Option<Failed<'_>>,
    ) -> Result<Outcome, Error> {
        self.metrics.errors.attempt_failed();
        if failure.error.is_retriable() && record.is_some() {
            match self.wait_for_retry().await {
                Retry::Now => {
                    self.metrics.errors.retries.fetch_add(1, Ordering::Relaxed);
                    return Ok(Outcome::Retry);
                }
                Retry::Stopping => return Ok(Outcome::Abandon),
                Retry::Never => {}
            }
        }
        self.attempts = None;
        self.report(failure, record).await;
        match self.policy.verdict(failure.stage, failure.error.is_retriable()) {
            Verdict::Skip => Ok(Outcome::Skip),
            Verdict::ToleranceExceeded => Err(exceeded(&failure.error)),
            Verdict::Unhandled => {
                Err(Error::connect("Unhandled exception in error handler")
                    .with_source(copy_of(&failure.error)))
            }
        }
    }

    /// Reports a failure that is final, whatever its kind, and says whether it is tolerated.
    pub(crate) async fn tolerates(&mut self, failure: &Failure, record: Option<Failed<'_>>) -> bool {
        self.attempts = None;
        self.metrics.errors.attempt_failed();
        self.report(failure, record).await;
        self.policy.tolerance == Tolerance::All
    }

    async fn report(&mut self, failure: &Failure, record: Option<Failed<'_>>) {
        self.metrics.errors.failures.fetch_add(1, Ordering::Relaxed);
        if let Some(log) = &self.log {
            log.report(failure, record);
        }
        if let (Some(dead_letters), Some(Failed::Sink(record))) = (&mut self.dead_letters, record) {
            dead_letters.report(&record, failure).await;
        }
    }

    async fn wait_for_retry(&mut self) -> Retry {
        if !self.policy.retries() {
            return Retry::Never;
        }
        let attempts = self.attempts.get_or_insert_with(|| Attempts { count: 0, since: Instant::now() });
        attempts.count += 1;
        let delay = self.policy.retry_delay(attempts.count, attempts.since.elapsed(), |below| {
            use std::hash::{BuildHasher, Hasher};
            // A random number without a dependency: the seed of a fresh hasher is random.
            let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
            random.checked_rem(below).unwrap_or(0)
        });
        let Some(delay) = delay else { return Retry::Never };
        tokio::select! {
            () = tokio::time::sleep(delay) => Retry::Now,
            () = self.control.stopping() => Retry::Stopping,
        }
    }
}

/// The error of a task that tolerates none.
pub(crate) fn exceeded(cause: &Error) -> Error {
    Error::connect("Tolerance exceeded in error handler").with_source(copy_of(cause))
}

enum Retry {
    Now,
    Never,
    Stopping,
}

/// An error of the same kind and text, for a trace that names it as the cause.
pub(crate) fn copy_of(error: &Error) -> Error {
    let copy = match error.message() {
        Some(message) => Error::new(error.kind(), message.to_owned()),
        None => Error::bare(error.kind()),
    };
    match std::error::Error::source(error) {
        Some(source) => copy.with_source(match source.downcast_ref::<Error>() {
            Some(source) => copy_of(source).into(),
            None => Box::<dyn std::error::Error + Send + Sync>::from(source.to_string()),
        }),
        None => copy,
    }
}
