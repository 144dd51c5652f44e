//! Schemas: what a value looks like.

use std::fmt;
use std::sync::Arc;

use super::{Logical, Text, Value};
use crate::error::{Error, Result};

/// The twelve types of Connect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Type {
    /// 8 bits, signed.
    Int8,
    /// 16 bits, signed.
    Int16,
    /// 32 bits, signed.
    Int32,
    /// 64 bits, signed.
    Int64,
    /// IEEE 754 binary32.
    Float32,
    /// IEEE 754 binary64.
    Float64,
    /// True or false.
    Boolean,
    /// Text.
    String,
    /// Bytes.
    Bytes,
    /// A list of values of one schema.
    Array,
    /// Keys of one schema to values of another.
    Map,
    /// Named fields, each with its schema.
    Struct,
}

impl Type {
    /// The name in Java's enum, as error texts print it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int8 => "INT8",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Float32 => "FLOAT32",
            Self::Float64 => "FLOAT64",
            Self::Boolean => "BOOLEAN",
            Self::String => "STRING",
            Self::Bytes => "BYTES",
            Self::Array => "ARRAY",
            Self::Map => "MAP",
            Self::Struct => "STRUCT",
        }
    }

    /// The type of this name in Java's enum.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Every type, in the order of Java's enum.
    pub const ALL: [Self; 12] = [
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Float32,
        Self::Float64,
        Self::Boolean,
        Self::String,
        Self::Bytes,
        Self::Array,
        Self::Map,
        Self::Struct,
    ];

    /// Whether a value of this type has no parts.
    pub const fn is_primitive(self) -> bool {
        !matches!(self, Self::Array | Self::Map | Self::Struct)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A schema. A clone is cheap; a bare primitive one costs neither memory nor a reference count.
///
/// Equal means what `ConnectSchema.equals` means: every attribute counts, the documentation too.
#[derive(Clone, PartialEq)]
pub struct Schema(Repr);

#[derive(Clone)]
enum Repr {
    Bare { kind: Type, optional: bool },
    Full(Arc<Attributes>),
}

impl PartialEq for Repr {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Bare { kind: a, optional: b }, Self::Bare { kind: c, optional: d }) => a == c && b == d,
            (Self::Full(a), Self::Full(b)) => Arc::ptr_eq(a, b) || a == b,
            // A schema is made bare whenever it can be, so the two forms never mean the same.
            _ => false,
        }
    }
}

/// All that a schema can say. Build one with [`SchemaBuilder`](super::SchemaBuilder).
#[derive(Debug)]
pub(crate) struct Attributes {
    pub(crate) kind: Type,
    pub(crate) optional: bool,
    pub(crate) default: Value,
    pub(crate) name: Option<Text>,
    pub(crate) version: Option<i32>,
    pub(crate) doc: Option<Text>,
    pub(crate) parameters: Vec<(Text, Text)>,
    pub(crate) fields: Vec<Field>,
    pub(crate) key: Option<Schema>,
    pub(crate) value: Option<Schema>,
    /// Derived from the name: which class the value has.
    pub(crate) logical: Option<Logical>,
}

/// The parameters compare as a map, whose order does not count.
impl PartialEq for Attributes {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
            && self.optional == other.optional
            && self.name == other.name
            && self.version == other.version
            && self.parameters.len() == other.parameters.len()
            && self.parameters.iter().all(|parameter| other.parameters.contains(parameter))
            && self.fields == other.fields
            && self.key == other.key
            && self.value == other.value
            && self.doc == other.doc
            && self.default == other.default
    }
}

/// A field of a struct.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The name, unique in its struct and not empty.
    pub name: Text,
    /// The position in the struct, from 0.
    pub index: usize,
    /// The schema of the field's values.
    pub schema: Schema,
}

impl Schema {
    /// A required primitive schema with no other attribute. For the other types it is a schema without parts.
    pub const fn bare(kind: Type) -> Self {
        Self(Repr::Bare { kind, optional: false })
    }

    /// An optional primitive schema with no other attribute.
    pub const fn optional_bare(kind: Type) -> Self {
        Self(Repr::Bare { kind, optional: true })
    }

    /// A required STRING.
    pub const STRING: Self = Self::bare(Type::String);
    /// An optional STRING.
    pub const OPTIONAL_STRING: Self = Self::optional_bare(Type::String);
    /// A required BYTES.
    pub const BYTES: Self = Self::bare(Type::Bytes);
    /// An optional BYTES.
    pub const OPTIONAL_BYTES: Self = Self::optional_bare(Type::Bytes);
    /// A required INT32.
    pub const INT32: Self = Self::bare(Type::Int32);
    /// A required INT64.
    pub const INT64: Self = Self::bare(Type::Int64);
    /// A required BOOLEAN.
    pub const BOOLEAN: Self = Self::bare(Type::Boolean);

    pub(crate) fn from_attributes(attributes: Attributes) -> Self {
        let Attributes {
            kind,
            optional,
            default,
            name,
            version,
            doc,
            parameters,
            fields,
            key,
            value,
            logical: _,
        } = &attributes;
        let bare = *default == Value::Null
            && name.is_none()
            && version.is_none()
            && doc.is_none()
            && parameters.is_empty()
            && fields.is_empty()
            && key.is_none()
            && value.is_none();
        if bare {
            Self(Repr::Bare { kind: *kind, optional: *optional })
        } else {
            Self(Repr::Full(Arc::new(attributes)))
        }
    }

    fn full(&self) -> Option<&Attributes> {
        match &self.0 {
            Repr::Bare { .. } => None,
            Repr::Full(attributes) => Some(attributes),
        }
    }

    /// The type.
    pub fn kind(&self) -> Type {
        match &self.0 {
            Repr::Bare { kind, .. } => *kind,
            Repr::Full(attributes) => attributes.kind,
        }
    }

    /// Whether null is a value.
    pub fn is_optional(&self) -> bool {
        match &self.0 {
            Repr::Bare { optional, .. } => *optional,
            Repr::Full(attributes) => attributes.optional,
        }
    }

    /// The default value; [`Value::Null`] where there is none.
    pub fn default_value(&self) -> &Value {
        self.full().map_or(&Value::Null, |attributes| &attributes.default)
    }

    /// The semantic name.
    pub fn name(&self) -> Option<&Text> {
        self.full()?.name.as_ref()
    }

    /// The version.
    pub fn version(&self) -> Option<i32> {
        self.full()?.version
    }

    /// The documentation.
    pub fn doc(&self) -> Option<&Text> {
        self.full()?.doc.as_ref()
    }

    /// The parameters in their order; empty where there are none.
    pub fn parameters(&self) -> &[(Text, Text)] {
        self.full().map_or(&[], |attributes| &attributes.parameters)
    }

    /// The parameter of this key.
    pub fn parameter(&self, key: &str) -> Option<&Text> {
        self.parameters().iter().find(|(name, _)| name.as_str() == key).map(|(_, value)| value)
    }

    /// The fields of a struct in their order; empty for other types. See [`Schema::require_fields`].
    pub fn fields(&self) -> &[Field] {
        self.full().map_or(&[], |attributes| &attributes.fields)
    }

    /// The fields, or the error that Connect throws for another type than STRUCT.
    pub fn require_fields(&self) -> Result<&[Field]> {
        match self.kind() {
            Type::Struct => Ok(self.fields()),
            _ => Err(Error::data("Cannot list fields on non-struct type")),
        }
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields().iter().find(|field| field.name.as_str() == name)
    }

    /// The schema of a map's keys.
    pub fn key_schema(&self) -> Option<&Schema> {
        self.full()?.key.as_ref()
    }

    /// The schema of a map's values, or of an array's elements.
    pub fn value_schema(&self) -> Option<&Schema> {
        self.full()?.value.as_ref()
    }

    /// Which logical type the name says, if it is one of Connect's.
    pub fn logical(&self) -> Option<Logical> {
        self.full()?.logical
    }

    /// A number that is equal for two handles of the same schema in memory, for caches. Two equal schemas that were
    /// built separately have different numbers.
    pub fn identity(&self) -> usize {
        match &self.0 {
            Repr::Bare { kind, optional } => *kind as usize * 2 + usize::from(*optional),
            Repr::Full(attributes) => Arc::as_ptr(attributes) as usize,
        }
    }
}

/// `Schema{NAME:TYPE}` or `Schema{TYPE}`, as Java prints it.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "Schema{{{name}:{}}}", self.kind()),
            None => write!(f, "Schema{{{}}}", self.kind()),
        }
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Bare { kind, optional } => write!(f, "{kind}{}", if *optional { "?" } else { "" }),
            Repr::Full(attributes) => attributes.fmt(f),
        }
    }
}
