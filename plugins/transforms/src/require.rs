//! The errors of Connect's `Requirements`, and of its casts.

use aqueduct_api::data::Map;
use aqueduct_api::{Error, ErrorKind, Result, Struct, Text, Value};

/// The struct that a value with a schema must be, for this purpose.
pub(crate) fn require_struct(value: Value, purpose: &str) -> Result<Struct> {
    match value {
        Value::Struct(value) => Ok(value),
        other => Err(not_a_struct(&other, purpose)),
    }
}

/// As [`require_struct`], of a value that stays where it is.
pub(crate) fn struct_mut<'a>(value: &'a mut Value, purpose: &str) -> Result<&'a mut Struct> {
    match value {
        Value::Struct(value) => Ok(value),
        other => Err(not_a_struct(other, purpose)),
    }
}

/// As [`require_struct`], of a borrowed value that may be null.
pub(crate) fn struct_or_null<'a>(value: &'a Value, purpose: &str) -> Result<Option<&'a Struct>> {
    match value {
        Value::Null => Ok(None),
        Value::Struct(value) => Ok(Some(value)),
        other => Err(not_a_struct(other, purpose)),
    }
}

fn not_a_struct(value: &Value, purpose: &str) -> Error {
    let class = value.java_class();
    Error::data(format!("Only Struct objects supported for [{purpose}], found: {class}"))
}

/// The map that a value without a schema must be, for this purpose.
pub(crate) fn require_map(value: Value, purpose: &str) -> Result<Map> {
    match value {
        Value::Map(map) => Ok(map),
        other => Err(not_a_map(&other, purpose)),
    }
}

/// As [`require_map`], of a borrowed value that may be null.
pub(crate) fn map_or_null<'a>(value: &'a Value, purpose: &str) -> Result<Option<&'a Map>> {
    match value {
        Value::Null => Ok(None),
        Value::Map(map) => Ok(Some(map)),
        other => Err(not_a_map(other, purpose)),
    }
}

fn not_a_map(value: &Value, purpose: &str) -> Error {
    let class = value.java_class();
    Error::data(format!("Only Map objects supported in absence of schema for [{purpose}], found: {class}"))
}

/// The text that a map's key must be; `None` for null, which Java's cast lets pass.
pub(crate) fn text_key(key: &Value) -> Result<Option<&Text>> {
    match key {
        Value::String(text) => Ok(Some(text)),
        Value::Null => Ok(None),
        other => Err(Error::new(
            ErrorKind::ClassCast,
            format!("class {} cannot be cast to class java.lang.String", other.java_class()),
        )),
    }
}
