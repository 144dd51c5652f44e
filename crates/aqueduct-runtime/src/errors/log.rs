//! Failed records in the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aqueduct_api::TimestampType;
use aqueduct_proto::state::TaskId;

use super::Failure;
use super::handler::Failed;
use crate::metrics::TaskMetrics;

/// Writes failures to the log: `errors.log.enable`.
#[derive(Debug, Clone)]
pub(crate) struct LogReporter {
    task: TaskId,
    include_messages: bool,
    metrics: Arc<TaskMetrics>,
}

impl LogReporter {
    pub(crate) fn new(task: TaskId, include_messages: bool, metrics: Arc<TaskMetrics>) -> Self {
        Self { task, include_messages, metrics }
    }

    /// Whether the records themselves are shown: `errors.log.include.messages`.
    pub(crate) fn shows_records(&self) -> bool {
        self.include_messages
    }

    pub(crate) fn report(&self, failure: &Failure, record: Option<Failed<'_>>) {
        self.metrics.errors.logged.fetch_add(1, Ordering::Relaxed);
        tracing::error!(
            target: "org.apache.kafka.connect.runtime.errors.LogReporter",
            "{}\n{}",
            self.text(failure, record),
            failure.error.trace()
        );
    }

    fn text(&self, failure: &Failure, record: Option<Failed<'_>>) -> String {
        let mut text = format!(
            "Error encountered in task {}. Executing stage '{}' with class '{}'",
            self.task,
            failure.stage.name(),
            failure.class
        );
        if self.include_messages {
            match record {
                Some(Failed::Source(record)) => {
                    text.push_str(&format!(", where source record is = {record:?}"))
                }
                Some(Failed::Sink(record)) => {
                    text.push_str(&format!(
                        ", where consumed record is {{topic='{}', partition={}, offset={}",
                        record.topic(),
                        record.partition(),
                        record.offset()
                    ));
                    if let Some(timestamp) = record.timestamp() {
                        let kind = timestamp_type(record.timestamp_type());
                        text.push_str(&format!(", timestamp={timestamp}, timestampType={}", kind.name()));
                    }
                    text.push('}');
                }
                None => {}
            }
        }
        text.push('.');
        text
    }
}

/// The same, in the words of the plugin API.
pub(crate) fn timestamp_type(kind: aqueduct_kafka::TimestampType) -> TimestampType {
    match kind {
        aqueduct_kafka::TimestampType::NoTimestampType => TimestampType::NoTimestampType,
        aqueduct_kafka::TimestampType::CreateTime => TimestampType::CreateTime,
        aqueduct_kafka::TimestampType::LogAppendTime => TimestampType::LogAppendTime,
    }
}
