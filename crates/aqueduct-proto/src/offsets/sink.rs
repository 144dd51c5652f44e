//! Offsets of sinks as users change them (KIP-875).

use std::collections::BTreeMap;

use aqueduct_api::TopicPartition;
use aqueduct_api::data::java_text::value_text;
use aqueduct_api::data::{Map, Value};

/// Reads changes of a sink's offsets: by partition, the offset, or null to remove it. They are read in the order of the
/// map: the first error counts, and of two keys that name the same partition, the last.
///
/// # Errors
/// A message for the user.
pub fn sink_changes(changes: &Map) -> Result<BTreeMap<TopicPartition, Option<i64>>, String> {
    changes.iter().map(|(partition, offset)| Ok((partition_of(partition)?, offset_of(offset)?))).collect()
}

fn partition_of(partition: &Value) -> Result<TopicPartition, String> {
    let Value::Map(partition) = partition else {
        return Err("The partition for a sink connector offset cannot be null or missing".to_owned());
    };
    let (Some(topic), Some(number)) =
        (partition.get_str("kafka_topic"), partition.get_str("kafka_partition"))
    else {
        return Err("The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'".to_owned());
    };
    if topic.is_null() {
        return Err("Kafka topic names must be valid strings and may not be null".to_owned());
    }
    if number.is_null() {
        return Err("Kafka partitions must be valid numbers and may not be null".to_owned());
    }
    let number = value_text(number).parse().map_err(|_| not_an_integer(number, "partition", "Partition"))?;
    Ok(TopicPartition::new(value_text(topic), number))
}

fn offset_of(offset: &Value) -> Result<Option<i64>, String> {
    let Value::Map(offset) = offset else { return Ok(None) };
    let number = offset
        .get_str("kafka_offset")
        .ok_or("The offset for a sink connector should either be null or contain the key 'kafka_offset'")?;
    value_text(number).parse().map(Some).map_err(|_| not_an_integer(number, "offset", "Offset"))
}

fn not_an_integer(value: &Value, what: &str, capital: &str) -> String {
    format!(
        "Failed to parse the following Kafka {what} value in the provided offsets: '{}'. {capital} values for sink connectors need to be integers.",
        value_text(value)
    )
}
