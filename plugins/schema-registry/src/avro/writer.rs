//! How values of a Connect schema are written by an Avro schema: the two are walked side by side, once.

use aqueduct_api::data::Logical;
use aqueduct_api::{Error, Result, Schema, Type, Value};
use serde_json::Value as Json;

use super::schema::{AvroSchema, FieldNode, Kind, Node};
use super::write::{FieldWrite, Slot, Write};
use super::{Options, defaults, names};

/// Writes values of one schema.
pub struct Writer {
    slot: Slot,
    /// A message that is bytes alone has no length.
    raw: bool,
}

impl Writer {
    pub(super) fn new(options: &Options, schema: Option<&Schema>, avro: &AvroSchema) -> Result<Self> {
        let compiler = Compiler { options, avro };
        let slot = match schema {
            None => {
                let root = avro.resolve(&avro.root)?;
                match &root.kind {
                    Kind::Record { name, .. } if name == names::ANYTHING => Slot::plain(Write::Anything),
                    _ => compiler.schemaless(root)?,
                }
            }
            Some(schema) => compiler.slot(schema, &avro.root, 0)?,
        };
        Ok(Self { slot, raw: matches!(avro.root.kind, Kind::Bytes) })
    }

    pub(super) fn write(&self, value: &Value, out: &mut Vec<u8>) -> Result<()> {
        if self.raw { self.slot.write_raw(value, out) } else { self.slot.write(value, out) }
    }
}

struct Compiler<'a> {
    options: &'a Options,
    avro: &'a AvroSchema,
}

/// How deep schemas may go.
const DEPTH_MAX: usize = 200;

fn unfit(schema: &Schema) -> Error {
    Error::data(format!("{schema} can't be written with the Avro schema"))
}

impl Compiler<'_> {
    /// Values without a schema, written with a schema that someone else has chosen: plain ones only.
    fn schemaless(&self, node: &Node) -> Result<Slot> {
        let kind = match &node.kind {
            Kind::Boolean => Type::Boolean,
            Kind::Int => Type::Int32,
            Kind::Long => Type::Int64,
            Kind::Float => Type::Float32,
            Kind::Double => Type::Float64,
            Kind::Bytes => Type::Bytes,
            Kind::String => Type::String,
            _ => return Err(Error::data("A value without a schema can't be written with this Avro schema")),
        };
        self.slot(&Schema::bare(kind), node, 0)
    }

    fn slot(&self, schema: &Schema, node: &Node, depth: usize) -> Result<Slot> {
        if depth > DEPTH_MAX {
            return Err(Error::data("the schema is too deep"));
        }
        let node = self.avro.resolve(node)?;
        let keeps_null = self.options.ignore_default && schema.is_optional();
        let default = if keeps_null { Value::Null } else { schema.default_value().clone() };
        let Kind::Union(branches) = &node.kind else {
            return Ok(Slot { write: self.write(schema, node, depth)?, branch: None, null: None, default });
        };
        let null = branches.iter().position(|branch| matches!(branch.kind, Kind::Null));
        if schema.kind() == Type::Struct && schema.name().is_some_and(|name| *name == self.options.union()) {
            let others = branches.iter().enumerate().filter(|(index, _)| Some(*index) != null);
            let mut writes = Vec::new();
            for (field, (index, branch)) in schema.fields().iter().zip(others) {
                let branch = self.avro.resolve(branch)?;
                writes.push((index, self.write(&field.schema, branch, depth + 1)?));
            }
            return Ok(Slot { write: Write::Union(writes), branch: None, null, default });
        }
        for (index, branch) in branches.iter().enumerate().filter(|(index, _)| Some(*index) != null) {
            let branch = self.avro.resolve(branch)?;
            if let Ok(write) = self.write(schema, branch, depth + 1) {
                return Ok(Slot { write, branch: Some(index), null, default });
            }
        }
        Err(unfit(schema))
    }

    fn write(&self, schema: &Schema, node: &Node, depth: usize) -> Result<Write> {
        let part = |part: Option<&Schema>, node: &Node| {
            self.slot(part.ok_or_else(|| unfit(schema))?, node, depth + 1).map(Box::new)
        };
        Ok(match (&node.kind, schema.kind(), schema.logical()) {
            (Kind::Int, Type::Int32, Some(Logical::Date | Logical::Time)) => Write::Logical(schema.clone()),
            (Kind::Int, Type::Int8 | Type::Int16 | Type::Int32, _) => Write::Int,
            (Kind::Long, Type::Int64, Some(Logical::Timestamp)) => Write::Logical(schema.clone()),
            (Kind::Long, Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64, None) => Write::Long,
            (Kind::Float, Type::Float32, _) => Write::Float,
            (Kind::Double, Type::Float32 | Type::Float64, _) => Write::Double,
            (Kind::Boolean, Type::Boolean, _) => Write::Boolean,
            (Kind::String, Type::String, _) => Write::String,
            (Kind::Bytes, Type::Bytes, Some(Logical::Decimal)) => Write::Logical(schema.clone()),
            (Kind::Bytes, Type::Bytes, _) => Write::Bytes,
            (Kind::Fixed { size, .. }, Type::Bytes, Some(Logical::Decimal)) => {
                Write::FixedDecimal(schema.clone(), *size)
            }
            (Kind::Fixed { size, .. }, Type::Bytes, _) => Write::Fixed(*size),
            (Kind::Enum { symbols, .. }, Type::String, _) => Write::Enum(symbols.clone()),
            (Kind::Array(items), Type::Array, _) => Write::Array(part(schema.value_schema(), items)?),
            (Kind::Map(values), Type::Map, _) => Write::Map(part(schema.value_schema(), values)?),
            (Kind::Array(items), Type::Map, _) => match &self.avro.resolve(items)?.kind {
                Kind::Record { fields, .. } => match fields.as_slice() {
                    [key, value] => {
                        let key = part(schema.key_schema(), &key.node)?;
                        Write::Entries(key, part(schema.value_schema(), &value.node)?)
                    }
                    _ => return Err(unfit(schema)),
                },
                _ => return Err(unfit(schema)),
            },
            (Kind::Record { name, fields }, Type::Struct, _) => {
                // A union is chosen among by name.
                let short = |name: &str| names::split(name).1.to_owned();
                let other = schema.name().map(|known| self.options.full_name(known));
                if depth > 0 && other.is_some_and(|other| short(&other) != short(name)) {
                    return Err(unfit(schema));
                }
                self.record(schema, fields, depth)?
            }
            _ => return Err(unfit(schema)),
        })
    }

    fn record(&self, schema: &Schema, fields: &[FieldNode], depth: usize) -> Result<Write> {
        let mut writes = Vec::with_capacity(fields.len());
        for field in fields {
            let known = schema.fields().iter().find(|known| self.options.name(&known.name) == field.name);
            writes.push(match known {
                Some(known) => {
                    FieldWrite::Field(known.index, self.slot(&known.schema, &field.node, depth + 1)?)
                }
                None => FieldWrite::Constant(self.default(field)?),
            });
        }
        Ok(Write::Record(writes))
    }

    /// The bytes of a field that values do not have: its default in Avro.
    fn default(&self, field: &FieldNode) -> Result<Vec<u8>> {
        let missing =
            || Error::data(format!("the value has no field {}, and Avro no default for it", field.name));
        let json = field.default.as_ref().ok_or_else(missing)?;
        let mut out = Vec::new();
        let branches = match &self.avro.resolve(&field.node)?.kind {
            Kind::Union(branches) => {
                branches.iter().enumerate().map(|(index, node)| (Some(index), node)).collect()
            }
            _ => vec![(None, &field.node)],
        };
        for (branch, node) in branches {
            out.clear();
            if let Some(branch) = branch {
                super::write::put_long(i64::try_from(branch).unwrap_or(i64::MAX), &mut out);
            }
            if json.is_null() && matches!(node.kind, Kind::Null) {
                return Ok(out);
            }
            if self.put_default(node, json, &mut out).is_some() {
                return Ok(out);
            }
        }
        Err(missing())
    }

    /// Writes a default by what a schema is read as.
    fn put_default(&self, node: &Node, json: &Json, out: &mut Vec<u8>) -> Option<()> {
        if let Kind::Enum { symbols, .. } = &self.avro.resolve(node).ok()?.kind {
            return Write::Enum(symbols.clone()).value(&json.as_str()?.into(), out).ok();
        }
        let schema = super::reader::connect_schema(self.options, self.avro, node).ok()?;
        let value = defaults::from_json(&schema, json)?;
        self.slot(&schema, node, 1).ok()?.write(&value, out).ok()
    }
}
