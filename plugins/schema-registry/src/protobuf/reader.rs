//! From Protobuf's messages to Connect's schemas, each with the way to read by it.

use std::collections::HashMap;
use std::sync::Arc;

use aqueduct_api::data::Logical;
use aqueduct_api::{Error, ErrorKind, Result, Schema, SchemaBuilder, Type};
use parking_lot::Mutex;
use prost_reflect::{FieldDescriptor, FileDescriptor, Kind, MessageDescriptor, OneofDescriptor, Syntax};

use super::read::{Convert, Field, FieldPlan, Fields, Plan, Root, Scalar, Symbols};
use super::{Options, known, names};

/// Reads messages of one file.
pub struct Reader {
    options: Options,
    file: FileDescriptor,
    version: Option<i32>,
    /// By the path to the message.
    plans: Mutex<HashMap<Vec<i32>, Arc<Root>>>,
}

fn unreadable(error: Error) -> Error {
    Error::data("The schema can't be read").with_source(error)
}

impl Reader {
    pub(super) fn new(options: &Options, file: FileDescriptor, version: Option<i32>) -> Result<Self> {
        Ok(Self { options: options.clone(), file, version, plans: Mutex::default() })
    }

    /// How to read the message at a path.
    pub(super) fn plan(&self, path: &[i32]) -> Result<Arc<Root>> {
        if let Some(known) = self.plans.lock().get(path) {
            return Ok(Arc::clone(known));
        }
        let descriptor = self.message(path).ok_or_else(|| {
            Error::new(ErrorKind::Serialization, format!("Invalid message indexes: {path:?}"))
        })?;
        let mut compiler = Compiler { options: &self.options, inside: Vec::new() };
        let plan = if self.options.wrapper_raw && known::is_wrapper(&descriptor) {
            let field =
                descriptor.get_field_by_name("value").ok_or_else(|| Error::data("a wrapper has no value"))?;
            let (builder, convert) = compiler.single(&field)?;
            let schema = self.versioned(builder).build().map_err(unreadable)?;
            let field = field_of(&field, convert);
            Root { schema, plan: Err(Fields::new(vec![FieldPlan::Plain(field)])) }
        } else {
            let plan = compiler.message(&descriptor, |builder| self.versioned(builder))?;
            Root { schema: plan.schema.clone(), plan: Ok(plan) }
        };
        // Paths within a file are few, so this is bounded by the schema.
        let plan = Arc::new(plan);
        self.plans.lock().insert(path.to_vec(), Arc::clone(&plan));
        Ok(plan)
    }

    fn versioned(&self, builder: SchemaBuilder) -> SchemaBuilder {
        match self.version {
            Some(version) => builder.version(version),
            None => builder,
        }
    }

    fn message(&self, path: &[i32]) -> Option<MessageDescriptor> {
        let (first, rest) = path.split_first()?;
        let mut message = self.file.messages().nth(usize::try_from(*first).ok()?)?;
        for index in rest {
            let child = message.child_messages().nth(usize::try_from(*index).ok()?)?;
            message = child;
        }
        Some(message)
    }
}

struct Compiler<'a> {
    options: &'a Options,
    /// The messages that are being compiled.
    inside: Vec<String>,
}

impl Compiler<'_> {
    fn message(
        &mut self,
        descriptor: &MessageDescriptor,
        finish: impl FnOnce(SchemaBuilder) -> SchemaBuilder,
    ) -> Result<Plan> {
        let full = descriptor.full_name();
        if self.inside.iter().any(|message| message == full) {
            return Err(Error::data(format!("{full} contains itself: recursive schemas can't be read here")));
        }
        self.inside.push(full.to_owned());
        let name = if self.options.enhanced { full } else { descriptor.name() };
        let mut builder = SchemaBuilder::structure().name(name);
        let mut fields = Vec::new();
        let oneofs: Vec<OneofDescriptor> =
            descriptor.oneofs().filter(|oneof| !oneof.is_synthetic()).collect();
        for (index, oneof) in oneofs.iter().enumerate() {
            if self.options.flatten {
                for member in oneof.fields() {
                    let (with_member, field) = self.field(builder, &member, true)?;
                    builder = with_member;
                    fields.push(FieldPlan::Plain(field));
                }
                continue;
            }
            let mut union = SchemaBuilder::structure()
                .name(format!("{}.{}", self.options.union(), oneof.name()))
                .optional();
            let mut members = Vec::new();
            for member in oneof.fields() {
                let (with_member, field) = self.field(union, &member, true)?;
                union = with_member;
                members.push(field);
            }
            let schema = union.build().map_err(unreadable)?;
            let indexed = format!("{}_{index}", oneof.name());
            let name = if self.options.index_unions { &indexed } else { oneof.name() };
            builder = builder.field(name, schema.clone());
            fields.push(FieldPlan::Union(schema, members));
        }
        // In the order of the file, as the fields are numbered in any.
        let order = &descriptor.descriptor_proto().field;
        for proto in order {
            let field = descriptor.get_field_by_name(proto.name());
            let Some(field) = field else { continue };
            if field.containing_oneof().is_some_and(|oneof| !oneof.is_synthetic()) {
                continue;
            }
            let (with_field, field) = self.field(builder, &field, false)?;
            builder = with_field;
            fields.push(FieldPlan::Plain(field));
        }
        self.inside.pop();
        let schema = finish(builder).build().map_err(unreadable)?;
        Ok(Plan { schema, fields: Fields::new(fields) })
    }

    fn field(
        &mut self,
        builder: SchemaBuilder,
        field: &FieldDescriptor,
        member: bool,
    ) -> Result<(SchemaBuilder, Field)> {
        let (inner, convert) = self.convert(field)?;
        let mut inner = inner.parameter(names::TAG, field.number().to_string());
        if member || self.is_optional(field) {
            inner = inner.optional();
        }
        let builder = builder.field(field.name(), inner.build().map_err(unreadable)?);
        Ok((builder, field_of(field, convert)))
    }

    /// Every field is, unless the schema is asked which are.
    fn is_optional(&self, field: &FieldDescriptor) -> bool {
        let asks = self.options.optional || self.options.wrapper;
        if !asks || field.is_list() || field.is_map() || matches!(field.kind(), Kind::Message(_)) {
            return true;
        }
        let is_proto2 = field.parent_file().syntax() == Syntax::Proto2;
        self.options.optional
            && field.supports_presence()
            && !field.is_required()
            && (!is_proto2 || self.options.optional_proto2)
    }

    fn convert(&mut self, field: &FieldDescriptor) -> Result<(SchemaBuilder, Convert)> {
        if let (true, Kind::Message(entry)) = (field.is_map(), field.kind()) {
            let (key_field, value_field) = (entry.map_entry_key_field(), entry.map_entry_value_field());
            let (key, read_key) = self.single(&key_field)?;
            let (value, read_value) = self.single(&value_field)?;
            let key = key.optional().build().map_err(unreadable)?;
            let value = value.optional().build().map_err(unreadable)?;
            // An entry has both; what is not there is empty.
            let part = |field: &FieldDescriptor, convert| {
                FieldPlan::Plain(Field { presence: false, ..field_of(field, convert) })
            };
            let entry = vec![part(&key_field, read_key), part(&value_field, read_value)];
            return Ok((SchemaBuilder::map(key, value), Convert::Map(Box::new(Fields::new(entry)))));
        }
        let (single, convert) = self.single(field)?;
        if !field.is_list() {
            return Ok((single, convert));
        }
        let element = single.optional().build().map_err(unreadable)?;
        Ok((SchemaBuilder::array(element), Convert::List(Box::new(convert))))
    }

    fn single(&mut self, field: &FieldDescriptor) -> Result<(SchemaBuilder, Convert)> {
        let connect_type = meta(field, names::CONNECT_TYPE);
        let plain = |kind, scalar| (SchemaBuilder::new(kind), Convert::Plain(kind, scalar));
        let typed = |kind, scalar, name: &str| {
            (SchemaBuilder::new(kind).parameter(names::TYPE, name), Convert::Plain(kind, scalar))
        };
        Ok(match field.kind() {
            kind @ (Kind::Int32 | Kind::Sint32 | Kind::Sfixed32) => {
                let scalar = match kind {
                    Kind::Sint32 => Scalar::Sint32,
                    Kind::Sfixed32 => Scalar::Sfixed32,
                    _ => Scalar::Int32,
                };
                match (connect_type.as_deref(), scalar) {
                    (Some("int8"), _) => plain(Type::Int8, scalar),
                    (Some("int16"), _) => plain(Type::Int16, scalar),
                    (_, Scalar::Sint32) => typed(Type::Int32, scalar, "sint32"),
                    (_, Scalar::Sfixed32) => typed(Type::Int32, scalar, "sfixed32"),
                    _ => plain(Type::Int32, scalar),
                }
            }
            Kind::Int64 => plain(Type::Int64, Scalar::Int64),
            Kind::Uint32 => typed(Type::Int64, Scalar::Uint32, "uint32"),
            Kind::Fixed32 => typed(Type::Int64, Scalar::Fixed32, "fixed32"),
            Kind::Uint64 => typed(Type::Int64, Scalar::Int64, "uint64"),
            Kind::Sint64 => typed(Type::Int64, Scalar::Sint64, "sint64"),
            Kind::Fixed64 => typed(Type::Int64, Scalar::Fixed64, "fixed64"),
            Kind::Sfixed64 => typed(Type::Int64, Scalar::Fixed64, "sfixed64"),
            Kind::Float => plain(Type::Float32, Scalar::Float),
            Kind::Double => plain(Type::Float64, Scalar::Double),
            Kind::Bool => plain(Type::Boolean, Scalar::Bool),
            Kind::String => plain(Type::String, Scalar::String),
            Kind::Bytes => plain(Type::Bytes, Scalar::Bytes),
            Kind::Enum(symbols) => {
                let parameter = self.options.enumeration();
                let kind = if self.options.int_enums { Type::Int32 } else { Type::String };
                let name = if self.options.enhanced { symbols.full_name() } else { symbols.name() };
                let mut builder = SchemaBuilder::new(kind).parameter(parameter, name);
                for symbol in symbols.values() {
                    builder = builder
                        .parameter(format!("{parameter}.{}", symbol.name()), symbol.number().to_string());
                }
                if self.options.int_enums {
                    return Ok((builder, Convert::Plain(kind, Scalar::Int32)));
                }
                let known = symbols.values().map(|symbol| (symbol.number(), symbol.name().into()));
                let symbols = Symbols {
                    name: symbols.name().to_owned(),
                    known: known.collect(),
                    default: symbols.default_value().number(),
                };
                (builder, Convert::Enum(symbols))
            }
            Kind::Message(message) => match known::logical(&message) {
                Some(Logical::Decimal) => {
                    let scale = meta(field, Logical::SCALE).and_then(|scale| scale.parse().ok()).unwrap_or(0);
                    let schema = SchemaBuilder::decimal(scale).build().map_err(unreadable)?;
                    (SchemaBuilder::decimal(scale), known_of(schema, &message, Logical::Decimal))
                }
                Some(logical) => {
                    (SchemaBuilder::logical(logical), known_of(logical.schema()?, &message, logical))
                }
                None if self.options.wrapper && known::is_wrapper(&message) => {
                    let value = message.get_field_by_name("value");
                    let value = value.ok_or_else(|| Error::data("a wrapper has no value"))?;
                    let (builder, convert) = self.single(&value)?;
                    let fields = Fields::new(vec![FieldPlan::Plain(field_of(&value, convert))]);
                    (builder, Convert::Wrapper(Box::new(fields)))
                }
                None => {
                    // The schema of a struct's values is that of the field, with all that the field adds.
                    let tag = field.number().to_string();
                    let of_entry = field.parent_message().is_map_entry();
                    let plan = self.message(&message, |builder| match of_entry || field.is_list() {
                        true => builder.optional(),
                        false => builder.optional().parameter(names::TAG, tag),
                    })?;
                    (
                        builder_of(&plan.schema),
                        Convert::Message(Box::new(plan), self.options.struct_for_nulls),
                    )
                }
            },
        })
    }
}

fn field_of(field: &FieldDescriptor, convert: Convert) -> Field {
    let oneof = field.containing_oneof();
    let same = |oneof: &OneofDescriptor| field.parent_message().oneofs().position(|other| other == *oneof);
    Field {
        number: field.number(),
        oneof: oneof.as_ref().and_then(same),
        presence: field.supports_presence(),
        convert,
    }
}

/// A logical type by its parts. A part that is another than the known one is left out.
fn known_of(schema: Schema, message: &MessageDescriptor, logical: Logical) -> Convert {
    let parts = known::part_fields(logical).iter().map(|(name, kind)| {
        let field = message.get_field_by_name(name);
        let field = field.and_then(|field| {
            let scalar = match (field.kind(), kind) {
                (Kind::Int32, Type::Int32) => Scalar::Int32,
                (Kind::Int64, Type::Int64) => Scalar::Int64,
                (Kind::Bytes, Type::Bytes) => Scalar::Bytes,
                _ => return None,
            };
            Some(Field { presence: true, ..field_of(&field, Convert::Plain(*kind, scalar)) })
        });
        let missing =
            Field { number: 0, oneof: None, presence: true, convert: Convert::Plain(*kind, Scalar::Bytes) };
        FieldPlan::Plain(field.unwrap_or(missing))
    });
    Convert::Known(schema, Box::new(Fields::new(parts.collect())))
}

fn builder_of(schema: &Schema) -> SchemaBuilder {
    let builder = SchemaBuilder::structure().basics_of(schema).optional();
    schema
        .fields()
        .iter()
        .fold(builder, |builder, field| builder.field(field.name.clone(), field.schema.clone()))
}

/// A parameter that Connect has written beside a field.
fn meta(field: &FieldDescriptor, name: &str) -> Option<String> {
    let extension = field.parent_pool().get_extension_by_name(names::FIELD_META)?;
    let options = field.options();
    if !options.has_extension(&extension) {
        return None;
    }
    let meta = options.get_extension(&extension);
    let params = meta.as_message()?.get_field_by_name("params")?.into_owned();
    let key = prost_reflect::MapKey::String(name.to_owned());
    params.as_map()?.get(&key)?.as_str().map(str::to_owned)
}
