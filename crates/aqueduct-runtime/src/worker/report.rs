//! What a task tells its worker: states and figures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use aqueduct_api::{Error, Topic};
use aqueduct_proto::state::{State, TaskId};

use crate::status::{Status, StatusStore};

/// Figures of one task since it was started. Any thread may read them.
#[derive(Debug, Default)]
pub struct TaskMetrics {
    /// Records that a source task's polls gave, or that were fetched for a sink task.
    pub records_read: AtomicU64,
    /// Records that were sent to Kafka, or put to the task.
    pub records_written: AtomicU64,
    /// Records left out because they failed and that is tolerated.
    pub records_skipped: AtomicU64,
    /// Batches polled or put.
    pub batches: AtomicU64,
    /// Commits of offsets that succeeded.
    pub commits: AtomicU64,
    /// Commits of offsets that failed.
    pub commit_failures: AtomicU64,
    /// Commits that were not needed.
    pub commits_skipped: AtomicU64,
    /// How long commits took together, in microseconds.
    pub commit_micros: AtomicU64,
    /// How long puts took together, in microseconds.
    pub put_micros: AtomicU64,
    /// The partitions that a sink task holds.
    pub partitions: AtomicU64,
}

/// Where statuses of one worker go.
#[derive(Clone)]
pub(crate) struct StatusWriter {
    pub(crate) store: Arc<dyn StatusStore>,
    pub(crate) worker_id: Arc<str>,
    pub(crate) track_topics: bool,
}

impl StatusWriter {
    pub(crate) fn status(&self, state: State, trace: Option<String>, version: Option<&str>) -> Status {
        Status {
            state,
            trace,
            worker_id: self.worker_id.to_string(),
            generation: 0,
            version: version.map(str::to_owned),
        }
    }
}

/// A task's line to its worker. A task that was given up says nothing any more.
#[derive(Clone)]
pub(crate) struct TaskReport {
    pub(crate) id: TaskId,
    pub(crate) version: Option<&'static str>,
    pub(crate) writer: StatusWriter,
    pub(crate) metrics: Arc<TaskMetrics>,
    pub(crate) given_up: Arc<AtomicBool>,
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

impl TaskReport {
    fn put_status(&self, state: State, trace: Option<String>) {
        if !self.given_up.load(Ordering::Acquire) {
            self.writer.store.put_task(&self.id, self.writer.status(state, trace, self.version));
        }
    }

    pub(crate) fn running(&self) {
        tracing::info!(task = %self.id, "the task is running");
        self.put_status(State::Running, None);
    }

    pub(crate) fn paused(&self) {
        tracing::info!(task = %self.id, "the task is paused");
        self.put_status(State::Paused, None);
    }

    pub(crate) fn ended(&self) {
        self.put_status(State::Unassigned, None);
    }

    pub(crate) fn failed(&self, error: &Error) {
        tracing::error!(
            task = %self.id,
            "Task threw an uncaught and unrecoverable exception. Task is being killed and will not recover until manually restarted\n{}",
            error.trace()
        );
        self.put_status(State::Failed, Some(error.trace()));
    }

    pub(crate) fn used_topic(&self, topic: &Topic) {
        if self.writer.track_topics {
            self.writer.store.put_topic(&self.id, topic);
        }
    }

    pub(crate) fn polled(&self, records: usize) {
        self.metrics.batches.fetch_add(1, Ordering::Relaxed);
        self.metrics.records_read.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(crate) fn sent(&self, records: u64) {
        self.metrics.records_written.fetch_add(records, Ordering::Relaxed);
    }

    pub(crate) fn skipped(&self) {
        self.metrics.records_skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn offsets_stored(&self, took: Duration, stored: bool) {
        self.committed(took, stored);
    }

    pub(crate) fn read(&self, records: usize) {
        self.metrics.records_read.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(crate) fn put(&self, records: usize, took: Duration) {
        self.metrics.batches.fetch_add(1, Ordering::Relaxed);
        self.metrics.records_written.fetch_add(records as u64, Ordering::Relaxed);
        self.metrics.put_micros.fetch_add(micros(took), Ordering::Relaxed);
    }

    pub(crate) fn committed(&self, took: Duration, done: bool) {
        let counter = if done { &self.metrics.commits } else { &self.metrics.commit_failures };
        counter.fetch_add(1, Ordering::Relaxed);
        self.metrics.commit_micros.fetch_add(micros(took), Ordering::Relaxed);
    }

    pub(crate) fn commit_skipped(&self) {
        self.metrics.commits_skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn assigned(&self, partitions: usize) {
        self.metrics.partitions.store(partitions as u64, Ordering::Relaxed);
    }
}
