//! `TimestampConverter`

mod kind;

use aqueduct_api::data::Map;
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, Importance, Origin, Record, Result, Schema,
    SchemaBuilder, Struct, Text, Transformation, Validator, Value,
};

use crate::cache::{KeysCache, SchemaCache};
use crate::date_format::DateFormat;
use crate::fields::{check_moved, filled};
use crate::keys;
use crate::layout::Setting;
use crate::part::Part;
use crate::require::{require_map, require_struct};
use kind::{Kind, Translator, UnixPrecision};

const FIELD: &str = "field";
const TARGET_TYPE: &str = "target.type";
const FORMAT: &str = "format";
const PRECISION: &str = "unix.precision";
const PURPOSE: &str = "converting timestamp formats";

/// Converts timestamps between texts, numbers and Connect's logical types.
#[derive(Debug)]
pub(crate) struct TimestampConverter {
    part: Part,
    /// Empty for the whole key or value.
    field: Text,
    translator: Translator,
    replace_null: bool,
    schemas: SchemaCache<Schema>,
    maps: KeysCache<Setting>,
}

impl TimestampConverter {
    pub(crate) fn new(part: Part) -> Self {
        Self {
            part,
            field: Text::default(),
            translator: Translator::default(),
            replace_null: true,
            schemas: SchemaCache::default(),
            maps: KeysCache::default(),
        }
    }

    fn convert_map(&mut self, map: Map) -> Result<Value> {
        let setting = self.maps.get(map.keys(), |keys| Setting::new(keys, [&self.field]))?;
        setting.set(map, |_, value| self.translator.convert_schemaless(value)).map(Value::Map)
    }

    fn convert_field(&mut self, schema: &Schema, value: Value) -> Result<(Schema, Value)> {
        let value = match value {
            Value::Null => None,
            value => Some(require_struct(value, PURPOSE)?),
        };
        let (field, translator, replace_null) = (&self.field, &self.translator, self.replace_null);
        let updated = self.schemas.get(schema, |schema| updated(schema, field, translator, replace_null))?;
        let value = match value {
            Some(value) => Value::Struct(convert_struct(value, updated, field, translator, replace_null)?),
            None => Value::Null,
        };
        Ok((updated.clone(), value))
    }
}

fn updated(schema: &Schema, name: &Text, translator: &Translator, replace_null: bool) -> Result<Schema> {
    let plain = builder(schema, name, translator)?.build()?;
    match schema.default_value() {
        Value::Struct(default) => {
            // A default has the schema that it is the default of.
            let default = convert_struct(default.clone(), &plain, name, translator, replace_null)?;
            builder(schema, name, translator)?.default_value(Value::Struct(default)).build()
        }
        _ => Ok(plain),
    }
}

fn builder(schema: &Schema, name: &Text, translator: &Translator) -> Result<SchemaBuilder> {
    let mut builder = SchemaBuilder::structure().basics_of(schema);
    for field in schema.fields() {
        let schema = if field.name == *name {
            translator.target_schema(field.schema.is_optional())?
        } else {
            field.schema.clone()
        };
        builder = builder.field(field.name.clone(), schema);
    }
    Ok(if schema.is_optional() { builder.optional() } else { builder })
}

fn convert_struct(
    value: Struct,
    updated: &Schema,
    name: &Text,
    translator: &Translator,
    replace_null: bool,
) -> Result<Struct> {
    let from = value.schema().clone();
    let mut values = value.into_values();
    for ((field, new), value) in from.fields().iter().zip(updated.fields()).zip(&mut values) {
        let old = filled(field, std::mem::take(value), replace_null);
        *value =
            if field.name == *name { translator.convert(old, Kind::of_schema(&field.schema)?)? } else { old };
        check_moved(new, value)?;
    }
    Struct::from_values(updated.clone(), values)
}

impl Transformation for TimestampConverter {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
            .with(ConfigKey::new(
                FIELD,
                ConfigType::String,
                "",
                Importance::High,
                "The name of the field that holds the timestamp; empty if the whole key or value is one.",
            ))
            .with(
                ConfigKey::required(
                    TARGET_TYPE,
                    ConfigType::String,
                    Importance::High,
                    "What to make of the timestamp: `string`, `unix`, `Date`, `Time` or `Timestamp`.",
                )
                .validator(Validator::valid_string(["string", "unix", "Date", "Time", "Timestamp"])),
            )
            .with(ConfigKey::new(
                FORMAT,
                ConfigType::String,
                "",
                Importance::Medium,
                "How a timestamp is written as text, to read and to write, as a pattern of Java's `SimpleDateFormat`, in UTC.",
            ))
            .with(
                ConfigKey::new(
                    PRECISION,
                    ConfigType::String,
                    "milliseconds",
                    Importance::Low,
                    "The unit of a timestamp that is a number, to read and to write. What is finer than a millisecond is lost.",
                )
                .validator(Validator::valid_string([
                    "nanoseconds",
                    "microseconds",
                    "milliseconds",
                    "seconds",
                ])),
            )
            .with(keys::replace_null())
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        self.replace_null = keys::replaces_null(&config)?;
        let target = Kind::from_name(config.string(TARGET_TYPE)?);
        let pattern = config.optional_string(FORMAT)?.unwrap_or_default();
        let blank = pattern.chars().all(char::is_whitespace);
        if target == Kind::Text && blank {
            return Err(Error::config(
                "TimestampConverter requires format option to be specified when using string timestamps",
            ));
        }
        let format = if blank { None } else { Some(compile(pattern)?) };
        self.field = config.optional_string(FIELD)?.unwrap_or_default().into();
        let precision = UnixPrecision::from_name(config.string(PRECISION)?);
        self.translator = Translator { target, format, precision };
        self.schemas = SchemaCache::default();
        self.maps = KeysCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let (schema, value) = self.part.take(record);
        let (schema, value) = match schema {
            None if value.is_null() || self.field.is_empty() => {
                (None, self.translator.convert_schemaless(value)?)
            }
            None => (None, self.convert_map(require_map(value, PURPOSE)?)?),
            Some(schema) if self.field.is_empty() => {
                let target = self.translator.target_schema(schema.is_optional())?;
                let kind = Kind::of_schema(&schema)?;
                (Some(target), self.translator.convert(value, kind)?)
            }
            Some(schema) => {
                let (schema, value) = self.convert_field(&schema, value)?;
                (Some(schema), value)
            }
        };
        self.part.put(record, schema, value);
        Ok(true)
    }
}

fn compile(pattern: &str) -> Result<DateFormat> {
    DateFormat::new(pattern).map_err(|error| {
        // Java passes value and message in the wrong places.
        Error::config(format!(
            "Invalid value java.lang.IllegalArgumentException: {error} for configuration TimestampConverter requires a SimpleDateFormat-compatible pattern for string timestamps: {pattern}"
        ))
    })
}
