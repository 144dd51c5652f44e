//! How to write values: one step for each node of a schema.

use aqueduct_api::data::Map;
use aqueduct_api::{Error, Result, Schema, Value};

/// How deep values without a schema may go.
const DEPTH_MAX: usize = 100;

/// One step.
#[derive(Debug)]
pub(super) enum Write {
    Boolean,
    Int,
    Long,
    Float,
    Double,
    String,
    Bytes,
    Fixed(usize),
    /// A date, time, timestamp or decimal, by its Connect schema.
    Logical(Schema),
    FixedDecimal(Schema, usize),
    Enum(Vec<String>),
    Array(Box<Slot>),
    Map(Box<Slot>),
    Entries(Box<Slot>, Box<Slot>),
    /// In the order of Avro's fields.
    Record(Vec<FieldWrite>),
    /// In the order of the fields of the struct, each with the number of its branch.
    Union(Vec<(usize, Write)>),
    /// A value without a schema.
    Anything,
}

/// A place for a value that may be null.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) write: Write,
    /// The branch of the value, and that of null, where the place is a union.
    pub(super) branch: Option<usize>,
    pub(super) null: Option<usize>,
    /// What stands in for a null.
    pub(super) default: Value,
}

#[derive(Debug)]
pub(super) enum FieldWrite {
    /// The field at this position in the struct.
    Field(usize, Slot),
    /// The struct has no such field.
    Constant(Vec<u8>),
}

/// A zigzag varint.
pub(super) fn put_long(value: i64, out: &mut Vec<u8>) {
    let mut rest = ((value << 1) ^ (value >> 63)).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn put_size(size: usize, out: &mut Vec<u8>) {
    put_long(i64::try_from(size).unwrap_or(i64::MAX), out);
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_size(bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// The elements of an array or map: one block, if there are any, and the end.
fn put_block<T>(
    elements: impl ExactSizeIterator<Item = T>,
    out: &mut Vec<u8>,
    mut put: impl FnMut(T, &mut Vec<u8>) -> Result<()>,
) -> Result<()> {
    if elements.len() > 0 {
        put_size(elements.len(), out);
        for element in elements {
            put(element, out)?;
        }
    }
    out.push(0);
    Ok(())
}

fn wrong_class(value: &Value) -> Error {
    Error::data(format!("Invalid class for a value of the schema: {}", value.java_class()))
}

impl Slot {
    pub(super) fn plain(write: Write) -> Self {
        Self { write, branch: None, null: None, default: Value::Null }
    }

    pub(super) fn write(&self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        let value = if value.is_null() { &self.default } else { value };
        if value.is_null() {
            let null = self.null.ok_or_else(|| Error::data("Found null value for non-optional schema"))?;
            put_size(null, out);
            return Ok(());
        }
        if let Some(branch) = self.branch {
            put_size(branch, out);
        }
        self.write.value(value, out)
    }

    /// Bytes or a decimal without their length.
    pub(super) fn write_raw(&self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        match (&self.write, value) {
            (Write::Bytes, Value::Bytes(bytes)) => out.extend_from_slice(bytes),
            (Write::Logical(schema), value) => out.extend_from_slice(&decimal_bytes(schema, value)?),
            _ => return Err(wrong_class(value)),
        }
        Ok(())
    }
}

fn encoded(schema: &Schema, value: &Value) -> Result<Value> {
    schema.logical().ok_or_else(|| wrong_class(value))?.encode(schema, value)
}

fn decimal_bytes(schema: &Schema, value: &Value) -> Result<bytes::Bytes> {
    match encoded(schema, value)? {
        Value::Bytes(bytes) => Ok(bytes),
        other => Err(wrong_class(&other)),
    }
}

impl Write {
    pub(super) fn value(&self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        match (self, value) {
            (Self::Boolean, Value::Boolean(value)) => out.push(u8::from(*value)),
            (Self::Int, Value::Int8(_) | Value::Int16(_) | Value::Int32(_))
            | (Self::Long, Value::Int8(_) | Value::Int16(_) | Value::Int32(_) | Value::Int64(_)) => {
                put_long(value.as_i64().unwrap_or_default(), out);
            }
            (Self::Float, Value::Float32(value)) => out.extend_from_slice(&value.to_le_bytes()),
            (Self::Double, Value::Float32(value)) => out.extend_from_slice(&f64::from(*value).to_le_bytes()),
            (Self::Double, Value::Float64(value)) => out.extend_from_slice(&value.to_le_bytes()),
            (Self::String, Value::String(text)) => put_bytes(text.as_bytes(), out),
            (Self::Bytes, Value::Bytes(bytes)) => put_bytes(bytes, out),
            (Self::Fixed(size), Value::Bytes(bytes)) => {
                if bytes.len() != *size {
                    return Err(Error::data(format!("{} bytes are no fixed of {size}", bytes.len())));
                }
                out.extend_from_slice(bytes);
            }
            (Self::Logical(schema), value) => match encoded(schema, value)? {
                Value::Bytes(bytes) => put_bytes(&bytes, out),
                plain => put_long(plain.as_i64().ok_or_else(|| wrong_class(value))?, out),
            },
            (Self::FixedDecimal(schema, size), value) => {
                let bytes = decimal_bytes(schema, value)?;
                let missing = size.checked_sub(bytes.len()).ok_or_else(|| {
                    Error::data(format!(
                        "The decimal has {} bytes, more than the fixed size {size}",
                        bytes.len()
                    ))
                })?;
                let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
                out.resize(out.len() + missing, sign);
                out.extend_from_slice(&bytes);
            }
            (Self::Enum(symbols), Value::String(text)) => {
                let index = symbols.iter().position(|symbol| *text == symbol.as_str());
                let index = index.ok_or_else(|| Error::data(format!("{text} is no symbol of the enum")))?;
                put_size(index, out);
            }
            (Self::Array(slot), Value::Array(values)) => {
                put_block(values.iter(), out, |value, out| slot.write(value, out))?;
            }
            (Self::Map(slot), Value::Map(map)) => put_block(map.iter(), out, |(key, value), out| {
                let key = key.as_text().ok_or_else(|| wrong_class(key))?;
                put_bytes(key.as_bytes(), out);
                slot.write(value, out)
            })?,
            (Self::Entries(key_slot, value_slot), Value::Map(map)) => {
                put_block(map.iter(), out, |(key, value), out| {
                    key_slot.write(key, out)?;
                    value_slot.write(value, out)
                })?;
            }
            (Self::Record(fields), Value::Struct(value)) => {
                let values = value.values();
                for field in fields {
                    match field {
                        FieldWrite::Field(index, slot) => {
                            slot.write(values.get(*index).unwrap_or(&Value::Null), out)?
                        }
                        FieldWrite::Constant(bytes) => out.extend_from_slice(bytes),
                    }
                }
            }
            (Self::Union(branches), Value::Struct(value)) => {
                let set = value.values().iter().zip(branches).find(|(value, _)| !value.is_null());
                let (value, (branch, write)) =
                    set.ok_or_else(|| Error::data("No branch of the union has a value"))?;
                put_size(*branch, out);
                write.value(value, out)?;
            }
            (Self::Anything, value) => put_anything(value, out, 0)?,
            (_, value) => return Err(wrong_class(value)),
        }
        Ok(())
    }
}

/// A record of nine fields, of which that of the value's class is set.
fn put_anything(value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<()> {
    if depth > DEPTH_MAX {
        return Err(Error::data("the value is too deep"));
    }
    const SET: u8 = 2;
    let class: usize = match value {
        Value::Null => 9,
        Value::Boolean(_) => 0,
        Value::Bytes(_) => 1,
        Value::Float64(_) => 2,
        Value::Float32(_) => 3,
        Value::Int8(_) | Value::Int16(_) | Value::Int32(_) => 4,
        Value::Int64(_) => 5,
        Value::String(_) => 6,
        Value::Array(_) => 7,
        Value::Map(_) => 8,
        other => return Err(wrong_class(other)),
    };
    out.resize(out.len() + class.min(9), 0);
    if class == 9 {
        return Ok(());
    }
    out.push(SET);
    match value {
        Value::Array(values) => {
            put_block(values.iter(), out, |value, out| put_anything(value, out, depth + 1))?
        }
        Value::Map(map) => put_entries(map, out, depth)?,
        Value::Boolean(_) => Write::Boolean.value(value, out)?,
        Value::Bytes(_) => Write::Bytes.value(value, out)?,
        Value::Float64(_) => Write::Double.value(value, out)?,
        Value::Float32(_) => Write::Float.value(value, out)?,
        Value::String(_) => Write::String.value(value, out)?,
        _ => Write::Long.value(value, out)?,
    }
    out.resize(out.len() + 8 - class, 0);
    Ok(())
}

fn put_entries(map: &Map, out: &mut Vec<u8>, depth: usize) -> Result<()> {
    put_block(map.iter(), out, |(key, value), out| {
        put_anything(key, out, depth + 1)?;
        put_anything(value, out, depth + 1)
    })
}
