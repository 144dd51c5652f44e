//! One type of value to another.

use std::fmt::Display;

use super::super::calendar::DAY_MS;
use super::super::java_text::JavaText;
use super::super::{Decimal, Logical, Schema, SchemaBuilder, Text, Type, Value};
use super::{parse_string, write_string};
use crate::error::{Error, ErrorKind, Result};

macro_rules! conversions {
    ($($(#[$doc:meta])* $name:ident => $target:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// `schema` is that of the value, if it has one: dates tell by it what their number means.
        pub fn $name(schema: Option<&Schema>, value: &Value) -> Result<Value> {
            convert(&$target, schema, value.clone())
        }
    )*};
}

conversions! {
    /// To a BOOLEAN or null: `true` and `false` as texts too; a number is true unless it is 0.
    convert_to_boolean => Schema::optional_bare(Type::Boolean);
    /// To an INT8 or null; what is beyond it wraps.
    convert_to_byte => Schema::optional_bare(Type::Int8);
    /// To an INT16 or null; what is beyond it wraps.
    convert_to_short => Schema::optional_bare(Type::Int16);
    /// To an INT32 or null; what is beyond it wraps.
    convert_to_integer => Schema::optional_bare(Type::Int32);
    /// To an INT64 or null.
    convert_to_long => Schema::optional_bare(Type::Int64);
    /// To a FLOAT32 or null.
    convert_to_float => Schema::optional_bare(Type::Float32);
    /// To a FLOAT64 or null.
    convert_to_double => Schema::optional_bare(Type::Float64);
    /// To a STRING or null: see [`write_string`].
    convert_to_string => Schema::OPTIONAL_STRING;
    /// To a list; a text is parsed.
    convert_to_list => Schema::bare(Type::Array);
    /// To a map; a text is parsed.
    convert_to_map => Schema::bare(Type::Map);
    /// To a struct, which only a struct is.
    convert_to_struct => Schema::bare(Type::Struct);
    /// To a time of day: from a timestamp, a number of milliseconds, or a text.
    convert_to_time => Logical::Time.schema()?;
    /// To a day: from a timestamp, a number of days, or a text.
    convert_to_date => Logical::Date.schema()?;
    /// To a timestamp: from a day, a time, a number of milliseconds, or a text.
    convert_to_timestamp => Logical::Timestamp.schema()?;
}

/// To a decimal of this scale. Numbers of other types go through a double; a text that is no number fails with
/// [`ErrorKind::NumberFormat`].
pub fn convert_to_decimal(schema: Option<&Schema>, value: &Value, scale: i32) -> Result<Value> {
    convert(&SchemaBuilder::decimal(scale).build()?, schema, value.clone())
}

/// Converts to a type, or to a logical type that `target` names.
pub(super) fn convert(target: &Schema, source: Option<&Schema>, value: Value) -> Result<Value> {
    if value.is_null() {
        if target.is_optional() {
            return Ok(Value::Null);
        }
        return Err(Error::data("Unable to convert a null value to a schema that requires a value"));
    }
    match target.kind() {
        Type::Bytes => to_bytes(target, value),
        Type::String if value.as_text().is_some() => Ok(value),
        Type::String => {
            let mut text = String::new();
            // A String takes everything.
            let _ = write_string(&mut text, &value);
            Ok(Value::from(text))
        }
        Type::Boolean => to_boolean(source, value),
        Type::Int8 => as_long(source, &value, None).map(|number| Value::Int8(number as i8)),
        Type::Int16 => as_long(source, &value, None).map(|number| Value::Int16(number as i16)),
        Type::Int32 => match target.logical() {
            Some(logical @ (Logical::Date | Logical::Time)) => to_temporal(logical, target, source, value),
            _ => as_long(source, &value, None).map(|number| Value::Int32(number as i32)),
        },
        Type::Int64 => match target.logical() {
            Some(Logical::Timestamp) => to_temporal(Logical::Timestamp, target, source, value),
            _ => as_long(source, &value, None).map(Value::Int64),
        },
        Type::Float32 => match value {
            Value::Float32(_) => Ok(value),
            _ => as_double(source, &value).map(|number| Value::Float32(number as f32)),
        },
        Type::Float64 => as_double(source, &value).map(Value::Float64),
        kind @ (Type::Array | Type::Map | Type::Struct) => {
            let value = if kind == Type::Struct { value } else { parsed(value)? };
            if value.inferred_type() == Some(kind) { Ok(value) } else { Err(unable(&value, target)) }
        }
    }
}

fn unable(value: &Value, target: impl Display) -> Error {
    Error::data(format!("Unable to convert {} (class {}) to {target}", JavaText(value), value.java_class()))
}

/// A text as the value that it looks like; other values as they are.
fn parsed(value: Value) -> Result<Value> {
    match value {
        Value::String(text) => parse(&text),
        other => Ok(other),
    }
}

/// Connect trips over the text `null` where it looks for a value.
fn parse(text: &Text) -> Result<Value> {
    parse_string(text).map(|parsed| parsed.value).ok_or_else(|| Error::bare(ErrorKind::NullPointer))
}

fn to_bytes(target: &Schema, value: Value) -> Result<Value> {
    if target.logical() != Some(Logical::Decimal) {
        return match value {
            Value::Bytes(_) => Ok(value),
            Value::Decimal(_) => Logical::Decimal.encode(target, &value),
            _ => Err(unable(&value, target)),
        };
    }
    match &value {
        Value::Bytes(_) => Logical::Decimal.decode(target, &value),
        Value::Decimal(_) => Ok(value),
        Value::String(text) => Decimal::parse(text).map(Value::from),
        _ => match value.double_value() {
            Some(number) => Decimal::from_f64(number).map(Value::from),
            None => Err(unable(&value, target)),
        },
    }
}

fn to_boolean(source: Option<&Schema>, value: Value) -> Result<Value> {
    match &value {
        Value::Boolean(_) => return Ok(value),
        Value::String(text) => {
            if let parsed @ Value::Boolean(_) = parse(text)? {
                return Ok(parsed);
            }
        }
        _ => {}
    }
    as_long(source, &value, None).map(|number| Value::Boolean(number != 0))
}

fn to_temporal(target: Logical, schema: &Schema, source: Option<&Schema>, value: Value) -> Result<Value> {
    let value = parsed(value)?;
    if let Value::Date(epoch_ms) = value {
        let Some(source) = source else {
            return Ok(value);
        };
        match (target, source.logical()) {
            (_, Some(logical)) if logical == target => return Ok(value),
            (Logical::Date, Some(Logical::Timestamp)) => {
                // Java's division cuts towards 1970.
                return target.decode(schema, &Value::Int32((epoch_ms / DAY_MS) as i32));
            }
            (Logical::Time, Some(Logical::Timestamp)) => {
                return target.decode(schema, &Value::Int32(epoch_ms.rem_euclid(DAY_MS) as i32));
            }
            (Logical::Timestamp, Some(Logical::Date)) => {
                Logical::Date.encode(source, &value)?;
                return Ok(value);
            }
            (Logical::Timestamp, Some(Logical::Time)) => {
                Logical::Time.encode(source, &value)?;
                return Ok(value);
            }
            _ => {}
        }
    }
    let number = as_long(source, &value, None)?;
    let plain = if target == Logical::Timestamp { Value::Int64(number) } else { Value::Int32(number as i32) };
    target.decode(schema, &plain)
}

/// `cause`: why it could not be read as a double before.
fn as_long(source: Option<&Schema>, value: &Value, cause: Option<Error>) -> Result<i64> {
    if let Some(number) = value.long_value() {
        return Ok(number);
    }
    let mut cause = cause;
    if let Value::String(text) = value {
        match Decimal::parse(text) {
            Ok(number) => return Ok(number.to_i64_wrapping()),
            Err(error) => cause = Some(error),
        }
    }
    if let (Value::Date(_), Some(schema)) = (value, source)
        && let Some(logical @ (Logical::Date | Logical::Time | Logical::Timestamp)) = schema.logical()
        && let Some(number) = logical.encode(schema, value)?.as_i64()
    {
        return Ok(number);
    }
    let error = match source {
        Some(source) => unable(value, source),
        None => unable(value, "a number"),
    };
    Err(match cause {
        Some(cause) => error.with_source(cause),
        None => error,
    })
}

fn as_double(source: Option<&Schema>, value: &Value) -> Result<f64> {
    if let Some(number) = value.double_value() {
        return Ok(number);
    }
    let cause = match value {
        Value::String(text) => match Decimal::parse(text) {
            Ok(number) => return Ok(number.to_f64()),
            Err(error) => Some(error),
        },
        _ => None,
    };
    as_long(source, value, cause).map(|number| number as f64)
}
