//! The beans of a worker.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use aqueduct_api::KAFKA_VERSION;
use aqueduct_proto::state::{State, TaskId};
use serde::Serialize;
use serde_json::{Map, json};

use super::{Attempts, ClassVersion, ErrorMetrics, TaskMetrics, TaskParts, now_ms};
use crate::herder::ConnectorType;
use crate::worker::Worker;

/// What Java shows as one JMX bean: `kafka.connect:type=GROUP,TAGS`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bean {
    /// The group, such as `source-task-metrics`. Those that begin with `aqueduct` have no counterpart in Java.
    pub group: &'static str,
    /// Tags and their values, in order.
    pub tags: Vec<(&'static str, String)>,
    /// Attributes and their values, in order.
    pub attributes: Vec<(&'static str, Value)>,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Not a number where nothing was measured.
    Number(f64),
    /// A state, class or version.
    Text(String),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&AtomicU64> for Value {
    fn from(counter: &AtomicU64) -> Self {
        counter.load(Ordering::Relaxed).into()
    }
}

impl Bean {
    fn new(group: &'static str, tags: &[(&'static str, &str)]) -> Self {
        let tags = tags.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { group, tags, attributes: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.push((name, value.into()));
        self
    }

    fn with_class(self, names: [&'static str; 2], part: ClassVersion) -> Self {
        self.with(names[0], part.class).with(names[1], part.version)
    }

    fn with_attempts(self, names: [&'static str; 5], attempts: &Attempts) -> Self {
        let (successes, failures) = attempts.counts();
        let all = successes + failures;
        let part = |count: u64| if all == 0 { 0.0 } else { count as f64 / all as f64 };
        self.with(names[0], all)
            .with(names[1], successes)
            .with(names[2], part(successes))
            .with(names[3], failures)
            .with(names[4], part(failures))
    }
}

impl Serialize for Bean {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = |value: &Value| match value {
            // JSON has no word for what is not a number: null.
            Value::Number(number) => json!(number),
            Value::Text(text) => json!(text),
        };
        let tags: Map<_, _> = self.tags.iter().map(|(name, tag)| ((*name).to_owned(), json!(tag))).collect();
        let attributes: Map<_, _> =
            self.attributes.iter().map(|(name, found)| ((*name).to_owned(), value(found))).collect();
        json!({ "type": self.group, "tags": tags, "attributes": attributes }).serialize(serializer)
    }
}

/// All beans of a worker now.
pub fn beans(worker: &Worker) -> Vec<Bean> {
    let mut tasks = worker.task_metrics();
    tasks.sort_by(|(a, _), (b, _)| a.cmp(b));
    let connectors = worker.connector_parts();
    let mut beans = vec![
        worker_bean(worker, connectors.len(), tasks.len()),
        Bean::new("app-info", &[("client-id", &worker.parts().id)])
            .with("version", KAFKA_VERSION)
            .with("start-time-ms", worker.started_ms() as f64),
    ];
    let ids: Vec<&TaskId> = tasks.iter().map(|(id, _)| id).collect();
    beans.extend(task_counts(worker, &ids));
    for (name, kind, part) in connectors {
        let state = worker.parts().status.connector(&name).map_or(State::Unassigned, |status| status.state);
        let bean = Bean::new("connector-metrics", &[("connector", &name)])
            .with("status", state.name().to_lowercase().as_str())
            .with("connector-type", type_name(kind))
            .with_class(["connector-class", "connector-version"], part);
        beans.push(bean);
    }
    for (id, metrics) in &tasks {
        beans.extend(task_beans(id, metrics));
    }
    beans
}

fn type_name(kind: ConnectorType) -> &'static str {
    match kind {
        ConnectorType::Source => "source",
        ConnectorType::Sink => "sink",
        ConnectorType::Unknown => "unknown",
    }
}

fn worker_bean(worker: &Worker, connectors: usize, tasks: usize) -> Bean {
    let startups = worker.startups();
    Bean::new("connect-worker-metrics", &[])
        .with("connector-count", connectors as u64)
        .with("task-count", tasks as u64)
        .with_attempts(
            [
                "connector-startup-attempts-total",
                "connector-startup-success-total",
                "connector-startup-success-percentage",
                "connector-startup-failure-total",
                "connector-startup-failure-percentage",
            ],
            &startups.connectors,
        )
        .with_attempts(
            [
                "task-startup-attempts-total",
                "task-startup-success-total",
                "task-startup-success-percentage",
                "task-startup-failure-total",
                "task-startup-failure-percentage",
            ],
            &startups.tasks,
        )
}

/// For each connector, how many of its tasks here are in which state.
fn task_counts(worker: &Worker, tasks: &[&TaskId]) -> Vec<Bean> {
    const STATES: [(&str, State); 5] = [
        ("connector-running-task-count", State::Running),
        ("connector-paused-task-count", State::Paused),
        ("connector-failed-task-count", State::Failed),
        ("connector-unassigned-task-count", State::Unassigned),
        ("connector-restarting-task-count", State::Restarting),
    ];
    let mut states: BTreeMap<&str, Vec<State>> = BTreeMap::new();
    for id in tasks {
        let state = worker.parts().status.task(id).map_or(State::Unassigned, |status| status.state);
        states.entry(&id.connector).or_default().push(state);
    }
    let bean = |(connector, states): (&str, Vec<State>)| {
        let bean = Bean::new("connect-worker-metrics", &[("connector", connector)])
            .with("connector-total-task-count", states.len() as u64)
            // A task that is destroyed has no status any more.
            .with("connector-destroyed-task-count", 0_u64);
        STATES.iter().fold(bean, |bean, (name, wanted)| {
            bean.with(name, states.iter().filter(|state| *state == wanted).count() as u64)
        })
    };
    states.into_iter().map(bean).collect()
}

fn task_beans(id: &TaskId, metrics: &TaskMetrics) -> Vec<Bean> {
    let task = id.task.to_string();
    let tags = [("connector", id.connector.as_str()), ("task", task.as_str())];
    let parts = metrics.parts.get();
    let mut beans = vec![
        task_bean(Bean::new("connector-task-metrics", &tags), metrics, parts),
        error_bean(Bean::new("task-error-metrics", &tags), &metrics.errors, &metrics.records_skipped),
        age_bean(Bean::new("aqueduct-task-metrics", &tags), metrics),
    ];
    for (alias, part) in parts.into_iter().flat_map(|parts| &parts.transforms) {
        let bean = Bean::new("connector-transform-metrics", &[tags[0], tags[1], ("transform", alias)]);
        beans.push(bean.with_class(["transform-class", "transform-version"], *part));
    }
    for (alias, part) in parts.into_iter().flat_map(|parts| &parts.predicates) {
        let bean = Bean::new("connector-predicate-metrics", &[tags[0], tags[1], ("predicate", alias)]);
        beans.push(bean.with_class(["predicate-class", "predicate-version"], *part));
    }
    beans.extend(match parts.map(|parts| parts.kind) {
        Some(ConnectorType::Source) => Some(source_bean(Bean::new("source-task-metrics", &tags), metrics)),
        Some(ConnectorType::Sink) => Some(sink_bean(Bean::new("sink-task-metrics", &tags), metrics)),
        Some(ConnectorType::Unknown) | None => None,
    });
    beans
}

fn task_bean(bean: Bean, metrics: &TaskMetrics, parts: Option<&TaskParts>) -> Bean {
    let lately = &metrics.lately;
    let (read, commits) = (lately.read.lately(), lately.commit_ms.lately());
    let success = lately.commit_success.lately().mean;
    let success = if success.is_nan() { 0.0 } else { success };
    let (state, running, paused) = metrics.states.ratios().unwrap_or((State::Unassigned, 0.0, 0.0));
    let bean = bean
        .with("status", state.name().to_lowercase().as_str())
        .with("running-ratio", running)
        .with("pause-ratio", paused)
        .with("offset-commit-max-time-ms", commits.most)
        .with("offset-commit-avg-time-ms", commits.mean)
        .with("batch-size-max", read.most)
        .with("batch-size-avg", read.mean)
        .with("offset-commit-success-percentage", success)
        .with("offset-commit-failure-percentage", if commits.mean.is_nan() { 0.0 } else { 1.0 - success });
    let Some(parts) = parts else { return bean };
    bean.with("connector-type", type_name(parts.kind))
        .with_class(["connector-class", "connector-version"], parts.connector)
        .with("task-class", parts.task_class)
        .with("task-version", parts.connector.version)
        .with_class(["key-converter-class", "key-converter-version"], parts.key_converter)
        .with_class(["value-converter-class", "value-converter-version"], parts.value_converter)
        .with_class(["header-converter-class", "header-converter-version"], parts.header_converter)
}

fn source_bean(bean: Bean, metrics: &TaskMetrics) -> Bean {
    let lately = &metrics.lately;
    let (polls, active) = (lately.poll_ms.lately(), lately.active.lately());
    bean.with("source-record-poll-total", &metrics.records_read)
        .with("source-record-poll-rate", lately.read.lately().rate)
        .with("source-record-write-total", &metrics.records_acknowledged)
        .with("source-record-write-rate", lately.written.lately().rate)
        .with("poll-batch-max-time-ms", polls.most)
        .with("poll-batch-avg-time-ms", polls.mean)
        .with("source-record-active-count", metrics.active())
        .with("source-record-active-count-max", active.most)
        .with("source-record-active-count-avg", active.mean)
}

fn sink_bean(bean: Bean, metrics: &TaskMetrics) -> Bean {
    let lately = &metrics.lately;
    let (puts, active) = (lately.put_ms.lately(), lately.active.lately());
    let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    bean.with("sink-record-read-total", &metrics.records_read)
        .with("sink-record-read-rate", lately.read.lately().rate)
        .with("sink-record-send-total", &metrics.records_written)
        .with("sink-record-send-rate", lately.written.lately().rate)
        .with("partition-count", &metrics.partitions)
        .with("offset-commit-seq-no", load(&metrics.commits) + load(&metrics.commit_failures))
        .with("offset-commit-completion-total", &metrics.commits)
        .with("offset-commit-completion-rate", lately.commit_success.lately().rate)
        .with("offset-commit-skip-total", &metrics.commits_skipped)
        .with("offset-commit-skip-rate", lately.commit_skips.lately().rate)
        .with("put-batch-max-time-ms", puts.most)
        .with("put-batch-avg-time-ms", puts.mean)
        .with("sink-record-active-count", metrics.active())
        .with("sink-record-active-count-max", active.most)
        .with("sink-record-active-count-avg", active.mean)
}

fn error_bean(bean: Bean, errors: &ErrorMetrics, skipped: &AtomicU64) -> Bean {
    bean.with("total-record-failures", &errors.failures)
        .with("total-record-errors", &errors.errors)
        .with("total-records-skipped", skipped)
        .with("total-retries", &errors.retries)
        .with("total-errors-logged", &errors.logged)
        .with("deadletterqueue-produce-requests", &errors.dead_letters)
        .with("deadletterqueue-produce-failures", &errors.dead_letter_failures)
        .with("last-error-timestamp", errors.last_error_ms.load(Ordering::Relaxed) as f64)
}

/// How long ago a task did what it should do again and again: to see one that hangs.
fn age_bean(bean: Bean, metrics: &TaskMetrics) -> Bean {
    let now = now_ms();
    let age = |last: &AtomicI64| match last.load(Ordering::Relaxed) {
        0 => f64::NAN,
        last => now.saturating_sub(last).max(0) as f64,
    };
    bean.with("last-poll-age-ms", age(&metrics.last_poll_ms))
        .with("last-put-age-ms", age(&metrics.last_put_ms))
        .with("last-commit-age-ms", age(&metrics.last_commit_ms))
}
