//! From Avro's schemas to Connect's, each with the way to read by it.

use aqueduct_api::data::Logical;
use aqueduct_api::{Error, Result, Schema, SchemaAndValue, SchemaBuilder, Text, Type};
use bytes::Bytes;
use serde_json::Value as Json;

use super::input::Input;
use super::names::{self, split};
use super::read::Read;
use super::schema::{AvroSchema, FieldNode, Kind, Node};
use super::{Options, defaults};
use crate::json_text::{Object, text};

/// Reads messages of one schema.
pub struct Reader {
    /// None for values without a schema.
    schema: Option<Schema>,
    read: Read,
    /// A message that is bytes alone has no length.
    raw: bool,
}

impl Reader {
    /// `version` is that of the subject, for a schema that says no other itself.
    pub(super) fn new(options: &Options, avro: &AvroSchema, version: Option<i32>) -> Result<Self> {
        let mut compiler = Compiler { options, avro, inside: Vec::new() };
        let (schema, read) = compiler.node(&avro.root, Place { version, ..Place::default() })?;
        let raw = matches!(avro.root.kind, Kind::Bytes);
        let schema = (!matches!(read, Read::Anything)).then_some(schema);
        Ok(Self { schema, read, raw })
    }

    pub(super) fn read(&self, payload: &Bytes) -> Result<SchemaAndValue> {
        let mut input = Input::new(payload);
        let value = match self.raw {
            true => self.read.bytes(input.take_rest())?,
            false => self.read.value(&mut input)?,
        };
        Ok(SchemaAndValue { schema: self.schema.clone(), value })
    }
}

/// What a node of a schema is read as.
pub(super) fn connect_schema(options: &Options, avro: &AvroSchema, node: &Node) -> Result<Schema> {
    let mut compiler = Compiler { options, avro, inside: Vec::new() };
    compiler.node(node, Place::default()).map(|(schema, _)| schema)
}

/// What is said of a node from outside.
#[derive(Default)]
struct Place<'a> {
    optional: bool,
    version: Option<i32>,
    default: Option<&'a Json>,
}

struct Compiler<'a> {
    options: &'a Options,
    avro: &'a AvroSchema,
    /// The records that are being compiled.
    inside: Vec<String>,
}

impl Compiler<'_> {
    fn node(&mut self, node: &Node, place: Place<'_>) -> Result<(Schema, Read)> {
        let node = self.avro.resolve(node)?;
        let mut builder;
        let read;
        match &node.kind {
            Kind::Union(branches) => return self.union(branches, place),
            Kind::Null => {
                return Err(Error::data("Standalone null schemas are not supported by this converter"));
            }
            Kind::Named(name) => return Err(recursive(name)),
            Kind::Boolean => (builder, read) = (SchemaBuilder::new(Type::Boolean), Read::Boolean),
            Kind::Float => (builder, read) = (SchemaBuilder::new(Type::Float32), Read::Float32),
            Kind::Double => (builder, read) = (SchemaBuilder::new(Type::Float64), Read::Float64),
            Kind::String => (builder, read) = (SchemaBuilder::new(Type::String), Read::String),
            Kind::Int => (builder, read) = self.int(&node.props),
            Kind::Long => {
                (builder, read) = match logical_type(&node.props) == Some("timestamp-millis") {
                    true => (SchemaBuilder::logical(Logical::Timestamp), Read::Timestamp),
                    false => (SchemaBuilder::new(Type::Int64), Read::Int64),
                };
            }
            Kind::Bytes => {
                (builder, read) =
                    decimal(&node.props, None).unwrap_or((SchemaBuilder::new(Type::Bytes), Read::Bytes))
            }
            Kind::Fixed { name, size } => {
                let (inner, how) = decimal(&node.props, Some(*size))
                    .unwrap_or_else(|| (SchemaBuilder::new(Type::Bytes), Read::Fixed(*size)));
                builder = inner.parameter(names::FIXED_SIZE, size.to_string());
                if matches!(how, Read::Fixed(_))
                    && !self.has_name(node)
                    && !name.starts_with(names::DEFAULT_RECORD)
                {
                    builder = builder.name(name.as_str());
                }
                read = how;
            }
            Kind::Enum { name, symbols } => (builder, read) = self.enumeration(node, name, symbols),
            Kind::Array(items) => {
                let entry = self.avro.resolve(items)?;
                (builder, read) = match entry_fields(entry) {
                    Some((key, value)) => {
                        let (key, read_key) = self.node(&key.node, Place::default())?;
                        let (value, read_value) = self.node(&value.node, Place::default())?;
                        let name = match &entry.kind {
                            Kind::Record { name, .. } if name != names::MAP_ENTRY => Some(name.as_str()),
                            _ => None,
                        };
                        let builder = SchemaBuilder::map(key, value);
                        let builder = match name.filter(|_| !self.has_name(node)) {
                            Some(name) => builder.name(name),
                            None => builder,
                        };
                        (builder, Read::Entries(Box::new((read_key, read_value))))
                    }
                    None => {
                        let (schema, read) = self.node(items, Place::default())?;
                        (SchemaBuilder::array(schema), Read::Array(Box::new(read)))
                    }
                };
            }
            Kind::Map(values) => {
                let (schema, element) = self.node(values, Place::default())?;
                builder = SchemaBuilder::map(Schema::STRING, schema);
                read = Read::Map(Box::new(element));
            }
            Kind::Record { name, .. } if name == names::ANYTHING => {
                let schema = Schema::optional_bare(Type::Struct);
                return Ok((schema, Read::Anything));
            }
            Kind::Record { name, fields } => return self.record(node, name, fields, place),
        }
        let schema = self.finish(builder, node, &place)?;
        Ok((schema, read))
    }

    fn has_name(&self, node: &Node) -> bool {
        self.options.meta_data && node.props.contains_key("connect.name")
    }

    fn int(&self, props: &Object) -> (SchemaBuilder, Read) {
        let connect_type = text(props, "connect.type").filter(|_| self.options.meta_data);
        match (logical_type(props), connect_type) {
            (Some("date"), _) => (SchemaBuilder::logical(Logical::Date), Read::Date),
            (Some("time-millis"), _) => (SchemaBuilder::logical(Logical::Time), Read::Time),
            (_, Some("int8")) => (SchemaBuilder::new(Type::Int8), Read::Int8),
            (_, Some("int16")) => (SchemaBuilder::new(Type::Int16), Read::Int16),
            _ => (SchemaBuilder::new(Type::Int32), Read::Int32),
        }
    }

    fn enumeration(&self, node: &Node, name: &str, symbols: &[String]) -> (SchemaBuilder, Read) {
        let parameter = self.options.enumeration();
        let mut builder = SchemaBuilder::new(Type::String).parameter(parameter, name);
        if !self.has_name(node) {
            builder = builder.name(name);
        }
        let short = split(name).1;
        if let Some(doc) = text(&node.props, "doc") {
            builder = builder.parameter(format!("{}{short}", names::ENUM_DOC), doc);
        }
        if let Some(default) = text(&node.props, "default") {
            builder = builder.parameter(format!("{}{short}", names::ENUM_DEFAULT), default);
        }
        for symbol in symbols {
            builder = builder.parameter(format!("{parameter}.{symbol}"), symbol.as_str());
        }
        let symbols = symbols.iter().map(|symbol| Text::from(symbol.as_str())).collect();
        (builder, Read::Enum(symbols))
    }

    fn record(
        &mut self,
        node: &Node,
        name: &str,
        fields: &[FieldNode],
        place: Place<'_>,
    ) -> Result<(Schema, Read)> {
        if self.inside.iter().any(|record| record == name) {
            return Err(recursive(name));
        }
        self.inside.push(name.to_owned());
        let mut builder = SchemaBuilder::structure();
        if !self.has_name(node) && !name.starts_with(names::DEFAULT_RECORD) {
            builder = builder.name(name);
        }
        if let Some(doc) = text(&node.props, "doc") {
            builder = builder.parameter(names::RECORD_DOC, doc);
        }
        let mut reads = Vec::with_capacity(fields.len());
        for field in fields {
            if let Some(doc) = &field.doc {
                builder = builder.parameter(format!("{}{}", names::FIELD_DOC, field.name), doc.as_str());
            }
            let default = field.default.as_ref();
            let (schema, read) = self.node(&field.node, Place { default, ..Place::default() })?;
            builder = builder.field(field.name.as_str(), schema);
            reads.push(read);
        }
        self.inside.pop();
        let schema = self.finish(builder, node, &place)?;
        Ok((schema.clone(), Read::Record(schema, reads)))
    }

    fn union(&mut self, branches: &[Node], place: Place<'_>) -> Result<(Schema, Read)> {
        let null = branches.iter().position(|branch| matches!(branch.kind, Kind::Null));
        let others: Vec<(usize, &Node)> =
            branches.iter().enumerate().filter(|(index, _)| Some(*index) != null).collect();
        if let [(index, only)] = others[..]
            && (null.is_some() || self.options.flatten)
        {
            let optional = place.optional || null.is_some();
            let (schema, read) = self.node(only, Place { optional, ..place })?;
            let default = match self.options.ignore_default {
                true => aqueduct_api::Value::Null,
                false => schema.default_value().clone(),
            };
            return Ok((schema, Read::Union { null, default, branches: vec![(index, read)], of: None }));
        }
        let mut builder = SchemaBuilder::structure().name(self.options.union());
        let mut reads = Vec::with_capacity(others.len());
        for (index, branch) in others {
            let (schema, read) = self.node(branch, Place { optional: true, ..Place::default() })?;
            builder = builder.field(self.branch_name(branch)?, schema);
            reads.push((index, read));
        }
        if place.optional || null.is_some() {
            builder = builder.optional();
        }
        let schema =
            builder.build().map_err(|error| Error::data("The union can't be read").with_source(error))?;
        let default = aqueduct_api::Value::Null;
        Ok((schema.clone(), Read::Union { null, default, branches: reads, of: Some(schema) }))
    }

    fn branch_name(&self, branch: &Node) -> Result<String> {
        let node = self.avro.resolve(branch)?;
        let name = match &node.kind {
            Kind::Record { name, .. } | Kind::Enum { name, .. } | Kind::Fixed { name, .. } => name,
            Kind::Boolean => "boolean",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Bytes => "bytes",
            Kind::String => "string",
            Kind::Array(_) => "array",
            Kind::Map(_) => "map",
            Kind::Null | Kind::Union(_) | Kind::Named(_) => {
                return Err(Error::data("A union holds what it can't"));
            }
        };
        Ok(if self.options.enhanced { name } else { split(name).1 }.to_owned())
    }

    /// Adds what Connect wrote into the schema, and what stands around it.
    fn finish(&self, mut builder: SchemaBuilder, node: &Node, place: &Place<'_>) -> Result<Schema> {
        let props = &node.props;
        let meta = |name: &str| props.get(name).filter(|_| self.options.meta_data);
        if place.optional {
            builder = builder.optional();
        }
        if let Some(doc) =
            meta("connect.doc").and_then(Json::as_str).filter(|_| !self.options.discard_doc_default)
        {
            builder = builder.doc(doc);
        }
        let version =
            meta("connect.version").and_then(Json::as_i64).and_then(|version| i32::try_from(version).ok());
        if let Some(version) = version {
            builder = builder.version(version);
        }
        if let Some(Json::Object(parameters)) = meta("connect.parameters") {
            for (key, value) in parameters {
                builder = builder.parameter(key.as_str(), value.as_str().unwrap_or_default());
            }
        }
        if let Some(name) = meta("connect.name").and_then(Json::as_str) {
            builder = builder.name(name);
        }
        let of_connect = meta("connect.default");
        if of_connect.is_none() && place.default.is_some_and(|default| !default.is_null()) {
            builder = builder.parameter(names::FIELD_DEFAULT, "true");
        }
        let mut schema =
            builder.build().map_err(|error| Error::data("The schema can't be read").with_source(error))?;
        if schema.version().is_none() && place.version.is_some() {
            schema = again(&schema, place.version, None)?;
        }
        let default = of_connect.or(place.default).and_then(|json| defaults::from_json(&schema, json));
        match default {
            // Connect's builder takes no struct for a default.
            Some(default) if schema.kind() != Type::Struct => again(&schema, None, Some(default)),
            _ => Ok(schema),
        }
    }
}

/// The same schema with a version or a default.
fn again(schema: &Schema, version: Option<i32>, default: Option<aqueduct_api::Value>) -> Result<Schema> {
    let mut builder = match schema.kind() {
        Type::Array => SchemaBuilder::array(schema.value_schema().cloned()),
        Type::Map => SchemaBuilder::map(schema.key_schema().cloned(), schema.value_schema().cloned()),
        kind => SchemaBuilder::new(kind),
    };
    builder = builder.basics_of(schema);
    for field in schema.fields() {
        builder = builder.field(field.name.clone(), field.schema.clone());
    }
    if schema.is_optional() {
        builder = builder.optional();
    }
    if let Some(version) = version {
        builder = builder.version(version);
    }
    if let Some(default) = default {
        builder = builder.default_value(default);
    }
    builder.build().map_err(|error| Error::data("The schema can't be read").with_source(error))
}

fn recursive(name: &str) -> Error {
    Error::data(format!("{name} contains itself: recursive schemas can't be read here"))
}

fn logical_type(props: &Object) -> Option<&str> {
    text(props, "logicalType")
}

fn decimal(props: &Object, size: Option<usize>) -> Option<(SchemaBuilder, Read)> {
    if logical_type(props) != Some("decimal") {
        return None;
    }
    let number = |name: &str| props.get(name).and_then(Json::as_i64);
    let scale = number("scale").and_then(|scale| i32::try_from(scale).ok()).unwrap_or(0);
    let mut builder = SchemaBuilder::decimal(scale);
    if let Some(precision) = number("precision").filter(|precision| *precision != names::PRECISION_DEFAULT) {
        builder = builder.parameter(names::PRECISION, precision.to_string());
    }
    Some((builder, Read::Decimal { scale, size }))
}

/// The fields of a record that stands for an entry of a map.
fn entry_fields(node: &Node) -> Option<(&FieldNode, &FieldNode)> {
    let Kind::Record { name, fields } = &node.kind else { return None };
    let is_entry = name == names::MAP_ENTRY || text(&node.props, names::INTERNAL_TYPE) == Some("MapEntry");
    match fields.as_slice() {
        [key, value] if is_entry && key.name == "key" && value.name == "value" => Some((key, value)),
        _ => None,
    }
}
