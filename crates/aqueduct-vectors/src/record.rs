//! Records in the encoding of the recordings.

use aqueduct_api::{OffsetMap, Origin, Record, SinkOrigin, TimestampType, Value};
use serde_json::json;

use crate::{
    Failure, Json, decode_headers, decode_schema, decode_value, encode_headers, encode_schema, encode_value,
    text,
};

/// Where a recorded record comes from.
#[derive(Debug, Clone)]
pub enum RecordOrigin {
    /// A source task.
    Source {
        /// The source partition.
        partition: OffsetMap,
        /// The source offset.
        offset: OffsetMap,
    },
    /// A sink task's topic.
    Sink(SinkOrigin),
}

impl RecordOrigin {
    /// As transformations see it.
    pub fn origin(&self) -> Origin<'_> {
        match self {
            Self::Source { partition, offset } => {
                Origin::Source { partition: Some(partition), offset: Some(offset) }
            }
            Self::Sink(origin) => Origin::Sink(origin),
        }
    }
}

const TIMESTAMP_TYPES: [(&str, TimestampType); 3] = [
    ("NO_TIMESTAMP_TYPE", TimestampType::NoTimestampType),
    ("CREATE_TIME", TimestampType::CreateTime),
    ("LOG_APPEND_TIME", TimestampType::LogAppendTime),
];

fn integer(json: &Json) -> Option<i64> {
    json.as_i64().or_else(|| json.as_str()?.parse().ok())
}

/// A record and where it comes from.
pub fn decode_record(json: &Json) -> Result<(Record, RecordOrigin), Failure> {
    let key_schema = decode_schema(&json["keySchema"])?;
    let value_schema = decode_schema(&json["valueSchema"])?;
    let record = Record {
        topic: text(&json["topic"])?.into(),
        partition: integer(&json["partition"]).and_then(|partition| i32::try_from(partition).ok()),
        key: decode_value(&json["key"], key_schema.as_ref())?,
        key_schema,
        value: decode_value(&json["value"], value_schema.as_ref())?,
        value_schema,
        timestamp: integer(&json["timestamp"]),
        headers: decode_headers(&json["headers"])?,
    };
    let origin = if json["kind"] == "sink" {
        let kind = json["timestampType"].as_str().unwrap_or_default();
        RecordOrigin::Sink(SinkOrigin {
            topic: record.topic.clone(),
            partition: record.partition.unwrap_or_default(),
            offset: integer(&json["offset"]).unwrap_or_default(),
            timestamp_type: TIMESTAMP_TYPES
                .into_iter()
                .find(|(name, _)| *name == kind)
                .map(|(_, kind)| kind)
                .unwrap_or_default(),
        })
    } else {
        RecordOrigin::Source {
            partition: OffsetMap::of("p", "x"),
            offset: OffsetMap::of("o", Value::Int64(1)),
        }
    };
    Ok((record, origin))
}

/// A record from that origin.
pub fn encode_record(record: &Record, origin: &RecordOrigin) -> Json {
    let mut json = json!({
        "kind": if matches!(origin, RecordOrigin::Sink(_)) { "sink" } else { "source" },
        "topic": &*record.topic,
        "partition": record.partition,
        "keySchema": encode_schema(record.key_schema.as_ref()),
        "key": encode_value(&record.key, record.key_schema.as_ref()),
        "valueSchema": encode_schema(record.value_schema.as_ref()),
        "value": encode_value(&record.value, record.value_schema.as_ref()),
        "timestamp": record.timestamp.map(|timestamp| timestamp.to_string()),
        "headers": encode_headers(&record.headers),
    });
    if let RecordOrigin::Sink(origin) = origin {
        let kind = TIMESTAMP_TYPES.into_iter().find(|(_, kind)| *kind == origin.timestamp_type);
        json["offset"] = json!(origin.offset.to_string());
        json["timestampType"] = json!(kind.map(|(name, _)| name));
        if origin.topic != record.topic {
            json["originalTopic"] = json!(&*origin.topic);
        }
    }
    json
}
