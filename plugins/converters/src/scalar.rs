//! The converters of one number or boolean: a fixed number of big-endian bytes.

use std::marker::PhantomData;

use aqueduct_api::data::{Schema, SchemaAndValue, Type, Value};
use aqueduct_api::{
    ConfigDef, ConfigMap, Converter, ConverterRole, Error, ErrorKind, HeaderConverter, Result, WireHeaders,
};
use bytes::Bytes;

use crate::config;

/// How one kind of value is written and read.
pub trait Scalar: Send + 'static {
    /// The schema of what is read.
    const SCHEMA: Schema;

    /// Checks the schema of a value to write. The converters of numbers take any: only the value's class counts.
    fn check(_schema: Option<&Schema>) -> Result<()> {
        Ok(())
    }

    /// Appends the bytes of a value that is not null.
    fn write(value: &Value, buffer: &mut Vec<u8>) -> Result<()>;

    /// The value of the bytes.
    fn read(data: &[u8]) -> Result<Value>;
}

/// Converts values of one kind.
#[derive(Debug)]
pub struct ScalarConverter<S>(PhantomData<fn() -> S>);

/// `Double`, 8 bytes.
pub type DoubleConverter = ScalarConverter<Double>;
/// `Float`, 4 bytes.
pub type FloatConverter = ScalarConverter<Float>;
/// `Integer`, 4 bytes.
pub type IntegerConverter = ScalarConverter<Integer>;
/// `Long`, 8 bytes.
pub type LongConverter = ScalarConverter<Long>;
/// `Short`, 2 bytes.
pub type ShortConverter = ScalarConverter<Short>;
/// `Boolean`, one byte: 0 or 1.
pub type BooleanConverter = ScalarConverter<Boolean>;

impl<S> Default for ScalarConverter<S> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

fn deserialization(kind: &str, cause: String) -> Error {
    Error::data(format!("Failed to deserialize {kind}: "))
        .with_source(Error::new(ErrorKind::Serialization, cause))
}

macro_rules! numbers {
    ($($scalar:ident, $class:literal, $reader:literal, $kind:literal, $number:ty, $variant:ident;)*) => {$(
        #[doc = concat!("Java's `", $class, "`.")]
        #[derive(Debug)]
        pub enum $scalar {}

        impl Scalar for $scalar {
            const SCHEMA: Schema = Schema::optional_bare(Type::$variant);

            fn write(value: &Value, buffer: &mut Vec<u8>) -> Result<()> {
                let Value::$variant(number) = value else {
                    let class = value.java_class();
                    let cause = format!("class {class} cannot be cast to class java.lang.{}", $class);
                    return Err(Error::data(format!(
                        concat!("Failed to serialize to ", $kind, " (was class {}): "),
                        class
                    ))
                    .with_source(Error::new(ErrorKind::ClassCast, cause)));
                };
                buffer.extend_from_slice(&number.to_be_bytes());
                Ok(())
            }

            fn read(data: &[u8]) -> Result<Value> {
                match data.try_into() {
                    Ok(bytes) => Ok(Value::$variant(<$number>::from_be_bytes(bytes))),
                    Err(_) => Err(deserialization($kind, format!(
                        "Size of data received by {} is not {}",
                        $reader,
                        size_of::<$number>()
                    ))),
                }
            }
        }
    )*};
}

// Two of Java's deserializers don't tell which one they are.
numbers! {
    Double, "Double", "Deserializer", "double", f64, Float64;
    Float, "Float", "Deserializer", "float", f32, Float32;
    Integer, "Integer", "IntegerDeserializer", "integer", i32, Int32;
    Long, "Long", "LongDeserializer", "long", i64, Int64;
    Short, "Short", "ShortDeserializer", "short", i16, Int16;
}

/// Java's `Boolean`.
#[derive(Debug)]
pub enum Boolean {}

impl Scalar for Boolean {
    const SCHEMA: Schema = Schema::optional_bare(Type::Boolean);

    fn check(schema: Option<&Schema>) -> Result<()> {
        match schema.map(Schema::kind) {
            None | Some(Type::Boolean) => Ok(()),
            Some(kind) => Err(Error::data(format!("Invalid schema type for BooleanConverter: {kind}"))),
        }
    }

    fn write(value: &Value, buffer: &mut Vec<u8>) -> Result<()> {
        let Value::Boolean(value) = value else {
            return Err(Error::data(format!(
                "BooleanConverter is not compatible with objects of type class {}",
                value.java_class()
            )));
        };
        buffer.push(u8::from(*value));
        Ok(())
    }

    fn read(data: &[u8]) -> Result<Value> {
        match data {
            [0] => Ok(Value::Boolean(false)),
            [1] => Ok(Value::Boolean(true)),
            [other] => Err(deserialization(
                "boolean",
                format!("Unexpected byte received by BooleanDeserializer: {}", *other as i8),
            )),
            _ => Err(deserialization(
                "boolean",
                "Size of data received by BooleanDeserializer is not 1".to_owned(),
            )),
        }
    }
}

impl<S: Scalar> ScalarConverter<S> {
    fn write<'a>(
        schema: Option<&Schema>,
        value: &Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        S::check(schema)?;
        if value.is_null() {
            return Ok(None);
        }
        S::write(value, buffer)?;
        Ok(Some(buffer))
    }

    fn read(data: Option<&Bytes>) -> Result<SchemaAndValue> {
        let value = data.map_or(Ok(Value::Null), |data| S::read(data))?;
        Ok(SchemaAndValue::new(S::SCHEMA, value))
    }
}

impl<S: Scalar> Converter for ScalarConverter<S> {
    fn config(&self) -> ConfigDef {
        config::type_only()
    }

    fn configure(&mut self, _config: &ConfigMap, _role: ConverterRole) -> Result<()> {
        Ok(())
    }

    fn from_connect_data<'a>(
        &mut self,
        _topic: &str,
        _headers: &mut WireHeaders,
        schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Self::write(schema, value, buffer)
    }

    fn to_connect_data(
        &mut self,
        _topic: &str,
        _headers: &WireHeaders,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        Self::read(data)
    }
}

impl<S: Scalar> HeaderConverter for ScalarConverter<S> {
    fn config(&self) -> ConfigDef {
        config::type_only()
    }

    fn configure(&mut self, _config: &ConfigMap) -> Result<()> {
        Ok(())
    }

    fn from_connect_header<'a>(
        &mut self,
        _topic: &str,
        _key: &str,
        schema: Option<&Schema>,
        value: &'a Value,
        buffer: &'a mut Vec<u8>,
    ) -> Result<Option<&'a [u8]>> {
        Self::write(schema, value, buffer)
    }

    fn to_connect_header(
        &mut self,
        _topic: &str,
        _key: &str,
        data: Option<&Bytes>,
    ) -> Result<SchemaAndValue> {
        Self::read(data)
    }
}
