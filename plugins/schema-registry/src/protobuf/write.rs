//! How to write messages: one step for each field. Nothing is built before it is written.

use aqueduct_api::data::{Logical, Map};
use aqueduct_api::{Error, Result, Schema, Struct, Value};
use prost_reflect::EnumDescriptor;

use super::known;

/// A struct as a message.
pub(super) struct Message {
    /// In the order of their numbers, as messages have them.
    pub(super) fields: Vec<Step>,
}

/// A field of a message and where its value is.
pub(super) struct Step {
    pub(super) place: Place,
    /// Of the fields of a oneof the last that has a value counts: those that come after this one.
    pub(super) later: Vec<Place>,
    pub(super) field: Field,
}

/// A field of a struct, or a field of a union in it.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) field: usize,
    pub(super) member: Option<usize>,
    /// What stands in for a null.
    pub(super) default: Value,
}

/// How to write one field.
pub(super) struct Field {
    /// The full name, for errors.
    pub(super) name: String,
    /// Number and wire type as messages have them.
    pub(super) key: Vec<u8>,
    /// Whether a zero or an empty text is written.
    pub(super) keeps_zero: bool,
    pub(super) form: Form,
}

pub(super) enum Form {
    Single(Single),
    List(Single),
    Packed(Single),
    /// Entries are messages of a key and a value.
    Map(Box<(Field, Field)>),
    /// The message has no such field.
    Missing,
}

/// One value.
pub(super) enum Single {
    Int32,
    Sint32,
    Sfixed32,
    Int64,
    Sint64,
    Sfixed64,
    Uint32,
    Fixed32,
    Uint64,
    Fixed64,
    Float,
    Double,
    Bool,
    String,
    Bytes,
    Enum(EnumDescriptor),
    Message(Message),
    /// And what it ends with.
    Group(Message, Vec<u8>),
    /// A message around a plain value.
    Wrapper(Box<Field>),
    Known(Known),
    /// Nothing that the schema describes fits the field.
    Unfit,
}

/// A logical type as a message.
pub(super) struct Known {
    pub(super) schema: Schema,
    pub(super) logical: Logical,
    /// In the order of their numbers, each with the place of its part in what [`known::parts`] gives.
    pub(super) fields: Vec<(usize, Field)>,
}

impl Place {
    fn value<'a>(&'a self, record: &'a Struct) -> &'a Value {
        let value = record.values().get(self.field).unwrap_or(&Value::Null);
        let value = match (self.member, value) {
            (None, value) => value,
            (Some(member), Value::Struct(union)) => union.values().get(member).unwrap_or(&Value::Null),
            (Some(_), _) => return &Value::Null,
        };
        if value.is_null() { &self.default } else { value }
    }
}

impl Message {
    pub(super) fn write(&self, record: &Struct, out: &mut Vec<u8>) -> Result<()> {
        for step in &self.fields {
            let value = step.place.value(record);
            if !value.is_null() && step.later.iter().all(|later| later.value(record).is_null()) {
                step.field.write(value, out)?;
            }
        }
        Ok(())
    }
}

impl Field {
    fn wrong_class(&self, value: &Value) -> Error {
        Error::data(format!("class {} can't be written as the field {}", value.java_class(), self.name))
    }

    /// Writes a value that is not null.
    pub(super) fn write(&self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        match (&self.form, value) {
            (Form::Single(single), value) => {
                let start = out.len();
                out.extend_from_slice(&self.key);
                let body = out.len();
                self.put(single, value, out)?;
                // So are numbers, lengths and floats written that are zero, and none other.
                if !self.keeps_zero && out.iter().skip(body).all(|byte| *byte == 0) {
                    out.truncate(start);
                }
            }
            (Form::List(single), Value::Array(values)) => {
                for value in values {
                    out.extend_from_slice(&self.key);
                    self.put(single, value, out)?;
                }
            }
            (Form::Packed(single), Value::Array(values)) if !values.is_empty() => {
                out.extend_from_slice(&self.key);
                with_length(out, |out| values.iter().try_for_each(|value| self.put(single, value, out)))?;
            }
            (Form::Packed(_), Value::Array(_)) => {}
            (Form::Map(entry), Value::Map(map)) => self.write_map(entry, map, out)?,
            (Form::Missing, _) => {
                return Err(Error::data(format!("the message has no field {}", self.name)));
            }
            (_, value) => return Err(self.wrong_class(value)),
        }
        Ok(())
    }

    fn write_map(&self, entry: &(Field, Field), map: &Map, out: &mut Vec<u8>) -> Result<()> {
        for (key, value) in map.iter() {
            out.extend_from_slice(&self.key);
            with_length(out, |out| {
                entry.0.write(key, out)?;
                entry.1.write(value, out)
            })?;
        }
        Ok(())
    }

    /// Appends a value without the key of its field.
    fn put(&self, single: &Single, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        let wrong = || self.wrong_class(value);
        let number = || value.as_i64().ok_or_else(wrong);
        let small = || number().and_then(|number| i32::try_from(number).map_err(|_| wrong()));
        let unsigned = || number().and_then(|number| u32::try_from(number).map_err(|_| wrong()));
        match (single, value) {
            (Single::Int32, _) => put_varint(i64::from(small()?).cast_unsigned(), out),
            (Single::Sint32, _) => put_varint(zigzag(small()?.into()), out),
            (Single::Sfixed32, _) => out.extend_from_slice(&small()?.to_le_bytes()),
            (Single::Int64 | Single::Uint64, _) => put_varint(number()?.cast_unsigned(), out),
            (Single::Sint64, _) => put_varint(zigzag(number()?), out),
            // Java has no unsigned numbers: the bits are kept.
            (Single::Sfixed64 | Single::Fixed64, _) => out.extend_from_slice(&number()?.to_le_bytes()),
            (Single::Uint32, _) => put_varint(unsigned()?.into(), out),
            (Single::Fixed32, _) => out.extend_from_slice(&unsigned()?.to_le_bytes()),
            (Single::Float, Value::Float32(value)) => out.extend_from_slice(&value.to_le_bytes()),
            (Single::Double, Value::Float32(value)) => {
                out.extend_from_slice(&f64::from(*value).to_le_bytes())
            }
            (Single::Double, Value::Float64(value)) => out.extend_from_slice(&value.to_le_bytes()),
            (Single::Bool, Value::Boolean(value)) => out.push(u8::from(*value)),
            (Single::String, Value::String(text)) => put_bytes(text.as_bytes(), out),
            (Single::Bytes, Value::Bytes(bytes)) => put_bytes(bytes, out),
            (Single::Enum(symbols), Value::String(text)) => {
                let symbol = symbols.get_value_by_name(text);
                let symbol = symbol.ok_or_else(|| Error::data(format!("{text} is no symbol of the enum")))?;
                put_varint(i64::from(symbol.number()).cast_unsigned(), out);
            }
            (Single::Enum(_), _) => put_varint(i64::from(small()?).cast_unsigned(), out),
            (Single::Message(message), Value::Struct(record)) => {
                with_length(out, |out| message.write(record, out))?;
            }
            (Single::Group(message, end), Value::Struct(record)) => {
                message.write(record, out)?;
                out.extend_from_slice(end);
            }
            (Single::Wrapper(field), value) if !value.is_null() => {
                with_length(out, |out| field.write(value, out))?;
            }
            (Single::Known(known), value) if !value.is_null() => {
                let parts = known::parts(known.logical, &known.schema, value)?;
                with_length(out, |out| {
                    known.fields.iter().try_for_each(|(part, field)| match parts.get(*part) {
                        Some(value) => field.write(value, out),
                        None => Ok(()),
                    })
                })?;
            }
            _ => return Err(wrong()),
        }
        Ok(())
    }
}

pub(super) fn put_varint(mut rest: u64, out: &mut Vec<u8>) {
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Appends what a function appends, with its length before it. Most have a length of one byte; the bytes of others are
/// moved on.
fn with_length(out: &mut Vec<u8>, put: impl FnOnce(&mut Vec<u8>) -> Result<()>) -> Result<()> {
    let at = out.len();
    out.push(0);
    put(out)?;
    let length = out.len() - at - 1;
    match out.get_mut(at) {
        Some(byte) if length < 0x80 => *byte = length as u8,
        _ => {
            let mut varint = Vec::with_capacity(10);
            put_varint(length as u64, &mut varint);
            out.splice(at..=at, varint);
        }
    }
    Ok(())
}
