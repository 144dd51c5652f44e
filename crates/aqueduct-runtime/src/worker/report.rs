//! What a task tells its worker: states and figures.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aqueduct_api::{Error, Topic};
use aqueduct_proto::state::{State, TaskId};

use crate::metrics::{Startups, TaskMetrics};
use crate::status::{Status, StatusStore};

/// Where statuses of one worker go.
#[derive(Clone)]
pub(crate) struct StatusWriter {
    pub(crate) store: Arc<dyn StatusStore>,
    pub(crate) worker_id: Arc<str>,
    pub(crate) track_topics: bool,
    pub(crate) startups: Arc<Startups>,
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

impl TaskReport {
    fn put_status(&self, state: State, trace: Option<String>) {
        self.metrics.states.turn(state);
        if !self.given_up.load(Ordering::Acquire) {
            self.writer.store.put_task(&self.id, self.writer.status(state, trace, self.version));
        }
    }

    pub(crate) fn running(&self) {
        tracing::info!(task = %self.id, "the task is running");
        self.started(true);
        self.put_status(State::Running, None);
    }

    pub(crate) fn paused(&self) {
        tracing::info!(task = %self.id, "the task is paused");
        self.put_status(State::Paused, None);
    }

    pub(crate) fn ended(&self) {
        self.metrics.plugins.close();
        self.put_status(State::Unassigned, None);
    }

    /// Notes how the start went, once.
    fn started(&self, succeeded: bool) {
        if !self.metrics.started.swap(true, Ordering::Relaxed) {
            self.writer.startups.tasks.note(succeeded);
        }
    }

    pub(crate) fn failed(&self, error: &Error) {
        self.started(false);
        self.metrics.plugins.close();
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
        self.metrics.polled(records);
    }

    pub(crate) fn poll_took(&self, took: Duration, gave_records: bool) {
        self.metrics.poll_took(took, gave_records);
    }

    pub(crate) fn sent(&self, records: u64) {
        self.metrics.records_written.fetch_add(records, Ordering::Relaxed);
    }

    pub(crate) fn acknowledged(&self, records: u64) {
        self.metrics.acknowledged(records);
    }

    pub(crate) fn skipped(&self) {
        self.metrics.records_skipped.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn offsets_stored(&self, took: Duration, stored: bool) {
        self.metrics.committed(took, stored);
    }

    pub(crate) fn read(&self, records: usize) {
        self.metrics.read(records);
    }

    pub(crate) fn put(&self, records: usize, took: Duration) {
        self.metrics.put(records, took);
    }

    pub(crate) fn committed(&self, took: Duration, done: bool) {
        self.metrics.committed(took, done);
    }

    pub(crate) fn commit_skipped(&self) {
        self.metrics.commit_skipped();
    }

    pub(crate) fn assigned(&self, partitions: usize) {
        self.metrics.partitions.store(partitions as u64, Ordering::Relaxed);
    }
}
