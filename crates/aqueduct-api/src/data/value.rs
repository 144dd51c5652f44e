//! Values.

use bytes::Bytes;
use num_bigint::BigInt;

use super::{Decimal, Map, Schema, Struct, Text, Type};

/// A value of Connect's data model, with or without a schema beside it.
///
/// Java's `java.util.Date` stands for days, times and timestamps alike; so does [`Value::Date`]. Equality is Java's:
/// a NaN equals itself, and 0.0 does not equal -0.0.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// `Byte`
    Int8(i8),
    /// `Short`
    Int16(i16),
    /// `Integer`
    Int32(i32),
    /// `Long`
    Int64(i64),
    /// `Float`
    Float32(f32),
    /// `Double`
    Float64(f64),
    /// `Boolean`
    Boolean(bool),
    /// `String`
    String(Text),
    /// `byte[]` or `ByteBuffer`
    Bytes(Bytes),
    /// `List`
    Array(Vec<Value>),
    /// `Map`
    Map(Map),
    /// `Struct`
    Struct(Struct),
    /// `BigDecimal`
    Decimal(Decimal),
    /// `java.util.Date`: milliseconds since 1970 UTC
    Date(i64),
    /// `BigInteger`: no schema describes it, but schemaless data may hold it
    BigInteger(Box<BigInt>),
}

impl Value {
    /// A text in static memory.
    pub const fn text(text: &'static str) -> Self {
        Self::String(Text::from_static(text))
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The type that a value of this class has without a schema. Dates and decimals have none.
    pub fn inferred_type(&self) -> Option<Type> {
        Some(match self {
            Self::Int8(_) => Type::Int8,
            Self::Int16(_) => Type::Int16,
            Self::Int32(_) => Type::Int32,
            Self::Int64(_) => Type::Int64,
            Self::Float32(_) => Type::Float32,
            Self::Float64(_) => Type::Float64,
            Self::Boolean(_) => Type::Boolean,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::Array(_) => Type::Array,
            Self::Map(_) => Type::Map,
            Self::Struct(_) => Type::Struct,
            Self::Null | Self::Decimal(_) | Self::Date(_) | Self::BigInteger(_) => return None,
        })
    }

    /// The Java class of such a value, for the error texts that name it; `null` for no value.
    pub fn java_class(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Int8(_) => "java.lang.Byte",
            Self::Int16(_) => "java.lang.Short",
            Self::Int32(_) => "java.lang.Integer",
            Self::Int64(_) => "java.lang.Long",
            Self::Float32(_) => "java.lang.Float",
            Self::Float64(_) => "java.lang.Double",
            Self::Boolean(_) => "java.lang.Boolean",
            Self::String(_) => "java.lang.String",
            Self::Bytes(_) => "[B",
            Self::Array(_) => "java.util.ArrayList",
            Self::Map(map) => map.java_class(),
            Self::Struct(_) => "org.apache.kafka.connect.data.Struct",
            Self::Decimal(_) => "java.math.BigDecimal",
            Self::Date(_) => "java.util.Date",
            Self::BigInteger(_) => "java.math.BigInteger",
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one of 8 to 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int8(value) => Some((*value).into()),
            Self::Int16(value) => Some((*value).into()),
            Self::Int32(value) => Some((*value).into()),
            Self::Int64(value) => Some(*value),
            _ => None,
        }
    }

    /// The struct, if it is one.
    pub fn as_struct(&self) -> Option<&Struct> {
        match self {
            Self::Struct(value) => Some(value),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Int8(a), Self::Int8(b)) => a == b,
            (Self::Int16(a), Self::Int16(b)) => a == b,
            (Self::Int32(a), Self::Int32(b)) => a == b,
            (Self::Int64(a), Self::Int64(b)) | (Self::Date(a), Self::Date(b)) => a == b,
            (Self::Float32(a), Self::Float32(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Self::Float64(a), Self::Float64(b)) => a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()),
            (Self::Boolean(a), Self::Boolean(b)) => a == b,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Map(a), Self::Map(b)) => a == b,
            (Self::Struct(a), Self::Struct(b)) => a == b,
            (Self::Decimal(a), Self::Decimal(b)) => a == b,
            (Self::BigInteger(a), Self::BigInteger(b)) => a == b,
            _ => false,
        }
    }
}

/// A value and its schema, if it has one: what a converter reads.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SchemaAndValue {
    /// The schema; `None` for schemaless data and for null.
    pub schema: Option<Schema>,
    /// The value.
    pub value: Value,
}

impl SchemaAndValue {
    /// No schema, no value: a tombstone.
    pub const NULL: Self = Self { schema: None, value: Value::Null };

    /// A value with its schema.
    pub fn new(schema: impl Into<Option<Schema>>, value: impl Into<Value>) -> Self {
        Self { schema: schema.into(), value: value.into() }
    }
}

/// The Java class of the values of a type, for error texts.
pub fn java_class_of_type(kind: Type) -> &'static str {
    match kind {
        Type::Int8 => "java.lang.Byte",
        Type::Int16 => "java.lang.Short",
        Type::Int32 => "java.lang.Integer",
        Type::Int64 => "java.lang.Long",
        Type::Float32 => "java.lang.Float",
        Type::Float64 => "java.lang.Double",
        Type::Boolean => "java.lang.Boolean",
        Type::String => "java.lang.String",
        Type::Bytes => "[B",
        Type::Array => "java.util.List",
        Type::Map => "java.util.Map",
        Type::Struct => "org.apache.kafka.connect.data.Struct",
    }
}

macro_rules! from {
    ($($source:ty => $variant:ident),* $(,)?) => {$(
        impl From<$source> for Value {
            fn from(value: $source) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! {
    i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64, f32 => Float32, f64 => Float64, bool => Boolean,
    Text => String, String => String, &str => String, Bytes => Bytes, Vec<u8> => Bytes,
    Vec<Value> => Array, Map => Map, Struct => Struct, Decimal => Decimal,
}

impl From<BigInt> for Value {
    fn from(value: BigInt) -> Self {
        Self::BigInteger(Box::new(value))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
