//! Values to messages, by the names of fields.

use aqueduct_api::data::Map;
use aqueduct_api::{Error, Result, Schema, Struct, Type, Value};
use prost_reflect::ReflectMessage as _;
use prost_reflect::{
    DynamicMessage, FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, Value as Proto,
};

use super::generate::union_of;
use super::{Options, known};
use crate::wire;

/// Writes values of one schema as the first message of a file.
pub struct Writer {
    options: Options,
    schema: Schema,
    descriptor: MessageDescriptor,
    path: Vec<u8>,
}

fn wrong_class(value: &Value, field: &FieldDescriptor) -> Error {
    Error::data(format!("class {} can't be written as the field {}", value.java_class(), field.full_name()))
}

impl Writer {
    pub(super) fn new(options: &Options, schema: &Schema, file: &FileDescriptor) -> Result<Self> {
        let wanted = schema.name().map(|name| name.rsplit('.').next().unwrap_or(name).to_owned());
        let named = file.messages().position(|message| Some(message.name()) == wanted.as_deref());
        let index = named.unwrap_or(0);
        let descriptor =
            file.messages().nth(index).ok_or_else(|| Error::data("the schema has no message"))?;
        let path = wire::encode_path(&[i32::try_from(index).unwrap_or(i32::MAX)]);
        Ok(Self { options: options.clone(), schema: schema.clone(), descriptor, path })
    }

    /// The place of the message in its file, as messages hold it.
    pub(super) fn path(&self) -> &[u8] {
        &self.path
    }

    pub(super) fn message(&self, value: &Value) -> Result<DynamicMessage> {
        match value {
            Value::Struct(record) => self.structure(record, &self.descriptor),
            value if known::is_wrapper(&self.descriptor) => {
                self.wrapped(&self.schema, value, &self.descriptor)
            }
            value => Err(Error::data(format!("class {} is no message", value.java_class()))),
        }
    }

    fn structure(&self, record: &Struct, descriptor: &MessageDescriptor) -> Result<DynamicMessage> {
        let mut message = DynamicMessage::new(descriptor.clone());
        for (field, value) in record.iter() {
            if union_of(&self.options, &field.schema).is_some() {
                if let Some(union) = value.as_struct() {
                    self.put_fields(union, &mut message)?;
                }
                continue;
            }
            self.put(&field.name, &field.schema, value, &mut message)?;
        }
        Ok(message)
    }

    fn put_fields(&self, record: &Struct, message: &mut DynamicMessage) -> Result<()> {
        record.iter().try_for_each(|(field, value)| self.put(&field.name, &field.schema, value, message))
    }

    fn put(&self, name: &str, schema: &Schema, value: &Value, message: &mut DynamicMessage) -> Result<()> {
        let keeps_null = self.options.ignore_default && schema.is_optional();
        let value = if value.is_null() && !keeps_null { schema.default_value() } else { value };
        if value.is_null() {
            return Ok(());
        }
        let field = message.descriptor().get_field_by_name(&self.options.name(name));
        let field = field.ok_or_else(|| Error::data(format!("the message has no field {name}")))?;
        let value = self.field(schema, value, &field)?;
        message.try_set_field(&field, value).map_err(|error| Error::data(error.to_string()))
    }

    fn field(&self, schema: &Schema, value: &Value, field: &FieldDescriptor) -> Result<Proto> {
        match value {
            Value::Array(values) if field.is_list() => {
                let element = schema.value_schema().ok_or_else(|| wrong_class(value, field))?;
                let values = values.iter().map(|value| self.single(element, value, field));
                Ok(Proto::List(values.collect::<Result<_>>()?))
            }
            Value::Map(map) if field.is_map() => self.map(schema, map, field),
            value => self.single(schema, value, field),
        }
    }

    fn map(&self, schema: &Schema, map: &Map, field: &FieldDescriptor) -> Result<Proto> {
        let Kind::Message(entry) = field.kind() else { return Err(Error::data("a map has no entries")) };
        let (key_field, value_field) = (entry.map_entry_key_field(), entry.map_entry_value_field());
        let part = |part: Option<&Schema>| {
            part.cloned().ok_or_else(|| Error::data("a map has no schema for its parts"))
        };
        let (key_schema, value_schema) = (part(schema.key_schema())?, part(schema.value_schema())?);
        let entry = |(key, value): (&Value, &Value)| {
            let written = self.single(&key_schema, key, &key_field)?;
            let key = written.into_map_key().ok_or_else(|| wrong_class(key, &key_field))?;
            Ok((key, self.single(&value_schema, value, &value_field)?))
        };
        Ok(Proto::Map(map.iter().map(entry).collect::<Result<_>>()?))
    }

    fn single(&self, schema: &Schema, value: &Value, field: &FieldDescriptor) -> Result<Proto> {
        let wrong = || wrong_class(value, field);
        let number = || value.as_i64().ok_or_else(wrong);
        let small = || number().and_then(|number| i32::try_from(number).map_err(|_| wrong()));
        Ok(match (field.kind(), value) {
            (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32, _) => Proto::I32(small()?),
            (Kind::Int64 | Kind::Sint64 | Kind::Sfixed64, _) => Proto::I64(number()?),
            (Kind::Uint32 | Kind::Fixed32, _) => Proto::U32(u32::try_from(number()?).map_err(|_| wrong())?),
            // Java has no unsigned numbers: the bits are kept.
            (Kind::Uint64 | Kind::Fixed64, _) => Proto::U64(number()?.cast_unsigned()),
            (Kind::Float, Value::Float32(value)) => Proto::F32(*value),
            (Kind::Double, Value::Float32(value)) => Proto::F64((*value).into()),
            (Kind::Double, Value::Float64(value)) => Proto::F64(*value),
            (Kind::Bool, Value::Boolean(value)) => Proto::Bool(*value),
            (Kind::String, Value::String(text)) => Proto::String(text.as_str().to_owned()),
            (Kind::Bytes, Value::Bytes(bytes)) => Proto::Bytes(bytes.clone()),
            (Kind::Enum(symbols), Value::String(text)) => {
                let symbol = symbols.get_value_by_name(text);
                Proto::EnumNumber(
                    symbol.ok_or_else(|| Error::data(format!("{text} is no symbol of the enum")))?.number(),
                )
            }
            (Kind::Enum(_), _) => Proto::EnumNumber(small()?),
            (Kind::Message(message), Value::Struct(record)) => {
                Proto::Message(self.structure(record, &message)?)
            }
            (Kind::Message(message), value) if known::is_wrapper(&message) => {
                Proto::Message(self.wrapped(schema, value, &message)?)
            }
            (Kind::Message(message), value) if schema.kind() != Type::Struct => {
                Proto::Message(known::write(schema, value, &message)?)
            }
            _ => return Err(wrong()),
        })
    }

    fn wrapped(
        &self,
        schema: &Schema,
        value: &Value,
        descriptor: &MessageDescriptor,
    ) -> Result<DynamicMessage> {
        let mut message = DynamicMessage::new(descriptor.clone());
        let field =
            descriptor.get_field_by_name("value").ok_or_else(|| Error::data("a wrapper has no value"))?;
        let value = self.single(schema, value, &field)?;
        message.try_set_field(&field, value).map_err(|error| Error::data(error.to_string()))?;
        Ok(message)
    }
}
