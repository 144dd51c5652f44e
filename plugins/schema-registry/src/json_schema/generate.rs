//! From Connect's schemas to JSON Schema.

use aqueduct_api::data::Logical;
use aqueduct_api::{Error, Result, Schema, Text, Type};
use serde_json::{Value as Json, json};

use super::{NULL_SYMBOL, Options, write};
use crate::json_text::Object;

/// The schema; `index` is the position of the field that has it.
pub(super) fn schema(options: &Options, schema: &Schema, index: Option<usize>) -> Result<Json> {
    let base = base(options, schema)?;
    let mut out = if schema.is_optional() && !options.is_union(schema) {
        let mut out = Object::new();
        out.insert("oneOf".into(), json!([{ "type": "null" }, base]));
        out
    } else {
        base
    };
    if let Some(index) = index {
        out.insert("connect.index".into(), index.into());
    }
    Ok(Json::Object(out))
}

fn part(options: &Options, of: &Schema, part: Option<&Schema>) -> Result<Json> {
    let part = part.ok_or_else(|| Error::data(format!("{of} has no schema for its parts")))?;
    schema(options, part, None)
}

fn base(options: &Options, schema: &Schema) -> Result<Object> {
    let mut out = Object::new();
    let mut put = |name: &str, value: Json| drop(out.insert(name.into(), value));
    let connect_type = match schema.kind() {
        Type::Int8 => Some(("integer", "int8")),
        Type::Int16 => Some(("integer", "int16")),
        Type::Int32 => Some(("integer", "int32")),
        Type::Int64 => Some(("integer", "int64")),
        Type::Float32 => Some(("number", "float32")),
        Type::Float64 => Some(("number", "float64")),
        Type::Bytes if options.numeric && schema.logical() == Some(Logical::Decimal) => {
            Some(("number", "bytes"))
        }
        Type::Bytes => Some(("string", "bytes")),
        Type::Map if has_text_keys(schema) => Some(("object", "map")),
        Type::Map => Some(("array", "map")),
        _ => None,
    };
    match schema.kind() {
        Type::Boolean => put("type", "boolean".into()),
        Type::String => match schema.parameter(options.enumeration()) {
            None => put("type", "string".into()),
            Some(_) => {
                let symbol = |(key, _): &(Text, Text)| {
                    let symbol = key.strip_prefix(options.enumeration())?.strip_prefix('.')?;
                    Some(if symbol == NULL_SYMBOL { Json::Null } else { symbol.into() })
                };
                put("enum", schema.parameters().iter().filter_map(symbol).collect());
            }
        },
        Type::Array => {
            put("type", "array".into());
            put("items", part(options, schema, schema.value_schema())?);
        }
        Type::Map if has_text_keys(schema) => {
            put("type", "object".into());
            put("additionalProperties", part(options, schema, schema.value_schema())?);
        }
        Type::Map => {
            let key = part(options, schema, schema.key_schema())?;
            let value = part(options, schema, schema.value_schema())?;
            put("type", "array".into());
            put("items", json!({ "type": "object", "properties": { "key": key, "value": value } }));
        }
        Type::Struct if options.is_union(schema) => {
            let mut branches = Vec::new();
            if schema.is_optional() {
                branches.push(json!({ "type": "null" }));
            }
            for field in schema.fields() {
                let mut branch = base(options, &field.schema)?;
                branch.insert("connect.index".into(), field.index.into());
                branches.push(Json::Object(branch));
            }
            put("oneOf", Json::Array(branches));
            return Ok(out);
        }
        Type::Struct => {
            put("type", "object".into());
            let mut properties = Object::new();
            for field in schema.fields() {
                let property = self::schema(options, &field.schema, Some(field.index))?;
                properties.insert(field.name.as_str().to_owned(), property);
            }
            put("properties", Json::Object(properties));
            if !options.additional_properties {
                put("additionalProperties", false.into());
            }
        }
        _ => {}
    }
    if let Some((kind, connect_type)) = connect_type {
        put("type", kind.into());
        put("connect.type", connect_type.into());
    }
    put_meta_data(options, schema, &mut out)?;
    Ok(out)
}

fn put_meta_data(options: &Options, schema: &Schema, out: &mut Object) -> Result<()> {
    let mut put = |name: &str, value: Json| drop(out.insert(name.into(), value));
    if let Some(name) = schema.name() {
        put("title", name.as_str().into());
    }
    if let Some(doc) = schema.doc() {
        put("description", doc.as_str().into());
    }
    if let Some(version) = schema.version() {
        put("connect.version", version.into());
    }
    let parameters: Object = schema
        .parameters()
        .iter()
        .map(|(key, value)| (key.as_str().to_owned(), value.as_str().into()))
        .collect();
    if !parameters.is_empty() {
        put("connect.parameters", Json::Object(parameters));
    }
    if !schema.default_value().is_null() {
        let mut json = Vec::new();
        write::value(options, Some(schema), schema.default_value(), &mut json, 0)?;
        let default =
            serde_json::from_slice(&json).map_err(|error| Error::data(format!("no default: {error}")))?;
        put("default", default);
    }
    Ok(())
}

/// Whether a map becomes an object.
pub(super) fn has_text_keys(schema: &Schema) -> bool {
    schema.key_schema().is_some_and(|key| key.kind() == Type::String && !key.is_optional())
}
