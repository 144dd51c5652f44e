//! Records as Java prints them, for error texts.

use std::fmt;

use aqueduct_api::data::java_text::JavaText;
use aqueduct_api::{OffsetMap, Origin, Record, Schema};

/// A record that displays as `SourceRecord` and `SinkRecord` do.
pub(crate) struct RecordText<'a> {
    pub(crate) record: &'a Record,
    pub(crate) origin: Origin<'a>,
}

/// Something that may be missing.
struct OrNull<T>(Option<T>);

impl<T: fmt::Display> fmt::Display for OrNull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(inner) => inner.fmt(f),
            None => f.write_str("null"),
        }
    }
}

struct Offsets<'a>(&'a OffsetMap);

impl fmt::Display for Offsets<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (at, (key, value)) in self.0.iter().enumerate() {
            write!(f, "{}{key}={}", if at > 0 { ", " } else { "" }, JavaText(value))?;
        }
        f.write_str("}")
    }
}

impl fmt::Display for RecordText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Source { partition, offset } => write!(
                f,
                "SourceRecord{{sourcePartition={}, sourceOffset={}}} ",
                OrNull(partition.map(Offsets)),
                OrNull(offset.map(Offsets))
            )?,
            Origin::Sink(origin) => write!(
                f,
                "SinkRecord{{kafkaOffset={offset}, timestampType={}, originalTopic={}, originalKafkaPartition={}, originalKafkaOffset={offset}}} ",
                origin.timestamp_type.name(),
                origin.topic,
                origin.partition,
                offset = origin.offset,
            )?,
        }
        let Record { topic, partition, key_schema, key, value_schema, value, timestamp, headers } =
            self.record;
        let schema = |schema: &'_ Option<Schema>| OrNull(schema.clone());
        write!(
            f,
            "ConnectRecord{{topic='{topic}', kafkaPartition={}, key={}, keySchema={}, value={}, valueSchema={}, timestamp={}, headers=ConnectHeaders(headers=",
            OrNull(*partition),
            JavaText(key),
            schema(key_schema),
            JavaText(value),
            schema(value_schema),
            OrNull(*timestamp)
        )?;
        for (at, header) in headers.iter().enumerate() {
            let schema = schema(&header.schema);
            let separator = if at > 0 { ", " } else { "[" };
            let value = JavaText(&header.value);
            write!(f, "{separator}ConnectHeader(key={}, value={value}, schema={schema})", header.key)?;
        }
        f.write_str(if headers.is_empty() { ")}" } else { "])}" })
    }
}
