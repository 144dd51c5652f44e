//! What stands in the place of a masked value.

use aqueduct_api::data::values::{
    convert_to_byte, convert_to_double, convert_to_float, convert_to_integer, convert_to_long,
    convert_to_short,
};
use aqueduct_api::data::{Decimal, Map};
use aqueduct_api::{Error, ErrorKind, Result, Value};

use crate::numbers;

/// The zero, or the empty value, of the class of a value.
pub(super) fn blank(value: &Value) -> Result<Value> {
    Ok(match value {
        Value::Int8(_) => Value::Int8(0),
        Value::Int16(_) => Value::Int16(0),
        Value::Int32(_) => Value::Int32(0),
        Value::Int64(_) => Value::Int64(0),
        Value::Float32(_) => Value::Float32(0.0),
        Value::Float64(_) => Value::Float64(0.0),
        Value::Boolean(_) => Value::Boolean(false),
        Value::String(_) => Value::text(""),
        Value::Array(_) => Value::Array(Vec::new()),
        Value::Map(_) => Value::Map(Map::new()),
        Value::Decimal(_) => Value::from(Decimal::new(0, 0)),
        Value::BigInteger(_) => Value::from(num_bigint::BigInt::ZERO),
        Value::Date(_) => Value::Date(0),
        Value::Null => Value::Null,
        Value::Bytes(_) | Value::Struct(_) => {
            let class = value.java_class();
            return Err(Error::data(format!("Cannot mask value of type: class {class}")));
        }
    })
}

/// A text that replaces values, as a value of each class that it can have.
#[derive(Debug)]
pub(super) struct Replacement {
    text: Value,
    plain: String,
}

impl Replacement {
    pub(super) fn new(text: &str) -> Self {
        Self { text: Value::from(text), plain: text.to_owned() }
    }

    /// The replacement for a value, of the same class.
    pub(super) fn instead_of(&self, value: &Value) -> Result<Value> {
        let made = match value {
            Value::Int8(_) => convert_to_byte(None, &self.text),
            Value::Int16(_) => convert_to_short(None, &self.text),
            Value::Int32(_) => convert_to_integer(None, &self.text),
            Value::Int64(_) => convert_to_long(None, &self.text),
            Value::Float32(_) => convert_to_float(None, &self.text),
            Value::Float64(_) => convert_to_double(None, &self.text),
            Value::String(_) => Ok(self.text.clone()),
            Value::Decimal(_) => Decimal::parse(&self.plain).map(Value::from),
            Value::BigInteger(_) => numbers::big_integer(&self.plain).map(Value::from),
            other => {
                let class = other.java_class();
                return Err(Error::data(format!(
                    "Cannot mask value of type class {class} with custom replacement."
                )));
            }
        };
        made.map_err(|error| {
            if error.kind() == ErrorKind::NumberFormat {
                let text = &self.plain;
                Error::data(format!("Unable to convert {text} (class java.lang.String) to number"))
                    .with_source(error)
            } else {
                error
            }
        })
    }
}
