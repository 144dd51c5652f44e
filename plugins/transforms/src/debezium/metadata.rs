//! Parts of a change event beside the row: `op`, `table`, `source.ts_ms`, under new names.

use aqueduct_api::{Error, ErrorKind, Result, Schema, SchemaBuilder, Struct, Text, Type, Value};

/// The fields of an event itself. A name that is none of these belongs to the transaction or to the source, or it is a
/// field that somebody has added to the event.
const OF_EVENT: [&str; 8] = ["before", "after", "op", "source", "transaction", "ts_ms", "ts_us", "ts_ns"];
const OF_TRANSACTION: [&str; 3] = ["id", "total_order", "data_collection_order"];

/// A part that a configuration names, and what it shall be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The struct of the event that has the field; `None` for the event itself.
    parent: Option<Text>,
    /// Whether the event itself may have it instead.
    is_guess: bool,
    field: Text,
    pub(super) name: Text,
}

/// Java's `String.split`, which leaves out empty parts at the end, but gives an empty text as one part.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut parts: Vec<&str> = text.split(separator).collect();
    while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    if parts == [""] && !text.is_empty() {
        parts.clear();
    }
    parts
}

impl Reference {
    /// Reads `field`, `struct.field`, and either with `:name` behind it. Without a name it is called as it is, with an
    /// underscore for the point; a prefix stands before all names.
    pub(super) fn parse(text: &str, prefix: &str) -> Result<Self> {
        let text = text.trim();
        let no_part = |index: usize| {
            Error::new(ErrorKind::IndexOutOfBounds, format!("Index {index} out of bounds for length 0"))
        };
        let (path, name) = match split(text, ':')[..] {
            [path] => (path, None),
            [path, name] => (path, Some(name)),
            [] => return Err(no_part(0)),
            _ => {
                let message = format!("Unexpected field name: {text}");
                return Err(Error::new(ErrorKind::IllegalArgument, message));
            }
        };
        let (parent, field) = match split(path, '.')[..] {
            [] => return Err(no_part(1)),
            [field] => (None, field),
            [parent, field, ..] => (Some(parent), field),
        };
        let own_name = parent.map_or_else(|| field.to_owned(), |parent| format!("{parent}_{field}"));
        let (parent, is_guess) = match parent {
            Some(parent) => (Some(parent.into()), false),
            None if OF_EVENT.contains(&field) => (None, false),
            None if OF_TRANSACTION.contains(&field) => (Some(Text::from_static("transaction")), false),
            None => (Some(Text::from_static("source")), true),
        };
        let name = format!("{prefix}{}", name.unwrap_or(&own_name));
        Ok(Self { parent, is_guess, field: field.into(), name: name.into() })
    }

    /// Reads a list of them.
    pub(super) fn list(texts: &[String], prefix: &str) -> Result<Vec<Self>> {
        texts.iter().map(|text| Self::parse(text, prefix)).collect()
    }

    /// Whether it is the operation.
    pub(super) fn is_operation(&self) -> bool {
        self.parent.is_none() && self.field == "op"
    }

    /// Where the events of a schema have it; `None` if they don't. An event that lacks the whole struct is Java's null
    /// pointer.
    pub(super) fn place(&self, event: &Schema) -> Result<Option<Place>> {
        let parent = match &self.parent {
            None => None,
            Some(name) => {
                let missing = || Error::new(ErrorKind::NullPointer, format!("the event has no field {name}"));
                Some(event.field(name).ok_or_else(missing)?)
            }
        };
        let found = match parent {
            Some(parent) => parent.schema.field(&self.field).map(|field| (Some(parent.index), field)),
            None => event.field(&self.field).map(|field| (None, field)),
        };
        let found = found.or_else(|| {
            let field = self.is_guess.then(|| event.field(&self.field))?;
            Some((None, field?))
        });
        let Some((parent, field)) = found else { return Ok(None) };
        Ok(Some(Place { parent, index: field.index, schema: optional(&field.schema)? }))
    }
}

/// The schema of a part that may be missing: optional, and without a default. A struct loses its fields, as in Java.
fn optional(schema: &Schema) -> Result<Schema> {
    let builder = match schema.kind() {
        Type::Array => SchemaBuilder::array(schema.value_schema().cloned()),
        Type::Map => SchemaBuilder::map(schema.key_schema().cloned(), schema.value_schema().cloned()),
        kind => SchemaBuilder::new(kind),
    };
    builder.basics_of(schema).optional().build()
}

/// Where the events of a schema have a part.
#[derive(Debug)]
pub(super) struct Place {
    parent: Option<usize>,
    index: usize,
    pub(super) schema: Schema,
}

impl Place {
    /// The part of an event, without defaults; null where the struct that holds it is.
    pub(super) fn value(&self, event: &Struct) -> Value {
        let values = match self.parent {
            None => Some(event.values()),
            Some(parent) => event.get_at(parent).as_struct().map(Struct::values),
        };
        values.and_then(|values| values.get(self.index)).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, parent: Option<&str>, field: &str, name: &str) {
        let found = Reference::parse(text, "__").expect(text);
        assert_eq!(found.parent.as_deref(), parent, "{text}");
        assert_eq!((found.field.as_str(), found.name.as_str()), (field, name), "{text}");
    }

    #[test]
    fn names_tell_where_they_belong() {
        check("op", None, "op", "__op");
        check(" table ", Some("source"), "table", "__table");
        check("id", Some("transaction"), "id", "__id");
        check("source.ts_ms", Some("source"), "ts_ms", "__source_ts_ms");
        check("source.ts_ms:at", Some("source"), "ts_ms", "__at");
        check("ts_us:", None, "ts_us", "__ts_us");
        check("op.", None, "op", "__op");
        check("a.b.c", Some("a"), "b", "__a_b");
        check("", Some("source"), "", "__");
    }

    #[test]
    fn refuses_what_is_no_name() {
        for (text, kind) in [
            ("a:b:c", ErrorKind::IllegalArgument),
            (":", ErrorKind::IndexOutOfBounds),
            (".", ErrorKind::IndexOutOfBounds),
        ] {
            assert_eq!(Reference::parse(text, "").expect_err(text).kind(), kind, "{text}");
        }
    }
}
