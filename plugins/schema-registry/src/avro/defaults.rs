//! Defaults, as the JSON of schemas holds them: bytes are texts whose characters are bytes.

use aqueduct_api::data::{Logical, Map};
use aqueduct_api::{Error, Result, Schema, Struct, Type, Value};
use bytes::Bytes;
use serde_json::Value as Json;

use super::names;
use crate::json_text::{Object, double};

fn bytes_text(bytes: &[u8]) -> Json {
    Json::String(bytes.iter().map(|byte| char::from(*byte)).collect())
}

/// A default as JSON.
pub(super) fn to_json(schema: &Schema, value: &Value) -> Result<Json> {
    let unfit = || Error::data(format!("a {} is no default for {schema}", value.java_class()));
    if let Some(logical) = schema.logical()
        && matches!(value, Value::Date(_) | Value::Decimal(_))
    {
        let plain = logical.encode(schema, value)?;
        return match &plain {
            Value::Bytes(bytes) => Ok(bytes_text(bytes)),
            plain => plain.as_i64().map(Json::from).ok_or_else(unfit),
        };
    }
    Ok(match value {
        Value::Null => Json::Null,
        Value::Int8(_) | Value::Int16(_) | Value::Int32(_) | Value::Int64(_) => {
            value.as_i64().map(Json::from).ok_or_else(unfit)?
        }
        // The shortest text that reads as the same float.
        Value::Float32(value) => double(value.to_string().parse().unwrap_or(f64::from(*value))),
        Value::Float64(value) => double(*value),
        Value::Boolean(value) => Json::Bool(*value),
        Value::String(text) => text.as_str().into(),
        Value::Bytes(bytes) => bytes_text(bytes),
        Value::Array(values) => {
            let element = schema.value_schema().ok_or_else(unfit)?;
            values.iter().map(|value| to_json(element, value)).collect::<Result<_>>()?
        }
        Value::Map(map) => {
            let (key, element) =
                (schema.key_schema().ok_or_else(unfit)?, schema.value_schema().ok_or_else(unfit)?);
            if key.kind() != Type::String {
                let pair = |(k, v)| {
                    Ok(serde_json::json!({ "key": to_json(key, k)?, "value": to_json(element, v)? }))
                };
                return map.iter().map(pair).collect();
            }
            let entry = |(name, value): (&Value, &Value)| {
                Ok((name.as_text().ok_or_else(unfit)?.as_str().to_owned(), to_json(element, value)?))
            };
            Json::Object(map.iter().map(entry).collect::<Result<_>>()?)
        }
        Value::Struct(value) => {
            let field = |(field, value): (&aqueduct_api::Field, &Value)| {
                Ok((field.name.as_str().to_owned(), to_json(&field.schema, value)?))
            };
            Json::Object(value.iter().map(field).collect::<Result<Object>>()?)
        }
        Value::Decimal(_) | Value::Date(_) | Value::BigInteger(_) => return Err(unfit()),
    })
}

/// The default that JSON says for a schema; none for what does not fit.
pub(super) fn from_json(schema: &Schema, json: &Json) -> Option<Value> {
    if json.is_null() {
        return None;
    }
    let plain = match schema.kind() {
        Type::Int8 => i8::try_from(json.as_i64()?).ok()?.into(),
        Type::Int16 => i16::try_from(json.as_i64()?).ok()?.into(),
        Type::Int32 => i32::try_from(json.as_i64()?).ok()?.into(),
        Type::Int64 => json.as_i64()?.into(),
        Type::Float32 => (number(json)? as f32).into(),
        Type::Float64 => number(json)?.into(),
        Type::Boolean => json.as_bool()?.into(),
        Type::String => json.as_str()?.into(),
        Type::Bytes => {
            let bytes = json.as_str()?.chars().map(|c| u8::try_from(u32::from(c)).ok());
            Value::Bytes(Bytes::from(bytes.collect::<Option<Vec<u8>>>()?))
        }
        Type::Array => {
            let element = schema.value_schema()?;
            Value::Array(json.as_array()?.iter().map(|json| part(element, json)).collect::<Option<_>>()?)
        }
        Type::Map => {
            let (key, element) = (schema.key_schema()?, schema.value_schema()?);
            let map: Map = match json {
                Json::Object(object) => {
                    let entry = |(name, json): (&String, &Json)| {
                        Some((Value::from(name.as_str()), part(element, json)?))
                    };
                    object.iter().map(entry).collect::<Option<_>>()?
                }
                _ => {
                    let entry = |json: &Json| {
                        Some((part(key, json.get("key")?)?, part(element, json.get("value")?)?))
                    };
                    json.as_array()?.iter().map(entry).collect::<Option<_>>()?
                }
            };
            Value::Map(map)
        }
        Type::Struct if schema.name().is_some_and(|name| *name == names::UNION) => return None,
        Type::Struct => {
            let field = |field: &aqueduct_api::Field| match json.get(field.name.as_str()) {
                Some(json) => part(&field.schema, json),
                None => Some(Value::Null),
            };
            let values = schema.fields().iter().map(field).collect::<Option<_>>()?;
            Value::Struct(Struct::from_values(schema.clone(), values).ok()?)
        }
    };
    match schema.logical() {
        Some(logical) => Logical::decode(logical, schema, &plain).ok(),
        None => Some(plain),
    }
}

/// Part of a default: null only where the schema allows it.
fn part(schema: &Schema, json: &Json) -> Option<Value> {
    if json.is_null() && schema.is_optional() { Some(Value::Null) } else { from_json(schema, json) }
}

fn number(json: &Json) -> Option<f64> {
    match json {
        Json::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" | "inf" | "INF" => Some(f64::INFINITY),
            "-Infinity" | "-inf" | "-INF" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        json => json.as_f64(),
    }
}
