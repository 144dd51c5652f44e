//! Paths to fields (KIP-821).

use aqueduct_api::data::Map;
use aqueduct_api::{Error, ErrorKind, Field, Result, Schema, Struct, Text, Type, Value};

use crate::fields::filled;
use crate::require::{require_map, require_struct};

const NESTED: &str = "nested field access";

/// How a path is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldSyntax {
    /// One name, with all its dots.
    V1,
    /// Names between dots; a name with dots stands between back-ticks.
    V2,
}

impl FieldSyntax {
    /// The version of this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        match name.to_uppercase().as_str() {
            "V1" => Some(Self::V1),
            "V2" => Some(Self::V2),
            _ => None,
        }
    }
}

/// A field on a way: its place in a struct of this schema.
#[derive(Debug)]
pub(crate) struct Found {
    schema: Schema,
    index: usize,
}

/// The way to one field, of a struct or of a map with texts as keys.
#[derive(Debug, Clone)]
pub struct FieldPath {
    parents: Vec<Text>,
    /// `None` for an empty path of version 2, which leads nowhere.
    last: Option<Text>,
}

impl FieldPath {
    /// Reads a path. Fails if a back-tick opens a name and none closes it.
    pub fn parse(path: &str, syntax: FieldSyntax) -> Result<Self> {
        let mut steps = match syntax {
            FieldSyntax::V1 => vec![path.into()],
            FieldSyntax::V2 if path.is_empty() => Vec::new(),
            FieldSyntax::V2 => steps(path)?,
        };
        let last = steps.pop();
        Ok(Self { parents: steps, last })
    }

    /// The names on the way.
    pub fn steps(&self) -> impl Iterator<Item = &Text> {
        self.parents.iter().chain(&self.last)
    }

    fn last(&self) -> Result<&Text> {
        // Java's words for a list without a last element.
        self.last.as_ref().ok_or_else(|| Error::new(ErrorKind::IllegalArgument, "fromIndex(0) > toIndex(-1)"))
    }

    /// The field in a schema; `None` if there is none. Fails where a name on the way is that of no struct.
    pub fn field_in<'a>(&self, schema: &'a Schema) -> Result<Option<&'a Field>> {
        let mut current = schema;
        for step in &self.parents {
            match look_up(current, step)? {
                Some(field) => current = &field.schema,
                None => return Ok(None),
            }
        }
        look_up(current, self.last()?)
    }

    /// Takes the value out of a struct; null where a part of the way is null or missing. A default stands for a null in a
    /// field if `replace_null` says so.
    pub fn take_from_struct(&self, value: Struct, replace_null: bool) -> Result<Value> {
        let mut current = value;
        for step in &self.parents {
            match take_field(current, step, replace_null) {
                Value::Null => return Ok(Value::Null),
                inner => current = require_struct(inner, NESTED)?,
            }
        }
        Ok(take_field(current, self.last()?, replace_null))
    }

    /// As [`FieldPath::take_from_struct`], of a struct whose fields have been found before.
    pub(crate) fn take_found(&self, value: Struct, found: &[Found], replace_null: bool) -> Result<Value> {
        let mut current = Value::Struct(value);
        for (at, found) in found.iter().enumerate() {
            let mut inner = match current {
                Value::Null => return Ok(Value::Null),
                inner => require_struct(inner, NESTED)?,
            };
            if *inner.schema() != found.schema {
                // A struct of another schema than its field has.
                let rest = Self {
                    parents: self.parents.get(at..).unwrap_or_default().to_vec(),
                    last: self.last.clone(),
                };
                return rest.take_from_struct(inner, replace_null);
            }
            let taken = inner.take_at(found.index);
            let field = inner.schema().fields().get(found.index);
            current = field.map(|field| filled(field, taken, replace_null)).unwrap_or_default();
        }
        Ok(current)
    }

    /// The fields on the way from a struct of this schema; `None` where there is none. Fails as
    /// [`FieldPath::field_in`].
    pub(crate) fn find(&self, schema: &Schema) -> Result<Option<Vec<Found>>> {
        if self.field_in(schema)?.is_none() {
            return Ok(None);
        }
        let mut found = Vec::new();
        let mut current = schema.clone();
        for step in self.steps() {
            let Some(field) = current.field(step).cloned() else { return Ok(None) };
            found.push(Found { schema: current, index: field.index });
            current = field.schema;
        }
        Ok(Some(found))
    }

    /// Takes the value out of a map; null where a part of the way is null or missing.
    pub fn take_from_map(&self, value: Map) -> Result<Value> {
        let mut current = value;
        for step in &self.parents {
            match current.into_value(step) {
                None | Some(Value::Null) => return Ok(Value::Null),
                Some(inner) => current = require_map(inner, NESTED)?,
            }
        }
        Ok(current.into_value(self.last()?).unwrap_or_default())
    }
}

fn take_field(mut value: Struct, name: &str, replace_null: bool) -> Value {
    let Some(index) = value.schema().field(name).map(|field| field.index) else { return Value::Null };
    let taken = value.take_at(index);
    value.schema().fields().get(index).map(|field| filled(field, taken, replace_null)).unwrap_or_default()
}

fn look_up<'a>(schema: &'a Schema, name: &str) -> Result<Option<&'a Field>> {
    if schema.kind() == Type::Struct {
        Ok(schema.field(name))
    } else {
        Err(Error::new(ErrorKind::Data, "Cannot look up fields on non-struct type"))
    }
}

/// Cuts a path of version 2. A back-tick counts at the beginning of a name; the one that closes it stands before a dot or
/// at the end, unless a backslash stands before it.
fn steps(path: &str) -> Result<Vec<Text>> {
    let mut steps = Vec::new();
    let mut at = 0;
    loop {
        let rest = path.get(at..).unwrap_or_default();
        let (step, length) = match rest.strip_prefix('`') {
            Some(quoted) => {
                let length = closing(quoted).ok_or_else(|| incomplete(path, at))?;
                (quoted.get(..length).unwrap_or_default().replace("\\`.", "`."), length + 2)
            }
            None => {
                let length = rest.find('.').unwrap_or(rest.len());
                (rest.get(..length).unwrap_or_default().to_owned(), length)
            }
        };
        steps.push(step.into());
        at += length;
        if at >= path.len() {
            return Ok(steps);
        }
        // The dot between two names.
        at += 1;
    }
}

/// Where the back-tick stands that closes a name.
fn closing(quoted: &str) -> Option<usize> {
    quoted.match_indices('`').map(|(at, _)| at).find(|at| {
        let ends = matches!(quoted.as_bytes().get(at + 1), None | Some(b'.'));
        let escaped = at.checked_sub(1).and_then(|before| quoted.as_bytes().get(before)) == Some(&b'\\');
        ends && !escaped
    })
}

fn incomplete(path: &str, at: usize) -> Error {
    let position = path.get(..at).unwrap_or_default().encode_utf16().count();
    Error::config(format!(
        "Incomplete backtick pair in path: [{path}], consider adding a backslash before backtick at position {position} to escape it"
    ))
}
