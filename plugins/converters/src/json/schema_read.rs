//! From JSON to schemas.

use std::collections::HashSet;

use aqueduct_api::data::{Schema, SchemaBuilder, Text, Type};
use aqueduct_api::{Error, ErrorKind, Result};

use super::read::{Reader, last_of_names};
use super::schema_names as names;
use super::tape::{Kind, Node};

/// What a schema says but for its default, which is read by a schema of all the rest.
struct Parts<'a> {
    node: Node<'a>,
    kind: Type,
    key: Option<Schema>,
    value: Option<Schema>,
    fields: Vec<(Text, Schema)>,
}

/// The schema that a value describes; none for null. It recurses as deep as the value: what needs much stack is kept out
/// of the recursion.
pub(crate) fn read_schema(reader: &mut Reader<'_>, node: Node<'_>) -> Result<Option<Schema>> {
    if node.is_null() {
        return Ok(None);
    }
    let parts = read_parts(reader, node)?;
    build(reader, &parts).map(Some)
}

#[inline(never)]
fn build(reader: &mut Reader<'_>, parts: &Parts<'_>) -> Result<Schema> {
    let schema = parts.builder()?.build()?;
    let Some(default) = parts.node.get(names::DEFAULT) else {
        return Ok(schema);
    };
    let default = reader.value(&schema, Some(default))?;
    parts.builder()?.default_value(default).build()
}

fn read_parts<'a>(reader: &mut Reader<'_>, node: Node<'a>) -> Result<Parts<'a>> {
    let kind = read_kind(node)?;
    let mut parts = Parts { node, kind, key: None, value: None, fields: Vec::new() };
    match kind {
        Type::Array => {
            let items = node.get(names::ITEMS).filter(|items| !items.is_null());
            let items = items.ok_or_else(|| Error::data("Array schema did not specify the element type"))?;
            parts.value = read_schema(reader, items)?;
        }
        Type::Map => {
            let keys = node.get(names::KEYS);
            let keys = keys.ok_or_else(|| Error::data("Map schema did not specify the key type"))?;
            let values = node.get(names::VALUES);
            let values = values.ok_or_else(|| Error::data("Map schema did not specify the value type"))?;
            parts.key = read_schema(reader, keys)?;
            parts.value = read_schema(reader, values)?;
        }
        Type::Struct => read_fields(reader, &mut parts)?,
        _ => {}
    }
    Ok(parts)
}

#[inline(never)]
fn read_kind(node: Node<'_>) -> Result<Type> {
    let name = node.get(names::TYPE).and_then(Node::text);
    let name = name.ok_or_else(|| Error::data("Schema must contain 'type' field"))?;
    names::type_of(&name).ok_or_else(|| Error::data(format!("Unknown schema type: {name}")))
}

#[inline(never)]
fn read_fields(reader: &mut Reader<'_>, parts: &mut Parts<'_>) -> Result<()> {
    let fields = parts.node.get(names::FIELDS).filter(|fields| fields.kind() == Kind::Array);
    let fields = fields.ok_or_else(|| Error::data("Struct schema's \"fields\" argument is not an array."))?;
    let mut known = HashSet::new();
    for field in fields.elements() {
        let Some(name) = field.get(names::FIELD).and_then(Node::text) else {
            return Err(Error::data("Struct schema's field name not specified properly"));
        };
        let Some(schema) = read_schema(reader, field)? else {
            return Err(Error::bare(ErrorKind::NullPointer));
        };
        if name.is_empty() || !known.insert(name.clone()) {
            // The builder says what is wrong, and now: it comes before what is wrong with later fields.
            let twice = SchemaBuilder::structure().field(name.clone(), schema.clone()).field(name, schema);
            return twice.build().map(drop);
        }
        parts.fields.push((name, schema));
    }
    Ok(())
}

impl Parts<'_> {
    fn builder(&self) -> Result<SchemaBuilder> {
        let node = self.node;
        let mut builder = match self.kind {
            Type::Array => SchemaBuilder::array(self.value.clone()),
            Type::Map => {
                let missing = |what| Error::new(ErrorKind::SchemaBuilder, what);
                let key = self.key.clone().ok_or_else(|| missing("keySchema cannot be null."))?;
                let value = self.value.clone().ok_or_else(|| missing("valueSchema cannot be null."))?;
                SchemaBuilder::map(key, value)
            }
            kind => SchemaBuilder::new(kind),
        };
        for (name, schema) in &self.fields {
            builder = builder.field(name.clone(), schema.clone());
        }
        if node.get(names::OPTIONAL).is_some_and(|optional| optional.kind() == Kind::True) {
            builder = builder.optional();
        }
        if let Some(name) = node.get(names::NAME).and_then(Node::text) {
            builder = builder.name(name);
        }
        let version = node.get(names::VERSION).and_then(Node::number);
        if let Some(version) = version.filter(|version| version.integral) {
            builder = builder.version(version.to_i64() as i32);
        }
        if let Some(doc) = node.get(names::DOC).and_then(Node::text) {
            builder = builder.doc(doc);
        }
        if let Some(parameters) = node.get(names::PARAMETERS) {
            for (name, value) in last_of_names(parameters) {
                let value = value.text();
                let value = value.ok_or_else(|| Error::data("Schema parameters must have string values."))?;
                builder = builder.parameter(name, value);
            }
        }
        Ok(builder)
    }
}
