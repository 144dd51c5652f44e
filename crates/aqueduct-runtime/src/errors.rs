//! How a task treats records that fail: tries again, skips them, reports them.

use aqueduct_api::Error;
use aqueduct_kafka::{ErrorKind, KafkaError};

mod dead_letters;
mod handler;
mod log;

pub(crate) use dead_letters::{DeadLetters, Letter};
pub(crate) use handler::{ErrorHandler, Failed, Failure, Outcome, exceeded};
pub(crate) use log::{LogReporter, consumed_from, timestamp_type};

/// A failure of a Kafka client, as an error of the task. The client has retried what can be retried.
pub(crate) fn kafka_error(error: KafkaError) -> Error {
    Error::connect(error.to_string()).with_source(error)
}

/// The failure as the cause of another error. What a trace shows of it begins, as Java's do, with the name of a class.
pub(crate) fn java_cause(error: KafkaError) -> Box<dyn std::error::Error + Send + Sync> {
    match error.kind() {
        ErrorKind::RecordTooLarge => {
            format!("org.apache.kafka.common.errors.RecordTooLargeException: {error}").into()
        }
        _ => error.into(),
    }
}
