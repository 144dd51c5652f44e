//! Whether a value fits a schema: the rules and texts of `ConnectSchema.validateValue`.

use std::fmt;

use super::{Logical, Schema, Type, Value};
use crate::error::{Error, Result};

/// Checks a value and all its parts. Fails with [`ErrorKind::Data`](crate::ErrorKind::Data).
pub fn validate_value(schema: &Schema, value: &Value) -> Result<()> {
    check(&Place::Value, schema, value)
}

/// Checks a value of a field, whose name the error then says.
pub fn validate_field(name: &str, schema: &Schema, value: &Value) -> Result<()> {
    check(&Place::Field(name), schema, value)
}

/// Where a value is, for error texts; nothing is written until there is an error.
#[derive(Clone, Copy)]
enum Place<'a> {
    Value,
    Field(&'a str),
    Part(&'static str, &'a Place<'a>),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => f.write_str("value"),
            Self::Field(name) => write!(f, "field: \"{name}\""),
            Self::Part(part, whole) => write!(f, "{part} {whole}"),
        }
    }
}

fn check(place: &Place<'_>, schema: &Schema, value: &Value) -> Result<()> {
    if value.is_null() {
        if schema.is_optional() {
            return Ok(());
        }
        return Err(Error::data(format!(
            "Invalid value: null used for required {place}, schema type: {}",
            schema.kind()
        )));
    }
    if !class_fits(schema, value) {
        let named = schema.name().map_or_else(String::new, |name| format!(" \"{name}\""));
        return Err(Error::data(format!(
            "Invalid Java object for schema{named} with type {}: class {} for {place}",
            schema.kind(),
            value.java_class()
        )));
    }
    match (schema.kind(), value) {
        (Type::Struct, Value::Struct(value)) => {
            if value.schema() != schema {
                return Err(Error::data("Struct schemas do not match."));
            }
            value.validate()
        }
        (Type::Array, Value::Array(elements)) => {
            let place = Place::Part("element of array", place);
            let element_schema = part(schema.value_schema(), &place)?;
            elements.iter().try_for_each(|element| check(&place, element_schema, element))
        }
        (Type::Map, Value::Map(entries)) => {
            let key_place = Place::Part("key of map", place);
            let value_place = Place::Part("value of map", place);
            let key_schema = part(schema.key_schema(), &key_place)?;
            let value_schema = part(schema.value_schema(), &value_place)?;
            entries.iter().try_for_each(|(key, value)| {
                check(&key_place, key_schema, key)?;
                check(&value_place, value_schema, value)
            })
        }
        _ => Ok(()),
    }
}

fn part<'a>(schema: Option<&'a Schema>, place: &Place<'_>) -> Result<&'a Schema> {
    schema.ok_or_else(|| Error::data(format!("No schema defined for {place}")))
}

/// A logical name decides the class by itself, whatever the type.
fn class_fits(schema: &Schema, value: &Value) -> bool {
    match schema.logical() {
        Some(Logical::Decimal) => matches!(value, Value::Decimal(_)),
        Some(_) => matches!(value, Value::Date(_)),
        None => value.inferred_type() == Some(schema.kind()),
    }
}
