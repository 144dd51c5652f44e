//! How to read values: one step for each node of a schema.

use aqueduct_api::data::{Decimal, Map};
use aqueduct_api::{Error, ErrorKind, Result, Schema, Struct, Text, Value};
use bytes::Bytes;
use num_bigint::BigInt;

use super::input::Input;

const DAY_MS: i64 = 86_400_000;
/// How deep values without a schema may go.
const DEPTH_MAX: usize = 100;

/// One step.
#[derive(Debug)]
pub(super) enum Read {
    Boolean,
    Int8,
    Int16,
    Int32,
    Int64,
    Float32,
    Float64,
    String,
    Bytes,
    Fixed(usize),
    Date,
    Time,
    Timestamp,
    Decimal {
        scale: i32,
        size: Option<usize>,
    },
    Enum(Vec<Text>),
    Array(Box<Read>),
    Map(Box<Read>),
    Entries(Box<(Read, Read)>),
    Record(Schema, Vec<Read>),
    /// The branches but that of null, by their numbers; in the order of the fields of the schema, where that is a union.
    Union {
        null: Option<usize>,
        default: Value,
        branches: Vec<(usize, Read)>,
        of: Option<Schema>,
    },
    /// A value without a schema.
    Anything,
}

fn broken(what: &'static str) -> Error {
    Error::new(ErrorKind::Serialization, what)
}

impl Read {
    pub(super) fn value(&self, input: &mut Input<'_>) -> Result<Value> {
        Ok(match self {
            Self::Boolean => Value::Boolean(input.boolean()?),
            // Java's cast keeps the low bits.
            Self::Int8 => Value::Int8(input.int()? as i8),
            Self::Int16 => Value::Int16(input.int()? as i16),
            Self::Int32 => Value::Int32(input.int()?),
            Self::Int64 => Value::Int64(input.long()?),
            Self::Float32 => Value::Float32(input.float()?),
            Self::Float64 => Value::Float64(input.double()?),
            Self::String => Value::String(input.text()?),
            Self::Bytes => Value::Bytes(input.bytes()?),
            Self::Fixed(size) => Value::Bytes(input.fixed(*size)?),
            Self::Decimal { scale, size: None } => return decimal(input.block()?, *scale),
            Self::Decimal { scale, size: Some(size) } => return decimal(input.take(*size)?, *scale),
            Self::Date => Value::Date(i64::from(input.int()?) * DAY_MS),
            Self::Time => {
                let time = i64::from(input.int()?);
                if !(0..=DAY_MS).contains(&time) {
                    return Err(Error::data(
                        "Time values must use number of milliseconds greater than 0 and less than 86400000",
                    ));
                }
                Value::Date(time)
            }
            Self::Timestamp => Value::Date(input.long()?),
            Self::Enum(symbols) => {
                let index = usize::try_from(input.long()?).ok();
                let symbol = index.and_then(|index| symbols.get(index));
                Value::String(symbol.ok_or_else(|| broken("an enum has no such symbol"))?.clone())
            }
            Self::Array(element) => {
                let mut values = Vec::new();
                input.blocks(|input| {
                    values.push(element.value(input)?);
                    Ok(())
                })?;
                Value::Array(values)
            }
            Self::Map(element) => {
                let mut entries = Vec::new();
                input.blocks(|input| {
                    entries.push((Value::String(input.text()?), element.value(input)?));
                    Ok(())
                })?;
                Value::Map(entries.into_iter().collect::<Map>().into_hash_order())
            }
            Self::Entries(entry) => {
                let mut entries = Vec::new();
                input.blocks(|input| {
                    entries.push((entry.0.value(input)?, entry.1.value(input)?));
                    Ok(())
                })?;
                Value::Map(entries.into_iter().collect::<Map>().into_hash_order())
            }
            Self::Record(schema, fields) => {
                let mut values = Vec::with_capacity(fields.len());
                for field in fields {
                    values.push(field.value(input)?);
                }
                Value::Struct(Struct::from_values(schema.clone(), values)?)
            }
            Self::Union { null, default, branches, of } => {
                let index =
                    usize::try_from(input.long()?).map_err(|_| broken("a union has no such branch"))?;
                if Some(index) == *null {
                    return Ok(default.clone());
                }
                let at = branches.iter().position(|(number, _)| *number == index);
                let at = at.ok_or_else(|| broken("a union has no such branch"))?;
                let value = match branches.get(at) {
                    Some((_, branch)) => branch.value(input)?,
                    None => return Err(broken("a union has no such branch")),
                };
                match of {
                    None => value,
                    Some(schema) => {
                        let mut values = vec![Value::Null; branches.len()];
                        if let Some(place) = values.get_mut(at) {
                            *place = value;
                        }
                        Value::Struct(Struct::from_values(schema.clone(), values)?)
                    }
                }
            }
            Self::Anything => return anything(input, 0),
        })
    }

    /// The value of bytes.
    pub(super) fn bytes(&self, bytes: Bytes) -> Result<Value> {
        match self {
            Self::Decimal { scale, .. } => decimal(&bytes, *scale),
            _ => Ok(Value::Bytes(bytes)),
        }
    }
}

fn decimal(bytes: &[u8], scale: i32) -> Result<Value> {
    if bytes.is_empty() {
        return Err(Error::new(ErrorKind::NumberFormat, "Zero length BigInteger"));
    }
    Ok(Decimal::new(BigInt::from_signed_bytes_be(bytes), scale).into())
}

/// Each field in turn is a union of null and a class.
fn anything(input: &mut Input<'_>, depth: usize) -> Result<Value> {
    if depth > DEPTH_MAX {
        return Err(Error::data("the value is too deep"));
    }
    let mut value = Value::Null;
    for field in 0..9 {
        if input.long()? == 0 {
            continue;
        }
        value = match field {
            0 => Value::Boolean(input.boolean()?),
            1 => Value::Bytes(input.bytes()?),
            2 => Value::Float64(input.double()?),
            3 => Value::Float32(input.float()?),
            4 => Value::Int32(input.int()?),
            5 => Value::Int64(input.long()?),
            6 => Value::String(input.text()?),
            7 => {
                let mut values = Vec::new();
                input.blocks(|input| {
                    values.push(anything(input, depth + 1)?);
                    Ok(())
                })?;
                Value::Array(values)
            }
            _ => {
                let mut entries = Vec::new();
                input.blocks(|input| {
                    entries.push((anything(input, depth + 1)?, anything(input, depth + 1)?));
                    Ok(())
                })?;
                Value::Map(entries.into_iter().collect::<Map>().into_hash_order())
            }
        };
    }
    Ok(value)
}
