//! Tables of keys, and the walk over them.

use super::native::NativeConfig;
use super::properties::Properties;
use super::value::Type;
use crate::error::{KafkaError, Result};

/// What becomes of a Java property.
#[derive(Clone, Copy, Debug)]
pub(super) enum Use {
    /// librdkafka's property of this name takes it as it is.
    Native(&'static str),
    /// librdkafka's property of this name takes it, cut to the range that it allows.
    Clamped(&'static str, i64, i64),
    /// The settings code reads it.
    Ours,
    /// It has no meaning outside Java's client; accepted without a word.
    Ignored,
    /// It asks for Java code that can't be run; the text says what to do instead.
    Refused(&'static str),
}

/// One key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) kind: Type,
    pub(super) usage: Use,
}

/// Shorthand for table rows.
pub(super) const fn key(name: &'static str, kind: Type, usage: Use) -> Key {
    Key { name, kind, usage }
}

/// Checks `properties` against `tables` and sets what librdkafka takes. Returns the keys that no table has.
pub(super) fn apply(
    properties: &Properties,
    tables: &[&[Key]],
    native: &mut NativeConfig,
) -> Result<Vec<String>> {
    let mut unused = Vec::new();
    for (name, value) in properties.iter() {
        let value = value.trim();
        let Some(row) = tables.iter().copied().flatten().find(|row| row.name == name) else {
            unused.push(name.to_owned());
            continue;
        };
        match row.usage {
            Use::Refused(_) if value.is_empty() => {}
            Use::Refused(advice) => {
                return Err(KafkaError::config(format!(
                    "The configuration {name} is not supported: {advice}"
                )));
            }
            usage => {
                let checked = row.kind.check(name, value)?;
                match usage {
                    Use::Native(target) => native.set(target, checked),
                    Use::Clamped(target, min, max) => {
                        let number = checked.parse::<i64>().unwrap_or(min).clamp(min, max);
                        native.set(target, number.to_string());
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(unused)
}

/// The value of a key, else its default, as text in its plain form.
pub(super) fn checked_or(
    properties: &Properties,
    table: &[Key],
    name: &str,
    default: &str,
) -> Result<String> {
    match (properties.get(name), table.iter().find(|row| row.name == name)) {
        (Some(value), Some(row)) => row.kind.check(name, value),
        (Some(value), None) => Ok(value.to_owned()),
        (None, _) => Ok(default.to_owned()),
    }
}

/// The value of a numeric key, else its default.
pub(super) fn number_or(properties: &Properties, name: &str, default: i64) -> Result<i64> {
    match properties.get(name) {
        Some(value) => {
            value.parse().map_err(|_| super::value::invalid(name, value, "Not a number of type LONG"))
        }
        None => Ok(default),
    }
}
