//! The figures of one task.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use aqueduct_proto::state::{State, TaskId};

use super::{Bean, ErrorMetrics, Sampled, TaskMetrics, TaskParts, Value, clients, now_ms};
use crate::herder::ConnectorType;

pub(super) fn type_name(kind: ConnectorType) -> &'static str {
    match kind {
        ConnectorType::Source => "source",
        ConnectorType::Sink => "sink",
        ConnectorType::Unknown => "unknown",
    }
}

pub(super) fn beans(id: &TaskId, metrics: &TaskMetrics) -> Vec<Bean> {
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
    beans.extend(metrics.stages.seen().map(|(stage, seconds)| {
        Bean::new("aqueduct-task-metrics", &[tags[0], tags[1], ("stage", stage.name())])
            .with("stage-seconds", Value::Distribution(seconds))
    }));
    beans.extend(metrics.clients().iter().flat_map(|client| clients::beans(client, metrics)));
    beans.extend(metrics.plugins.beans());
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
    let bean = bean
        .with("source-record-poll-total", &metrics.records_read)
        .with("source-record-poll-rate", lately.read.lately().rate)
        .with("source-record-write-total", &metrics.records_acknowledged)
        .with("source-record-write-rate", lately.written.lately().rate)
        .with("poll-batch-max-time-ms", polls.most)
        .with("poll-batch-avg-time-ms", polls.mean)
        .with("source-record-active-count", metrics.active())
        .with("source-record-active-count-max", active.most)
        .with("source-record-active-count-avg", active.mean);
    let Some(sizes) = metrics.transactions.get().map(Sampled::lately) else { return bean };
    bean.with("transaction-size-min", sizes.least)
        .with("transaction-size-max", sizes.most)
        .with("transaction-size-avg", sizes.mean)
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
