use aqueduct_api::config::ConfigDefault;
use aqueduct_api::{ConfigDef, ConfigKey};
use aqueduct_vectors::{Expect, Json, Vectors};
use serde_json::json;

use crate::plugins;

/// Our definition of a table that the recordings know; `None` for another component's table.
fn definition(table: &str) -> Option<ConfigDef> {
    let class = table.strip_prefix("transforms.").or_else(|| table.strip_prefix("predicates."))?;
    Some(plugins::config(class))
}

fn describe(key: &ConfigKey) -> Json {
    let (required, default) = match &key.default {
        ConfigDefault::Required => (true, Json::Null),
        ConfigDefault::Value(value) => (false, json!(value.to_text())),
    };
    json!({
        "name": key.name, "type": key.kind.name(), "required": required, "default": default,
        "importance": key.importance.name(), "group": key.group, "order": key.order_in_group,
        "width": key.width.name(), "display": key.display_name,
        "validator": key.validator.as_ref().map_or(Json::Null, |validator| json!(validator.text())),
    })
}

/// What Java's table says, without what each side words for itself.
fn recorded(out: &Json) -> Json {
    let mut key = json!({ "default": out["defaultText"] });
    for part in ["name", "type", "required", "importance", "group", "order", "width", "display", "validator"]
    {
        key[part] = out[part].clone();
    }
    key
}

#[test]
fn keys_are_those_of_java() {
    let mut compared = 0;
    for case in Vectors::load("configdef") {
        let Some(definition) = case.get("table").as_str().and_then(definition) else { continue };
        let Expect::Out(out) = &case.expect else { continue };
        match case.op() {
            "groups" => {
                let mut names: Vec<&str> = definition.keys().iter().map(|key| key.name.as_ref()).collect();
                names.sort_unstable();
                assert_eq!(json!(names), out["names"], "{}", case.id);
                compared += 1;
            }
            "key" => {
                let name = case.get("name").as_str().expect("a name");
                let key = definition.key(name).unwrap_or_else(|| panic!("{}: no key {name}", case.id));
                assert_eq!(describe(key), recorded(out), "{}", case.id);
                compared += 1;
            }
            _ => {}
        }
    }
    assert!(compared > 60, "only {compared} lines compared");
}

#[test]
fn every_key_is_documented() {
    for plugin in aqueduct_transforms::plugins() {
        for key in plugin.config_def().keys() {
            assert!(!key.documentation.is_empty(), "{} of {}", key.name, plugin.class);
        }
    }
}
