//! A value of one schema as a value of another.

use super::{Field, Map, Schema, Struct, Text, Type, Value};
use crate::error::{Error, ErrorKind, Result};

fn error(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::SchemaProjector, message)
}

/// Gives a value of schema `source` the schema `target`: what sinks do that write many versions of a schema to one file.
///
/// Numbers may widen along INT8, INT16, INT32, INT64, FLOAT32, FLOAT64. Fields that the target does not have are dropped;
/// those that the source does not have need a default, or are null where that is allowed. Names and parameters must be
/// equal; versions and documentation may differ. Fails with [`ErrorKind::SchemaProjector`].
pub fn project(source: &Schema, value: &Value, target: &Schema) -> Result<Value> {
    check_compatible(source, target)?;
    if source.is_optional() && !target.is_optional() {
        let default = target.default_value();
        if default.is_null() {
            return Err(error(
                "Writer schema is optional, however, target schema does not provide a default value.",
            ));
        }
        if value.is_null() {
            return Ok(default.clone());
        }
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    match (target.kind(), value) {
        (Type::Struct, Value::Struct(value)) => project_struct(source, value, target),
        (Type::Array, Value::Array(values)) => {
            let (from, to) = (part(source.value_schema())?, part(target.value_schema())?);
            values.iter().map(|value| project(from, value, to)).collect::<Result<_>>().map(Value::Array)
        }
        (Type::Map, Value::Map(map)) => project_map(source, map, target),
        (Type::Struct | Type::Array | Type::Map, _) => {
            let (class, wanted) = (value.java_class(), super::java_class_of_type(target.kind()));
            Err(Error::new(ErrorKind::ClassCast, format!("class {class} cannot be cast to class {wanted}")))
        }
        // What is no number, or has no numeric type, stays as it is.
        (kind, _) => Ok(value.to_number(kind).unwrap_or_else(|| value.clone())),
    }
}

/// Only parsed texts have lists and maps whose parts have no schema; Java trips over those.
fn part(schema: Option<&Schema>) -> Result<&Schema> {
    schema.ok_or_else(|| Error::bare(ErrorKind::NullPointer))
}

fn check_compatible(source: &Schema, target: &Schema) -> Result<()> {
    let (from, to) = (source.kind(), target.kind());
    // The numeric types stand in order of their width.
    let promotable = from < to && to <= Type::Float64;
    if from != to && !promotable {
        return Err(error(format!("Schema type mismatch. source type: {from} and target type: {to}")));
    }
    if source.name() != target.name() {
        let text = |name: Option<&Text>| name.map_or("null", Text::as_str).to_owned();
        return Err(error(format!(
            "Schema name mismatch. source name: {} and target name: {}",
            text(source.name()),
            text(target.name())
        )));
    }
    let (from, to) = (source.parameters(), target.parameters());
    if from.len() != to.len() || !from.iter().all(|(key, value)| target.parameter(key) == Some(value)) {
        return Err(error(format!(
            "Schema parameters not equal. source parameters: {} and target parameters: {}",
            parameters_text(from),
            parameters_text(to)
        )));
    }
    Ok(())
}

/// As Java prints the map, or null where there is none.
fn parameters_text(parameters: &[(Text, Text)]) -> String {
    if parameters.is_empty() {
        return "null".to_owned();
    }
    let pairs: Vec<_> = parameters.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn project_struct(source: &Schema, value: &Struct, target: &Schema) -> Result<Value> {
    let mut result = Struct::new(target.clone())?;
    for Field { name, schema, .. } in target.fields() {
        if let Some(field) = source.field(name) {
            let projected = project(&field.schema, value.get(name)?, schema);
            projected.and_then(|part| result.put(name, part)).map_err(|cause| match cause.kind() {
                ErrorKind::SchemaProjector => error(format!("Error projecting {name}")).with_source(cause),
                _ => cause,
            })?;
        } else if !schema.is_optional() {
            if schema.default_value().is_null() {
                return Err(error(format!(
                    "Required field `{name}` is missing from source schema: {source}"
                )));
            }
            result.put(name, schema.default_value().clone())?;
        }
    }
    Ok(Value::Struct(result))
}

fn project_map(source: &Schema, map: &Map, target: &Schema) -> Result<Value> {
    let (from_key, to_key) = (part(source.key_schema())?, part(target.key_schema())?);
    let (from, to) = (part(source.value_schema())?, part(target.value_schema())?);
    let entries = map
        .iter()
        .map(|(key, value)| Ok((project(from_key, key, to_key)?, project(from, value, to)?)))
        .collect::<Result<Map>>()?;
    Ok(Value::Map(entries.into_hash_order()))
}
