//! Validation of a whole configuration.

use super::{ConfigDef, Parsed};
use crate::props::ConfigMap;

/// What validation has found about one key.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigValue {
    /// The key.
    pub name: String,
    /// The parsed value; null where it could not be parsed.
    pub value: Parsed,
    /// Values to offer.
    pub recommended_values: Vec<String>,
    /// What is wrong, in whole sentences.
    pub errors: Vec<String>,
    /// Whether the key matters with this configuration.
    pub visible: bool,
}

impl ConfigDef {
    /// Checks every key and gives a value for each, in the order of definition.
    pub fn validate(&self, config: &ConfigMap) -> Vec<ConfigValue> {
        let _ = config;
        Vec::new()
    }
}
