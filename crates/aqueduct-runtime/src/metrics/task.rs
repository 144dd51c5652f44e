//! The figures of one task.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use aqueduct_api::Plugin;
use aqueduct_kafka::ClientStatistics;
use aqueduct_kafka::sampled::{Sampled, Sampling};
use aqueduct_proto::state::State;
use jiff::Timestamp;

use super::{PluginStore, Stages, TaskStage};
use crate::herder::ConnectorType;
use crate::worker_config::MetricsConfig;

/// Figures of one task since it was started. Any thread may read them; the task counts once a batch.
#[derive(Debug, Default)]
pub struct TaskMetrics {
    /// What the task is made of, once that is known.
    pub parts: OnceLock<TaskParts>,
    /// How long it was in which state.
    pub states: StateClock,
    /// Whether its start has ended, well or not.
    pub(crate) started: AtomicBool,
    /// Records that a source task's polls gave, or that were fetched for a sink task.
    pub records_read: AtomicU64,
    /// Records that were sent to Kafka, or put to the task.
    pub records_written: AtomicU64,
    /// Records that Kafka has acknowledged.
    pub records_acknowledged: AtomicU64,
    /// Records read when offsets were last committed; those read since are on their way.
    pub records_committed: AtomicU64,
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
    /// What failed.
    pub errors: ErrorMetrics,
    /// How long batches took, stage by stage.
    pub stages: Stages,
    /// Records in transactions lately; only of a task that has any.
    pub transactions: OnceLock<Sampled>,
    /// The task's Kafka clients.
    clients: Mutex<Vec<Arc<ClientStatistics>>>,
    /// What its plugins count themselves.
    pub(crate) plugins: PluginStore,
    sampling: Sampling,
    /// The same and more, lately.
    pub lately: LatelyOfTask,
    /// When the task, or a sink task's consumer, last gave a batch or found none; milliseconds since 1970, 0 for never. So the two below.
    pub last_poll_ms: AtomicI64,
    /// When the task last took a batch.
    pub last_put_ms: AtomicI64,
    /// When offsets were last committed, or nothing was left to commit.
    pub last_commit_ms: AtomicI64,
}

/// Figures of a task over the last windows of `metrics.sample.window.ms`: a minute, unless the worker says otherwise.
#[derive(Debug, Default)]
pub struct LatelyOfTask {
    /// Records a batch that were read.
    pub read: Sampled,
    /// Records a batch that were put, or acknowledged.
    pub written: Sampled,
    /// How long polls took that gave records, in milliseconds.
    pub poll_ms: Sampled,
    /// How long puts took, in milliseconds.
    pub put_ms: Sampled,
    /// How long commits took, in milliseconds.
    pub commit_ms: Sampled,
    /// 1 for each commit that succeeded and 0 for each that failed.
    pub commit_success: Sampled,
    /// 1 for each commit that was not needed.
    pub commit_skips: Sampled,
    /// Records on their way, noted with each batch.
    pub active: Sampled,
}

impl LatelyOfTask {
    fn new(sampling: Sampling) -> Self {
        let sampled = || Sampled::new(sampling);
        Self {
            read: sampled(),
            written: sampled(),
            poll_ms: sampled(),
            put_ms: sampled(),
            commit_ms: sampled(),
            commit_success: sampled(),
            commit_skips: sampled(),
            active: sampled(),
        }
    }
}

/// What failed about a task's records.
#[derive(Debug, Default)]
pub struct ErrorMetrics {
    /// Records that failed for good.
    pub failures: AtomicU64,
    /// Attempts that failed.
    pub errors: AtomicU64,
    /// Attempts after one that failed.
    pub retries: AtomicU64,
    /// Failures in the log.
    pub logged: AtomicU64,
    /// Records given to the dead letter queue.
    pub dead_letters: AtomicU64,
    /// Records that the dead letter queue could not take.
    pub dead_letter_failures: AtomicU64,
    /// When something last failed; milliseconds since 1970, 0 for never.
    pub last_error_ms: AtomicI64,
}

/// A class and its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassVersion {
    /// The class.
    pub class: &'static str,
    /// Its version.
    pub version: &'static str,
}

impl ClassVersion {
    /// Those of a plugin.
    pub(crate) fn of(plugin: &Plugin) -> Self {
        Self { class: plugin.class, version: plugin.version }
    }
}

/// What a task is made of.
#[derive(Debug, Clone)]
pub struct TaskParts {
    /// Which way it moves data.
    pub kind: ConnectorType,
    /// Its connector.
    pub connector: ClassVersion,
    /// The class of the task; its version is the connector's.
    pub task_class: &'static str,
    /// What converts keys.
    pub key_converter: ClassVersion,
    /// What converts values.
    pub value_converter: ClassVersion,
    /// What converts headers.
    pub header_converter: ClassVersion,
    /// Transformations by alias, in their order.
    pub transforms: Vec<(String, ClassVersion)>,
    /// The predicates of transformations by alias.
    pub predicates: BTreeMap<String, ClassVersion>,
}

/// How long a task was in which state.
#[derive(Debug, Default)]
pub struct StateClock(Mutex<Option<States>>);

#[derive(Debug)]
struct States {
    start: Instant,
    state: State,
    since: Instant,
    running: Duration,
    paused: Duration,
}

impl States {
    fn turn(&mut self, now: Instant, state: State) {
        let passed = now.saturating_duration_since(self.since);
        match self.state {
            State::Running => self.running += passed,
            State::Paused => self.paused += passed,
            _ => {}
        }
        (self.since, self.state) = (now, state);
    }
}

impl StateClock {
    /// The task is in this state from now on.
    pub(crate) fn turn(&self, state: State) {
        let now = Instant::now();
        let new =
            || States { start: now, state, since: now, running: Duration::ZERO, paused: Duration::ZERO };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(new).turn(now, state);
    }

    /// The state, once there is one, and which parts of its life the task was running and paused, of 1.
    pub fn ratios(&self) -> Option<(State, f64, f64)> {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let states = states.as_mut()?;
        let now = Instant::now();
        states.turn(now, states.state);
        let life = now.saturating_duration_since(states.start).as_secs_f64();
        let part = |time: Duration| if life > 0.0 { time.as_secs_f64() / life } else { 0.0 };
        Some((states.state, part(states.running), part(states.paused)))
    }
}

/// Now, in milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What the loops count.
impl TaskMetrics {
    /// Of a task that has not begun.
    pub(crate) fn new(config: &MetricsConfig) -> Self {
        let sampling = Sampling::from(config);
        let (lately, plugins) = (LatelyOfTask::new(sampling), PluginStore::new(sampling));
        Self { lately, plugins, sampling, ..Self::default() }
    }

    /// A client of the task's counts from now on.
    pub(crate) fn add_client(&self, client: Option<Arc<ClientStatistics>>) {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).extend(client);
    }

    /// The statistics of the task's Kafka clients.
    pub fn clients(&self) -> Vec<Arc<ClientStatistics>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A transaction of so many records was committed (exactly-once sources).
    pub fn transaction(&self, records: u64) {
        self.transactions.get_or_init(|| Sampled::new(self.sampling)).note(records as f64);
    }

    pub(crate) fn polled(&self, records: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.read(records);
    }

    /// A poll has ended that gave some records, or none.
    pub(crate) fn poll_took(&self, took: Duration, gave_records: bool) {
        if gave_records {
            self.lately.poll_ms.note(millis(took));
            self.stages.observe(TaskStage::Poll, took);
        }
        self.last_poll_ms.store(now_ms(), Ordering::Relaxed);
    }

    pub(crate) fn read(&self, records: usize) {
        self.records_read.fetch_add(records as u64, Ordering::Relaxed);
        self.lately.read.note(records as f64);
        self.lately.active.note(self.active() as f64);
    }

    pub(crate) fn acknowledged(&self, records: u64) {
        self.records_acknowledged.fetch_add(records, Ordering::Relaxed);
        self.lately.written.note(records as f64);
    }

    pub(crate) fn put(&self, records: usize, took: Duration) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.records_written.fetch_add(records as u64, Ordering::Relaxed);
        self.put_micros.fetch_add(micros(took), Ordering::Relaxed);
        self.lately.written.note(records as f64);
        self.lately.put_ms.note(millis(took));
        // A sink task is also given nothing, which says nothing of how long something takes.
        if records > 0 {
            self.stages.observe(TaskStage::Put, took);
        }
        self.last_put_ms.store(now_ms(), Ordering::Relaxed);
    }

    pub(crate) fn committed(&self, took: Duration, done: bool) {
        let counter = if done { &self.commits } else { &self.commit_failures };
        counter.fetch_add(1, Ordering::Relaxed);
        self.commit_micros.fetch_add(micros(took), Ordering::Relaxed);
        self.lately.commit_ms.note(millis(took));
        self.stages.observe(TaskStage::Commit, took);
        self.lately.commit_success.note(if done { 1.0 } else { 0.0 });
        if done {
            self.nothing_to_commit();
        }
    }

    pub(crate) fn commit_skipped(&self) {
        self.commits_skipped.fetch_add(1, Ordering::Relaxed);
        self.lately.commit_skips.note(1.0);
        self.nothing_to_commit();
    }

    fn nothing_to_commit(&self) {
        self.records_committed.store(self.records_read.load(Ordering::Relaxed), Ordering::Relaxed);
        self.last_commit_ms.store(now_ms(), Ordering::Relaxed);
    }

    /// Records on their way: sent and not acknowledged, or read and not committed.
    pub fn active(&self) -> u64 {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        match self.parts.get().map(|parts| parts.kind) {
            Some(ConnectorType::Source) => {
                load(&self.records_written).saturating_sub(load(&self.records_acknowledged))
            }
            _ => load(&self.records_read).saturating_sub(load(&self.records_committed)),
        }
    }
}

impl ErrorMetrics {
    pub(crate) fn attempt_failed(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        self.last_error_ms.store(now_ms(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_its_way_is_counted() {
        let part = ClassVersion { class: "a.B", version: "1" };
        let check = |kind, expected| {
            let metrics = TaskMetrics::default();
            let parts = TaskParts {
                kind,
                connector: part,
                task_class: "a.Task",
                key_converter: part,
                value_converter: part,
                header_converter: part,
                transforms: Vec::new(),
                predicates: BTreeMap::new(),
            };
            metrics.parts.set(parts).expect("unset");
            metrics.polled(10);
            metrics.records_written.fetch_add(9, Ordering::Relaxed);
            metrics.acknowledged(4);
            assert_eq!(metrics.active(), expected);
            metrics.committed(Duration::from_millis(1), true);
            metrics.read(2);
            metrics.active()
        };
        assert_eq!(check(ConnectorType::Source, 5), 5);
        assert_eq!(check(ConnectorType::Sink, 10), 2);
    }

    #[test]
    fn states_share_a_tasks_life() {
        let clock = StateClock::default();
        assert_eq!(clock.ratios(), None);
        clock.turn(State::Running);
        let passed = Instant::now();
        while passed.elapsed() < Duration::from_millis(2) {}
        clock.turn(State::Paused);
        let (state, running, paused) = clock.ratios().expect("a state");
        assert_eq!(state, State::Paused);
        assert!(running > 0.0 && paused >= 0.0 && running + paused <= 1.000_001, "{running} {paused}");
    }
}
