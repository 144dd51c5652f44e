//! Offsets of sinks as users change them (KIP-875).

use std::collections::BTreeMap;

use aqueduct_api::data::Value;
use aqueduct_api::data::java_text::value_text;
use aqueduct_api::{OffsetMap, TopicPartition};

/// Reads changes of a sink's offsets; `None` as an offset removes it. Of two changes of one partition, the last holds.
///
/// # Errors
/// A message for the user.
pub fn sink_changes<'a>(
    changes: impl IntoIterator<Item = (Option<&'a OffsetMap>, Option<&'a OffsetMap>)>,
) -> Result<BTreeMap<TopicPartition, Option<i64>>, String> {
    changes
        .into_iter()
        .map(|(partition, offset)| Ok((partition_of(partition)?, offset_of(offset)?)))
        .collect()
}

fn partition_of(partition: Option<&OffsetMap>) -> Result<TopicPartition, String> {
    let partition = partition.ok_or("The partition for a sink connector offset cannot be null or missing")?;
    let (Some(topic), Some(number)) = (partition.get("kafka_topic"), partition.get("kafka_partition")) else {
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

fn offset_of(offset: Option<&OffsetMap>) -> Result<Option<i64>, String> {
    let Some(offset) = offset else { return Ok(None) };
    let number = offset
        .get("kafka_offset")
        .ok_or("The offset for a sink connector should either be null or contain the key 'kafka_offset'")?;
    value_text(number).parse().map(Some).map_err(|_| not_an_integer(number, "offset", "Offset"))
}

fn not_an_integer(value: &Value, what: &str, capital: &str) -> String {
    format!(
        "Failed to parse the following Kafka {what} value in the provided offsets: '{}'. {capital} values for sink connectors need to be integers.",
        value_text(value)
    )
}
