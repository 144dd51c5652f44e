//! From a source record to the bytes that the producer takes.

use std::sync::Arc;

use aqueduct_api::{
    Converter, Error, HeaderConverter, OffsetMap, Origin, Record, SourceRecord, Topic, Value, WireHeaders,
};
use aqueduct_kafka::{BatchProducer, KafkaError, OutHeader, OutRecord, SendError};
use aqueduct_proto::tolerance::Stage;

use crate::errors::Failure;
use crate::task::Chain;

/// A converter and the class name that errors show.
pub(crate) struct Named<T: ?Sized> {
    pub(crate) class: &'static str,
    pub(crate) plugin: Box<T>,
}

/// Transforms and converts one record after the other, in buffers that it keeps.
pub(crate) struct Pipeline {
    chain: Chain,
    key_converter: Named<dyn Converter>,
    value_converter: Named<dyn Converter>,
    header_converter: Named<dyn HeaderConverter>,
    prepared: PreparedRecord,
}

/// The record at hand. Bytes that its values have already are not copied: see [`Place::Own`].
struct PreparedRecord {
    record: Record,
    key: Part,
    value: Part,
    headers: WireHeaders,
    /// For the bytes of one header's value.
    header_buffer: Vec<u8>,
    source: Option<(Arc<OffsetMap>, Option<OffsetMap>)>,
}

/// Where a converted key or value is.
#[derive(Default)]
struct Part {
    buffer: Vec<u8>,
    place: Place,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Place {
    /// There is none: a null.
    #[default]
    Null,
    /// In the part's buffer.
    Buffer,
    /// They are the bytes of the record's own text or bytes.
    Own,
}

/// What became of a record.
pub(crate) enum Prepared {
    /// It can be sent.
    Ready,
    /// A transformation has dropped it.
    Dropped,
}

/// What the producer said to the prepared record.
pub(crate) enum Sent {
    Taken(u64),
    Full,
    Refused(KafkaError),
}

impl Pipeline {
    pub(crate) fn new(
        chain: Chain,
        key_converter: Named<dyn Converter>,
        value_converter: Named<dyn Converter>,
        header_converter: Named<dyn HeaderConverter>,
    ) -> Self {
        let prepared = PreparedRecord {
            record: Record::new(""),
            key: Part::default(),
            value: Part::default(),
            headers: WireHeaders::new(),
            header_buffer: Vec::new(),
            source: None,
        };
        Self { chain, key_converter, value_converter, header_converter, prepared }
    }

    /// Transforms and converts a record; then [`Pipeline::send`] can send it, as often as it takes.
    pub(crate) fn prepare(&mut self, record: SourceRecord) -> Result<Prepared, Failure> {
        let SourceRecord { record, source_partition, source_offset } = record;
        let origin =
            Origin::Source { partition: source_partition.as_deref(), offset: source_offset.as_ref() };
        let record = match self.chain.apply(record, origin)? {
            Some(record) => record,
            None => return Ok(Prepared::Dropped),
        };
        let prepared = &mut self.prepared;
        prepared.record = record;
        prepared.source = source_partition.map(|partition| (partition, source_offset));
        prepared.convert_headers(&mut self.header_converter)?;
        prepared.convert_key(&mut self.key_converter)?;
        prepared.convert_value(&mut self.value_converter)?;
        match prepared.record.timestamp {
            Some(-1) => prepared.record.timestamp = None,
            Some(timestamp) if timestamp < 0 => {
                let error = Error::data(format!("Invalid record timestamp {timestamp}"));
                return Err(Failure::new(
                    Stage::KafkaProduce,
                    "org.apache.kafka.clients.producer.ProducerRecord",
                    error,
                ));
            }
            _ => {}
        }
        Ok(Prepared::Ready)
    }

    /// The topic of the prepared record.
    pub(crate) fn topic(&self) -> &Topic {
        &self.prepared.record.topic
    }

    /// Gives the prepared record to the producer.
    pub(crate) fn send(&self, producer: &mut dyn BatchProducer) -> Sent {
        let prepared = &self.prepared;
        let record = OutRecord {
            topic: &prepared.record.topic,
            partition: prepared.record.partition,
            timestamp: prepared.record.timestamp,
            key: prepared.key.bytes(&prepared.record.key),
            value: prepared.value.bytes(&prepared.record.value),
            headers: &[],
        };
        let sent = if prepared.headers.is_empty() {
            producer.send(record)
        } else {
            let headers: Vec<OutHeader<'_>> = prepared.out_headers().collect();
            producer.send(OutRecord { headers: &headers, ..record })
        };
        match sent {
            Ok(sequence) => Sent::Taken(sequence),
            Err(SendError::Full) => Sent::Full,
            Err(SendError::Failed(error)) => Sent::Refused(error),
        }
    }

    /// The source partition and offset of the prepared record; `None` for a record without a partition.
    pub(crate) fn take_source_position(&mut self) -> Option<(Arc<OffsetMap>, Option<OffsetMap>)> {
        self.prepared.source.take()
    }
}

impl Part {
    fn bytes<'a>(&'a self, value: &'a Value) -> Option<&'a [u8]> {
        match self.place {
            Place::Null => None,
            Place::Buffer => Some(&self.buffer),
            Place::Own => own_bytes(value),
        }
    }
}

fn own_bytes(value: &Value) -> Option<&[u8]> {
    match value {
        Value::String(text) => Some(text.as_bytes()),
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// Where the converted bytes are: converters either hand on the value's own bytes or fill the buffer.
fn place(converted: Option<&[u8]>, value: &Value) -> Place {
    match converted {
        None => Place::Null,
        Some(bytes) if own_bytes(value).is_some_and(|own| std::ptr::eq(own, bytes)) => Place::Own,
        Some(_) => Place::Buffer,
    }
}

impl PreparedRecord {
    fn convert_key(&mut self, converter: &mut Named<dyn Converter>) -> Result<(), Failure> {
        let Record { topic, key_schema, key, .. } = &self.record;
        self.key.buffer.clear();
        let converted = converter.plugin.from_connect_data(
            topic,
            &mut self.headers,
            key_schema.as_ref(),
            key,
            &mut self.key.buffer,
        );
        self.key.place = match converted {
            Ok(bytes) => place(bytes, key),
            Err(error) => return Err(Failure::new(Stage::KeyConverter, converter.class, error)),
        };
        Ok(())
    }

    fn convert_value(&mut self, converter: &mut Named<dyn Converter>) -> Result<(), Failure> {
        let Record { topic, value_schema, value, .. } = &self.record;
        self.value.buffer.clear();
        let converted = converter.plugin.from_connect_data(
            topic,
            &mut self.headers,
            value_schema.as_ref(),
            value,
            &mut self.value.buffer,
        );
        self.value.place = match converted {
            Ok(bytes) => place(bytes, value),
            Err(error) => return Err(Failure::new(Stage::ValueConverter, converter.class, error)),
        };
        Ok(())
    }

    fn convert_headers(&mut self, converter: &mut Named<dyn HeaderConverter>) -> Result<(), Failure> {
        self.headers.clear();
        for header in &self.record.headers {
            self.header_buffer.clear();
            let schema = header.schema.as_ref();
            let value = converter
                .plugin
                .from_connect_header(
                    &self.record.topic,
                    &header.key,
                    schema,
                    &header.value,
                    &mut self.header_buffer,
                )
                .map_err(|error| Failure::new(Stage::HeaderConverter, converter.class, error))?;
            self.headers.push(&header.key, value);
        }
        Ok(())
    }

    fn out_headers(&self) -> impl Iterator<Item = OutHeader<'_>> {
        self.headers.iter().map(|(key, value)| OutHeader { key, value })
    }
}
