//! The FileStream connectors: lines of a file into a topic, and the records of topics into lines of a file.
//!
//! Class names, keys, offsets and texts are those of Kafka Connect, so that a task can go on where a Java worker has
//! stopped, and the other way round. Where a Java worker would lose, repeat or tear lines, these don't: the README of
//! this folder lists the differences.

mod config;
mod sink;
mod source;

pub use sink::{FileStreamSinkConnector, FileStreamSinkTask};
pub use source::{FileStreamSourceConnector, FileStreamSourceTask};

use aqueduct_api::{KAFKA_VERSION, Plugin};

/// The plugins of this crate.
pub fn plugins() -> Vec<Plugin> {
    vec![
        Plugin::source(
            "org.apache.kafka.connect.file.FileStreamSourceConnector",
            KAFKA_VERSION,
            FileStreamSourceConnector::default,
            "org.apache.kafka.connect.file.FileStreamSourceTask",
            FileStreamSourceTask::default,
        ),
        Plugin::sink(
            "org.apache.kafka.connect.file.FileStreamSinkConnector",
            KAFKA_VERSION,
            FileStreamSinkConnector::default,
            "org.apache.kafka.connect.file.FileStreamSinkTask",
            FileStreamSinkTask::default,
        ),
    ]
}
