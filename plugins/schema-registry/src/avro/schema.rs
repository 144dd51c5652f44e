//! Avro schemas, parsed. What a schema says beyond Avro stays with each node.

use std::collections::HashMap;

use aqueduct_api::{Error, Result};
use serde_json::Value as Json;

use super::names::split;
use crate::json_text::{self, Object, text};
use crate::registry::Documents;

/// One node of a schema.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// All members of the JSON object; none for a mere name.
    pub(super) props: Object,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
    Array(Box<Node>),
    Map(Box<Node>),
    Union(Vec<Node>),
    Record {
        name: String,
        fields: Vec<FieldNode>,
    },
    Enum {
        name: String,
        symbols: Vec<String>,
    },
    Fixed {
        name: String,
        size: usize,
    },
    /// A type that is defined elsewhere, by its full name.
    Named(String),
}

/// A field of a record.
#[derive(Debug, Clone)]
pub(super) struct FieldNode {
    pub(super) name: String,
    pub(super) doc: Option<String>,
    pub(super) default: Option<Json>,
    pub(super) node: Node,
}

/// A schema with the types that it defines by name.
#[derive(Debug)]
pub(super) struct AvroSchema {
    pub(super) root: Node,
    named: HashMap<String, Node>,
}

fn invalid(what: &str) -> Error {
    Error::data(format!("Invalid Avro schema: {what}"))
}

impl AvroSchema {
    /// Parses a schema and those that it refers to.
    pub(super) fn parse(documents: &Documents) -> Result<Self> {
        let mut parser = Parser { named: HashMap::new() };
        for (_, text) in &documents.references {
            parser.node(&json_text::parse(text)?, "")?;
        }
        // A schema may be a bare name, without the quotes that JSON needs.
        let text = documents.schema.text.trim();
        let json = json_text::parse(text).or_else(|error| match text.chars().all(char::is_alphabetic) {
            true => Ok(Json::from(text)),
            false => Err(error),
        })?;
        let root = parser.node(&json, "")?;
        Ok(Self { root, named: parser.named })
    }

    /// The definition of a node that is a name, or the node itself.
    pub(super) fn resolve<'a>(&'a self, node: &'a Node) -> Result<&'a Node> {
        match &node.kind {
            Kind::Named(name) => {
                self.named.get(name).ok_or_else(|| invalid(&format!("{name} is not defined")))
            }
            _ => Ok(node),
        }
    }

    /// The full name of the record that the schema describes.
    pub(super) fn record_name(&self) -> Option<String> {
        match &self.resolve(&self.root).ok()?.kind {
            Kind::Record { name, .. } => Some(name.clone()),
            _ => None,
        }
    }
}

/// The full name in the JSON of a record.
pub(super) fn record_name(json: &Json) -> Option<String> {
    let object = json.as_object()?;
    (text(object, "type")? == "record").then(|| full_name(object, "")).flatten()
}

fn full_name(object: &Object, namespace: &str) -> Option<String> {
    let name = text(object, "name")?;
    if name.contains('.') {
        return Some(name.to_owned());
    }
    Some(qualified(name, text(object, "namespace").unwrap_or(namespace)))
}

fn qualified(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') { name.to_owned() } else { format!("{namespace}.{name}") }
}

struct Parser {
    named: HashMap<String, Node>,
}

impl Parser {
    fn node(&mut self, json: &Json, namespace: &str) -> Result<Node> {
        match json {
            Json::String(name) => Ok(Node { kind: self.name(name, namespace)?, props: Object::new() }),
            Json::Array(branches) => {
                let branches = branches.iter().map(|branch| self.node(branch, namespace));
                Ok(Node { kind: Kind::Union(branches.collect::<Result<_>>()?), props: Object::new() })
            }
            Json::Object(object) => self.object(object, namespace),
            _ => Err(invalid("a schema is a text, an array or an object")),
        }
    }

    fn name(&mut self, name: &str, namespace: &str) -> Result<Kind> {
        Ok(match name {
            "null" => Kind::Null,
            "boolean" => Kind::Boolean,
            "int" => Kind::Int,
            "long" => Kind::Long,
            "float" => Kind::Float,
            "double" => Kind::Double,
            "bytes" => Kind::Bytes,
            "string" => Kind::String,
            other => {
                let full = qualified(other, namespace);
                match (self.named.contains_key(&full), self.named.contains_key(other)) {
                    (true, _) => Kind::Named(full),
                    (_, true) => Kind::Named(other.to_owned()),
                    _ => return Err(invalid(&format!("{full} is not defined"))),
                }
            }
        })
    }

    fn object(&mut self, object: &Object, namespace: &str) -> Result<Node> {
        let member = |name: &str| object.get(name).ok_or_else(|| invalid(&format!("{name} is missing")));
        let kind = match member("type")? {
            Json::String(kind) => match kind.as_str() {
                "array" => Kind::Array(Box::new(self.node(member("items")?, namespace)?)),
                "map" => Kind::Map(Box::new(self.node(member("values")?, namespace)?)),
                "record" | "error" | "enum" | "fixed" => return self.definition(kind, object, namespace),
                name => self.name(name, namespace)?,
            },
            // As in {"type": {"type": "int"}}.
            other => {
                let mut inner = self.node(other, namespace)?;
                inner.props.extend(
                    object.iter().filter(|(name, _)| *name != "type").map(|(n, v)| (n.clone(), v.clone())),
                );
                return Ok(inner);
            }
        };
        Ok(Node { kind, props: object.clone() })
    }

    fn definition(&mut self, kind: &str, object: &Object, namespace: &str) -> Result<Node> {
        let full = full_name(object, namespace).ok_or_else(|| invalid("a name is missing"))?;
        let mut props = object.clone();
        props.remove("fields");
        let inner = split(&full).0.to_owned();
        let kind = match kind {
            "enum" => {
                let symbols = object.get("symbols").and_then(Json::as_array);
                let symbols = symbols.ok_or_else(|| invalid("symbols is missing"))?;
                let symbols = symbols.iter().filter_map(Json::as_str).map(str::to_owned).collect();
                Kind::Enum { name: full.clone(), symbols }
            }
            "fixed" => {
                let size =
                    object.get("size").and_then(Json::as_u64).and_then(|size| usize::try_from(size).ok());
                Kind::Fixed { name: full.clone(), size: size.ok_or_else(|| invalid("size is missing"))? }
            }
            _ => {
                // Known before its fields, which may name it.
                self.named
                    .insert(full.clone(), Node { kind: Kind::Named(full.clone()), props: Object::new() });
                let fields = object.get("fields").and_then(Json::as_array);
                let fields = fields.ok_or_else(|| invalid("fields is missing"))?;
                let fields = fields.iter().map(|field| self.field(field, &inner)).collect::<Result<_>>()?;
                Kind::Record { name: full.clone(), fields }
            }
        };
        let node = Node { kind, props };
        self.named.insert(full, node.clone());
        Ok(node)
    }

    fn field(&mut self, json: &Json, namespace: &str) -> Result<FieldNode> {
        let object = json.as_object().ok_or_else(|| invalid("a field is an object"))?;
        let kind = object.get("type").ok_or_else(|| invalid("a field has no type"))?;
        Ok(FieldNode {
            name: text(object, "name").ok_or_else(|| invalid("a field has no name"))?.to_owned(),
            doc: text(object, "doc").map(str::to_owned),
            default: object.get("default").cloned(),
            node: self.node(kind, namespace)?,
        })
    }
}
