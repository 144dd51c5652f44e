//! From Connect's schemas to Protobuf's language.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use aqueduct_api::data::Logical;
use aqueduct_api::{Error, ErrorKind, Field, Result, Schema, Type};

use super::{Options, names};

/// The text of a file with one message, and the full name of that.
pub(super) fn file(options: &Options, schema: &Schema) -> Result<(String, String)> {
    let mut generator = Generator { options, imports: BTreeSet::new(), unnamed: 0 };
    if schema.kind().is_primitive() && schema.logical().is_none() {
        let (message, kind) = wrapper(schema.kind());
        let text = format!(
            "syntax = \"proto3\";\npackage google.protobuf;\n\nmessage {message} {{\n  {kind} value = 1;\n}}\n"
        );
        return Ok((text, format!("google.protobuf.{message}")));
    }
    if schema.kind() != Type::Struct {
        return Err(Error::new(
            ErrorKind::IllegalArgument,
            format!("Unsupported root schema of type {}", schema.kind()),
        ));
    }
    let full = match schema.name() {
        Some(name) => name.split('.').map(|part| options.name(part)).collect::<Vec<_>>().join("."),
        None => generator.default_name(),
    };
    let (package, name) = full.rsplit_once('.').unwrap_or(("", &full));
    let mut body = String::new();
    generator.message(name, schema, 0, &mut body)?;
    let mut text = "syntax = \"proto3\";\n".to_owned();
    if !package.is_empty() {
        text.push_str(&format!("package {package};\n"));
    }
    text.push('\n');
    for import in &generator.imports {
        text.push_str(&format!("import \"{import}\";\n"));
    }
    if !generator.imports.is_empty() {
        text.push('\n');
    }
    text.push_str(&body);
    Ok((text, full))
}

/// The message of Google around a value, and the type of the value.
pub(super) fn wrapper(kind: Type) -> (&'static str, &'static str) {
    match kind {
        Type::Int64 => ("Int64Value", "int64"),
        Type::Float32 => ("FloatValue", "float"),
        Type::Float64 => ("DoubleValue", "double"),
        Type::Boolean => ("BoolValue", "bool"),
        Type::String => ("StringValue", "string"),
        Type::Bytes => ("BytesValue", "bytes"),
        _ => ("Int32Value", "int32"),
    }
}

struct Generator<'a> {
    options: &'a Options,
    imports: BTreeSet<&'static str>,
    unnamed: usize,
}

/// What a message defines.
struct Nested {
    /// The names of its fields, which no type can have.
    fields: Vec<String>,
    /// Messages and enums by name, with what they were made of and their text.
    types: Vec<(String, Schema, String)>,
}

impl Generator<'_> {
    fn default_name(&mut self) -> String {
        self.unnamed += 1;
        format!("{}{}", names::DEFAULT_MESSAGE, self.unnamed)
    }

    fn message(&mut self, name: &str, schema: &Schema, depth: usize, out: &mut String) -> Result<()> {
        if depth > 50 {
            return Err(Error::data("the schema is too deep"));
        }
        let indent = "  ".repeat(depth);
        let mut fields: Vec<String> = Vec::new();
        for field in schema.fields() {
            match union_of(self.options, &field.schema) {
                Some(_) => {
                    fields.extend(field.schema.fields().iter().map(|member| self.options.name(&member.name)))
                }
                None => fields.push(self.options.name(&field.name)),
            }
        }
        let mut nested = Nested { fields, types: Vec::new() };
        let mut lines = String::new();
        let mut tag = 1_u32;
        for field in schema.fields() {
            match union_of(self.options, &field.schema) {
                Some(oneof) => {
                    // Writing to a text does not fail.
                    writeln!(lines, "{indent}  oneof {} {{", self.options.name(oneof)).ok();
                    for member in field.schema.fields() {
                        let line = self.field(member, &mut tag, Label::Member, depth, &mut nested)?;
                        writeln!(lines, "{indent}    {line}").ok();
                    }
                    writeln!(lines, "{indent}  }}").ok();
                }
                None => {
                    let line = self.field(field, &mut tag, Label::Field, depth, &mut nested)?;
                    writeln!(lines, "{indent}  {line}").ok();
                }
            }
        }
        writeln!(out, "{indent}message {name} {{").ok();
        out.push_str(&lines);
        for (_, _, text) in nested.types {
            out.push('\n');
            out.push_str(&text);
        }
        writeln!(out, "{indent}}}").ok();
        Ok(())
    }

    fn field(
        &mut self,
        field: &Field,
        tag: &mut u32,
        label: Label,
        depth: usize,
        nested: &mut Nested,
    ) -> Result<String> {
        let schema = &field.schema;
        let name = self.options.name(&field.name);
        let number = match schema.parameter(names::TAG) {
            Some(text) => {
                text.parse().map_err(|_| Error::data(format!("{} is no number: {text}", names::TAG)))?
            }
            None => *tag,
        };
        *tag = number.saturating_add(1);
        let part = |part: Option<&Schema>| {
            part.cloned().ok_or_else(|| Error::data(format!("{name} has no schema for its parts")))
        };
        let kind = match schema.kind() {
            Type::Array => {
                let element = part(schema.value_schema())?;
                if matches!(element.kind(), Type::Array | Type::Map) {
                    return Err(Error::data("Array cannot be nested"));
                }
                format!("repeated {}", self.kind(&element, depth, nested, false)?)
            }
            Type::Map => {
                let (key, value) = (part(schema.key_schema())?, part(schema.value_schema())?);
                let is_key = matches!(
                    key.kind(),
                    Type::Int8 | Type::Int16 | Type::Int32 | Type::Int64 | Type::Boolean | Type::String
                );
                if !is_key || matches!(value.kind(), Type::Array | Type::Map) {
                    return Err(Error::data(format!("Protobuf has no map from {key} to {value}")));
                }
                let key = self.kind(&key, depth, nested, false)?;
                format!("map<{key}, {}>", self.kind(&value, depth, nested, false)?)
            }
            _ => {
                let wraps = schema.is_optional() && label == Label::Field && self.options.wrapper;
                let kind = self.kind(schema, depth, nested, wraps)?;
                let is_scalar = schema.kind() != Type::Struct && schema.logical().is_none();
                let optional = label == Label::Field && self.options.optional && !wraps && is_scalar;
                if optional && schema.is_optional() { format!("optional {kind}") } else { kind }
            }
        };
        let meta = match schema.kind() {
            Type::Int8 => Some("int8"),
            Type::Int16 => Some("int16"),
            _ => None,
        };
        let mut line = format!("{kind} {name} = {number}");
        if let Some(connect) = meta {
            self.imports.insert("confluent/meta.proto");
            line.push_str(&format!(
                " [(confluent.field_meta) = {{ params: [{{ key: \"{}\", value: \"{connect}\" }}] }}]",
                names::CONNECT_TYPE
            ));
        } else if let (Some(Logical::Decimal), Some(scale)) =
            (schema.logical(), schema.parameter(Logical::SCALE))
        {
            self.imports.insert("confluent/meta.proto");
            let scale: i32 = scale
                .parse()
                .map_err(|_| Error::data("Invalid scale parameter found in Decimal schema: "))?;
            line.push_str(&format!(
                " [(confluent.field_meta) = {{ params: [{{ key: \"scale\", value: \"{scale}\" }}] }}]"
            ));
        }
        line.push(';');
        Ok(line)
    }

    /// The type of a field; it is defined if it must be.
    fn kind(&mut self, schema: &Schema, depth: usize, nested: &mut Nested, wraps: bool) -> Result<String> {
        if let Some(logical) = schema.logical() {
            let (import, kind) = match logical {
                Logical::Decimal => ("confluent/type/decimal.proto", "confluent.type.Decimal"),
                Logical::Date => ("google/type/date.proto", "google.type.Date"),
                Logical::Time => ("google/type/timeofday.proto", "google.type.TimeOfDay"),
                Logical::Timestamp => ("google/protobuf/timestamp.proto", "google.protobuf.Timestamp"),
            };
            self.imports.insert(import);
            return Ok(format!(".{kind}"));
        }
        if schema.kind() == Type::Struct {
            let name = match schema.name() {
                Some(name) => self.options.name(name.rsplit('.').next().unwrap_or(name)),
                None => self.default_name(),
            };
            let name = if nested.fields.contains(&name) { format!("{name}Message") } else { name };
            if !self.is_defined(&name, schema, nested)? {
                let mut text = String::new();
                self.message(&name, schema, depth + 1, &mut text)?;
                nested.types.push((name.clone(), schema.clone(), text));
            }
            return Ok(name);
        }
        if let Some(full) = schema.parameter(self.options.enumeration()) {
            let name = self.options.name(full.rsplit('.').next().unwrap_or(full));
            if !self.is_defined(&name, schema, nested)? {
                let text = self.enumeration(&name, schema, depth + 1);
                nested.types.push((name.clone(), schema.clone(), text));
            }
            return Ok(name);
        }
        if wraps {
            self.imports.insert("google/protobuf/wrappers.proto");
            return Ok(format!(".google.protobuf.{}", wrapper(schema.kind()).0));
        }
        let known = schema.parameter(names::TYPE).map(|kind| kind.as_str());
        Ok(known.filter(|kind| is_integer(kind)).unwrap_or(wrapper(schema.kind()).1).to_owned())
    }

    fn is_defined(&self, name: &str, schema: &Schema, nested: &Nested) -> Result<bool> {
        match nested.types.iter().find(|(known, ..)| known == name) {
            None => Ok(false),
            Some((_, known, _)) if known.fields() == schema.fields() => Ok(true),
            Some(_) => Err(Error::data(format!("Can't redefine: {name}"))),
        }
    }

    fn enumeration(&self, name: &str, schema: &Schema, depth: usize) -> String {
        let indent = "  ".repeat(depth);
        let mut out = format!("{indent}enum {name} {{\n");
        for (key, number) in schema.parameters() {
            let symbol = key.strip_prefix(self.options.enumeration()).and_then(|rest| rest.strip_prefix('.'));
            if let (Some(symbol), Ok(number)) = (symbol, number.parse::<i32>()) {
                writeln!(out, "{indent}  {symbol} = {number};").ok();
            }
        }
        writeln!(out, "{indent}}}").ok();
        out
    }
}

/// Where a field stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Field,
    /// In a oneof.
    Member,
}

/// The name of the oneof that a struct stands for.
pub(super) fn union_of<'a>(options: &Options, schema: &'a Schema) -> Option<&'a str> {
    let name = schema.name().filter(|_| schema.kind() == Type::Struct)?;
    name.as_str().strip_prefix(options.union())?.strip_prefix('.')
}

fn is_integer(kind: &str) -> bool {
    let kind = kind.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(kind, "int" | "uint" | "sint" | "fixed" | "sfixed")
}
