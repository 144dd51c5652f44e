//! From values and schemas to JSON.

use aqueduct_api::data::{Logical, Map, Schema, Struct, Type, Value, check_scale, java_text};
use aqueduct_api::{Error, ErrorKind, Result};

use super::scan::DEPTH_MAX;
use super::schema_names as names;
use super::{base64, text};

/// Writes JSON behind what a buffer holds.
pub(crate) struct Writer<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    /// Whether decimals become numbers.
    pub(crate) numeric: bool,
    /// Whether a default stands in for a null.
    pub(crate) replace_null: bool,
    /// How many arrays and objects are open.
    pub(crate) depth: usize,
}

fn invalid_type(schema: Option<&Schema>, value: &Value) -> Error {
    let kind = schema.map_or("unknown schema", |schema| schema.kind().name());
    Error::data(format!("Invalid type for {kind}: class {}", value.java_class()))
}

impl Writer<'_> {
    fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    fn open(&mut self, bracket: u8) -> Result<()> {
        if self.depth >= DEPTH_MAX {
            let cause = "the document nests more than 1000 levels deep";
            return Err(Error::data(
                "Converting Kafka Connect data to byte[] failed due to serialization error: ",
            )
            .with_source(Error::new(ErrorKind::Serialization, cause)));
        }
        self.depth += 1;
        self.out.push(bracket);
        Ok(())
    }

    fn close(&mut self, bracket: u8) {
        self.depth -= 1;
        self.out.push(bracket);
    }

    /// Writes a value, by its schema if it has one.
    pub(crate) fn value(&mut self, schema: Option<&Schema>, value: &Value) -> Result<()> {
        if value.is_null() {
            return self.null(schema);
        }
        if let Some((logical, schema)) = schema.and_then(|schema| Some((schema.logical()?, schema))) {
            return self.logical(logical, schema, value);
        }
        let kind = match schema {
            Some(schema) => schema.kind(),
            None => value.inferred_type().ok_or_else(|| {
                let class = value.java_class();
                Error::data(format!("Java class class {class} does not have corresponding schema type."))
            })?,
        };
        match (kind, value) {
            (Type::Int8, Value::Int8(number)) => self.integer((*number).into()),
            (Type::Int16, Value::Int16(number)) => self.integer((*number).into()),
            (Type::Int32, Value::Int32(number)) => self.integer((*number).into()),
            (Type::Int64, Value::Int64(number)) => self.integer(*number),
            (Type::Float32, Value::Float32(number)) => self.float(number.is_finite(), value),
            (Type::Float64, Value::Float64(number)) => self.float(number.is_finite(), value),
            (Type::Boolean, Value::Boolean(true)) => self.raw(b"true"),
            (Type::Boolean, Value::Boolean(false)) => self.raw(b"false"),
            (Type::String, Value::String(text)) => text::write(text, self.out),
            (Type::Bytes, Value::Bytes(bytes)) => self.bytes(bytes),
            (Type::Array, Value::Array(elements)) => return self.array(schema, elements),
            (Type::Map, Value::Map(map)) => return self.map(schema, map),
            (Type::Struct, Value::Struct(structure)) => return self.structure(schema, structure),
            (Type::Bytes, other) => {
                return Err(Error::data(format!(
                    "Invalid type for bytes type: class {}",
                    other.java_class()
                )));
            }
            (_, other) => return Err(invalid_type(schema, other)),
        }
        Ok(())
    }

    fn null(&mut self, schema: Option<&Schema>) -> Result<()> {
        match schema {
            Some(schema) if self.replace_null && !schema.default_value().is_null() => {
                self.value(Some(schema), schema.default_value())
            }
            Some(schema) if !schema.is_optional() => Err(Error::data(
                "Conversion error: null value for field that is required and has no default value",
            )),
            _ => {
                self.raw(b"null");
                Ok(())
            }
        }
    }

    fn logical(&mut self, logical: Logical, schema: &Schema, value: &Value) -> Result<()> {
        match (logical, value) {
            (Logical::Decimal, Value::Decimal(_)) if self.numeric => java_text::append_utf8(self.out, value),
            (Logical::Decimal, Value::Decimal(decimal)) => {
                check_scale(schema, decimal)?;
                self.bytes(&decimal.unscaled_bytes());
            }
            (_, Value::Date(_)) => match logical.encode(schema, value)? {
                Value::Int32(number) => self.integer(number.into()),
                Value::Int64(number) => self.integer(number),
                other => return Err(invalid_type(Some(schema), &other)),
            },
            _ => {
                let (name, class) = match logical {
                    Logical::Decimal => ("Decimal", "BigDecimal"),
                    Logical::Date => ("Date", "Date"),
                    Logical::Time => ("Time", "Date"),
                    Logical::Timestamp => ("Timestamp", "Date"),
                };
                return Err(Error::data(format!(
                    "Invalid type for {name}, expected {class} but was class {}",
                    value.java_class()
                )));
            }
        }
        Ok(())
    }

    fn integer(&mut self, number: i64) {
        self.raw(itoa::Buffer::new().format(number).as_bytes());
    }

    /// Writes a number that is finite bare, another in quotes.
    fn float(&mut self, finite: bool, value: &Value) {
        if finite {
            java_text::append_utf8(self.out, value);
        } else {
            self.out.push(b'"');
            java_text::append_utf8(self.out, value);
            self.out.push(b'"');
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.out.push(b'"');
        base64::encode(bytes, self.out);
        self.out.push(b'"');
    }

    fn array(&mut self, schema: Option<&Schema>, elements: &[Value]) -> Result<()> {
        let element_schema = schema.and_then(Schema::value_schema);
        self.open(b'[')?;
        for (at, element) in elements.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            self.value(element_schema, element)?;
        }
        self.close(b']');
        Ok(())
    }

    fn map(&mut self, schema: Option<&Schema>, map: &Map) -> Result<()> {
        let (key_schema, value_schema, named) = match schema {
            None => (None, None, map.iter().all(|(key, _)| matches!(key, Value::String(_)))),
            Some(schema) => {
                let key = schema.key_schema();
                let key = key.ok_or_else(|| Error::bare(ErrorKind::NullPointer))?;
                (Some(key), schema.value_schema(), key.kind() == Type::String)
            }
        };
        self.open(if named { b'{' } else { b'[' })?;
        for (at, (key, value)) in map.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            if named {
                self.name(key_schema, key)?;
                self.out.push(b':');
                self.value(value_schema, value)?;
            } else {
                self.open(b'[')?;
                self.value(key_schema, key)?;
                self.out.push(b',');
                self.value(value_schema, value)?;
                self.close(b']');
            }
        }
        self.close(if named { b'}' } else { b']' });
        Ok(())
    }

    /// Writes a key as the name of a member: what it would be as a value, in quotes.
    fn name(&mut self, schema: Option<&Schema>, key: &Value) -> Result<()> {
        let start = self.out.len();
        self.value(schema, key)?;
        if self.out.get(start) != Some(&b'"') {
            self.out.insert(start, b'"');
            self.out.push(b'"');
        }
        Ok(())
    }

    fn structure(&mut self, schema: Option<&Schema>, structure: &Struct) -> Result<()> {
        if schema != Some(structure.schema()) {
            return Err(Error::data("Mismatching schema."));
        }
        self.open(b'{')?;
        for (at, (field, value)) in structure.iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            text::write(&field.name, self.out);
            self.out.push(b':');
            self.value(Some(&field.schema), value)?;
        }
        self.close(b'}');
        Ok(())
    }

    /// Writes a schema; `field` is the name of the field that it is the schema of.
    pub(crate) fn schema(&mut self, schema: Option<&Schema>, field: Option<&str>) -> Result<()> {
        let Some(schema) = schema else {
            self.raw(b"null");
            return Ok(());
        };
        self.open(b'{')?;
        self.member(true, names::TYPE);
        text::write(names::name_of(schema.kind()), self.out);
        self.schema_parts(schema)?;
        self.member(false, names::OPTIONAL);
        self.raw(if schema.is_optional() { b"true" } else { b"false" });
        self.schema_attributes(schema);
        if !schema.default_value().is_null() {
            self.member(false, names::DEFAULT);
            self.value(Some(schema), schema.default_value())?;
        }
        if let Some(field) = field {
            self.member(false, names::FIELD);
            text::write(field, self.out);
        }
        self.close(b'}');
        Ok(())
    }

    fn member(&mut self, first: bool, name: &str) {
        if !first {
            self.out.push(b',');
        }
        text::write(name, self.out);
        self.out.push(b':');
    }

    fn schema_parts(&mut self, schema: &Schema) -> Result<()> {
        match schema.kind() {
            Type::Array => {
                self.member(false, names::ITEMS);
                self.schema(schema.value_schema(), None)
            }
            Type::Map => {
                self.member(false, names::KEYS);
                self.schema(schema.key_schema(), None)?;
                self.member(false, names::VALUES);
                self.schema(schema.value_schema(), None)
            }
            Type::Struct => {
                self.member(false, names::FIELDS);
                self.open(b'[')?;
                for field in schema.fields() {
                    if field.index > 0 {
                        self.out.push(b',');
                    }
                    self.schema(Some(&field.schema), Some(&field.name))?;
                }
                self.close(b']');
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn schema_attributes(&mut self, schema: &Schema) {
        if let Some(name) = schema.name() {
            self.member(false, names::NAME);
            text::write(name, self.out);
        }
        if let Some(version) = schema.version() {
            self.member(false, names::VERSION);
            self.integer(version.into());
        }
        if let Some(doc) = schema.doc() {
            self.member(false, names::DOC);
            text::write(doc, self.out);
        }
        if let [(first, _), ..] = schema.parameters() {
            self.member(false, names::PARAMETERS);
            self.out.push(b'{');
            for (key, value) in schema.parameters() {
                self.member(key == first, key);
                text::write(value, self.out);
            }
            self.out.push(b'}');
        }
    }
}
