//! Values to JSON, straight into the buffer.

use aqueduct_api::data::{Logical, Map, java_text};
use aqueduct_api::{Error, Result, Schema, Type, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::Options;
use super::generate::has_text_keys;

const DEPTH_MAX: usize = 500;

fn wrong_class(schema: Option<&Schema>, value: &Value) -> Error {
    match schema {
        Some(schema) => {
            Error::data(format!("Invalid type for {}: class {}", schema.kind(), value.java_class()))
        }
        None => Error::data(format!("JSON has no place for class {}", value.java_class())),
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    serde_json::to_writer(out, text).ok();
}

/// A number as Java prints it, which JSON takes but for those that are none.
fn put_number(value: &Value, finite: bool, out: &mut Vec<u8>) {
    if !finite {
        out.push(b'"');
    }
    java_text::append_utf8(out, value);
    if !finite {
        out.push(b'"');
    }
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    let start = out.len();
    out.resize(start + base64::encoded_len(bytes.len(), true).unwrap_or_default(), 0);
    // There is room for all of it.
    BASE64.encode_slice(bytes, out.get_mut(start..).unwrap_or_default()).ok();
    out.push(b'"');
}

/// Writes a value. A struct is written by its own schema, which is that given.
pub(super) fn value(
    options: &Options,
    schema: Option<&Schema>,
    value: &Value,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<()> {
    if depth > DEPTH_MAX {
        return Err(Error::data("the value is too deep"));
    }
    let value = match schema {
        Some(schema) if value.is_null() => options.default(schema),
        _ => value,
    };
    if value.is_null() {
        if schema.is_some_and(|schema| !schema.is_optional()) {
            return Err(Error::data(
                "Conversion error: null value for field that is required and has no default value",
            ));
        }
        out.extend_from_slice(b"null");
        return Ok(());
    }
    if let Some(kind) = schema.map(Schema::kind)
        && !matches!(value, Value::Date(_) | Value::Decimal(_))
        && value.inferred_type() != Some(kind)
    {
        return Err(wrong_class(schema, value));
    }
    match value {
        Value::Int8(_) | Value::Int16(_) | Value::Int32(_) | Value::Int64(_) => {
            java_text::append_utf8(out, value);
        }
        Value::Float32(number) => put_number(value, number.is_finite(), out),
        Value::Float64(number) => put_number(value, number.is_finite(), out),
        Value::Boolean(yes) => out.extend_from_slice(if *yes { b"true" } else { b"false" }),
        Value::String(text) => put_text(text, out),
        Value::Bytes(bytes) => put_bytes(bytes, out),
        Value::Decimal(_) if options.numeric => java_text::append_utf8(out, value),
        Value::Decimal(_) | Value::Date(_) => {
            let schema = schema.ok_or_else(|| wrong_class(None, value))?;
            let logical: Logical = schema.logical().ok_or_else(|| wrong_class(Some(schema), value))?;
            match logical.encode(schema, value)? {
                Value::Bytes(bytes) => put_bytes(&bytes, out),
                plain => java_text::append_utf8(out, &plain),
            }
        }
        Value::Array(values) => {
            out.push(b'[');
            for (index, element) in values.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                self::value(options, schema.and_then(Schema::value_schema), element, out, depth + 1)?;
            }
            out.push(b']');
        }
        Value::Map(map) => put_map(options, schema, map, out, depth)?,
        Value::Struct(record) if options.is_union(record.schema()) => {
            let set = record.iter().find(|(_, value)| !value.is_null());
            let (field, member) = set.ok_or_else(|| Error::data("No branch of the union has a value"))?;
            self::value(options, Some(&field.schema), member, out, depth + 1)?;
        }
        Value::Struct(record) => {
            if schema.is_some_and(|schema| schema != record.schema()) {
                return Err(Error::data("Mismatching schema."));
            }
            out.push(b'{');
            for (field, member) in record.iter() {
                if field.index > 0 {
                    out.push(b',');
                }
                put_text(&field.name, out);
                out.push(b':');
                self::value(options, Some(&field.schema), member, out, depth + 1)?;
            }
            out.push(b'}');
        }
        Value::Null | Value::BigInteger(_) => return Err(wrong_class(schema, value)),
    }
    Ok(())
}

fn put_map(
    options: &Options,
    schema: Option<&Schema>,
    map: &Map,
    out: &mut Vec<u8>,
    depth: usize,
) -> Result<()> {
    let is_object = match schema {
        Some(schema) => schema.kind() == Type::Map && has_text_keys(schema),
        None => map.iter().all(|(key, _)| key.as_text().is_some()),
    };
    let (key_schema, value_schema) =
        (schema.and_then(Schema::key_schema), schema.and_then(Schema::value_schema));
    out.push(if is_object { b'{' } else { b'[' });
    for (index, (key, value)) in map.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        if is_object {
            put_text(key.as_text().ok_or_else(|| wrong_class(key_schema, key))?, out);
            out.push(b':');
            self::value(options, value_schema, value, out, depth + 1)?;
        } else {
            out.extend_from_slice(b"{\"key\":");
            self::value(options, key_schema, key, out, depth + 1)?;
            out.extend_from_slice(b",\"value\":");
            self::value(options, value_schema, value, out, depth + 1)?;
            out.push(b'}');
        }
    }
    out.push(if is_object { b'}' } else { b']' });
    Ok(())
}
