//! Protobuf: messages of a schema that may hold several, so each message says which one it is.

mod file;
mod generate;
mod input;
mod known;
mod names;
mod read;
mod reader;
#[cfg(test)]
mod tests;
mod write;
mod writer;

use aqueduct_api::config::{ConfigData, ConfigKey};
use aqueduct_api::{Error, Result, Schema, SchemaAndValue, Value};
use bytes::Bytes;

use crate::config::{generalized, ignore_default, switch};
use crate::converter::{Format, Generated};
use crate::registry::{Documents, SchemaKind, SchemaText};
use crate::wire;

const ENHANCED: &str = "enhanced.protobuf.schema.support";
const SCRUB: &str = "scrub.invalid.names";
const INT_ENUMS: &str = "int.for.enums";
const OPTIONAL: &str = "optional.for.nullables";
const OPTIONAL_PROTO2: &str = "optional.for.proto2";
const WRAPPER: &str = "wrapper.for.nullables";
const WRAPPER_RAW: &str = "wrapper.for.raw.primitives";
const STRUCT_NULLS: &str = "generate.struct.for.nulls";
const INDEX_UNIONS: &str = "generate.index.for.unions";
const FLATTEN: &str = "flatten.unions";

/// What the keys of this format say.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    enhanced: bool,
    scrub: bool,
    int_enums: bool,
    optional: bool,
    optional_proto2: bool,
    wrapper: bool,
    wrapper_raw: bool,
    struct_for_nulls: bool,
    index_unions: bool,
    flatten: bool,
    generalized: bool,
    ignore_default: bool,
}

/// The format.
pub struct Protobuf {
    options: Options,
}

impl Format for Protobuf {
    type Reader = reader::Reader;
    type Writer = writer::Writer;

    fn keys() -> Vec<ConfigKey> {
        vec![
            switch(ENHANCED, false, "Whether schemas have the full names of messages."),
            switch(SCRUB, false, "Whether names are changed that Protobuf does not allow."),
            switch(INT_ENUMS, false, "Whether enums are read as their numbers."),
            switch(
                OPTIONAL,
                false,
                "Whether optional fields are written as optional, and only those are read as such.",
            ),
            switch(
                OPTIONAL_PROTO2,
                true,
                "Whether the same holds for what is optional in proto2, with optional.for.nullables.",
            ),
            switch(
                WRAPPER,
                false,
                "Whether optional fields are written as messages around their value, and those read as optional values.",
            ),
            switch(
                WRAPPER_RAW,
                true,
                "Whether a message around a value is read as the value, where it is the whole message.",
            ),
            switch(
                STRUCT_NULLS,
                false,
                "Whether a message that is not there is read as one whose fields have their defaults.",
            ),
            switch(INDEX_UNIONS, true, "Whether the names of unions get the number of the union."),
            switch(
                FLATTEN,
                false,
                "Whether the members of unions become fields of the message that has the union.",
            ),
        ]
    }

    fn new(config: &ConfigData) -> Result<Self> {
        let options = Options {
            enhanced: config.boolean(ENHANCED)?,
            scrub: config.boolean(SCRUB)?,
            int_enums: config.boolean(INT_ENUMS)?,
            optional: config.boolean(OPTIONAL)?,
            optional_proto2: config.boolean(OPTIONAL_PROTO2)?,
            wrapper: config.boolean(WRAPPER)?,
            wrapper_raw: config.boolean(WRAPPER_RAW)?,
            struct_for_nulls: config.boolean(STRUCT_NULLS)?,
            index_unions: config.boolean(INDEX_UNIONS)?,
            flatten: config.boolean(FLATTEN)?,
            generalized: generalized(config)?,
            ignore_default: ignore_default(config)?,
        };
        Ok(Self { options })
    }

    fn write_failed(topic: &str) -> String {
        format!("Failed to serialize Protobuf data from topic {topic} : ")
    }

    fn read_failed(topic: &str) -> String {
        format!("Failed to deserialize data for topic {topic} to Protobuf: ")
    }

    fn generate(&self, schema: Option<&Schema>) -> Result<Generated> {
        let schema = schema.ok_or_else(|| Error::data("Protobuf needs a schema for each value"))?;
        let (text, record) = generate::file(&self.options, schema)?;
        let schema = SchemaText { kind: SchemaKind::Protobuf, text, references: Vec::new() };
        Ok(Generated { schema, record: Some(record) })
    }

    fn writer(&self, schema: Option<&Schema>, documents: &Documents) -> Result<writer::Writer> {
        let schema = schema.ok_or_else(|| Error::data("Protobuf needs a schema for each value"))?;
        writer::Writer::new(&self.options, schema, &file::parse(documents)?)
    }

    fn reader(&self, documents: &Documents, version: Option<i32>) -> Result<reader::Reader> {
        reader::Reader::new(&self.options, file::parse(documents)?, version)
    }

    fn record_name(&self, documents: &Documents) -> Result<Option<String>> {
        let first = file::parse(documents)?.messages().next();
        Ok(first.map(|message| message.full_name().to_owned()))
    }

    fn path<'a>(&self, writer: &'a writer::Writer) -> &'a [u8] {
        writer.path()
    }

    fn write(&self, writer: &writer::Writer, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        writer.write(value, out)
    }

    fn read(&self, reader: &reader::Reader, path: Option<&[u8]>, payload: &Bytes) -> Result<SchemaAndValue> {
        let mut payload = payload.clone();
        let path = match path {
            Some(mut path) => wire::take_path(&mut path)?,
            None => wire::take_path(&mut payload)?,
        };
        let plan = reader.plan(&path)?;
        let value = plan.value(&payload)?;
        Ok(SchemaAndValue { schema: Some(plan.schema.clone()), value })
    }
}
