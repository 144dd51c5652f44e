//! Building schemas, with Connect's rules.

use super::schema::Attributes;
use super::{Field, Logical, Schema, Text, Type, Value, validate};
use crate::error::{Error, ErrorKind, Result};

/// Builds a [`Schema`]. A call that breaks a rule is remembered, and [`SchemaBuilder::build`] gives the first one's error;
/// so calls chain, and none is lost.
///
/// The rules are those of Connect's `SchemaBuilder`: an attribute may be set once, or again to the same; a default is checked against what
/// the builder says at that moment, so `optional` comes before a null default; field names are unique and not empty.
#[derive(Debug)]
pub struct SchemaBuilder {
    kind: Type,
    optional: Option<bool>,
    default: Option<Value>,
    name: Option<Text>,
    version: Option<i32>,
    doc: Option<Text>,
    parameters: Vec<(Text, Text)>,
    fields: Vec<Field>,
    key: Option<Schema>,
    value: Option<Schema>,
    error: Option<Error>,
}

fn schema_error(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::SchemaBuilder, message)
}

fn already_set(what: &str) -> Error {
    schema_error(format!("Invalid SchemaBuilder call: {what} has already been set."))
}

/// Connect compares references. Equal texts are mostly one constant, and small whole numbers and booleans are one object
/// in a JVM; anything else is a new object each time.
fn is_same_object(a: &Value, b: &Value) -> bool {
    let shared = match a {
        Value::Boolean(_) | Value::String(_) | Value::Int8(_) => true,
        _ => a.as_i64().is_some_and(|number| i8::try_from(number).is_ok()),
    };
    shared && a == b
}

impl SchemaBuilder {
    /// A builder of this type. Arrays and maps are better begun with [`SchemaBuilder::array`] and [`SchemaBuilder::map`].
    pub fn new(kind: Type) -> Self {
        Self {
            kind,
            optional: None,
            default: None,
            name: None,
            version: None,
            doc: None,
            parameters: Vec::new(),
            fields: Vec::new(),
            key: None,
            value: None,
            error: None,
        }
    }

    /// A struct without fields yet.
    pub fn structure() -> Self {
        Self::new(Type::Struct)
    }

    /// An array of elements of this schema; `None` is what parsed texts give an array whose elements agree on nothing.
    pub fn array(element: impl Into<Option<Schema>>) -> Self {
        Self { value: element.into(), ..Self::new(Type::Array) }
    }

    /// A map from keys to values of these schemas; `None` as for [`SchemaBuilder::array`].
    pub fn map(key: impl Into<Option<Schema>>, value: impl Into<Option<Schema>>) -> Self {
        Self { key: key.into(), value: value.into(), ..Self::new(Type::Map) }
    }

    /// A builder for a logical type: its base type, name and version are set.
    pub fn logical(logical: Logical) -> Self {
        Self::new(logical.base()).name(Text::from_static(logical.schema_name())).version(1)
    }

    /// A builder for decimals of this scale.
    pub fn decimal(scale: i32) -> Self {
        Self::logical(Logical::Decimal).parameter(Text::from_static(Logical::SCALE), scale.to_string())
    }

    fn fail(mut self, error: Error) -> Self {
        self.error.get_or_insert(error);
        self
    }

    /// Null becomes a value.
    #[must_use]
    pub fn optional(self) -> Self {
        self.set_optional(true)
    }

    /// Null is no value: what a schema is anyway, until said otherwise.
    #[must_use]
    pub fn required(self) -> Self {
        self.set_optional(false)
    }

    fn set_optional(mut self, optional: bool) -> Self {
        match self.optional {
            Some(set) if set != optional => self.fail(already_set("optional")),
            _ => {
                self.optional = Some(optional);
                self
            }
        }
    }

    /// Sets the default value, which must be valid for what the builder says so far.
    #[must_use]
    pub fn default_value(mut self, value: Value) -> Self {
        if self.default.as_ref().is_some_and(|set| !is_same_object(set, &value)) {
            return self.fail(already_set("default"));
        }
        match self.check_default(&value) {
            Ok(()) => {
                if value != Value::Null {
                    self.default = Some(value);
                }
                self
            }
            Err(error) => self.fail(schema_error("Invalid default value").with_source(error)),
        }
    }

    /// A struct never fits: Connect compares its schema with the builder, which it can never equal.
    fn check_default(&self, value: &Value) -> Result<()> {
        if self.kind == Type::Struct && self.name.as_deref().and_then(Logical::from_schema_name).is_none() {
            return match value {
                Value::Struct(_) => Err(Error::data("Struct schemas do not match.")),
                _ => validate::validate_value(&self.snapshot(), value),
            };
        }
        validate::validate_value(&self.snapshot(), value)
    }

    /// Sets the semantic name.
    #[must_use]
    pub fn name(mut self, name: impl Into<Text>) -> Self {
        let name = name.into();
        if self.name.as_ref().is_some_and(|set| *set != name) {
            return self.fail(already_set("name"));
        }
        self.name = Some(name);
        self
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: i32) -> Self {
        if self.version.is_some_and(|set| set != version) {
            return self.fail(already_set("version"));
        }
        self.version = Some(version);
        self
    }

    /// Sets the documentation.
    #[must_use]
    pub fn doc(mut self, doc: impl Into<Text>) -> Self {
        let doc = doc.into();
        if self.doc.as_ref().is_some_and(|set| *set != doc) {
            return self.fail(already_set("doc"));
        }
        self.doc = Some(doc);
        self
    }

    /// Sets a parameter, or overwrites it in its place.
    #[must_use]
    pub fn parameter(mut self, key: impl Into<Text>, value: impl Into<Text>) -> Self {
        let (key, value) = (key.into(), value.into());
        match self.parameters.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.parameters.push((key, value)),
        }
        self
    }

    /// Sets several parameters.
    #[must_use]
    pub fn parameters<'a>(self, parameters: impl IntoIterator<Item = &'a (Text, Text)>) -> Self {
        parameters
            .into_iter()
            .fold(self, |builder, (key, value)| builder.parameter(key.clone(), value.clone()))
    }

    /// Adds a field to a struct.
    #[must_use]
    pub fn field(mut self, name: impl Into<Text>, schema: Schema) -> Self {
        let name = name.into();
        if self.kind != Type::Struct {
            let kind = self.kind;
            return self.fail(schema_error(format!("Cannot create fields on type {kind}")));
        }
        if name.is_empty() {
            return self.fail(schema_error("fieldName cannot be null."));
        }
        if self.fields.iter().any(|field| field.name == name) {
            return self
                .fail(schema_error(format!("Cannot create field because of field name duplication {name}")));
        }
        let index = self.fields.len();
        self.fields.push(Field { name, index, schema });
        self
    }

    /// Takes over name, version, documentation and parameters of another schema, but neither its optionality nor its
    /// default: what most of Connect's transformations do with the schema that they change.
    #[must_use]
    pub fn basics_of(mut self, schema: &Schema) -> Self {
        self.name = schema.name().cloned();
        self.version = schema.version();
        self.doc = schema.doc().cloned();
        self.parameters(schema.parameters())
    }

    fn snapshot(&self) -> Schema {
        Schema::from_attributes(Attributes {
            kind: self.kind,
            optional: self.optional.unwrap_or(false),
            default: self.default.clone().unwrap_or(Value::Null),
            name: self.name.clone(),
            version: self.version,
            doc: self.doc.clone(),
            parameters: self.parameters.clone(),
            fields: self.fields.clone(),
            key: self.key.clone(),
            value: self.value.clone(),
            logical: self.name.as_deref().and_then(Logical::from_schema_name),
        })
    }

    /// The schema, or the error of the first call that broke a rule.
    pub fn build(self) -> Result<Schema> {
        match self.error {
            Some(error) => Err(error),
            None => Ok(self.snapshot()),
        }
    }
}
