//! Headers of a record.

use std::collections::HashSet;

use super::java_text::JavaText;
use super::{Logical, Schema, SchemaAndValue, Text, Value};
use crate::error::{Error, Result};

/// One header.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// The name; it may come more than once.
    pub key: Text,
    /// The schema of the value; `None` for schemaless values and for null.
    pub schema: Option<Schema>,
    /// The value.
    pub value: Value,
}

/// A value of a logical type fits only over its own base type; a plain one fits whatever the name.
fn check(schema: &Schema, value: &Value) -> Result<()> {
    let fits = match value {
        Value::Null if schema.is_optional() => true,
        Value::Null => {
            return Err(Error::data(format!("A null value requires an optional schema but was {schema}")));
        }
        Value::Decimal(_) | Value::Date(_) => schema.logical().is_some_and(|logical| {
            logical.base() == schema.kind() && logical.value_class() == value.java_class()
        }),
        _ => value.inferred_type() == Some(schema.kind()),
    };
    if fits {
        return Ok(());
    }
    Err(Error::data(format!("The value {} is not compatible with the schema {schema}", JavaText(value))))
}

/// The headers of a record, in order, duplicates allowed. Empty ones cost no allocation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Headers(Vec<Header>);

impl Headers {
    /// No headers.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The headers in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Header> {
        self.0.iter()
    }

    /// Adds a header at the end. If it has a schema, the class of the value must fit it; the parts of lists, maps and
    /// structs are not looked at.
    pub fn add(&mut self, key: impl Into<Text>, data: SchemaAndValue) -> Result<()> {
        if let Some(schema) = &data.schema {
            check(schema, &data.value)?;
        }
        self.push(Header { key: key.into(), schema: data.schema, value: data.value });
        Ok(())
    }

    /// Adds a header at the end as it is; a struct without a schema beside it has its own.
    pub fn push(&mut self, mut header: Header) {
        if let (None, Value::Struct(value)) = (&header.schema, &header.value) {
            header.schema = Some(value.schema().clone());
        }
        self.0.push(header);
    }

    /// The last header of this name.
    pub fn last_with_name(&self, key: &str) -> Option<&Header> {
        self.0.iter().rev().find(|header| header.key.as_str() == key)
    }

    /// All headers of this name, in order.
    pub fn all_with_name<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Header> {
        self.0.iter().filter(move |header| header.key.as_str() == key)
    }

    /// Removes all headers of this name.
    pub fn remove(&mut self, key: &str) {
        self.0.retain(|header| header.key.as_str() != key);
    }

    /// Keeps of the headers of each name only the last.
    pub fn retain_latest(&mut self) {
        let mut seen = HashSet::new();
        self.retain_from_end(|header| seen.insert(header.key.clone()));
    }

    /// Keeps of the headers of this name only the last.
    pub fn retain_latest_of(&mut self, key: &str) {
        let mut found = false;
        self.retain_from_end(|header| header.key.as_str() != key || !std::mem::replace(&mut found, true));
    }

    fn retain_from_end(&mut self, mut keep: impl FnMut(&Header) -> bool) {
        self.0.reverse();
        self.0.retain(&mut keep);
        self.0.reverse();
    }

    /// Removes all headers.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Adds a date, time or timestamp after checking that it is one.
    pub fn add_logical(&mut self, key: impl Into<Text>, logical: Logical, value: Value) -> Result<()> {
        let schema = logical.schema()?;
        if !value.is_null() {
            logical.encode(&schema, &value)?;
        }
        self.push(Header { key: key.into(), schema: Some(schema), value });
        Ok(())
    }
}

impl IntoIterator for Headers {
    type Item = Header;
    type IntoIter = std::vec::IntoIter<Header>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Headers {
    type Item = &'a Header;
    type IntoIter = std::slice::Iter<'a, Header>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl FromIterator<Header> for Headers {
    fn from_iter<I: IntoIterator<Item = Header>>(headers: I) -> Self {
        let mut result = Self::new();
        headers.into_iter().for_each(|header| result.push(header));
        result
    }
}
