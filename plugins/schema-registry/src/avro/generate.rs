//! From Connect's schemas to Avro's, member by member in the order of Confluent's converter, because texts of schemas are
//! compared.

use std::collections::HashMap;

use aqueduct_api::data::{Logical, decimal_scale};
use aqueduct_api::{Error, Result, Schema, Text, Type};
use serde_json::{Value as Json, json};

use super::names::{self, split};
use super::{Options, defaults};
use crate::json_text::Object;

/// Generates one schema; types that it has named are named again, not defined.
pub(super) struct Generator<'a> {
    options: &'a Options,
    /// Full names, with what they were defined as.
    defined: HashMap<String, Schema>,
    unnamed: usize,
}

/// Whether a null is to be written beside the values.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Nulls {
    AsTheSchemaSays,
    No,
}

impl<'a> Generator<'a> {
    pub(super) fn new(options: &'a Options) -> Self {
        Self { options, defined: HashMap::new(), unnamed: 0 }
    }

    /// The schema of a whole message.
    pub(super) fn root(mut self, schema: Option<&Schema>) -> Result<Json> {
        match schema {
            None => Ok(anything()),
            Some(schema) => self.schema(schema, "", Nulls::AsTheSchemaSays),
        }
    }

    fn schema(&mut self, schema: &Schema, namespace: &str, nulls: Nulls) -> Result<Json> {
        let base = self.base(schema, namespace)?;
        if nulls == Nulls::No || !schema.is_optional() {
            return Ok(base);
        }
        Ok(match base {
            // A union within a union is none.
            Json::Array(mut branches) => {
                branches.insert(0, json!("null"));
                Json::Array(branches)
            }
            base if schema.default_value().is_null() => json!(["null", base]),
            base => json!([base, "null"]),
        })
    }

    fn part(&mut self, schema: Option<&Schema>, namespace: &str) -> Result<Json> {
        let schema =
            schema.ok_or_else(|| Error::data("Avro needs a schema for the parts of arrays and maps"))?;
        self.schema(schema, namespace, Nulls::AsTheSchemaSays)
    }

    fn base(&mut self, schema: &Schema, namespace: &str) -> Result<Json> {
        let mut out = Object::new();
        let mut connect_type = None;
        match schema.kind() {
            Type::Int8 => {
                connect_type = Some("int8");
                out.insert("type".into(), "int".into());
            }
            Type::Int16 => {
                connect_type = Some("int16");
                out.insert("type".into(), "int".into());
            }
            Type::Int32 => drop(out.insert("type".into(), "int".into())),
            Type::Int64 => drop(out.insert("type".into(), "long".into())),
            Type::Float32 => drop(out.insert("type".into(), "float".into())),
            Type::Float64 => drop(out.insert("type".into(), "double".into())),
            Type::Boolean => drop(out.insert("type".into(), "boolean".into())),
            Type::String => match self.enumeration(schema) {
                Some(name) => {
                    if self.is_defined(&name, schema)? {
                        return Ok(reference(&name, namespace));
                    }
                    self.put_enum(schema, &name, namespace, &mut out);
                }
                None => drop(out.insert("type".into(), "string".into())),
            },
            Type::Bytes => match fixed_size(schema)? {
                Some(size) => {
                    let name = self.type_name(schema);
                    if self.is_defined(&name, schema)? {
                        return Ok(reference(&name, namespace));
                    }
                    put_names("fixed", &name, namespace, &mut out);
                    out.insert("size".into(), size.into());
                }
                None => drop(out.insert("type".into(), "bytes".into())),
            },
            Type::Array => {
                out.insert("type".into(), "array".into());
                out.insert("items".into(), self.part(schema.value_schema(), namespace)?);
            }
            Type::Map if self.has_text_keys(schema) => {
                out.insert("type".into(), "map".into());
                out.insert("values".into(), self.part(schema.value_schema(), namespace)?);
            }
            Type::Map => {
                out.insert("type".into(), "array".into());
                out.insert("items".into(), self.entry(schema, namespace)?);
            }
            Type::Struct if schema.name().is_some_and(|name| *name == self.options.union()) => {
                let branches =
                    schema.fields().iter().map(|field| self.schema(&field.schema, namespace, Nulls::No));
                return Ok(Json::Array(branches.collect::<Result<_>>()?));
            }
            Type::Struct => {
                let name = self.type_name(schema);
                if self.is_defined(&name, schema)? {
                    return Ok(reference(&name, namespace));
                }
                self.put_record(schema, &name, namespace, &mut out)?;
            }
        }
        let logical = put_decimal(schema, &mut out)?;
        if self.options.meta_data {
            self.put_meta_data(schema, connect_type, &mut out)?;
        }
        if let Some(logical) = logical {
            out.insert("logicalType".into(), logical.into());
        }
        // A type with nothing to say is its name.
        match out.get("type") {
            Some(name) if out.len() == 1 => Ok(name.clone()),
            _ => Ok(Json::Object(out)),
        }
    }

    fn has_text_keys(&self, schema: &Schema) -> bool {
        schema.key_schema().is_some_and(|key| {
            key.kind() == Type::String && (!key.is_optional() || self.options.optional_keys)
        })
    }

    /// The full name of a record or fixed.
    fn type_name(&mut self, schema: &Schema) -> String {
        if let Some(name) = schema.name() {
            return self.options.full_name(name);
        }
        self.unnamed += 1;
        match self.unnamed {
            1 => names::DEFAULT_RECORD.to_owned(),
            number => format!("{}{number}", names::DEFAULT_RECORD),
        }
    }

    /// Whether a name is defined as this schema; it must not be as another.
    fn is_defined(&mut self, name: &str, schema: &Schema) -> Result<bool> {
        match self.defined.get(name) {
            None => {
                self.defined.insert(name.to_owned(), schema.clone());
                Ok(false)
            }
            Some(known) if is_same_type(known, schema) => Ok(true),
            Some(_) => Err(Error::data(format!("Can't redefine: {name}"))),
        }
    }

    fn enumeration(&self, schema: &Schema) -> Option<String> {
        if !self.options.enhanced && !self.options.generalized {
            return None;
        }
        let name = schema.parameter(self.options.enumeration())?;
        Some(self.options.full_name(name))
    }

    fn put_enum(&self, schema: &Schema, name: &str, namespace: &str, out: &mut Object) {
        put_names("enum", name, namespace, out);
        let short = split(name).1;
        if let Some(doc) = schema.parameter(&format!("{}{short}", names::ENUM_DOC)) {
            out.insert("doc".into(), doc.as_str().into());
        }
        let symbol = |(key, _): &(Text, Text)| {
            let symbol = key.strip_prefix(self.options.enumeration())?.strip_prefix('.')?;
            Some(Json::from(symbol))
        };
        out.insert("symbols".into(), schema.parameters().iter().filter_map(symbol).collect());
        if let Some(default) = schema.parameter(&format!("{}{short}", names::ENUM_DEFAULT)) {
            out.insert("default".into(), default.as_str().into());
        }
    }

    fn entry(&mut self, schema: &Schema, namespace: &str) -> Result<Json> {
        let named = schema.name().map(|name| self.options.full_name(name));
        let name = named.clone().unwrap_or_else(|| names::MAP_ENTRY.to_owned());
        if self.is_defined(&name, schema)? {
            return Ok(reference(&name, namespace));
        }
        let mut out = Object::new();
        put_names("record", &name, namespace, &mut out);
        let inner = split(&name).0.to_owned();
        let key = self.part(schema.key_schema(), &inner)?;
        let value = self.part(schema.value_schema(), &inner)?;
        out.insert(
            "fields".into(),
            json!([{ "name": "key", "type": key }, { "name": "value", "type": value }]),
        );
        if named.is_some() {
            out.insert(names::INTERNAL_TYPE.into(), "MapEntry".into());
        }
        Ok(Json::Object(out))
    }

    fn put_record(&mut self, schema: &Schema, name: &str, namespace: &str, out: &mut Object) -> Result<()> {
        put_names("record", name, namespace, out);
        if let Some(doc) = schema.parameter(names::RECORD_DOC) {
            out.insert("doc".into(), doc.as_str().into());
        }
        let inner = split(name).0.to_owned();
        let mut fields = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let mut out = Object::new();
            out.insert("name".into(), self.options.name(&field.name).into());
            out.insert("type".into(), self.schema(&field.schema, &inner, Nulls::AsTheSchemaSays)?);
            if let Some(doc) = schema.parameter(&format!("{}{}", names::FIELD_DOC, field.name)) {
                out.insert("doc".into(), doc.as_str().into());
            }
            let default = field.schema.default_value();
            if !default.is_null() {
                match defaults::to_json(&field.schema, default) {
                    Ok(json) => drop(out.insert("default".into(), json)),
                    Err(error) => {
                        tracing::warn!(field = field.name.as_str(), "Avro can't hold a default: {error}")
                    }
                }
            } else if field.schema.is_optional() {
                out.insert("default".into(), Json::Null);
            }
            fields.push(Json::Object(out));
        }
        out.insert("fields".into(), Json::Array(fields));
        Ok(())
    }

    fn put_meta_data(&self, schema: &Schema, connect_type: Option<&str>, out: &mut Object) -> Result<()> {
        if let Some(doc) = schema.doc().filter(|_| !self.options.discard_doc_default) {
            out.insert("connect.doc".into(), doc.as_str().into());
        }
        if let Some(version) = schema.version() {
            out.insert("connect.version".into(), version.into());
        }
        let parameters = schema.parameters().iter().filter(|(key, _)| *key != names::FIELD_DEFAULT);
        let parameters: Object =
            parameters.map(|(key, value)| (key.as_str().to_owned(), value.as_str().into())).collect();
        if !parameters.is_empty() {
            out.insert("connect.parameters".into(), Json::Object(parameters));
        }
        let default = schema.default_value();
        let of_field = schema.parameter(names::FIELD_DEFAULT).is_some() || self.options.discard_doc_default;
        if !default.is_null() && !of_field {
            out.insert("connect.default".into(), defaults::to_json(schema, default)?);
        }
        if let Some(name) = schema.name() {
            out.insert("connect.name".into(), name.as_str().into());
        }
        if let Some(connect_type) = connect_type {
            out.insert("connect.type".into(), connect_type.into());
        }
        for (key, value) in schema.parameters() {
            if key.starts_with("avro") {
                out.insert(key.as_str().to_owned(), value.as_str().into());
            }
        }
        Ok(())
    }
}

/// The members of a decimal but its logical type, and the logical type of any schema that has one in Avro.
fn put_decimal(schema: &Schema, out: &mut Object) -> Result<Option<&'static str>> {
    Ok(match (schema.logical(), schema.kind()) {
        (Some(Logical::Decimal), Type::Bytes) => {
            let scale = i64::from(decimal_scale(schema)?);
            let precision = schema.parameter(names::PRECISION).and_then(|text| text.parse().ok());
            out.insert("scale".into(), scale.into());
            out.insert("precision".into(), precision.unwrap_or(names::PRECISION_DEFAULT).into());
            Some("decimal")
        }
        (Some(Logical::Date), Type::Int32) => Some("date"),
        (Some(Logical::Time), Type::Int32) => Some("time-millis"),
        (Some(Logical::Timestamp), Type::Int64) => Some("timestamp-millis"),
        _ => None,
    })
}

fn put_names(kind: &str, full: &str, enclosing: &str, out: &mut Object) {
    out.insert("type".into(), kind.into());
    let (namespace, name) = split(full);
    out.insert("name".into(), name.into());
    if namespace != enclosing {
        out.insert("namespace".into(), namespace.into());
    }
}

fn reference(full: &str, enclosing: &str) -> Json {
    let (namespace, name) = split(full);
    if namespace == enclosing { name.into() } else { full.into() }
}

fn fixed_size(schema: &Schema) -> Result<Option<u64>> {
    let Some(text) = schema.parameter(names::FIXED_SIZE) else { return Ok(None) };
    let size = text.parse().map_err(|_| Error::data(format!("{} is no size: {text}", names::FIXED_SIZE)))?;
    Ok(Some(size))
}

/// Whether two schemas have the same definition, whether or not they are optional and have a default.
fn is_same_type(a: &Schema, b: &Schema) -> bool {
    a == b
        || (a.kind() == b.kind()
            && a.name() == b.name()
            && a.version() == b.version()
            && a.fields() == b.fields()
            && a.key_schema() == b.key_schema()
            && a.value_schema() == b.value_schema()
            && a.parameters() == b.parameters()
            && a.doc() == b.doc())
}

/// The schema of values without one: a record with a field for each class, of which one is set.
fn anything() -> Json {
    let scalar = |name: &str| json!({ "name": name, "type": ["null", name], "default": null });
    let mut fields: Vec<Json> =
        ["boolean", "bytes", "double", "float", "int", "long", "string"].into_iter().map(scalar).collect();
    fields.push(json!({ "name": "array", "type": ["null", { "type": "array", "items": "Anything" }], "default": null }));
    let entry = json!({
        "type": "record",
        "name": "MapEntry",
        "fields": [{ "name": "key", "type": "Anything" }, { "name": "value", "type": "Anything" }],
    });
    fields.push(
        json!({ "name": "map", "type": ["null", { "type": "array", "items": entry }], "default": null }),
    );
    let (namespace, name) = split(names::ANYTHING);
    json!({ "type": "record", "name": name, "namespace": namespace, "fields": fields })
}
