//! Regular expressions as values of keys.

use aqueduct_api::config::Parsed;
use aqueduct_api::java_regex::JavaRegex;
use aqueduct_api::{Error, Result, Validator};

/// Takes what [`compile`] takes.
pub(crate) fn validator() -> Validator {
    Validator::lambda("valid regex", |_, value| match value {
        Parsed::String(pattern) => {
            JavaRegex::new(pattern).map(|_| ()).map_err(|error| format!("Invalid regex: {error}"))
        }
        // Java's own words when it compiles a null.
        _ => {
            Err(r#"Invalid regex: Cannot invoke "String.isEmpty()" because "this.pattern" is null"#
                .to_owned())
        }
    })
}

/// The regular expression that is the value of a key.
pub(crate) fn compile(key: &str, pattern: &str) -> Result<JavaRegex> {
    JavaRegex::new(pattern).map_err(|error| {
        Error::config(format!("Invalid value {pattern} for configuration {key}: Invalid regex: {error}"))
    })
}
