//! JSON to values, by the schema of Connect.

use std::borrow::Cow;

use aqueduct_api::data::{Decimal, Map, decimal_scale};
use aqueduct_api::{Error, Result, Schema, Struct, Type, Value};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use num_bigint::BigInt;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::Options;
use super::node::{Members, Node};

/// How deep values without a schema may go.
const DEPTH_MAX: usize = 500;

fn unfit(schema: &Schema, node: &Node<'_>) -> Error {
    Error::data(format!("Invalid type for {}: {}", schema.kind(), node.class()))
}

/// The value of JSON. Without a schema numbers are INT64 or FLOAT64, and objects are maps.
pub(super) fn value(options: &Options, schema: Option<&Schema>, raw: &RawValue) -> Result<Value> {
    let Some(schema) = schema else { return schemaless(raw, 0) };
    of_node(options, schema, Node::open(raw)?)
}

fn of_node(options: &Options, schema: &Schema, node: Node<'_>) -> Result<Value> {
    let plain = match (&node, schema.logical()) {
        (Node::Null, _) => {
            let default = options.default(schema);
            if default.is_null() && !schema.is_optional() {
                return Err(Error::data(format!("Invalid null value for required {} field", schema.kind())));
            }
            return Ok(default.clone());
        }
        (Node::Number(number), Some(_)) if schema.kind() == Type::Bytes => {
            return Ok(Decimal::parse(number)?.into());
        }
        _ => plain(options, schema, node)?,
    };
    match schema.logical() {
        Some(logical) => logical.decode(schema, &plain),
        None => Ok(plain),
    }
}

/// A whole number, which may have a point or an exponent.
fn integer(text: &str) -> Option<i64> {
    text.parse().ok().or_else(|| Decimal::parse(text).ok()?.to_exact_i64())
}

fn float(node: &Node<'_>) -> Option<f64> {
    match node {
        Node::Number(text) => text.parse().ok(),
        Node::Text(text) => match &**text {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

fn plain(options: &Options, schema: &Schema, node: Node<'_>) -> Result<Value> {
    Ok(match (schema.kind(), node) {
        (kind @ (Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64), Node::Number(text)) => {
            let number = integer(text).ok_or_else(|| Error::data(format!("{text} is no {kind}")))?;
            match kind {
                // Java's narrowing keeps the low bits.
                Type::Int8 => Value::Int8(number as i8),
                Type::Int16 => Value::Int16(number as i16),
                Type::Int32 => Value::Int32(number as i32),
                _ => Value::Int64(number),
            }
        }
        // The nearest float is not always that nearest to the nearest double.
        (Type::Float32, Node::Number(text)) => Value::Float32(text.parse().unwrap_or(f32::NAN)),
        (Type::Float32, node) => Value::Float32(float(&node).ok_or_else(|| unfit(schema, &node))? as f32),
        (Type::Float64, node) => Value::Float64(float(&node).ok_or_else(|| unfit(schema, &node))?),
        (Type::Boolean, Node::Boolean(yes)) => Value::Boolean(yes),
        (Type::String, Node::Text(text)) => (*text).into(),
        (Type::Bytes, Node::Text(text)) => {
            let bytes = BASE64
                .decode(&*text)
                .map_err(|error| Error::data("Invalid bytes field").with_source(error))?;
            Value::Bytes(bytes.into())
        }
        (Type::Array, Node::Array(values)) => {
            let element = schema.value_schema();
            Value::Array(values.into_iter().map(|raw| value(options, element, raw)).collect::<Result<_>>()?)
        }
        (Type::Map, Node::Object(Members(members))) => {
            let entry = |(name, raw): (Cow<'_, str>, _)| {
                Ok((Value::from(&*name), value(options, schema.value_schema(), raw)?))
            };
            Value::Map(members.into_iter().map(entry).collect::<Result<Map>>()?.into_hash_order())
        }
        (Type::Map, Node::Array(entries)) => {
            let entry = |raw| {
                let Node::Object(entry) = Node::open(raw)? else {
                    return Err(Error::data("an entry of a map is no object"));
                };
                let part = |name: &str, schema: Option<&Schema>| match entry.get(name) {
                    Some(raw) => value(options, schema, raw),
                    None => schema.map_or(Ok(Value::Null), |schema| of_node(options, schema, Node::Null)),
                };
                Ok((part("key", schema.key_schema())?, part("value", schema.value_schema())?))
            };
            Value::Map(entries.into_iter().map(entry).collect::<Result<Map>>()?.into_hash_order())
        }
        (Type::Struct, node) if options.is_union(schema) => return union(options, schema, node),
        (Type::Struct, Node::Object(members)) => structure(options, schema, &members)?,
        (_, node) => return Err(unfit(schema, &node)),
    })
}

fn structure(options: &Options, schema: &Schema, members: &Members<'_>) -> Result<Value> {
    let field = |field: &aqueduct_api::Field| match members.get(&field.name) {
        Some(raw) => value(options, Some(&field.schema), raw),
        None => of_node(options, &field.schema, Node::Null),
    };
    let mut values = Vec::with_capacity(schema.fields().len());
    for known in schema.fields() {
        values.push(field(known)?);
    }
    Ok(Struct::from_values(schema.clone(), values)?.into())
}

/// The branch that the JSON fits: of objects the one that knows most members.
fn union(options: &Options, schema: &Schema, node: Node<'_>) -> Result<Value> {
    let class = node.class();
    let mut best: Option<(usize, usize, Value)> = None;
    for field in schema.fields() {
        let (known, member) = match &node {
            Node::Object(members)
                if field.schema.kind() == Type::Struct && !options.is_union(&field.schema) =>
            {
                let known = field.schema.fields().iter().filter(|field| members.get(&field.name).is_some());
                (known.count(), structure(options, &field.schema, members))
            }
            node => (0, of_node(options, &field.schema, node.clone())),
        };
        let Ok(member) = member else { continue };
        if best.as_ref().is_none_or(|(_, most, _)| known > *most) {
            best = Some((field.index, known, member));
        }
    }
    let best =
        best.ok_or_else(|| Error::data(format!("Did not find matching union field for data: {class}")));
    let (index, _, member) = best?;
    let mut values = vec![Value::Null; schema.fields().len()];
    if let Some(place) = values.get_mut(index) {
        *place = member;
    }
    Ok(Struct::from_values(schema.clone(), values)?.into())
}

fn schemaless(raw: &RawValue, depth: usize) -> Result<Value> {
    if depth > DEPTH_MAX {
        return Err(Error::data("the value is too deep"));
    }
    Ok(match Node::open(raw)? {
        Node::Null => Value::Null,
        Node::Boolean(yes) => yes.into(),
        Node::Number(text) => match text.parse::<i64>() {
            Ok(number) => number.into(),
            Err(_) => text.parse::<f64>().unwrap_or(f64::NAN).into(),
        },
        Node::Text(text) => (*text).into(),
        Node::Array(values) => {
            Value::Array(values.into_iter().map(|raw| schemaless(raw, depth + 1)).collect::<Result<_>>()?)
        }
        Node::Object(Members(members)) => {
            let entry =
                |(name, raw): (Cow<'_, str>, _)| Ok((Value::from(&*name), schemaless(raw, depth + 1)?));
            Value::Map(members.into_iter().map(entry).collect::<Result<Map>>()?.into_hash_order())
        }
    })
}

/// The default that JSON says for a schema; none for what does not fit.
pub(super) fn default(options: &Options, schema: &Schema, json: &Json) -> Option<Value> {
    if let (Some(_), Json::Number(number), Type::Bytes) = (schema.logical(), json, schema.kind()) {
        let scale = decimal_scale(schema).ok()?;
        let decimal = Decimal::parse(&number.to_string()).ok()?;
        let missing =
            u32::try_from(scale.checked_sub(decimal.scale())?).ok().filter(|missing| *missing < 1000)?;
        return Some(Decimal::new(decimal.unscaled() * BigInt::from(10).pow(missing), scale).into());
    }
    let raw = RawValue::from_string(json.to_string()).ok()?;
    value(options, Some(schema), &raw).ok().filter(|value| !value.is_null())
}
