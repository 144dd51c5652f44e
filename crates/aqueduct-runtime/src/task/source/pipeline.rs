//! From a source record to the bytes that the producer takes.

use aqueduct_api::{
    Converter, Error, HeaderConverter, Origin, Record, Schema, SourceRecord, Value, WireHeaders,
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

impl Named<dyn Converter> {
    /// Gets what the converter's last conversion lacked, if it lacked anything.
    pub(crate) async fn prepare(&mut self, stage: Stage) -> Result<(), Failure> {
        if !self.plugin.needs_preparation() {
            return Ok(());
        }
        self.plugin.prepare().await.map_err(|error| Failure::new(stage, self.class, error))
    }
}

/// Transforms and converts one record after the other, in buffers that it keeps.
pub(crate) struct Pipeline {
    chain: Chain,
    key_converter: Named<dyn Converter>,
    value_converter: Named<dyn Converter>,
    header_converter: Named<dyn HeaderConverter>,
    /// The bytes of the record that was converted last, as far as the record does not hold them itself.
    key: Part,
    value: Part,
    headers: WireHeaders,
    /// For the bytes of one header's value.
    header_buffer: Vec<u8>,
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
        Self {
            chain,
            key_converter,
            value_converter,
            header_converter,
            key: Part::default(),
            value: Part::default(),
            headers: WireHeaders::new(),
            header_buffer: Vec::new(),
        }
    }

    /// Whether there are transformations.
    pub(crate) fn transforms(&self) -> bool {
        !self.chain.is_empty()
    }

    /// Transforms a record in its place. `false`: a transformation has dropped it.
    pub(crate) fn transform(&mut self, source: &mut SourceRecord) -> Result<bool, Failure> {
        let SourceRecord { record, source_partition, source_offset } = source;
        let origin =
            Origin::Source { partition: source_partition.as_deref(), offset: source_offset.as_ref() };
        self.chain.apply(record, origin)
    }

    /// Converts a record; then [`Pipeline::send`] can send it, as often as it takes.
    pub(crate) fn convert(&mut self, record: &mut Record) -> Result<(), Failure> {
        self.convert_headers(record)?;
        let Self { key, value, headers, key_converter, value_converter, .. } = self;
        let schema = record.key_schema.as_ref();
        key.convert(key_converter, &record.topic, headers, schema, &record.key)
            .map_err(|error| Failure::new(Stage::KeyConverter, key_converter.class, error))?;
        let schema = record.value_schema.as_ref();
        value
            .convert(value_converter, &record.topic, headers, schema, &record.value)
            .map_err(|error| Failure::new(Stage::ValueConverter, value_converter.class, error))?;
        match record.timestamp {
            Some(-1) => record.timestamp = None,
            Some(timestamp) if timestamp < 0 => {
                let error = Error::data(format!("Invalid record timestamp {timestamp}"));
                return Err(Failure::new(Stage::KafkaProduce, PRODUCER_RECORD_CLASS, error));
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether the last conversion failed for want of something that [`Pipeline::prepare`] gets.
    pub(crate) fn needs_preparation(&self) -> bool {
        self.key_converter.plugin.needs_preparation() || self.value_converter.plugin.needs_preparation()
    }

    /// Gets what the last conversion lacked.
    pub(crate) async fn prepare(&mut self) -> Result<(), Failure> {
        self.key_converter.prepare(Stage::KeyConverter).await?;
        self.value_converter.prepare(Stage::ValueConverter).await
    }

    fn convert_headers(&mut self, record: &Record) -> Result<(), Failure> {
        self.headers.clear();
        let converter = &mut self.header_converter;
        for header in &record.headers {
            self.header_buffer.clear();
            let schema = header.schema.as_ref();
            let value = converter
                .plugin
                .from_connect_header(
                    &record.topic,
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

    /// Gives the record that was converted last to the producer.
    pub(crate) fn send(&self, record: &Record, producer: &mut dyn BatchProducer) -> Sent {
        let out = OutRecord {
            topic: &record.topic,
            partition: record.partition,
            timestamp: record.timestamp,
            key: self.key.bytes(&record.key),
            value: self.value.bytes(&record.value),
            headers: &[],
        };
        let sent = if self.headers.is_empty() {
            producer.send(out)
        } else {
            let headers: Vec<OutHeader<'_>> =
                self.headers.iter().map(|(key, value)| OutHeader { key, value }).collect();
            producer.send(OutRecord { headers: &headers, ..out })
        };
        match sent {
            Ok(sequence) => Sent::Taken(sequence),
            Err(SendError::Full) => Sent::Full,
            Err(SendError::Failed(error)) => Sent::Refused(error),
        }
    }
}

const PRODUCER_RECORD_CLASS: &str = "org.apache.kafka.clients.producer.ProducerRecord";

impl Part {
    fn convert(
        &mut self,
        converter: &mut Named<dyn Converter>,
        topic: &str,
        headers: &mut WireHeaders,
        schema: Option<&Schema>,
        value: &Value,
    ) -> aqueduct_api::Result<()> {
        self.buffer.clear();
        let converted =
            converter.plugin.from_connect_data(topic, headers, schema, value, &mut self.buffer)?;
        self.place = place(converted, value);
        Ok(())
    }

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
