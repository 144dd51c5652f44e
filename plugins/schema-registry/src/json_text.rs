//! Small helpers for the JSON of schemas.

use aqueduct_api::{Error, Result};
use serde_json::{Map, Value as Json};

/// An object.
pub(crate) type Object = Map<String, Json>;

/// Reads a schema.
pub(crate) fn parse(text: &str) -> Result<Json> {
    serde_json::from_str(text).map_err(|error| Error::data(format!("the schema is no JSON: {error}")))
}

/// The text of a member that is one.
pub(crate) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str()
}

/// A double as JSON, and as a text where JSON has no number for it.
pub(crate) fn double(value: f64) -> Json {
    serde_json::Number::from_f64(value).map_or_else(|| Json::String(value.to_string()), Json::Number)
}
