//! Values that have been parsed.

use std::collections::BTreeMap;
use std::fmt;

use crate::data::java_text::f64_text;
use crate::error::{Error, Result};

/// A secret. Neither `Debug` nor `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// What is shown instead.
    pub const HIDDEN: &'static str = "[hidden]";

    /// Takes a secret.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::HIDDEN)
    }
}

impl fmt::Display for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::HIDDEN)
    }
}

/// A configuration value of one of the types.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Parsed {
    /// Nothing.
    #[default]
    Null,
    /// BOOLEAN
    Boolean(bool),
    /// STRING
    String(String),
    /// INT
    Int(i32),
    /// SHORT
    Short(i16),
    /// LONG
    Long(i64),
    /// DOUBLE
    Double(f64),
    /// LIST
    List(Vec<String>),
    /// CLASS: the full name
    Class(String),
    /// PASSWORD
    Password(Password),
}

macro_rules! from {
    ($($source:ty => $variant:ident),* $(,)?) => {$(
        impl From<$source> for Parsed {
            fn from(value: $source) -> Self {
                Self::$variant(value.into())
            }
        }
    )*};
}

from! { bool => Boolean, String => String, &str => String, i32 => Int, i16 => Short, i64 => Long, f64 => Double, Vec<String> => List, Password => Password }

impl From<&[&str]> for Parsed {
    fn from(values: &[&str]) -> Self {
        Self::List(values.iter().map(|value| (*value).to_owned()).collect())
    }
}

impl<const N: usize> From<[&str; N]> for Parsed {
    fn from(values: [&str; N]) -> Self {
        values.as_slice().into()
    }
}

impl From<()> for Parsed {
    fn from((): ()) -> Self {
        Self::Null
    }
}

impl Parsed {
    /// As REST answers show the value; `None` for null. A list is joined with commas, a secret is hidden.
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::List(values) => Some(values.join(",")),
            Self::Class(name) => Some(name.clone()),
            other => Some(other.to_string()),
        }
    }

    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// As Java's messages print a value: lists in brackets, a secret hidden.
impl fmt::Display for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => value.fmt(f),
            Self::String(value) => f.write_str(value),
            Self::Int(value) => value.fmt(f),
            Self::Short(value) => value.fmt(f),
            Self::Long(value) => value.fmt(f),
            Self::Double(value) => f.write_str(&f64_text(*value)),
            Self::List(values) => write!(f, "[{}]", values.join(", ")),
            Self::Class(name) => write!(f, "class {name}"),
            Self::Password(secret) => secret.fmt(f),
        }
    }
}

/// A whole configuration, parsed by a [`ConfigDef`](super::ConfigDef): every defined key has a value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ConfigData {
    values: BTreeMap<String, Parsed>,
    warnings: Vec<String>,
}

fn wrong(name: &str, wanted: &str) -> Error {
    Error::config(format!("Configuration {name} is not defined as {wanted}"))
}

impl ConfigData {
    /// The value of a key; null where it is not defined.
    pub fn get(&self, name: &str) -> &Parsed {
        self.values.get(name).unwrap_or(&Parsed::Null)
    }

    /// Sets a value.
    pub fn set(&mut self, name: impl Into<String>, value: Parsed) {
        self.values.insert(name.into(), value);
    }

    /// The values in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Parsed)> {
        self.values.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// What parsing has put right, in sentences for the log.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(super) fn warn(&mut self, message: String) {
        self.warnings.push(message);
    }

    /// The value of a DOUBLE key that is not null.
    pub fn double(&self, name: &str) -> Result<f64> {
        match self.get(name) {
            Parsed::Double(value) => Ok(*value),
            _ => Err(wrong(name, "DOUBLE")),
        }
    }

    /// The value of a BOOLEAN key that is not null.
    pub fn boolean(&self, name: &str) -> Result<bool> {
        match self.get(name) {
            Parsed::Boolean(value) => Ok(*value),
            _ => Err(wrong(name, "BOOLEAN")),
        }
    }

    /// The value of an INT, SHORT or LONG key that is not null.
    pub fn integer(&self, name: &str) -> Result<i64> {
        self.optional_integer(name)?.ok_or_else(|| wrong(name, "a number"))
    }

    /// The value of an INT, SHORT or LONG key.
    pub fn optional_integer(&self, name: &str) -> Result<Option<i64>> {
        match self.get(name) {
            Parsed::Int(value) => Ok(Some((*value).into())),
            Parsed::Short(value) => Ok(Some((*value).into())),
            Parsed::Long(value) => Ok(Some(*value)),
            Parsed::Null => Ok(None),
            _ => Err(wrong(name, "a number")),
        }
    }

    /// The value of a STRING or CLASS key that is not null.
    pub fn string(&self, name: &str) -> Result<&str> {
        self.optional_string(name)?.ok_or_else(|| wrong(name, "STRING"))
    }

    /// The value of a STRING or CLASS key.
    pub fn optional_string(&self, name: &str) -> Result<Option<&str>> {
        match self.get(name) {
            Parsed::String(value) | Parsed::Class(value) => Ok(Some(value)),
            Parsed::Null => Ok(None),
            _ => Err(wrong(name, "STRING")),
        }
    }

    /// The value of a LIST key; null is empty.
    pub fn list(&self, name: &str) -> Result<&[String]> {
        match self.get(name) {
            Parsed::List(values) => Ok(values),
            Parsed::Null => Ok(&[]),
            _ => Err(wrong(name, "LIST")),
        }
    }

    /// The value of a PASSWORD key.
    pub fn password(&self, name: &str) -> Result<Option<&Password>> {
        match self.get(name) {
            Parsed::Password(value) => Ok(Some(value)),
            Parsed::Null => Ok(None),
            _ => Err(wrong(name, "PASSWORD")),
        }
    }
}
