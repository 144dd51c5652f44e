//! The data model against what the Java classes of Kafka Connect answer.

mod data;
mod java_text;
mod values;
