//! Connect's logical types: values of a class of their own over a plain type.

use std::sync::OnceLock;

use super::{Decimal, Schema, Type, Value};
use crate::error::{Error, ErrorKind, Result};

const DAY_MS: i64 = 86_400_000;

/// The four logical types of Connect. A schema has one when its name says so, whatever its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Logical {
    /// An unscaled integer of any size with the scale in the schema's parameter, over BYTES.
    Decimal,
    /// A day, as milliseconds of its midnight UTC, over INT32 days since 1970.
    Date,
    /// A time of day in milliseconds, over INT32.
    Time,
    /// Milliseconds since 1970 UTC, over INT64.
    Timestamp,
}

impl Logical {
    /// The parameter that holds a decimal's scale.
    pub const SCALE: &'static str = "scale";

    /// The schema name.
    pub const fn schema_name(self) -> &'static str {
        match self {
            Self::Decimal => "org.apache.kafka.connect.data.Decimal",
            Self::Date => "org.apache.kafka.connect.data.Date",
            Self::Time => "org.apache.kafka.connect.data.Time",
            Self::Timestamp => "org.apache.kafka.connect.data.Timestamp",
        }
    }

    /// The logical type of this schema name.
    pub fn from_schema_name(name: &str) -> Option<Self> {
        let last = name.strip_prefix("org.apache.kafka.connect.data.")?;
        match last {
            "Decimal" => Some(Self::Decimal),
            "Date" => Some(Self::Date),
            "Time" => Some(Self::Time),
            "Timestamp" => Some(Self::Timestamp),
            _ => None,
        }
    }

    /// The type underneath.
    pub const fn base(self) -> Type {
        match self {
            Self::Decimal => Type::Bytes,
            Self::Date | Self::Time => Type::Int32,
            Self::Timestamp => Type::Int64,
        }
    }

    /// What Connect's errors call this type.
    const fn label(self) -> &'static str {
        match self {
            Self::Decimal => "Decimal",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::Timestamp => "Timestamp",
        }
    }

    /// A required schema of this type. A decimal needs its scale: [`SchemaBuilder::decimal`](super::SchemaBuilder::decimal).
    /// The same schema in memory each time.
    pub fn schema(self) -> Result<Schema> {
        static SCHEMAS: [OnceLock<Schema>; 4] = [const { OnceLock::new() }; 4];
        let known = &SCHEMAS[self as usize];
        if let Some(schema) = known.get() {
            return Ok(schema.clone());
        }
        let schema = super::SchemaBuilder::logical(self).build()?;
        Ok(known.get_or_init(|| schema).clone())
    }

    fn check_name(self, schema: &Schema) -> Result<()> {
        if schema.logical() == Some(self) {
            return Ok(());
        }
        Err(mismatch(self))
    }

    /// From the value's class to the plain value that is encoded.
    pub fn encode(self, schema: &Schema, value: &Value) -> Result<Value> {
        match (self, value) {
            (Self::Decimal, Value::Decimal(decimal)) => {
                check_scale(schema, decimal)?;
                Ok(Value::Bytes(decimal.unscaled_bytes().into_vec().into()))
            }
            (Self::Date, Value::Date(ms)) => {
                self.check_name(schema)?;
                if ms.rem_euclid(DAY_MS) != 0 {
                    return Err(Error::data(
                        "Kafka Connect Date type should not have any time fields set to non-zero values.",
                    ));
                }
                Ok(Value::Int32(ms.div_euclid(DAY_MS) as i32))
            }
            (Self::Time, Value::Date(ms)) => {
                self.check_name(schema)?;
                match i32::try_from(*ms) {
                    // The end of the day itself passes: Java tests with `>`.
                    Ok(time) if (0..=DAY_MS).contains(ms) => Ok(Value::Int32(time)),
                    _ => Err(Error::data(
                        "Kafka Connect Time type should not have any date fields set to non-zero values.",
                    )),
                }
            }
            (Self::Timestamp, Value::Date(ms)) => {
                self.check_name(schema)?;
                Ok(Value::Int64(*ms))
            }
            (_, other) => Err(class_cast(other, self.value_class())),
        }
    }

    /// From the plain value that was encoded to the value's class.
    pub fn decode(self, schema: &Schema, value: &Value) -> Result<Value> {
        match (self, value) {
            (Self::Decimal, Value::Bytes(bytes)) => {
                if bytes.is_empty() {
                    return Err(Error::new(ErrorKind::NumberFormat, "Zero length BigInteger"));
                }
                let scale = decimal_scale(schema)?;
                Ok(Value::from(Decimal::from_signed_bytes_be(bytes, scale)))
            }
            (Self::Date, Value::Int32(days)) => {
                self.check_name(schema)?;
                Ok(Value::Date(i64::from(*days) * DAY_MS))
            }
            (Self::Time, Value::Int32(ms)) => {
                // Connect's text says Date here.
                if schema.logical() != Some(self) {
                    return Err(mismatch(Self::Date));
                }
                if !(0..=DAY_MS).contains(&i64::from(*ms)) {
                    return Err(Error::data(
                        "Time values must use number of milliseconds greater than 0 and less than 86400000",
                    ));
                }
                Ok(Value::Date(i64::from(*ms)))
            }
            (Self::Timestamp, Value::Int64(ms)) => {
                self.check_name(schema)?;
                Ok(Value::Date(*ms))
            }
            (_, other) => Err(class_cast(other, super::java_class_of_type(self.base()))),
        }
    }

    /// The Java class of the values.
    pub const fn value_class(self) -> &'static str {
        match self {
            Self::Decimal => "java.math.BigDecimal",
            _ => "java.util.Date",
        }
    }
}

fn mismatch(logical: Logical) -> Error {
    let label = logical.label();
    Error::data(format!("Requested conversion of {label} object but the schema does not match."))
}

fn class_cast(value: &Value, wanted: &str) -> Error {
    Error::new(ErrorKind::ClassCast, format!("class {} cannot be cast to class {wanted}", value.java_class()))
}

/// Checks that a decimal has the scale that its schema states.
pub fn check_scale(schema: &Schema, decimal: &Decimal) -> Result<()> {
    let scale = decimal_scale(schema)?;
    if decimal.scale() == scale {
        return Ok(());
    }
    Err(Error::data(format!(
        "Decimal value has mismatching scale for given Decimal schema. Schema has scale {scale}, value has scale {}.",
        decimal.scale()
    )))
}

/// The scale that a decimal schema states.
pub fn decimal_scale(schema: &Schema) -> Result<i32> {
    if schema.parameters().is_empty() {
        return Err(Error::bare(ErrorKind::NullPointer));
    }
    let Some(text) = schema.parameter(Logical::SCALE) else {
        return Err(Error::data("Invalid Decimal schema: scale parameter not found."));
    };
    text.parse::<i32>()
        .map_err(|error| Error::data("Invalid scale parameter found in Decimal schema: ").with_source(error))
}
