//! JSON described by JSON Schema: the payload is plain JSON, without the envelope of Connect's own converter.

mod generate;
mod node;
mod parse;
mod read;
#[cfg(test)]
mod tests;
mod write;

use aqueduct_api::config::{ConfigData, ConfigKey};
use aqueduct_api::{Error, Result, Schema, SchemaAndValue, Value};
use bytes::Bytes;
use serde_json::Value as Json;

use crate::config::{generalized, ignore_default, switch, text};
use crate::converter::{Format, Generated};
use crate::registry::{Documents, SchemaKind, SchemaText};

const DECIMAL_FORMAT: &str = "decimal.format";
const ADDITIONAL: &str = "object.additional.properties";
const OPTIONAL: &str = "use.optional.for.nonrequired";
const FLATTEN: &str = "flatten.singleton.unions";
const PRESERVE: &str = "preserve.additional.properties";
const MODERN: &str = "ignore.modern.dialects";
const VALIDATE: &str = "json.fail.invalid.schema";

const ENUM: &str = "io.confluent.connect.json.Enum";
const UNION: &str = "io.confluent.connect.json.OneOf";
const GENERAL_ENUM: &str = "org.apache.kafka.connect.data.Enum";
const GENERAL_UNION: &str = "org.apache.kafka.connect.data.Union";
/// Stands for null among the symbols of an enum.
const NULL_SYMBOL: &str = "<NULL>";

/// What the keys of this format say.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    numeric: bool,
    additional_properties: bool,
    optional_nonrequired: bool,
    flatten: bool,
    generalized: bool,
    ignore_default: bool,
}

impl Options {
    fn union(&self) -> &'static str {
        if self.generalized { GENERAL_UNION } else { UNION }
    }

    fn enumeration(&self) -> &'static str {
        if self.generalized { GENERAL_ENUM } else { ENUM }
    }

    fn is_union(&self, schema: &Schema) -> bool {
        schema.name().is_some_and(|name| *name == self.union())
    }

    /// What stands in for a null of a schema.
    fn default<'a>(&self, schema: &'a Schema) -> &'a Value {
        if self.ignore_default && schema.is_optional() { &Value::Null } else { schema.default_value() }
    }
}

/// The format.
pub struct JsonSchema {
    options: Options,
}

impl Format for JsonSchema {
    /// The schema of Connect; none for a schema that allows everything.
    type Reader = Option<Schema>;
    type Writer = Option<Schema>;

    fn keys() -> Vec<ConfigKey> {
        vec![
            text(
                DECIMAL_FORMAT,
                "BASE64",
                "How decimals are written: BASE64 for their unscaled bytes as text, NUMERIC for a number.",
            ),
            switch(
                ADDITIONAL,
                true,
                "Whether generated schemas allow members of objects that they do not name.",
            ),
            switch(
                OPTIONAL,
                false,
                "Whether properties that a schema does not require are read as optional fields.",
            ),
            switch(FLATTEN, true, "Whether a union of one schema is read as that schema."),
            switch(
                PRESERVE,
                false,
                "Whether members that a schema does not name are kept: only false is possible.",
            ),
            switch(
                MODERN,
                false,
                "Whether newer dialects are read as the older ones: kept for compatibility, all are read alike.",
            ),
            switch(VALIDATE, false, "Whether messages are validated: only false is possible."),
        ]
    }

    fn new(config: &ConfigData) -> Result<Self> {
        for key in [PRESERVE, VALIDATE] {
            if config.boolean(key)? {
                return Err(Error::config(format!("{key}=true is not possible here")));
            }
        }
        let numeric = match config.string(DECIMAL_FORMAT)? {
            format if format.eq_ignore_ascii_case("BASE64") => false,
            format if format.eq_ignore_ascii_case("NUMERIC") => true,
            other => {
                return Err(Error::config(format!(
                    "Invalid value {other} for configuration {DECIMAL_FORMAT}"
                )));
            }
        };
        let options = Options {
            numeric,
            additional_properties: config.boolean(ADDITIONAL)?,
            optional_nonrequired: config.boolean(OPTIONAL)?,
            flatten: config.boolean(FLATTEN)?,
            generalized: generalized(config)?,
            ignore_default: ignore_default(config)?,
        };
        Ok(Self { options })
    }

    fn write_failed(topic: &str) -> String {
        format!(
            "Converting Kafka Connect data to byte[] failed due to serialization error of topic {topic}: "
        )
    }

    fn read_failed(topic: &str) -> String {
        format!(
            "Converting byte[] to Kafka Connect data failed due to serialization error of topic {topic}: "
        )
    }

    fn generate(&self, schema: Option<&Schema>) -> Result<Generated> {
        let json = match schema {
            None => Json::Object(serde_json::Map::new()),
            Some(schema) => generate::schema(&self.options, schema, None)?,
        };
        let record = schema.and_then(Schema::name).map(|name| name.as_str().to_owned());
        let schema = SchemaText { kind: SchemaKind::Json, text: json.to_string(), references: Vec::new() };
        Ok(Generated { schema, record })
    }

    fn writer(&self, schema: Option<&Schema>, _documents: &Documents) -> Result<Option<Schema>> {
        // JSON says by itself what it is.
        Ok(schema.cloned())
    }

    fn reader(&self, documents: &Documents, version: Option<i32>) -> Result<Option<Schema>> {
        parse::Parser::new(&self.options, documents)?.root(version)
    }

    fn record_name(&self, documents: &Documents) -> Result<Option<String>> {
        let json = crate::json_text::parse(&documents.schema.text)?;
        Ok(json["title"].as_str().map(str::to_owned))
    }

    fn write(&self, schema: &Option<Schema>, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        write::value(&self.options, schema.as_ref(), value, out, 0)
    }

    fn read(&self, schema: &Option<Schema>, _path: Option<&[u8]>, payload: &Bytes) -> Result<SchemaAndValue> {
        let json = node::document(payload)?;
        let value = read::value(&self.options, schema.as_ref(), json)?;
        Ok(SchemaAndValue { schema: schema.clone(), value })
    }
}
