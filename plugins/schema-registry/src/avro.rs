//! Avro: records in a binary form that only the schema can tell apart.

mod defaults;
mod generate;
mod input;
mod names;
mod read;
mod reader;
mod schema;
#[cfg(test)]
mod tests;
mod write;
mod writer;

use aqueduct_api::config::{ConfigData, ConfigKey};
use aqueduct_api::{Result, Schema, SchemaAndValue, Value};
use bytes::Bytes;

use crate::config::{generalized, ignore_default, switch};
use crate::converter::{Format, Generated};
use crate::registry::{Documents, SchemaKind, SchemaText};
use generate::Generator;
use schema::AvroSchema;

/// What the keys of this format say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    enhanced: bool,
    meta_data: bool,
    scrub: bool,
    optional_keys: bool,
    flatten: bool,
    discard_doc_default: bool,
    generalized: bool,
    ignore_default: bool,
}

/// The format.
pub struct Avro {
    options: Options,
}

const ENHANCED: &str = "enhanced.avro.schema.support";
const META_DATA: &str = "connect.meta.data";
const SCRUB: &str = "scrub.invalid.names";
const OPTIONAL_KEYS: &str = "allow.optional.map.keys";
const FLATTEN: &str = "flatten.singleton.unions";
const DISCARD: &str = "discard.type.doc.default";

impl Format for Avro {
    type Reader = reader::Reader;
    type Writer = writer::Writer;

    fn keys() -> Vec<ConfigKey> {
        vec![
            switch(ENHANCED, false, "Whether enums are kept, and the full names of the records in unions."),
            switch(
                META_DATA,
                true,
                "Whether what Avro has no place for is written to schemas and read from them: names, versions, documentation, parameters, defaults.",
            ),
            switch(SCRUB, false, "Whether names are changed that Avro does not allow."),
            switch(
                OPTIONAL_KEYS,
                false,
                "Whether a map with optional text keys becomes a map instead of a list of entries.",
            ),
            switch(FLATTEN, true, "Whether a union of one schema is read as that schema."),
            switch(DISCARD, false, "Whether documentation and defaults of types are left out of schemas."),
        ]
    }

    fn new(config: &ConfigData) -> Result<Self> {
        let options = Options {
            enhanced: config.boolean(ENHANCED)?,
            meta_data: config.boolean(META_DATA)?,
            scrub: config.boolean(SCRUB)?,
            optional_keys: config.boolean(OPTIONAL_KEYS)?,
            flatten: config.boolean(FLATTEN)?,
            discard_doc_default: config.boolean(DISCARD)?,
            generalized: generalized(config)?,
            ignore_default: ignore_default(config)?,
        };
        Ok(Self { options })
    }

    fn write_failed(topic: &str) -> String {
        format!("Failed to serialize Avro data from topic {topic} :")
    }

    fn read_failed(topic: &str) -> String {
        format!("Failed to deserialize data for topic {topic} to Avro: ")
    }

    fn generate(&self, schema: Option<&Schema>) -> Result<Generated> {
        let json = Generator::new(&self.options).root(schema)?;
        let record = schema::record_name(&json);
        let schema = SchemaText { kind: SchemaKind::Avro, text: json.to_string(), references: Vec::new() };
        Ok(Generated { schema, record })
    }

    fn writer(&self, schema: Option<&Schema>, documents: &Documents) -> Result<writer::Writer> {
        writer::Writer::new(&self.options, schema, &AvroSchema::parse(documents)?)
    }

    fn reader(&self, documents: &Documents, version: Option<i32>) -> Result<reader::Reader> {
        reader::Reader::new(&self.options, &AvroSchema::parse(documents)?, version)
    }

    fn record_name(&self, documents: &Documents) -> Result<Option<String>> {
        Ok(AvroSchema::parse(documents)?.record_name())
    }

    fn write(&self, writer: &writer::Writer, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        writer.write(value, out)
    }

    fn read(&self, reader: &reader::Reader, _path: Option<&[u8]>, payload: &Bytes) -> Result<SchemaAndValue> {
        reader.read(payload)
    }
}
