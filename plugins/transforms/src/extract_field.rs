//! `ExtractField`

use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, ErrorKind, Importance, Origin, Record, Result,
    Schema, Transformation, Validator, Value,
};

use crate::field_path::{FieldPath, FieldSyntax};
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
}

impl ExtractField {
    pub(crate) fn new(part: Part) -> Self {
        Self { part, name: String::new(), path: None, replace_null: true }
    }

    fn extract(
        &self,
        path: &FieldPath,
        schema: Option<Schema>,
        value: Value,
    ) -> Result<(Option<Schema>, Value)> {
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
        let Some(field) = path.field_in(&schema)? else {
            return Err(Error::new(ErrorKind::IllegalArgument, format!("Unknown field: {}", self.name)));
        };
        let value = match value {
            Some(value) => path.take_from_struct(value, self.replace_null)?,
            None => Value::Null,
        };
        Ok((Some(field.schema.clone()), value))
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
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let Some(path) = &self.path else { return Ok(true) };
        let (schema, value) = self.part.take(record);
        let (schema, value) = self.extract(path, schema, value)?;
        self.part.put(record, schema, value);
        Ok(true)
    }
}
