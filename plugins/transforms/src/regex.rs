//! Regular expressions as values of keys.

use aqueduct_api::java_regex::JavaRegex;
use aqueduct_api::{Error, Result};

/// The regular expression that is the value of a key.
pub(crate) fn compile(key: &str, pattern: &str) -> Result<JavaRegex> {
    JavaRegex::new(pattern).map_err(|error| {
        Error::config(format!("Invalid value {pattern} for configuration {key}: Invalid regex: {error}"))
    })
}
