//! `JsonConverter`: JSON with or without schemas.
//!
//! A message is scanned once into tokens, and values are built from those by the schema: nothing is allocated that the
//! value does not keep, and texts share the memory of the message. Writing goes straight from the value into the buffer.
//! A schema costs its work once: both ways remember schemas, and first of all the one of the message before. A payload that
//! looks as writers mostly write it is read without tokens.

mod base64;
mod cache;
mod direct;
mod encoding;
mod entries;
mod envelope;
mod number;
mod read;
mod scan;
mod schema_names;
mod schema_read;
mod schemaless;
mod settings;
mod shapes;
mod tape;
mod text;
mod write;

use aqueduct_api::data::{Schema, SchemaAndValue, Value};
use aqueduct_api::{
    ConfigDef, ConfigMap, Converter, ConverterRole, Error, ErrorKind, HeaderConverter, Result, WireHeaders,
};
use bytes::Bytes;

use envelope::{SchemaReads, SchemaWrites};
use read::{Reader, Scratch};
use scan::Scanner;
use settings::Settings;
use tape::Document;
use write::Writer;

const READ_FAILED: &str = "Converting byte[] to Kafka Connect data failed due to serialization error: ";
const CONTENT_FAILED: &str = "Failed to parse schema in converter config due to serialization error: ";
const NO_ENVELOPE: &str = "JsonConverter with schemas.enable requires \"schema\" and \"payload\" fields and may not \
                           contain additional fields. If you are trying to deserialize plain JSON data, set \
                           schemas.enable=false in your converter configuration.";

/// Converts between values and JSON.
#[derive(Default)]
pub struct JsonConverter {
    settings: Settings,
    /// The schema of all messages, where `schema.content` is set.
    fixed: Option<Schema>,
    scanner: Scanner,
    /// For schemas, which are read while a message is.
    schema_scanner: Scanner,
    scratch: Scratch,
    reads: SchemaReads,
    writes: SchemaWrites,
}

fn not_json(message: &'static str, cause: impl std::error::Error) -> Error {
    Error::data(message).with_source(Error::new(ErrorKind::Serialization, cause.to_string()))
}

impl JsonConverter {
    /// Takes a configuration; both traits' `configure` end here.
    fn set_up(&mut self, config: &ConfigMap, role: ConverterRole) -> Result<()> {
        let settings = Settings::parse(config, role)?;
        self.reads = SchemaReads::new(settings.cache_size);
        self.writes = SchemaWrites::new(settings.cache_size);
        self.fixed = None;
        self.settings = settings;
        if let Some(content) = &self.settings.content {
            let content = Bytes::from(content.clone());
            self.fixed = self.parse_schema(&content, CONTENT_FAILED)?;
        }
        Ok(())
    }

    /// The JSON of a schema, as envelopes hold it.
    pub fn schema_to_json(&self, schema: Option<&Schema>) -> Result<Vec<u8>> {
        let mut json = Vec::new();
        self.writer(&mut json).schema(schema, None)?;
        Ok(json)
    }

    /// The schema that JSON describes, as envelopes hold it; none for `null`.
    pub fn schema_from_json(&mut self, json: &Bytes) -> Result<Option<Schema>> {
        self.parse_schema(json, READ_FAILED)
    }

    fn parse_schema(&mut self, json: &Bytes, failed: &'static str) -> Result<Option<Schema>> {
        let json = encoding::to_utf8(json).map_err(|error| not_json(failed, error))?;
        self.schema_scanner.document(&json).map_err(|fault| not_json(failed, fault))?;
        let document = Document { bytes: &json, tokens: &self.schema_scanner.tokens };
        let mut reader = Reader::new(self.settings.replace_null, &mut self.scratch);
        schema_read::read_schema(&mut reader, document.root())
    }

    fn writer<'a>(&self, out: &'a mut Vec<u8>) -> Writer<'a> {
        let Settings { numeric, replace_null, .. } = self.settings;
        Writer { out, numeric, replace_null, depth: 0 }
    }

    fn write<'a>(
        &mut self,
        schema: Option<&Schema>,
        value: &Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        if schema.is_none() && value.is_null() {
            return Ok(None);
        }
        if !self.settings.schemas {
            self.writer(buffer).value(schema, value)?;
            return Ok(Some(buffer));
        }
        buffer.extend_from_slice(envelope::BEGIN);
        match schema {
            None => buffer.extend_from_slice(b"null"),
            Some(schema) => match self.writes.get(schema) {
                Some(json) => buffer.extend_from_slice(json),
                None => {
                    let json = self.schema_to_json(Some(schema))?;
                    buffer.extend_from_slice(&json);
                    self.writes.insert(schema.clone(), json.into());
                }
            },
        }
        buffer.extend_from_slice(envelope::MIDDLE);
        let mut writer = self.writer(buffer);
        writer.depth = 1;
        writer.value(schema, value)?;
        buffer.push(b'}');
        Ok(Some(buffer))
    }

    fn read(&mut self, data: Option<&Bytes>) -> Result<SchemaAndValue> {
        let Some(data) = data else {
            return Ok(SchemaAndValue::NULL);
        };
        if self.settings.schemas && self.fixed.is_none() {
            return self.read_envelope(data);
        }
        let schema = self.fixed.clone().filter(|_| self.settings.schemas);
        let data = encoding::to_utf8(data).map_err(|error| not_json(READ_FAILED, error))?;
        self.scanner.document(&data).map_err(|fault| not_json(READ_FAILED, fault))?;
        self.payload(&data, schema, 0)
    }

    fn read_envelope(&mut self, data: &Bytes) -> Result<SchemaAndValue> {
        if let Some(known) = self.reads.of_message(data) {
            if let Some(value) = known.read(data, self.settings.replace_null) {
                return Ok(SchemaAndValue { schema: known.schema.clone(), value });
            }
            // As a rule the payload is all that the message holds besides the schema of the one before.
            let end = self.scanner.member(data, known.payload());
            if end.is_ok_and(|end| data.get(end) == Some(&b'}')) {
                let schema = known.schema.clone();
                return self.payload(data, schema, 0);
            }
        }
        let data = encoding::to_utf8(data).map_err(|error| not_json(READ_FAILED, error))?;
        self.scanner.document(&data).map_err(|fault| not_json(READ_FAILED, fault))?;
        let document = Document { bytes: &data, tokens: &self.scanner.tokens };
        let (schema, payload) = envelope::members(document.root()).ok_or_else(|| Error::data(NO_ENVELOPE))?;
        let json = data.get(schema).unwrap_or_default();
        let schema = match self.reads.get(json) {
            Some(known) => known,
            None => {
                // A copy: the schema outlives the message.
                let json = Bytes::copy_from_slice(json);
                let schema = self.parse_schema(&json, READ_FAILED)?;
                self.reads.insert(json, schema.clone());
                schema
            }
        };
        self.payload(&data, schema, payload)
    }

    /// The value at a token of what was scanned.
    fn payload(&mut self, data: &Bytes, schema: Option<Schema>, at: u32) -> Result<SchemaAndValue> {
        let document = Document { bytes: data, tokens: &self.scanner.tokens };
        let mut reader = Reader::new(self.settings.replace_null, &mut self.scratch);
        let value = reader.any(schema.as_ref(), document.node(at))?;
        Ok(SchemaAndValue { schema, value })
    }
}

impl Converter for JsonConverter {
    fn config(&self) -> ConfigDef {
        settings::definition()
    }

    fn configure(&mut self, config: &ConfigMap, role: ConverterRole) -> Result<()> {
        self.set_up(config, role)
    }

    fn from_connect_data<'a>(
        &mut self,
        _topic: &str,
        _headers: &mut WireHeaders,
        schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        self.write(schema, value, buffer)
    }

    fn to_connect_data(
        &mut self,
        _topic: &str,
        _headers: &WireHeaders,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        self.read(data)
    }
}

impl HeaderConverter for JsonConverter {
    fn config(&self) -> ConfigDef {
        settings::definition()
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        self.set_up(config, ConverterRole::Header)
    }

    fn from_connect_header<'a>(
        &mut self,
        _topic: &str,
        _key: &str,
        schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        self.write(schema, value, buffer)
    }

    fn to_connect_header(
        &mut self,
        _topic: &str,
        _key: &str,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        self.read(data)
    }
}
