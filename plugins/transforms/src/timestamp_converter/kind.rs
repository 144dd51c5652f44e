//! The kinds of timestamps, and the ways between them.

use aqueduct_api::data::calendar::DAY_MS;
use aqueduct_api::data::{Logical, TextWriter};
use aqueduct_api::{Error, ErrorKind, Result, Schema, SchemaBuilder, Type, Value};

use crate::date_format::DateFormat;

/// What a timestamp is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Kind {
    Text,
    Unix,
    Date,
    Time,
    #[default]
    Timestamp,
}

impl Kind {
    /// A value of `target.type`.
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "string" => Self::Text,
            "unix" => Self::Unix,
            "Date" => Self::Date,
            "Time" => Self::Time,
            _ => Self::Timestamp,
        }
    }

    /// What the values of a schema are.
    pub(crate) fn of_schema(schema: &Schema) -> Result<Self> {
        match (schema.logical(), schema.kind()) {
            (Some(Logical::Timestamp), _) => Ok(Self::Timestamp),
            (Some(Logical::Date), _) => Ok(Self::Date),
            (Some(Logical::Time), _) => Ok(Self::Time),
            (_, Type::String) => Ok(Self::Text),
            (_, Type::Int64) => Ok(Self::Unix),
            _ => Err(Error::connect(format!(
                "Schema {schema} does not correspond to a known timestamp type format"
            ))),
        }
    }

    /// What a value without a schema is.
    fn of_value(value: &Value) -> Result<Self> {
        match value {
            Value::Date(_) => Ok(Self::Timestamp),
            Value::Int64(_) => Ok(Self::Unix),
            Value::String(_) => Ok(Self::Text),
            other => {
                let class = other.java_class();
                Err(Error::data(format!(
                    "TimestampConverter does not support class {class} objects as timestamps"
                )))
            }
        }
    }
}

/// The unit of timestamps that are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum UnixPrecision {
    Seconds,
    #[default]
    Milliseconds,
    Microseconds,
    Nanoseconds,
}

impl UnixPrecision {
    /// A value of `unix.precision`.
    pub(crate) fn from_name(name: &str) -> Self {
        match name {
            "seconds" => Self::Seconds,
            "microseconds" => Self::Microseconds,
            "nanoseconds" => Self::Nanoseconds,
            _ => Self::Milliseconds,
        }
    }

    /// What is out of range becomes the largest number, and fractions are cut off, as Java's `TimeUnit` does it.
    fn to_ms(self, unix: i64) -> i64 {
        match self {
            Self::Seconds => unix.saturating_mul(1000),
            Self::Milliseconds => unix,
            Self::Microseconds => unix / 1000,
            Self::Nanoseconds => unix / 1_000_000,
        }
    }

    fn of_ms(self, epoch_ms: i64) -> i64 {
        match self {
            Self::Seconds => epoch_ms / 1000,
            Self::Milliseconds => epoch_ms,
            Self::Microseconds => epoch_ms.saturating_mul(1000),
            Self::Nanoseconds => epoch_ms.saturating_mul(1_000_000),
        }
    }
}

/// Makes one kind of timestamp of any other.
#[derive(Debug, Default)]
pub(crate) struct Translator {
    pub(crate) target: Kind,
    pub(crate) format: Option<DateFormat>,
    pub(crate) precision: UnixPrecision,
}

impl Translator {
    /// The schema of what comes out.
    pub(crate) fn target_schema(&self, optional: bool) -> Result<Schema> {
        let builder = match self.target {
            Kind::Text => SchemaBuilder::new(Type::String),
            Kind::Unix => SchemaBuilder::new(Type::Int64),
            Kind::Date => SchemaBuilder::logical(Logical::Date),
            Kind::Time => SchemaBuilder::logical(Logical::Time),
            Kind::Timestamp => SchemaBuilder::logical(Logical::Timestamp),
        };
        if optional { builder.optional() } else { builder }.build()
    }

    pub(crate) fn convert_schemaless(&self, value: Value) -> Result<Value> {
        if value.is_null() {
            return Ok(value);
        }
        let kind = Kind::of_value(&value)?;
        self.convert(value, kind)
    }

    /// Converts a value of a kind; null stays null.
    pub(crate) fn convert(&self, value: Value, kind: Kind) -> Result<Value> {
        if value.is_null() {
            return Ok(value);
        }
        let epoch_ms = self.read(&value, kind)?;
        Ok(match self.target {
            Kind::Text => {
                let mut text = TextWriter::default();
                if let Some(format) = &self.format {
                    format.format(epoch_ms, &mut text);
                }
                Value::String(text.into())
            }
            Kind::Unix => Value::Int64(self.precision.of_ms(epoch_ms)),
            Kind::Date => Value::Date(epoch_ms.wrapping_sub(epoch_ms.rem_euclid(DAY_MS))),
            Kind::Time => Value::Date(epoch_ms.rem_euclid(DAY_MS)),
            Kind::Timestamp => Value::Date(epoch_ms),
        })
    }

    fn read(&self, value: &Value, kind: Kind) -> Result<i64> {
        let unexpected = |what: &str, wanted: &str| {
            let class = value.java_class();
            Error::data(format!("Expected {what} to be a {wanted}, but found class {class}"))
        };
        match (kind, value) {
            (Kind::Text, Value::String(text)) => self.parse(text),
            (Kind::Text, _) => Err(unexpected("string timestamp", "String")),
            (Kind::Unix, Value::Int64(unix)) => Ok(self.precision.to_ms(*unix)),
            (Kind::Unix, _) => Err(unexpected("Unix timestamp", "Long")),
            (_, Value::Date(epoch_ms)) => Ok(*epoch_ms),
            (Kind::Date, _) => Err(unexpected("Date", "java.util.Date")),
            (Kind::Time, _) => Err(unexpected("Time", "java.util.Date")),
            (Kind::Timestamp, _) => Err(unexpected("Timestamp", "java.util.Date")),
        }
    }

    fn parse(&self, text: &str) -> Result<i64> {
        let Some(format) = &self.format else {
            // Java asks for the format of texts that come in only when one does.
            return Err(Error::new(
                ErrorKind::NullPointer,
                "Cannot invoke \"java.text.SimpleDateFormat.parse(String)\" because \"config.format\" is null",
            ));
        };
        format.parse(text).ok_or_else(|| {
            let pattern = format.pattern();
            Error::data(format!(
                "Could not parse timestamp: value ({text}) does not match pattern ({pattern})"
            ))
        })
    }
}
