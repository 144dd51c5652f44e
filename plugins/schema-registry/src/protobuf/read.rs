//! How to read values from messages: by the numbers of fields into the places of a struct. Fields may come in any order
//! and more than once, so values are finished when a message has ended.

use aqueduct_api::data::Map;
use aqueduct_api::{Error, Result, Schema, Struct, Text, Type, Value};
use bytes::Bytes;

use super::input::{Input, Wire, broken};
use super::known;

/// A whole message: a struct, or the value of a wrapper.
pub(super) struct Root {
    pub(super) schema: Schema,
    pub(super) plan: Result<Plan, Fields>,
}

/// A message as a struct.
pub(super) struct Plan {
    pub(super) schema: Schema,
    pub(super) fields: Fields,
}

/// The fields of a message in the order of their values.
pub(super) struct Fields {
    list: Vec<FieldPlan>,
    /// By the numbers of fields.
    places: Vec<(u32, Place)>,
}

/// Where the value of a field is.
struct Place {
    field: usize,
    /// For a member of a oneof that is a struct.
    member: Option<usize>,
    /// The fields that it takes the place of, where the members of a oneof are fields.
    excludes: Vec<usize>,
}

/// A field of a struct.
pub(super) enum FieldPlan {
    Plain(Field),
    /// A oneof: a struct of its members.
    Union(Schema, Vec<Field>),
}

/// A field of a message.
pub(super) struct Field {
    pub(super) number: u32,
    /// The number of its oneof, if it is in one.
    pub(super) oneof: Option<usize>,
    /// Whether one that is not there is null.
    pub(super) presence: bool,
    pub(super) convert: Convert,
}

/// How to read a value.
pub(super) enum Convert {
    Plain(Type, Scalar),
    Enum(Symbols),
    /// A logical type, from its parts.
    Known(Schema, Box<Fields>),
    Wrapper(Box<Fields>),
    /// And whether one that is not there is read as one that is empty.
    Message(Box<Plan>, bool),
    List(Box<Convert>),
    /// From messages of a key and a value.
    Map(Box<Fields>),
}

/// A plain value on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    Int32,
    Sint32,
    Uint32,
    /// Of 64 bits, with or without a sign: Java has none without.
    Int64,
    Sint64,
    Fixed32,
    Sfixed32,
    Fixed64,
    Float,
    Double,
    Bool,
    String,
    Bytes,
}

/// The symbols of an enum.
pub(super) struct Symbols {
    pub(super) name: String,
    pub(super) known: Vec<(i32, Text)>,
    /// The number that stands for one that is not there.
    pub(super) default: i32,
}

impl Root {
    pub(super) fn value(&self, payload: &Bytes) -> Result<Value> {
        let input = Input::new(payload);
        match &self.plan {
            Ok(plan) => {
                let mut values = plan.fields.absent();
                plan.fields.merge(input, &mut values)?;
                plan.finish(values)
            }
            Err(fields) => {
                let mut values = fields.absent();
                fields.merge(input, &mut values)?;
                fields.finish(&mut values)?;
                Ok(values.pop().unwrap_or_default())
            }
        }
    }
}

impl Plan {
    fn finish(&self, mut values: Vec<Value>) -> Result<Value> {
        self.fields.finish(&mut values)?;
        Ok(Struct::from_values(self.schema.clone(), values)?.into())
    }
}

impl Fields {
    pub(super) fn new(list: Vec<FieldPlan>) -> Self {
        let mut places = Vec::new();
        for (index, field) in list.iter().enumerate() {
            match field {
                FieldPlan::Plain(field) => {
                    let shares = |other: &FieldPlan| match other {
                        FieldPlan::Plain(other) => field.oneof.is_some() && other.oneof == field.oneof,
                        FieldPlan::Union(..) => false,
                    };
                    let others = list.iter().enumerate().filter(|(other, _)| *other != index);
                    let excludes =
                        others.filter(|(_, other)| shares(other)).map(|(other, _)| other).collect();
                    places.push((field.number, Place { field: index, member: None, excludes }));
                }
                FieldPlan::Union(_, members) => {
                    for (member, field) in members.iter().enumerate() {
                        let place = Place { field: index, member: Some(member), excludes: Vec::new() };
                        places.push((field.number, place));
                    }
                }
            }
        }
        places.sort_by_key(|(number, _)| *number);
        Self { list, places }
    }

    fn absent(&self) -> Vec<Value> {
        vec![Value::Null; self.list.len()]
    }

    /// Reads all of a message, whose fields come over those that were read before.
    fn merge(&self, mut input: Input<'_>, values: &mut [Value]) -> Result<()> {
        let mut likely = 0;
        while !input.is_empty() {
            let (number, wire) = input.key()?;
            self.merge_field(number, wire, &mut likely, &mut input, values)?;
        }
        Ok(())
    }

    /// As [`Fields::merge`], up to the end of a group.
    fn merge_group(&self, group: u32, input: &mut Input<'_>, values: &mut [Value]) -> Result<()> {
        let mut likely = 0;
        loop {
            match input.key()? {
                (number, Wire::GroupEnd) if number == group => return Ok(()),
                (number, wire) => self.merge_field(number, wire, &mut likely, input, values)?,
            }
        }
    }

    /// Fields mostly come in the order of their numbers, so the one behind the last is the likely one.
    fn place_of(&self, number: u32, likely: &mut usize) -> Option<&Place> {
        let guess = self.places.get(*likely).is_some_and(|(known, _)| *known == number);
        let at =
            if guess { *likely } else { self.places.binary_search_by_key(&number, |place| place.0).ok()? };
        *likely = at + 1;
        self.places.get(at).map(|(_, place)| place)
    }

    fn merge_field(
        &self,
        number: u32,
        wire: Wire,
        likely: &mut usize,
        input: &mut Input<'_>,
        values: &mut [Value],
    ) -> Result<()> {
        let Some(place) = self.place_of(number, likely) else { return input.skip(number, wire) };
        for excluded in &place.excludes {
            if let Some(value) = values.get_mut(*excluded) {
                *value = Value::Null;
            }
        }
        match (self.list.get(place.field), values.get_mut(place.field), place.member) {
            (Some(FieldPlan::Plain(field)), Some(slot), _) => field.convert.merge(number, wire, input, slot),
            (Some(FieldPlan::Union(_, members)), Some(slot), Some(member)) => {
                let mut union = taken(slot, members.len());
                for (_, other) in union.iter_mut().enumerate().filter(|(other, _)| *other != member) {
                    *other = Value::Null;
                }
                if let (Some(field), Some(slot)) = (members.get(member), union.get_mut(member)) {
                    field.convert.merge(number, wire, input, slot)?;
                }
                *slot = Value::Array(union);
                Ok(())
            }
            _ => input.skip(number, wire),
        }
    }

    fn finish(&self, values: &mut [Value]) -> Result<()> {
        self.list.iter().zip(values).try_for_each(|(field, value)| field.finish(value))
    }
}

/// Takes the values of something that is made of several, null where it has not begun.
fn taken(slot: &mut Value, count: usize) -> Vec<Value> {
    match std::mem::take(slot) {
        Value::Array(values) => values,
        _ => vec![Value::Null; count],
    }
}

impl FieldPlan {
    fn finish(&self, value: &mut Value) -> Result<()> {
        match self {
            Self::Plain(field) => field.finish(value),
            Self::Union(schema, members) => {
                let mut values = taken(value, members.len());
                for (member, value) in members.iter().zip(&mut values) {
                    member.finish(value)?;
                }
                *value = if values.iter().all(Value::is_null) {
                    Value::Null
                } else {
                    Struct::from_values(schema.clone(), values)?.into()
                };
                Ok(())
            }
        }
    }
}

impl Field {
    fn finish(&self, value: &mut Value) -> Result<()> {
        match (&self.convert, &*value) {
            (Convert::Message(_, true), Value::Null) => *value = self.convert.empty()?,
            (_, Value::Null) if self.presence => {}
            (convert, Value::Null) => *value = convert.empty()?,
            (Convert::Plain(..) | Convert::Enum(_), _) => {}
            (convert, _) => *value = convert.finish(std::mem::take(value))?,
        }
        Ok(())
    }
}

fn expect(wire: Wire, expected: Wire) -> Result<()> {
    if wire == expected {
        return Ok(());
    }
    Err(broken(format!("invalid wire type: {wire:?} (expected {expected:?})")))
}

impl Scalar {
    const fn wire(self) -> Wire {
        match self {
            Self::Fixed32 | Self::Sfixed32 | Self::Float => Wire::FourBytes,
            Self::Fixed64 | Self::Double => Wire::EightBytes,
            Self::String | Self::Bytes => Wire::Length,
            _ => Wire::Varint,
        }
    }

    fn value(self, kind: Type, input: &mut Input<'_>) -> Result<Value> {
        let number = match self {
            Self::Int32 => i64::from(input.varint()? as i32),
            Self::Uint32 => i64::from(input.varint()? as u32),
            Self::Sint32 => {
                let value = input.varint()? as u32;
                i64::from((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
            }
            Self::Int64 => input.varint()?.cast_signed(),
            Self::Sint64 => {
                let value = input.varint()?;
                (value >> 1).cast_signed() ^ -(value & 1).cast_signed()
            }
            Self::Fixed32 => u32::from_le_bytes(input.array()?).into(),
            Self::Sfixed32 => i32::from_le_bytes(input.array()?).into(),
            Self::Fixed64 => i64::from_le_bytes(input.array()?),
            Self::Float => return Ok(Value::Float32(f32::from_le_bytes(input.array()?))),
            Self::Double => return Ok(Value::Float64(f64::from_le_bytes(input.array()?))),
            Self::Bool => return Ok(Value::Boolean(input.varint()? != 0)),
            Self::String => return input.text().map(Value::String),
            Self::Bytes => return input.bytes().map(Value::Bytes),
        };
        Ok(match kind {
            Type::Int8 => Value::Int8(number as i8),
            Type::Int16 => Value::Int16(number as i16),
            Type::Int32 => Value::Int32(number as i32),
            _ => Value::Int64(number),
        })
    }
}

impl Symbols {
    fn value(&self, number: i32) -> Value {
        let symbol = self.known.iter().find(|(known, _)| *known == number);
        Value::String(match symbol {
            Some((_, name)) => name.clone(),
            // A symbol that came later has no name here.
            None => format!("UNKNOWN_ENUM_VALUE_{}_{number}", self.name).into(),
        })
    }
}

impl Convert {
    /// Reads what follows a key into a place, over what is there.
    fn merge(&self, number: u32, wire: Wire, input: &mut Input<'_>, slot: &mut Value) -> Result<()> {
        match self {
            Self::Plain(..) | Self::Enum(_) => *slot = self.scalar(wire, input)?,
            Self::Known(_, fields) | Self::Wrapper(fields) => {
                merge_message(fields, number, wire, input, slot)?
            }
            Self::Message(plan, _) => merge_message(&plan.fields, number, wire, input, slot)?,
            Self::List(element) => {
                let mut values = taken(slot, 0);
                match element.scalar_wire() {
                    Some(expected) if wire == Wire::Length && expected != Wire::Length => {
                        let mut packed = input.block()?;
                        while !packed.is_empty() {
                            values.push(element.scalar(expected, &mut packed)?);
                        }
                    }
                    _ => {
                        let mut value = Value::Null;
                        element.merge(number, wire, input, &mut value)?;
                        values.push(value);
                    }
                }
                *slot = Value::Array(values);
            }
            Self::Map(entry) => {
                expect(wire, Wire::Length)?;
                let mut values = taken(slot, 0);
                let at = values.len();
                values.extend([Value::Null, Value::Null]);
                entry.merge(input.block()?, values.get_mut(at..).unwrap_or_default())?;
                *slot = Value::Array(values);
            }
        }
        Ok(())
    }

    fn scalar_wire(&self) -> Option<Wire> {
        match self {
            Self::Plain(_, scalar) => Some(scalar.wire()),
            Self::Enum(_) => Some(Wire::Varint),
            _ => None,
        }
    }

    fn scalar(&self, wire: Wire, input: &mut Input<'_>) -> Result<Value> {
        match self {
            Self::Plain(kind, scalar) => {
                expect(wire, scalar.wire())?;
                scalar.value(*kind, input)
            }
            Self::Enum(symbols) => {
                expect(wire, Wire::Varint)?;
                Ok(symbols.value(input.varint()? as i32))
            }
            _ => Err(Error::data("a field holds what its schema does not say")),
        }
    }

    /// The value of a field that is not there, and can't be null.
    fn empty(&self) -> Result<Value> {
        Ok(match self {
            Self::Plain(kind, _) => match kind {
                Type::Int8 => Value::Int8(0),
                Type::Int16 => Value::Int16(0),
                Type::Int32 => Value::Int32(0),
                Type::Int64 => Value::Int64(0),
                Type::Float32 => Value::Float32(0.0),
                Type::Float64 => Value::Float64(0.0),
                Type::Boolean => Value::Boolean(false),
                Type::String => Value::text(""),
                Type::Bytes => Value::Bytes(Bytes::new()),
                Type::Array | Type::Map | Type::Struct => Value::Null,
            },
            Self::Enum(symbols) => symbols.value(symbols.default),
            _ => return self.finish(Value::Array(self.absent())),
        })
    }

    fn absent(&self) -> Vec<Value> {
        match self {
            Self::Known(_, fields) | Self::Wrapper(fields) => fields.absent(),
            Self::Message(plan, _) => plan.fields.absent(),
            _ => Vec::new(),
        }
    }

    /// The value of what was read.
    fn finish(&self, read: Value) -> Result<Value> {
        let Value::Array(mut values) = read else { return Ok(read) };
        match self {
            Self::Plain(..) | Self::Enum(_) => Ok(Value::Array(values)),
            Self::Known(schema, _) => known::read(schema, &values),
            Self::Wrapper(fields) => {
                fields.finish(&mut values)?;
                Ok(values.pop().unwrap_or_default())
            }
            Self::Message(plan, _) => plan.finish(values),
            Self::List(element) => {
                if element.scalar_wire().is_none() {
                    for value in &mut values {
                        *value = element.finish(std::mem::take(value))?;
                    }
                }
                Ok(Value::Array(values))
            }
            Self::Map(entry) => {
                let mut entries = Vec::with_capacity(values.len() / 2);
                for pair in values.chunks_exact_mut(2) {
                    entry.finish(pair)?;
                    if let [key, value] = pair {
                        entries.push((std::mem::take(key), std::mem::take(value)));
                    }
                }
                Ok(Value::Map(entries.into_iter().collect::<Map>().into_hash_order()))
            }
        }
    }
}

fn merge_message(
    fields: &Fields,
    number: u32,
    wire: Wire,
    input: &mut Input<'_>,
    slot: &mut Value,
) -> Result<()> {
    let mut values = taken(slot, fields.list.len());
    if wire == Wire::Group {
        fields.merge_group(number, input, &mut values)?;
    } else {
        expect(wire, Wire::Length)?;
        fields.merge(input.block()?, &mut values)?;
    }
    *slot = Value::Array(values);
    Ok(())
}
