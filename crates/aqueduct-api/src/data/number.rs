//! What Java's `Number` gives: numbers of any class in another width.

use super::decimal::low_64_bits;
use super::{Decimal, Type, Value};

/// The conversions of `java.lang.Number`. `None` for what is no number.
impl Value {
    /// `Number.longValue`: fractions are cut off; floating point numbers beyond 64 bits saturate, decimals and big
    /// integers wrap.
    pub fn long_value(&self) -> Option<i64> {
        Some(match self {
            Self::Float32(number) => *number as i64,
            Self::Float64(number) => *number as i64,
            Self::Decimal(number) => number.to_i64_wrapping(),
            Self::BigInteger(number) => low_64_bits(number),
            _ => return self.as_i64(),
        })
    }

    /// `Number.intValue`: floating point numbers beyond 32 bits saturate, others wrap. `byteValue` and `shortValue` are
    /// its lowest bits.
    pub fn int_value(&self) -> Option<i32> {
        Some(match self {
            Self::Float32(number) => *number as i32,
            Self::Float64(number) => *number as i32,
            _ => self.long_value()? as i32,
        })
    }

    /// `Number.doubleValue`: the nearest double, or infinite.
    pub fn double_value(&self) -> Option<f64> {
        Some(match self {
            Self::Float32(number) => (*number).into(),
            Self::Float64(number) => *number,
            Self::Decimal(number) => number.to_f64(),
            Self::BigInteger(number) => Decimal::new((**number).clone(), 0).to_f64(),
            _ => self.as_i64()? as f64,
        })
    }

    /// `Number.floatValue`: the nearest float, or infinite.
    pub fn float_value(&self) -> Option<f32> {
        Some(match self {
            Self::Float32(number) => *number,
            Self::Float64(number) => *number as f32,
            Self::Decimal(number) => number.to_f32(),
            Self::BigInteger(number) => Decimal::new((**number).clone(), 0).to_f32(),
            _ => self.as_i64()? as f32,
        })
    }

    /// A number as a number of this type; `None` for what is no number, or a type that is none.
    pub fn to_number(&self, kind: Type) -> Option<Value> {
        Some(match kind {
            Type::Int8 => Self::Int8(self.int_value()? as i8),
            Type::Int16 => Self::Int16(self.int_value()? as i16),
            Type::Int32 => Self::Int32(self.int_value()?),
            Type::Int64 => Self::Int64(self.long_value()?),
            Type::Float32 => Self::Float32(self.float_value()?),
            Type::Float64 => Self::Float64(self.double_value()?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn narrows_as_java_does() {
        assert_eq!(Value::Float64(3e10).to_number(Type::Int8), Some(Value::Int8(-1)), "by way of 32 bits");
        assert_eq!(Value::Float64(3e10).to_number(Type::Int32), Some(Value::Int32(i32::MAX)));
        assert_eq!(Value::Int64(1 << 32 | 5).to_number(Type::Int32), Some(Value::Int32(5)));
        assert_eq!(Value::Float64(f64::NAN).to_number(Type::Int64), Some(Value::Int64(0)));
        // By way of a double this would be rounded twice, to another float.
        assert_eq!(Value::Int64(0x20_0000_3000_0001).float_value(), Some(0x20_0000_4000_0000_i64 as f32));
        assert_eq!(Value::Boolean(true).to_number(Type::Int8), None);
        assert_eq!(Value::Int8(1).to_number(Type::String), None);
    }
}
