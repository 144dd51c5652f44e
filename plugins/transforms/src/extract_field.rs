//! `ExtractField`

use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, ErrorKind, Importance, Origin, Record, Result,
    Schema, Transformation, Validator, Value,
};

use crate::cache::SchemaCache;
use crate::field_path::{FieldPath, FieldSyntax, Found};
use crate::keys;
use crate::part::Part;
use crate::require::{require_map, require_struct};

const FIELD: &str = "field";
const SYNTAX: &str = "field.syntax.version";
const PURPOSE: &str = "field extraction";

/// Puts one field of a struct or map in its place.
#[derive(Debug)]
pub(crate) struct ExtractField {
    part: Part,
    name: String,
    path: Option<FieldPath>,
    replace_null: bool,
    schemas: SchemaCache<Way>,
}

/// The way to the field in structs of a schema.
#[derive(Debug)]
struct Way {
    found: Vec<Found>,
    /// The schema of the field.
    schema: Schema,
}

impl ExtractField {
    pub(crate) fn new(part: Part) -> Self {
        Self { part, name: String::new(), path: None, replace_null: true, schemas: SchemaCache::default() }
    }

    fn extract(&mut self, schema: Option<Schema>, value: Value) -> Result<(Option<Schema>, Value)> {
        let Some(path) = &self.path else { return Ok((schema, value)) };
        let Some(schema) = schema else {
            let value = match value {
                Value::Null => Value::Null,
                value => path.take_from_map(require_map(value, PURPOSE)?)?,
            };
            return Ok((None, value));
        };
        let value = match value {
            Value::Null => None,
            value => Some(require_struct(value, PURPOSE)?),
        };
        let name = &self.name;
        let way = self.schemas.get(&schema, |schema| match (path.find(schema)?, path.field_in(schema)?) {
            (Some(found), Some(field)) => Ok(Way { found, schema: field.schema.clone() }),
            _ => Err(Error::new(ErrorKind::IllegalArgument, format!("Unknown field: {name}"))),
        })?;
        let value = match value {
            Some(value) => path.take_found(value, &way.found, self.replace_null)?,
            None => Value::Null,
        };
        Ok((Some(way.schema.clone()), value))
    }
}

impl Transformation for ExtractField {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
            .with(ConfigKey::required(
                FIELD,
                ConfigType::String,
                Importance::Medium,
                "The name of the field, or the path to it.",
            ))
            .with(keys::replace_null())
            .with(
                ConfigKey::new(
                    SYNTAX,
                    ConfigType::String,
                    "V1",
                    Importance::High,
                    "How a field is named. V1: one name, dots and all, of a field at the top. V2: names between dots lead to a nested field; a name that has dots itself stands between back-ticks.",
                )
                .validator(Validator::case_insensitive(["V1", "V2"])),
            )
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        let syntax = FieldSyntax::from_name(config.string(SYNTAX)?).unwrap_or(FieldSyntax::V1);
        let Some(name) = config.optional_string(FIELD)? else {
            return Err(Error::new(ErrorKind::NullPointer, "field is null"));
        };
        self.name = name.to_owned();
        self.path = Some(FieldPath::parse(&self.name, syntax)?);
        self.replace_null = keys::replaces_null(&config)?;
        self.schemas = SchemaCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let (schema, value) = self.part.take(record);
        let (schema, value) = self.extract(schema, value)?;
        self.part.put(record, schema, value);
        Ok(true)
    }
}
