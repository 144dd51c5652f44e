//! What is said of a record that failed: in the headers of the dead letter queue and in the log (KIP-298).

use aqueduct_api::{Error, TimestampType};

use crate::state::TaskId;
use crate::tolerance::Stage;

/// What failed, where.
#[derive(Debug, Clone, Copy)]
pub struct FailureContext<'a> {
    /// The task.
    pub task: &'a TaskId,
    /// What it was doing.
    pub stage: Stage,
    /// The class of the converter, transformation or task that did it.
    pub class: &'a str,
    /// What went wrong, if it is known.
    pub error: Option<&'a Error>,
}

/// Where a consumed record came from.
#[derive(Debug, Clone, Copy)]
pub struct ConsumedFrom<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// Milliseconds since 1970; `None` if the record has no timestamp.
    pub timestamp: Option<i64>,
    /// Who set the timestamp.
    pub timestamp_type: TimestampType,
}

impl FailureContext<'_> {
    /// The headers that a dead letter gets behind those that it was consumed with; `None`: a null.
    pub fn headers(&self, from: &ConsumedFrom<'_>) -> Vec<(&'static str, Option<String>)> {
        let mut headers = vec![
            ("__connect.errors.topic", Some(from.topic.to_owned())),
            ("__connect.errors.partition", Some(from.partition.to_string())),
            ("__connect.errors.offset", Some(from.offset.to_string())),
            ("__connect.errors.connector.name", Some(self.task.connector.clone())),
            ("__connect.errors.task.id", Some(self.task.task.to_string())),
            ("__connect.errors.stage", Some(self.stage.name().to_owned())),
            ("__connect.errors.class.name", Some(self.class.to_owned())),
        ];
        if let Some(error) = self.error {
            let class = error.kind().java_class();
            headers.extend([
                ("__connect.errors.exception.class.name", Some(class.to_owned())),
                ("__connect.errors.exception.message", error.message().map(str::to_owned)),
                ("__connect.errors.exception.stacktrace", Some(error.trace())),
            ]);
        }
        headers
    }

    /// The sentence of the log; `record` is what is shown of the record, if it may be.
    pub fn sentence(&self, record: Option<&str>) -> String {
        let (task, stage, class) = (self.task, self.stage.name(), self.class);
        let record = record.map(|record| format!(", where {record}")).unwrap_or_default();
        format!("Error encountered in task {task}. Executing stage '{stage}' with class '{class}'{record}.")
    }
}

impl std::fmt::Display for ConsumedFrom<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { topic, partition, offset, .. } = self;
        write!(f, "consumed record is {{topic='{topic}', partition={partition}, offset={offset}")?;
        if let Some(timestamp) = self.timestamp {
            write!(f, ", timestamp={timestamp}, timestampType={}", self.timestamp_type.name())?;
        }
        f.write_str("}")
    }
}
