//! How values of a Connect schema are written as a message: the two are walked side by side, once.

use aqueduct_api::{Error, Result, Schema, Type, Value};
use prost_reflect::{FieldDescriptor, FileDescriptor, Kind, MessageDescriptor};

use super::generate::union_of;
use super::write::{Field, Form, Known, Message, Place, Single, Step, put_varint};
use super::{Options, known};
use crate::wire;

/// Writes values of one schema as a message of a file.
pub struct Writer {
    root: Root,
    path: Vec<u8>,
}

/// A whole message.
enum Root {
    Message(Message),
    /// A message around a plain value.
    Wrapper(Field),
    Unfit,
}

impl Writer {
    /// The message that has the name of the schema, or the first.
    pub(super) fn new(options: &Options, schema: &Schema, file: &FileDescriptor) -> Result<Self> {
        let wanted = schema.name().map(|name| name.rsplit('.').next().unwrap_or(name).to_owned());
        let named = file.messages().position(|message| Some(message.name()) == wanted.as_deref());
        let index = named.unwrap_or(0);
        let descriptor =
            file.messages().nth(index).ok_or_else(|| Error::data("the schema has no message"))?;
        let path = wire::encode_path(&[i32::try_from(index).unwrap_or(i32::MAX)]);
        let compiler = Compiler { options };
        let root = match wrapped(&descriptor) {
            _ if schema.kind() == Type::Struct => Root::Message(compiler.message(schema, &descriptor)),
            Some(field) => Root::Wrapper(compiler.field(schema, &field)),
            None => Root::Unfit,
        };
        Ok(Self { root, path })
    }

    /// The place of the message in its file, as messages hold it.
    pub(super) fn path(&self) -> &[u8] {
        &self.path
    }

    pub(super) fn write(&self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        match (&self.root, value) {
            (Root::Message(message), Value::Struct(record)) => message.write(record, out),
            (Root::Wrapper(field), value) => field.write(value, out),
            (_, value) => Err(Error::data(format!("class {} is no message", value.java_class()))),
        }
    }
}

/// The field of a message around a plain value, if it is one.
fn wrapped(descriptor: &MessageDescriptor) -> Option<FieldDescriptor> {
    if known::is_wrapper(descriptor) { descriptor.get_field_by_name("value") } else { None }
}

struct Compiler<'a> {
    options: &'a Options,
}

impl Compiler<'_> {
    /// What does not fit fails only when a value comes.
    fn message(&self, schema: &Schema, descriptor: &MessageDescriptor) -> Message {
        let mut steps: Vec<(Option<FieldDescriptor>, Step)> = Vec::new();
        for field in schema.fields() {
            if union_of(self.options, &field.schema).is_some() {
                for member in field.schema.fields() {
                    steps.push(self.step(member, (field.index, Some(member.index)), descriptor));
                }
            } else {
                steps.push(self.step(field, (field.index, None), descriptor));
            }
        }
        for at in 1..steps.len() {
            let (earlier, rest) = steps.split_at_mut(at);
            let Some((Some(later), step)) = rest.first() else { continue };
            for (earlier, before) in earlier {
                if earlier.as_ref().is_some_and(|earlier| exclude_each_other(earlier, later)) {
                    before.later.push(step.place.clone());
                }
            }
        }
        steps.sort_by_key(|(field, _)| field.as_ref().map_or(u32::MAX, FieldDescriptor::number));
        Message { fields: steps.into_iter().map(|(_, step)| step).collect() }
    }

    fn step(
        &self,
        field: &aqueduct_api::Field,
        (index, member): (usize, Option<usize>),
        descriptor: &MessageDescriptor,
    ) -> (Option<FieldDescriptor>, Step) {
        let schema = &field.schema;
        let keeps_null = self.options.ignore_default && schema.is_optional();
        let default = if keeps_null { Value::Null } else { schema.default_value().clone() };
        let place = Place { field: index, member, default };
        let found = descriptor.get_field_by_name(&self.options.name(&field.name));
        let field = match &found {
            Some(found) => self.field(schema, found),
            None => {
                let name = field.name.as_str().to_owned();
                Field { name, key: Vec::new(), keeps_zero: true, form: Form::Missing }
            }
        };
        (found, Step { place, later: Vec::new(), field })
    }

    fn field(&self, schema: &Schema, field: &FieldDescriptor) -> Field {
        let (wire_type, form) = match (field.kind(), schema.value_schema()) {
            (Kind::Message(entry), _) if field.is_map() => (LENGTH, self.map(schema, &entry)),
            (_, Some(element)) if field.is_list() && field.is_packed() => {
                (LENGTH, Form::Packed(self.single(element, field)))
            }
            (_, Some(element)) if field.is_list() => {
                (wire_type(field), Form::List(self.single(element, field)))
            }
            _ if field.is_list() => (LENGTH, Form::Single(Single::Unfit)),
            _ => (wire_type(field), Form::Single(self.single(schema, field))),
        };
        Field {
            name: field.full_name().to_owned(),
            key: key(field.number(), wire_type),
            keeps_zero: field.supports_presence(),
            form,
        }
    }

    fn map(&self, schema: &Schema, entry: &MessageDescriptor) -> Form {
        let (Some(key), Some(value)) = (schema.key_schema(), schema.value_schema()) else {
            return Form::Single(Single::Unfit);
        };
        let key = self.field(key, &entry.map_entry_key_field());
        Form::Map(Box::new((key, self.field(value, &entry.map_entry_value_field()))))
    }

    fn single(&self, schema: &Schema, field: &FieldDescriptor) -> Single {
        match field.kind() {
            Kind::Int32 => Single::Int32,
            Kind::Sint32 => Single::Sint32,
            Kind::Sfixed32 => Single::Sfixed32,
            Kind::Int64 => Single::Int64,
            Kind::Sint64 => Single::Sint64,
            Kind::Sfixed64 => Single::Sfixed64,
            Kind::Uint32 => Single::Uint32,
            Kind::Fixed32 => Single::Fixed32,
            Kind::Uint64 => Single::Uint64,
            Kind::Fixed64 => Single::Fixed64,
            Kind::Float => Single::Float,
            Kind::Double => Single::Double,
            Kind::Bool => Single::Bool,
            Kind::String => Single::String,
            Kind::Bytes => Single::Bytes,
            Kind::Enum(symbols) => Single::Enum(symbols),
            Kind::Message(message) if schema.kind() == Type::Struct => {
                let written = self.message(schema, &message);
                if field.is_group() {
                    Single::Group(written, key(field.number(), GROUP_END))
                } else {
                    Single::Message(written)
                }
            }
            Kind::Message(message) => match wrapped(&message) {
                Some(value) => Single::Wrapper(Box::new(self.field(schema, &value))),
                None => self.known(schema, &message).map_or(Single::Unfit, Single::Known),
            },
        }
    }

    /// `None` if the schema is no logical type, or the message not the one that is known for it.
    fn known(&self, schema: &Schema, message: &MessageDescriptor) -> Option<Known> {
        let logical = schema.logical()?;
        let mut fields = Vec::new();
        for (part, (name, kind)) in known::part_fields(logical).iter().enumerate() {
            let field = message.get_field_by_name(name)?;
            fields.push((field.number(), part, self.field(&Schema::bare(*kind), &field)));
        }
        fields.sort_by_key(|(number, ..)| *number);
        let fields = fields.into_iter().map(|(_, part, field)| (part, field)).collect();
        Some(Known { schema: schema.clone(), logical, fields })
    }
}

fn exclude_each_other(one: &FieldDescriptor, other: &FieldDescriptor) -> bool {
    one.number() == other.number()
        || one.containing_oneof().is_some_and(|oneof| Some(oneof) == other.containing_oneof())
}

const VARINT: u32 = 0;
const EIGHT_BYTES: u32 = 1;
const LENGTH: u32 = 2;
const GROUP: u32 = 3;
const GROUP_END: u32 = 4;
const FOUR_BYTES: u32 = 5;

fn wire_type(field: &FieldDescriptor) -> u32 {
    match field.kind() {
        Kind::Double | Kind::Fixed64 | Kind::Sfixed64 => EIGHT_BYTES,
        Kind::Float | Kind::Fixed32 | Kind::Sfixed32 => FOUR_BYTES,
        Kind::Message(_) if field.is_group() => GROUP,
        Kind::Message(_) | Kind::String | Kind::Bytes => LENGTH,
        _ => VARINT,
    }
}

fn key(number: u32, wire_type: u32) -> Vec<u8> {
    let mut key = Vec::new();
    put_varint((number << 3 | wire_type).into(), &mut key);
    key
}
