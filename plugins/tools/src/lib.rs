//! Kafka Connect's test connectors: sources that number their records, a sink that says what it got, and connectors
//! that fail on purpose.
//!
//! Class names, keys, records and printed lines are those of Kafka Connect's own, so that test suites written for it
//! can watch this worker. What they print is their output: lines of JSON on the standard output of the process.

mod connector;
mod failure;
mod json;
mod mock;
mod number;
mod pace;
mod schema;
mod seqno;
mod stdout;
mod verifiable;

pub use connector::NumberedTasksConnector;
pub use mock::{MockConnector, MockSinkTask, MockSourceTask};
pub use schema::SchemaSourceTask;
pub use stdout::Printer;
pub use verifiable::{VerifiableSinkTask, VerifiableSourceTask};

use aqueduct_api::{KAFKA_VERSION, Plugin};

/// The plugins of this crate.
pub fn plugins() -> Vec<Plugin> {
    vec![
        Plugin::source(
            "org.apache.kafka.connect.tools.VerifiableSourceConnector",
            KAFKA_VERSION,
            NumberedTasksConnector::default,
            "org.apache.kafka.connect.tools.VerifiableSourceTask",
            VerifiableSourceTask::default,
        ),
        Plugin::sink(
            "org.apache.kafka.connect.tools.VerifiableSinkConnector",
            KAFKA_VERSION,
            NumberedTasksConnector::default,
            "org.apache.kafka.connect.tools.VerifiableSinkTask",
            VerifiableSinkTask::default,
        ),
        Plugin::source(
            "org.apache.kafka.connect.tools.SchemaSourceConnector",
            KAFKA_VERSION,
            NumberedTasksConnector::default,
            "org.apache.kafka.connect.tools.SchemaSourceTask",
            SchemaSourceTask::default,
        ),
        Plugin::source(
            "org.apache.kafka.connect.tools.MockSourceConnector",
            KAFKA_VERSION,
            MockConnector::default,
            "org.apache.kafka.connect.tools.MockSourceTask",
            MockSourceTask::default,
        ),
        Plugin::sink(
            "org.apache.kafka.connect.tools.MockSinkConnector",
            KAFKA_VERSION,
            MockConnector::default,
            "org.apache.kafka.connect.tools.MockSinkTask",
            MockSinkTask::default,
        ),
    ]
}
