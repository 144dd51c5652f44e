//! The data model against what the Java classes of Kafka Connect answer.

mod data;
mod hash_order;
mod java_text;
mod values;
