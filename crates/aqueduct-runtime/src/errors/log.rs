//! Failed records in the log.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use aqueduct_api::TimestampType;
use aqueduct_kafka::FetchedRecord;
use aqueduct_proto::failed_record::ConsumedFrom;
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
        let shown = record.filter(|_| self.include_messages).map(|record| match record {
            Failed::Source(record) => format!("source record is = {record:?}"),
            Failed::Sink(record) => consumed_from(&record).to_string(),
        });
        failure.context(&self.task).sentence(shown.as_deref())
    }
}

/// Where a record came from.
pub(crate) fn consumed_from<'a>(record: &FetchedRecord<'a>) -> ConsumedFrom<'a> {
    ConsumedFrom {
        topic: record.topic(),
        partition: record.partition(),
        offset: record.offset(),
        timestamp: record.timestamp(),
        timestamp_type: timestamp_type(record.timestamp_type()),
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
