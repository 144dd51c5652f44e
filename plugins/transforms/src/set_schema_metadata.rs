//! `SetSchemaMetadata`

use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, Importance, Origin, Record, Result, Schema,
    SchemaBuilder, Struct, Text, Transformation, Value,
};

use crate::cache::SchemaCache;
use crate::fields;
use crate::keys;
use crate::part::Part;

const NAME: &str = "schema.name";
const VERSION: &str = "schema.version";

/// Sets name or version of a struct's schema.
#[derive(Debug)]
pub(crate) struct SetSchemaMetadata {
    part: Part,
    name: Option<Text>,
    version: Option<i32>,
    replace_null: bool,
    schemas: SchemaCache<Schema>,
}

impl SetSchemaMetadata {
    pub(crate) fn new(part: Part) -> Self {
        Self { part, name: None, version: None, replace_null: true, schemas: SchemaCache::default() }
    }
}

fn updated(schema: &Schema, name: Option<&Text>, version: Option<i32>) -> Result<Schema> {
    let plain = builder(schema, name, version)?.build()?;
    match schema.default_value() {
        Value::Struct(default) => {
            // A default has the schema that it is the default of.
            let default = Struct::from_values(plain, default.values().to_vec())?;
            builder(schema, name, version)?.default_value(Value::Struct(default)).build()
        }
        _ => Ok(plain),
    }
}

fn builder(schema: &Schema, name: Option<&Text>, version: Option<i32>) -> Result<SchemaBuilder> {
    let mut builder = SchemaBuilder::structure().parameters(schema.parameters());
    if schema.is_optional() {
        builder = builder.optional();
    }
    if let Some(name) = name.or(schema.name()) {
        builder = builder.name(name.clone());
    }
    if let Some(version) = version.or(schema.version()) {
        builder = builder.version(version);
    }
    if let Some(doc) = schema.doc() {
        builder = builder.doc(doc.clone());
    }
    let fields = schema.require_fields()?.iter();
    Ok(fields.fold(builder, |builder, field| builder.field(field.name.clone(), field.schema.clone())))
}

impl Transformation for SetSchemaMetadata {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
            .with(ConfigKey::new(
                NAME,
                ConfigType::String,
                (),
                Importance::High,
                "The new name; without it the schema keeps its own.",
            ))
            .with(ConfigKey::new(
                VERSION,
                ConfigType::Int,
                (),
                Importance::High,
                "The new version; without it the schema keeps its own.",
            ))
            .with(keys::replace_null())
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        self.replace_null = keys::replaces_null(&config)?;
        self.name = config.optional_string(NAME)?.map(Into::into);
        self.version = config.optional_integer(VERSION)?.and_then(|version| i32::try_from(version).ok());
        if self.name.is_none() && self.version.is_none() {
            return Err(Error::config("Neither schema name nor version configured"));
        }
        self.schemas = SchemaCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let (schema, value) = self.part.take(record);
        let Some(schema) = schema else {
            if value.is_null() {
                return Ok(true);
            }
            return Err(Error::data("Schema required for [updating schema metadata]"));
        };
        let (name, version) = (self.name.as_ref(), self.version);
        let new = self.schemas.get(&schema, |schema| updated(schema, name, version))?;
        let value = match value {
            Value::Struct(value) => {
                let mut values = value.into_values();
                fields::move_all(new.fields(), &mut values, self.replace_null)?;
                Value::Struct(Struct::from_values(new.clone(), values)?)
            }
            value => value,
        };
        self.part.put(record, Some(new.clone()), value);
        Ok(true)
    }
}
