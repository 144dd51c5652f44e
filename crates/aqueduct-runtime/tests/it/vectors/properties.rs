use std::collections::BTreeMap;

use aqueduct_runtime::properties;
use aqueduct_vectors::{Failure, check};
use serde_json::json;

#[test]
fn properties() {
    check("properties", &[], |case| {
        let entries = properties::parse(&case.text("text")?).map_err(|error| Failure::Java {
            class: "java.lang.IllegalArgumentException".to_owned(),
            message: error.to_string().split(" (line").next().map(str::to_owned),
        })?;
        let entries: BTreeMap<&str, Option<&str>> = entries.iter().collect();
        Ok(json!({"entries": entries.into_iter().collect::<Vec<_>>()}))
    });
}
