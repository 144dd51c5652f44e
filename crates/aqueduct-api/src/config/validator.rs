//! What values a key takes beyond its type.

use std::fmt;
use std::sync::Arc;

use super::Parsed;

/// A check of a parsed value; gives all messages that it has, none for a good value.
#[derive(Clone)]
pub struct Validator {
    /// The text in generated documentation.
    text: Arc<str>,
    check: Arc<dyn Fn(&str, &Parsed) -> Vec<String> + Send + Sync>,
}

impl Validator {
    /// A check by a function of name and value, which gives whole messages as users see them.
    pub fn new(
        text: impl Into<Arc<str>>,
        check: impl Fn(&str, &Parsed) -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        Self { text: text.into(), check: Arc::new(check) }
    }

    /// The messages about a value of a key.
    pub fn check(&self, name: &str, value: &Parsed) -> Vec<String> {
        (self.check)(name, value)
    }
}

impl fmt::Display for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
