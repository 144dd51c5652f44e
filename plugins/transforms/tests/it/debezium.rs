//! What Debezium's own classes have answered: those of release 3.3.1, and those of 2.7.4 to the keys that 3 has no more.

use std::path::PathBuf;

use aqueduct_api::config::ConfigDefault;
use aqueduct_vectors::{Case, Deviation, Expect, Failure, Json, check_from};
use serde_json::json;

use crate::plugins;
use crate::vectors::transform;

/// The recordings, or the folder in `AQUEDUCT_DEBEZIUM_VECTORS` with others of the same names.
fn folder() -> PathBuf {
    let other = std::env::var_os("AQUEDUCT_DEBEZIUM_VECTORS").map(PathBuf::from);
    other.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/debezium"))
}

fn deviations() -> Vec<Deviation> {
    let has = |case: &Case, key: &str| case.config.as_ref().is_some_and(|config| config.contains(key));
    vec![
        Deviation::mentioning("Unable to validate config.", "ours says which key is wrong, and why"),
        Deviation::when(
            move |case| {
                let is_old = has(case, "drop.tombstones") || has(case, "delete.handling.mode");
                is_old && case.config().get("replace.null.with.default") == Some("false")
            },
            "Debezium 2 did not know this key",
        ),
        Deviation::when(
            |case| matches!(&case.expect, Expect::Err { class, .. } if class.ends_with(".ArrayIndexOutOfBoundsException")),
            "there is one kind of error for all indexes",
        ),
    ]
}

macro_rules! smt {
    ($($test:ident: $name:literal),* $(,)?) => {$(
        #[test]
        fn $test() {
            check_from(&folder(), concat!("smt.debezium.", $name), &deviations(), transform);
        }
    )*};
}

smt! {
    extract_new_record_state: "ExtractNewRecordState",
    extract_new_record_state_of_debezium_2: "ExtractNewRecordState.old",
    by_logical_table_router: "ByLogicalTableRouter",
}

#[test]
fn keys_are_those_of_debezium() {
    check_from(&folder(), "smt.debezium.config", &[], |case| {
        let definition = plugins::config(&case.text("class")?);
        let name = case.text("name")?;
        let key = definition.key(&name).ok_or_else(|| Failure::Unrepresentable(format!("no key {name}")))?;
        let default = match &key.default {
            ConfigDefault::Required => Json::Null,
            ConfigDefault::Value(value) => json!(value.to_text()),
        };
        Ok(json!({
            // Debezium calls no key required; without these two its router fails all the same.
            "name": name, "type": key.kind.name(), "required": false, "default": default,
            "importance": key.importance.name(), "group": key.group, "order": key.order_in_group,
            "width": key.width.name(), "display": key.display_name,
            // Its validators work behind the table, and its words are its own.
            "validator": null, "doc": case.expected("doc"),
        }))
    });
}
