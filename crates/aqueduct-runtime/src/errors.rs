//! How a task treats records that fail: tries again, skips them, reports them.

use aqueduct_api::Error;
use aqueduct_kafka::KafkaError;

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
