//! Whether a value fits a schema: the rules and texts of `ConnectSchema.validateValue`.

use super::{Logical, Schema, Type, Value};
use crate::error::{Error, Result};

/// Checks a value.
pub fn validate_value(schema: &Schema, value: &Value) -> Result<()> {
    check(None, schema, value)
}

/// Checks a value of a field, whose name the error then says.
pub fn validate_field(name: &str, schema: &Schema, value: &Value) -> Result<()> {
    check(Some(name), schema, value)
}

fn location(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!(" for field: \"{name}\""))
}

fn check(name: Option<&str>, schema: &Schema, value: &Value) -> Result<()> {
    if value.is_null() {
        if schema.is_optional() {
            return Ok(());
        }
        return Err(Error::data(format!(
            "Invalid value: null used for required field: \"{}\", schema type: {}",
            name.unwrap_or("null"),
            schema.kind()
        )));
    }
    if !class_fits(schema, value) {
        let named = schema.name().map_or_else(String::new, |name| format!(" \"{name}\""));
        return Err(Error::data(format!(
            "Invalid Java object for schema{named} with type {}: class {}{}",
            schema.kind(),
            value.java_class(),
            location(name)
        )));
    }
    match (schema.kind(), value) {
        (Type::Struct, Value::Struct(value)) => {
            if value.schema() != schema {
                return Err(Error::data(format!("Struct schemas do not match.{}", location(name))));
            }
            value.validate()
        }
        (Type::Array, Value::Array(elements)) => {
            let Some(element_schema) = schema.value_schema() else {
                return Err(Error::data(format!("No schema defined for element of array{}", location(name))));
            };
            elements.iter().try_for_each(|element| {
                check(name_of_part(name, "element of array").as_deref(), element_schema, element)
            })
        }
        (Type::Map, Value::Map(entries)) => {
            let (Some(key_schema), Some(value_schema)) = (schema.key_schema(), schema.value_schema()) else {
                return Err(Error::data(format!("No schema defined for the parts of map{}", location(name))));
            };
            entries.iter().try_for_each(|(key, value)| {
                check(name_of_part(name, "key of map").as_deref(), key_schema, key)?;
                check(name_of_part(name, "value of map").as_deref(), value_schema, value)
            })
        }
        _ => Ok(()),
    }
}

fn name_of_part(name: Option<&str>, _part: &str) -> Option<String> {
    name.map(str::to_owned)
}

/// A logical name decides the class by itself, whatever the type.
fn class_fits(schema: &Schema, value: &Value) -> bool {
    match schema.logical() {
        Some(Logical::Decimal) => matches!(value, Value::Decimal(_)),
        Some(_) => matches!(value, Value::Date(_)),
        None => value.inferred_type() == Some(schema.kind()),
    }
}
