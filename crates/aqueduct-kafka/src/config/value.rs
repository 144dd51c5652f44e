//! Typed values, refused in Java's words.

use crate::error::{KafkaError, Result};

/// `Invalid value V for configuration K: REASON`, as Java's `ConfigException` says it.
pub(super) fn invalid(key: &str, value: &str, reason: &str) -> KafkaError {
    KafkaError::config(format!("Invalid value {value} for configuration {key}: {reason}"))
}

/// The types of properties that need a check.
#[derive(Clone, Copy, Debug)]
pub(super) enum Type {
    /// Free text.
    Text,
    /// `true` or `false` in any case.
    Boolean,
    /// 32 bits, at least the given number.
    Int(i32),
    /// 64 bits, at least the given number.
    Long(i64),
    /// One of these, in any case.
    OneOf(&'static [&'static str]),
}

impl Type {
    /// Checks a value and brings it into its plain form.
    pub(super) fn check(self, key: &str, value: &str) -> Result<String> {
        match self {
            Type::Text => Ok(value.to_owned()),
            Type::Boolean => boolean(key, value).map(|value| value.to_string()),
            Type::Int(min) => {
                let number: i32 =
                    value.parse().map_err(|_| invalid(key, value, "Not a number of type INT"))?;
                at_least(key, number.into(), min.into())
            }
            Type::Long(min) => {
                let number: i64 =
                    value.parse().map_err(|_| invalid(key, value, "Not a number of type LONG"))?;
                at_least(key, number, min)
            }
            Type::OneOf(allowed) => match allowed.iter().find(|name| name.eq_ignore_ascii_case(value)) {
                Some(name) => Ok((*name).to_owned()),
                None => Err(invalid(key, value, &format!("String must be one of: {}", allowed.join(", ")))),
            },
        }
    }
}

/// A boolean property's value.
pub(super) fn boolean(key: &str, value: &str) -> Result<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(invalid(key, value, "Expected value to be either true or false")),
    }
}

fn at_least(key: &str, number: i64, min: i64) -> Result<String> {
    if number < min {
        return Err(invalid(key, &number.to_string(), &format!("Value must be at least {min}")));
    }
    Ok(number.to_string())
}

/// The elements of a list property: commas, white space around them ignored, empty ones left out.
pub(super) fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Type, value: &str, expected: std::result::Result<&str, &str>) {
        let got = kind.check("k", value).map_err(|error| error.to_string());
        assert_eq!(got.as_deref().map_err(String::as_str), expected, "{kind:?} {value}");
    }

    #[test]
    fn values_are_checked_in_javas_words() {
        check(Type::Long(0), "x", Err("Invalid value x for configuration k: Not a number of type LONG"));
        check(
            Type::Int(0),
            "2147483648",
            Err("Invalid value 2147483648 for configuration k: Not a number of type INT"),
        );
        check(Type::Int(0), "-1", Err("Invalid value -1 for configuration k: Value must be at least 0"));
        check(Type::Int(0), "0007", Ok("7"));
        check(Type::Boolean, "TRUE", Ok("true"));
        check(
            Type::Boolean,
            "yes",
            Err("Invalid value yes for configuration k: Expected value to be either true or false"),
        );
        check(Type::OneOf(&["a", "b"]), "B", Ok("b"));
        check(
            Type::OneOf(&["a", "b"]),
            "c",
            Err("Invalid value c for configuration k: String must be one of: a, b"),
        );
    }
}
