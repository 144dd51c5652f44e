//! Numbers in the texts that Java's parsers take, and the ways between its types of numbers.

use aqueduct_api::data::{Decimal, decimal_digit};
use aqueduct_api::{Error, ErrorKind, Result, Value};
use num_bigint::BigInt;

fn number_format(text: &str) -> Error {
    Error::new(ErrorKind::NumberFormat, format!("For input string: \"{text}\""))
}

/// `Byte.parseByte` and its like: an optional sign, then digits of any script, nothing else.
pub(crate) fn parse_integer<T: TryFrom<i64>>(text: &str) -> Result<T> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let add = |number: i64, c: char| {
        let digit = i64::from(decimal_digit(c)?);
        let number = number.checked_mul(10)?;
        if negative { number.checked_sub(digit) } else { number.checked_add(digit) }
    };
    let number = if digits.is_empty() { None } else { digits.chars().try_fold(0, add) };
    number.and_then(|number| T::try_from(number).ok()).ok_or_else(|| number_format(text))
}

/// `new BigInteger(text)`
pub(crate) fn big_integer(text: &str) -> Result<BigInt> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let ascii: Option<Vec<u8>> = digits.chars().map(|c| Some(b'0' + decimal_digit(c)?)).collect();
    let number =
        ascii.and_then(|digits| BigInt::parse_bytes(&digits, 10)).ok_or_else(|| number_format(text))?;
    Ok(if negative { -number } else { number })
}

/// `Double.parseDouble` and `Float.parseFloat` of decimal texts: white space around does not count, and a type letter may
/// stand at the end. Hexadecimal texts are not read.
pub(crate) fn parse_float<T: std::str::FromStr>(text: &str) -> Result<T> {
    let trimmed = text.trim_matches(|c: char| c <= ' ');
    let unsigned = trimmed.strip_prefix(['+', '-']).unwrap_or(trimmed);
    let body = match unsigned {
        "NaN" | "Infinity" => trimmed,
        _ => {
            let decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
            let body = trimmed.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(trimmed);
            let begins = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.');
            if !begins || !body.chars().all(decimal) {
                return Err(number_format(text));
            }
            body
        }
    };
    body.parse().map_err(|_| number_format(text))
}

/// `Number.longValue`; `None` for what is no number.
pub(crate) fn long_value(value: &Value) -> Option<i64> {
    Some(match value {
        Value::Int8(value) => (*value).into(),
        Value::Int16(value) => (*value).into(),
        Value::Int32(value) => (*value).into(),
        Value::Int64(value) => *value,
        Value::Float32(value) => *value as i64,
        Value::Float64(value) => *value as i64,
        Value::Decimal(value) => value.to_i64_wrapping(),
        Value::BigInteger(value) => Decimal::new((**value).clone(), 0).to_i64_wrapping(),
        _ => return None,
    })
}

/// `Number.intValue`: a float is cut to the nearest 32-bit number, an integer to its lowest 32 bits.
pub(crate) fn int_value(value: &Value) -> Option<i32> {
    Some(match value {
        Value::Float32(value) => *value as i32,
        Value::Float64(value) => *value as i32,
        value => long_value(value)? as i32,
    })
}

/// `Number.doubleValue`
pub(crate) fn double_value(value: &Value) -> Option<f64> {
    Some(match value {
        Value::Float32(value) => (*value).into(),
        Value::Float64(value) => *value,
        Value::Decimal(value) => value.to_f64(),
        Value::BigInteger(value) => Decimal::new((**value).clone(), 0).to_f64(),
        value => long_value(value)? as f64,
    })
}

/// `Number.floatValue`
pub(crate) fn float_value(value: &Value) -> Option<f32> {
    Some(match value {
        Value::Float32(value) => *value,
        Value::Float64(value) => *value as f32,
        Value::Decimal(value) => value.to_f32(),
        Value::BigInteger(value) => Decimal::new((**value).clone(), 0).to_f32(),
        value => long_value(value)? as f32,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_java_reads() {
        assert_eq!(parse_integer::<i8>("+127").ok(), Some(127));
        assert_eq!(parse_integer::<i8>("128").ok(), None);
        assert_eq!(parse_integer::<i64>("-9223372036854775808").ok(), Some(i64::MIN));
        for text in ["", "-", " 1", "1.0", "+-1"] {
            assert_eq!(parse_integer::<i64>(text).ok(), None, "{text:?}");
        }
        assert_eq!(parse_float::<f64>(" 1.5d ").ok(), Some(1.5));
        assert_eq!(parse_float::<f32>("-Infinity").ok(), Some(f32::NEG_INFINITY));
        for text in ["inf", "nan", "NaNf", ".", "1 5", "e5"] {
            assert_eq!(parse_float::<f64>(text).ok(), None, "{text:?}");
        }
    }
}
