//! How to read values from messages.

use aqueduct_api::data::Map;
use aqueduct_api::{Error, Result, Schema, Struct, Text, Type, Value};
use prost_reflect::{
    DynamicMessage, EnumDescriptor, FieldDescriptor, MapKey, MessageDescriptor, Value as Proto,
};

use super::known;

/// A whole message: a struct, or the value of a wrapper.
pub(super) struct Root {
    pub(super) schema: Schema,
    pub(super) descriptor: MessageDescriptor,
    pub(super) plan: Result<Plan, (FieldDescriptor, Convert)>,
}

/// A message as a struct.
pub(super) struct Plan {
    pub(super) schema: Schema,
    /// In the order of the fields of the schema.
    pub(super) fields: Vec<FieldPlan>,
}

/// A field of a struct.
pub(super) enum FieldPlan {
    Plain(FieldDescriptor, Convert),
    /// A oneof: a struct of its members.
    Union(Schema, Vec<FieldPlan>),
}

/// How to read a value.
pub(super) enum Convert {
    Plain(Type),
    Enum(EnumDescriptor),
    /// A logical type.
    Known(Schema),
    Wrapper(FieldDescriptor, Box<Convert>),
    /// And whether one that is not there is read as one that is empty.
    Message(Box<Plan>, bool),
    List(Box<Convert>),
    Map(Box<(Convert, Convert)>),
}

impl Root {
    pub(super) fn value(&self, message: &DynamicMessage) -> Result<Value> {
        match &self.plan {
            Ok(plan) => plan.value(message),
            Err((field, convert)) => convert.value(&message.get_field(field)),
        }
    }
}

impl Plan {
    fn value(&self, message: &DynamicMessage) -> Result<Value> {
        let values = self.fields.iter().map(|field| field.value(message)).collect::<Result<_>>()?;
        Ok(Struct::from_values(self.schema.clone(), values)?.into())
    }
}

impl FieldPlan {
    fn value(&self, message: &DynamicMessage) -> Result<Value> {
        match self {
            Self::Plain(field, Convert::Message(plan, true)) if !message.has_field(field) => {
                let empty = prost_reflect::Value::default_value_for_field(field);
                empty.as_message().map_or(Ok(Value::Null), |empty| plan.value(empty))
            }
            Self::Plain(field, _) if field.supports_presence() && !message.has_field(field) => {
                Ok(Value::Null)
            }
            Self::Plain(field, convert) => convert.value(&message.get_field(field)),
            Self::Union(schema, members) => {
                let values =
                    members.iter().map(|member| member.value(message)).collect::<Result<Vec<_>>>()?;
                if values.iter().all(Value::is_null) {
                    return Ok(Value::Null);
                }
                Ok(Struct::from_values(schema.clone(), values)?.into())
            }
        }
    }
}

fn number(value: &Proto) -> Option<i64> {
    match value {
        Proto::I32(number) | Proto::EnumNumber(number) => Some((*number).into()),
        Proto::I64(number) => Some(*number),
        Proto::U32(number) => Some((*number).into()),
        // Java has no unsigned numbers: the bits are kept.
        Proto::U64(number) => Some(number.cast_signed()),
        _ => None,
    }
}

fn plain(kind: Type, value: &Proto) -> Option<Value> {
    Some(match (kind, value) {
        (Type::Int8, value) => Value::Int8(number(value)? as i8),
        (Type::Int16, value) => Value::Int16(number(value)? as i16),
        (Type::Int32, value) => Value::Int32(number(value)? as i32),
        (Type::Int64, value) => Value::Int64(number(value)?),
        (Type::Float32, Proto::F32(value)) => Value::Float32(*value),
        (Type::Float64, Proto::F64(value)) => Value::Float64(*value),
        (Type::Boolean, Proto::Bool(value)) => Value::Boolean(*value),
        (Type::String, Proto::String(text)) => text.as_str().into(),
        (Type::Bytes, Proto::Bytes(bytes)) => Value::Bytes(bytes.clone()),
        _ => return None,
    })
}

fn unfit() -> Error {
    Error::data("a field holds what its schema does not say")
}

impl Convert {
    fn value(&self, value: &Proto) -> Result<Value> {
        match self {
            Self::Plain(kind) => plain(*kind, value).ok_or_else(unfit),
            Self::Enum(symbols) => {
                let number = value.as_enum_number().ok_or_else(unfit)?;
                // A symbol that came later has no name here.
                let name = symbols.get_value(number).map(|symbol| Text::from(symbol.name()));
                Ok(Value::String(name.unwrap_or_else(|| {
                    Text::from(format!("UNKNOWN_ENUM_VALUE_{}_{number}", symbols.name()))
                })))
            }
            Self::Known(schema) => known::read(schema, value.as_message().ok_or_else(unfit)?),
            Self::Wrapper(field, convert) => {
                convert.value(&value.as_message().ok_or_else(unfit)?.get_field(field))
            }
            Self::Message(plan, _) => plan.value(value.as_message().ok_or_else(unfit)?),
            Self::List(element) => {
                let values = value.as_list().ok_or_else(unfit)?.iter();
                Ok(Value::Array(values.map(|value| element.value(value)).collect::<Result<_>>()?))
            }
            Self::Map(entry) => {
                let mut entries: Vec<(&MapKey, &Proto)> = value.as_map().ok_or_else(unfit)?.iter().collect();
                // The order of the message is lost, so that it is at least the same each time.
                entries.sort_by_key(|(key, _)| *key);
                let entries = entries.into_iter().map(|(key, value)| {
                    Ok((entry.0.value(&Proto::from(key.clone()))?, entry.1.value(value)?))
                });
                Ok(Value::Map(entries.collect::<Result<Map>>()?.into_hash_order()))
            }
        }
    }
}
