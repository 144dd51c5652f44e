//! Recordings of Java's answers.

mod definitions;
mod properties;
mod topic_groups;
mod transformer;

use aqueduct_api::ConfigMap;
use aqueduct_vectors::{Failure, Json, optional_text};

/// A JSON object of texts and nulls.
fn config_of(json: &Json) -> Result<ConfigMap, Failure> {
    let Some(object) = json.as_object() else {
        return Ok(ConfigMap::new());
    };
    object.iter().map(|(name, value)| Ok((name.clone(), optional_text(value)?))).collect()
}
