//! Casting one value.

use aqueduct_api::data::java_text::{value_text, write_value};
use aqueduct_api::data::values::write_string;
use aqueduct_api::data::{Logical, TextWriter};
use aqueduct_api::{Error, ErrorKind, Result, Schema, Text, Type, Value};

use crate::numbers::{double_value, float_value, int_value, long_value, parse_float, parse_integer};

/// What can be cast, as error texts list it.
const INPUT_TYPES: &str = "INT8, INT16, INT32, INT64, FLOAT32, FLOAT64, BOOLEAN, STRING, BYTES";

/// Casts a value; null stays null. The schema tells what a value of a logical type means as a number.
pub(super) fn cast(schema: Option<&Schema>, value: Value, target: Type) -> Result<Value> {
    if value.is_null() {
        return Ok(value);
    }
    let Some(kind) = schema.map_or_else(|| value.inferred_type(), |schema| Some(schema.kind())) else {
        let class = value.java_class();
        return Err(Error::data(format!(
            "Cast transformation was passed a value of type class {class} which is not supported by Connect's data API"
        )));
    };
    if !kind.is_primitive() {
        return Err(Error::data(format!(
            "Cast transformation does not support casting from {kind}; supported types are [{INPUT_TYPES}]"
        )));
    }
    let value = match schema.and_then(|schema| Some((schema, schema.logical()?))) {
        Some((schema, logical)) if logical != Logical::Decimal && target != Type::String => {
            logical.encode(schema, &value)?
        }
        _ => value,
    };
    if target == Type::String {
        return Ok(to_string(value));
    }
    to_target(&value, target).map_err(|error| {
        if error.kind() != ErrorKind::NumberFormat {
            return error;
        }
        let text = value_text(&value);
        Error::data(format!("Value ({text}) was out of range for requested data type")).with_source(error)
    })
}

/// As [`cast`], of a value that has a schema and stays where it is. What is cast most does not move.
pub(super) fn cast_in_place(schema: &Schema, value: &mut Value, target: Type) -> Result<()> {
    match (&*value, target, schema.logical()) {
        (Value::Date(ms), Type::Int64, Some(Logical::Timestamp)) if schema.kind().is_primitive() => {
            *value = Value::Int64(*ms);
        }
        (Value::Int32(_) | Value::Int64(_), Type::String, None) if schema.kind().is_primitive() => {
            let mut digits = itoa::Buffer::new();
            let digits = digits.format(value.as_i64().unwrap_or_default());
            *value = Value::String(Text::EMPTY);
            if let Value::String(text) = value {
                text.assign(digits);
            }
        }
        _ => *value = cast(Some(schema), std::mem::take(value), target)?,
    }
    Ok(())
}

fn to_target(value: &Value, target: Type) -> Result<Value> {
    Ok(match target {
        Type::Int8 => Value::Int8(integer(value, |value| int_value(value).map(|int| int as i8))?),
        Type::Int16 => Value::Int16(integer(value, |value| int_value(value).map(|int| int as i16))?),
        Type::Int32 => Value::Int32(integer(value, int_value)?),
        Type::Int64 => Value::Int64(integer(value, long_value)?),
        Type::Float32 => Value::Float32(match value {
            Value::Boolean(value) => f32::from(u8::from(*value)),
            Value::String(text) => parse_float(text)?,
            other => float_value(other).ok_or_else(|| unexpected(other))?,
        }),
        Type::Float64 => Value::Float64(match value {
            Value::Boolean(value) => f64::from(u8::from(*value)),
            Value::String(text) => parse_float(text)?,
            other => double_value(other).ok_or_else(|| unexpected(other))?,
        }),
        Type::Boolean => Value::Boolean(match value {
            Value::Boolean(value) => *value,
            Value::String(text) => text.eq_ignore_ascii_case("true"),
            other => long_value(other).ok_or_else(|| unexpected(other))? != 0,
        }),
        other => return Err(Error::data(format!("{other} is not supported in the Cast transformation."))),
    })
}

fn integer<T: TryFrom<i64> + From<bool>>(
    value: &Value,
    of_number: impl Fn(&Value) -> Option<T>,
) -> Result<T> {
    match value {
        Value::Boolean(value) => Ok(T::from(*value)),
        Value::String(text) => parse_integer(text),
        other => of_number(other).ok_or_else(|| unexpected(other)),
    }
}

fn unexpected(value: &Value) -> Error {
    let class = value.java_class();
    Error::data(format!("Unexpected type in Cast transformation: class {class}"))
}

fn to_string(value: Value) -> Value {
    let mut text = TextWriter::default();
    // A text takes everything.
    let _ = match &value {
        Value::String(_) => return value,
        // In UTC: a date, a time of day or both, as the value needs it. Bytes in Base64.
        Value::Date(_) | Value::Bytes(_) => write_string(&mut text, &value),
        other => write_value(&mut text, other),
    };
    Value::String(text.into())
}
