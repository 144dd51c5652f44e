//! From JSON Schema to Connect's schemas.

use std::collections::HashMap;

use aqueduct_api::data::Logical;
use aqueduct_api::{Error, Result, Schema, SchemaBuilder, Type};
use serde_json::Value as Json;

use super::{NULL_SYMBOL, Options, read};
use crate::json_text::{self, Object, text};
use crate::registry::Documents;

/// How deep schemas may go.
const DEPTH_MAX: usize = 100;
/// Members that say nothing about values.
const ANNOTATIONS: [&str; 6] = ["$schema", "$id", "id", "title", "description", "$comment"];

pub(super) struct Parser<'a> {
    options: &'a Options,
    /// By the name that references use; the schema itself has none.
    documents: HashMap<String, Json>,
    /// The references that are being followed.
    inside: Vec<(String, String)>,
}

/// What is said of a schema from outside.
#[derive(Clone, Copy)]
struct Place<'a> {
    document: &'a str,
    optional: bool,
    version: Option<i32>,
    depth: usize,
}

fn unreadable(error: Error) -> Error {
    Error::data("The schema can't be read").with_source(error)
}

fn unsupported(what: impl std::fmt::Display) -> Error {
    Error::data(format!("Unsupported schema type {what}"))
}

impl<'a> Parser<'a> {
    pub(super) fn new(options: &'a Options, documents: &Documents) -> Result<Self> {
        let mut all = HashMap::from([(String::new(), json_text::parse(&documents.schema.text)?)]);
        for (name, text) in &documents.references {
            all.insert(name.clone(), json_text::parse(text)?);
        }
        Ok(Self { options, documents: all, inside: Vec::new() })
    }

    /// The schema of a whole message; none where everything is allowed.
    pub(super) fn root(mut self, version: Option<i32>) -> Result<Option<Schema>> {
        let json = self.documents.get("").cloned().unwrap_or_default();
        if is_open(&json) {
            return Ok(None);
        }
        self.schema(&json, Place { document: "", optional: false, version, depth: 0 }).map(Some)
    }

    fn schema(&mut self, json: &Json, place: Place<'_>) -> Result<Schema> {
        if place.depth > DEPTH_MAX {
            return Err(Error::data("the schema is too deep"));
        }
        let place = Place { depth: place.depth + 1, ..place };
        let object = json.as_object().filter(|_| !is_open(json)).ok_or_else(|| unsupported(json))?;
        if let Some(reference) = text(object, "$ref") {
            return self.reference(reference, place);
        }
        if let Some(Json::Array(symbols)) = object.get("enum") {
            return self.enumeration(object, symbols, place);
        }
        if let Some(value) = object.get("const") {
            let kind = match value {
                Json::Bool(_) => Type::Boolean,
                Json::Number(number) if number.is_f64() => Type::Float64,
                Json::Number(_) => Type::Int64,
                _ => Type::String,
            };
            return self.finish(SchemaBuilder::new(kind), object, place);
        }
        for combined in ["oneOf", "anyOf"] {
            if let Some(Json::Array(branches)) = object.get(combined) {
                return self.union(branches, place);
            }
        }
        if let Some(Json::Array(parts)) = object.get("allOf") {
            return self.all_of(object, parts, place);
        }
        match object.get("type") {
            Some(Json::String(kind)) => self.typed(kind, object, place),
            Some(Json::Array(kinds)) => {
                let branch = |kind: &Json| {
                    let mut branch = object.clone();
                    branch.insert("type".into(), kind.clone());
                    Json::Object(branch)
                };
                self.union(&kinds.iter().map(branch).collect::<Vec<_>>(), place)
            }
            _ if object.contains_key("properties") => self.typed("object", object, place),
            _ => Err(unsupported(json)),
        }
    }

    fn reference(&mut self, reference: &str, place: Place<'_>) -> Result<Schema> {
        let (document, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let document = if document.is_empty() { place.document.to_owned() } else { document.to_owned() };
        let target = (document, pointer.to_owned());
        if self.inside.contains(&target) {
            return Err(Error::data(format!(
                "{reference} contains itself: recursive schemas can't be read here"
            )));
        }
        let found = self.documents.get(&target.0).and_then(|json| json.pointer(pointer)).cloned();
        let json = found.ok_or_else(|| Error::data(format!("the schema lacks {reference}")))?;
        self.inside.push(target.clone());
        let schema = self.schema(&json, Place { document: &target.0, ..place })?;
        self.inside.pop();
        Ok(schema)
    }

    fn enumeration(&mut self, object: &Object, symbols: &[Json], place: Place<'_>) -> Result<Schema> {
        let parameter = self.options.enumeration();
        let mut builder =
            SchemaBuilder::new(Type::String).parameter(parameter, text(object, "title").unwrap_or(""));
        for symbol in symbols {
            let symbol = match symbol {
                Json::Null => NULL_SYMBOL.to_owned(),
                Json::String(text) => text.clone(),
                other => other.to_string(),
            };
            builder = builder.parameter(format!("{parameter}.{symbol}"), symbol);
        }
        let optional = place.optional || symbols.contains(&Json::Null);
        self.finish(builder, object, Place { optional, ..place })
    }

    fn union(&mut self, branches: &[Json], place: Place<'_>) -> Result<Schema> {
        let is_null = |json: &&Json| json["type"] == "null";
        let optional = place.optional || branches.iter().any(|json| is_null(&json));
        let others: Vec<&Json> = branches.iter().filter(|json| !is_null(json)).collect();
        if let [only] = others[..]
            && (others.len() < branches.len() || self.options.flatten)
        {
            return self.schema(only, Place { optional, ..place });
        }
        let mut builder = SchemaBuilder::structure().name(self.options.union());
        for (index, branch) in others.into_iter().enumerate() {
            let schema = self.schema(branch, Place { optional: true, version: None, ..place })?;
            builder = builder.field(format!("{}.field.{index}", self.options.union()), schema);
        }
        if optional {
            builder = builder.optional();
        }
        builder.build().map_err(unreadable)
    }

    /// All objects become one; of other schemas the first that says a type.
    fn all_of(&mut self, object: &Object, parts: &[Json], place: Place<'_>) -> Result<Schema> {
        let mut merged = object.clone();
        merged.remove("allOf");
        let mut properties = Object::new();
        let mut required = Vec::new();
        for part in parts {
            let part = self.followed(part, place)?;
            let Some(Json::Object(more)) = part.get("properties") else {
                return self.schema(&part, place);
            };
            properties.extend(more.iter().map(|(name, json)| (name.clone(), json.clone())));
            required.extend(part["required"].as_array().cloned().unwrap_or_default());
        }
        merged.insert("properties".into(), Json::Object(properties));
        merged.insert("required".into(), Json::Array(required));
        self.typed("object", &merged, place)
    }

    /// The target of a schema that is a reference, or the schema itself.
    fn followed(&self, json: &Json, place: Place<'_>) -> Result<Json> {
        let Some(reference) = json["$ref"].as_str() else { return Ok(json.clone()) };
        let (document, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let document = if document.is_empty() { place.document } else { document };
        let found = self.documents.get(document).and_then(|json| json.pointer(pointer)).cloned();
        found.ok_or_else(|| Error::data(format!("the schema lacks {reference}")))
    }

    fn typed(&mut self, kind: &str, object: &Object, place: Place<'_>) -> Result<Schema> {
        let connect_type = text(object, "connect.type");
        let inner = Place { optional: false, version: None, ..place };
        let builder = match (kind, connect_type) {
            ("boolean", _) => SchemaBuilder::new(Type::Boolean),
            ("integer", Some("int8")) => SchemaBuilder::new(Type::Int8),
            ("integer", Some("int16")) => SchemaBuilder::new(Type::Int16),
            ("integer", Some("int32")) => SchemaBuilder::new(Type::Int32),
            ("integer", _) => SchemaBuilder::new(Type::Int64),
            ("number", Some("float32")) => SchemaBuilder::new(Type::Float32),
            ("number" | "string", Some("bytes")) => SchemaBuilder::new(Type::Bytes),
            ("number", _) => SchemaBuilder::new(Type::Float64),
            ("string", _) => SchemaBuilder::new(Type::String),
            ("array", Some("map")) => {
                let entry = object.get("items").and_then(|items| items.get("properties"));
                let part = |name: &str| entry.and_then(|entry| entry.get(name)).cloned().unwrap_or_default();
                SchemaBuilder::map(self.schema(&part("key"), inner)?, self.schema(&part("value"), inner)?)
            }
            ("array", _) => {
                SchemaBuilder::array(self.schema(object.get("items").unwrap_or(&Json::Null), inner)?)
            }
            ("object", Some("map")) => {
                let values = object.get("additionalProperties").unwrap_or(&Json::Null);
                SchemaBuilder::map(Schema::STRING, self.schema(values, inner)?)
            }
            ("object", _) => self.structure(object, inner)?,
            (other, _) => return Err(unsupported(other)),
        };
        self.finish(builder, object, place)
    }

    fn structure(&mut self, object: &Object, place: Place<'_>) -> Result<SchemaBuilder> {
        let required: Vec<&str> = object
            .get("required")
            .and_then(Json::as_array)
            .map(|names| names.iter().filter_map(Json::as_str).collect())
            .unwrap_or_default();
        let properties = object.get("properties").and_then(Json::as_object);
        let mut fields = Vec::new();
        for (position, (name, json)) in properties.into_iter().flatten().enumerate() {
            let optional = self.options.optional_nonrequired && !required.contains(&name.as_str());
            let schema = self.schema(json, Place { optional, ..place })?;
            let index = json["connect.index"].as_u64().and_then(|index| usize::try_from(index).ok());
            fields.push((index.unwrap_or(position), name, schema));
        }
        fields.sort_by_key(|(index, ..)| *index);
        let builder = SchemaBuilder::structure();
        Ok(fields
            .into_iter()
            .fold(builder, |builder, (_, name, schema)| builder.field(name.as_str(), schema)))
    }

    /// Adds what the schema says besides its type, and what stands around it.
    fn finish(&self, mut builder: SchemaBuilder, object: &Object, place: Place<'_>) -> Result<Schema> {
        if let Some(name) = text(object, "title") {
            builder = builder.name(name);
        }
        if let Some(doc) = text(object, "description") {
            builder = builder.doc(doc);
        }
        let version = object.get("connect.version").and_then(Json::as_i64);
        let logical = text(object, "title").and_then(Logical::from_schema_name).is_some();
        let version = version.and_then(|version| i32::try_from(version).ok());
        if let Some(version) = version.or(if logical { Some(1) } else { place.version }) {
            builder = builder.version(version);
        }
        if let Some(Json::Object(parameters)) = object.get("connect.parameters") {
            for (key, value) in parameters {
                builder = builder.parameter(key.as_str(), value.as_str().unwrap_or_default());
            }
        }
        if place.optional {
            builder = builder.optional();
        }
        let Some(json) = object.get("default").filter(|json| !json.is_null()) else {
            return builder.build().map_err(unreadable);
        };
        // The schema so far says how to read its default; the builder is used up by that.
        let schema = builder.build().map_err(unreadable)?;
        match read::default(self.options, &schema, json) {
            // Connect's builder takes no struct for a default.
            Some(default) if schema.kind() != Type::Struct => with_default(&schema, default),
            _ => Ok(schema),
        }
    }
}

fn with_default(schema: &Schema, default: aqueduct_api::Value) -> Result<Schema> {
    let builder = match schema.kind() {
        Type::Array => SchemaBuilder::array(schema.value_schema().cloned()),
        Type::Map => SchemaBuilder::map(schema.key_schema().cloned(), schema.value_schema().cloned()),
        kind => SchemaBuilder::new(kind),
    };
    let builder = builder.basics_of(schema);
    let builder = if schema.is_optional() { builder.optional() } else { builder };
    builder.default_value(default).build().map_err(unreadable)
}

/// Whether a schema allows everything.
fn is_open(json: &Json) -> bool {
    match json {
        Json::Bool(open) => *open,
        Json::Object(object) => object.keys().all(|name| ANNOTATIONS.contains(&name.as_str())),
        _ => false,
    }
}
