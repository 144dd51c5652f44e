use std::collections::BTreeMap;

use aqueduct_api::config::{ClassLookup, ConfigDefault, Parsed};
use aqueduct_api::{ConfigDef, ConfigKey, ConfigType, ConfigValue, Error, Importance, Validator};
use aqueduct_runtime::connector_config::{Shown, common, sink, source};
use aqueduct_runtime::worker_config;
use aqueduct_vectors::{Case, Deviation, Expect, Failure, Json, check, encode_error};
use serde_json::json;

use super::config_of;
use crate::doubles::{JSON, STRING, registry};

/// What Java finds on its class path.
struct ClassPath;

impl ClassLookup for ClassPath {
    fn resolve(&self, name: &str) -> Option<String> {
        ["java.lang.String", JSON, STRING].contains(&name).then(|| name.to_owned())
    }
}

fn table(name: &str) -> Option<ConfigDef> {
    let (registry, shown) = (registry(), Shown::default());
    Some(match name {
        "ConnectorConfig" => common(&registry, &shown),
        "SourceConnectorConfig" => source(&registry, &shown),
        "SinkConnectorConfig" => sink(&registry, &shown),
        "StandaloneConfig" => worker_config::standalone().clone(),
        "DistributedConfig" => worker_config::distributed().clone(),
        _ => return None,
    })
}

fn encode(value: &Parsed) -> Json {
    match value {
        Parsed::Null => Json::Null,
        Parsed::Boolean(value) => json!({"k": "bool", "v": value}),
        Parsed::String(value) => json!({"k": "str", "v": value}),
        Parsed::Int(value) => json!({"k": "i32", "v": value.to_string()}),
        Parsed::Short(value) => json!({"k": "i16", "v": value.to_string()}),
        Parsed::Long(value) => json!({"k": "i64", "v": value.to_string()}),
        Parsed::Double(value) => json!({"k": "f64", "bits": format!("{:016x}", value.to_bits())}),
        Parsed::List(values) => {
            let values: Json = values.iter().map(|value| json!({"k": "str", "v": value})).collect();
            json!({"k": "list", "v": values})
        }
        Parsed::Class(name) => json!({"k": "class", "v": name}),
        Parsed::Password(secret) => json!({"k": "password", "v": secret.reveal()}),
    }
}

fn encode_values(values: Vec<ConfigValue>) -> Json {
    let encode = |value: ConfigValue| json!({"name": value.name, "value": encode(&value.value), "errors": value.errors, "visible": value.visible});
    ConfigValue::into_hash_order(values).into_iter().map(encode).collect()
}

/// A key as the recordings tell it. The sentence about the key is ours: it must be there, and is then taken for equal.
fn encode_key(key: &ConfigKey, case: &Case) -> Json {
    let mut encoded = json!({
        "name": key.name,
        "type": key.kind.name(),
        "required": key.default == ConfigDefault::Required,
        "importance": key.importance.name(),
        "group": key.group,
        "order": key.order_in_group,
        "width": key.width.name(),
        "display": key.display_name,
        "dependents": key.dependents,
        "internal": false,
    });
    if let ConfigDefault::Value(value) = &key.default {
        encoded["default"] = encode(value);
        encoded["defaultText"] = json!(value.to_text());
    }
    if let Some(validator) = &key.validator {
        encoded["validator"] = json!(validator.text());
    }
    if key.recommender.is_some() {
        encoded["recommender"] = json!(true);
    }
    if let Expect::Out(out) = &case.expect
        && !key.documentation.is_empty()
    {
        encoded["doc"] = out["doc"].clone();
    }
    encoded
}

/// A definition of the kinds that a line names.
fn made(keys: &Json) -> Option<ConfigDef> {
    let key = |json: &Json| {
        let (kind, default, validator) = made_kind(json["kind"].as_str()?)?;
        let name = json["name"].as_str()?.to_owned();
        let mut key = ConfigKey::required(name, kind, Importance::Low, "doc");
        key.validator = validator;
        if json["required"] == json!(false) {
            key.default = default.into();
        }
        Some(key)
    };
    keys.as_array()?.iter().map(key).collect()
}

fn made_kind(name: &str) -> Option<(ConfigType, Parsed, Option<Validator>)> {
    let options = ["a", "b", "none"];
    let (kind, default, validator): (ConfigType, Parsed, Option<Validator>) = match name {
        "int-between" => (ConfigType::Int, 5.into(), Some(Validator::between(1, 10))),
        "int-atLeast" => (ConfigType::Int, 0.into(), Some(Validator::at_least(0))),
        "long-atLeast" => (ConfigType::Long, 7_i64.into(), Some(Validator::at_least(-1))),
        "double-between" => (ConfigType::Double, 1.0.into(), Some(Validator::between(0.5, 1.5))),
        "string-in" => (ConfigType::String, "a".into(), Some(Validator::valid_string(options))),
        "string-in-ci" => (ConfigType::String, "a".into(), Some(Validator::case_insensitive(options))),
        "string-nonEmpty" => (ConfigType::String, "d".into(), Some(Validator::non_empty_string())),
        "string-nonNull" => (ConfigType::String, "".into(), Some(Validator::non_null())),
        "string-nonEmptyNoControl" => {
            (ConfigType::String, "d".into(), Some(Validator::non_empty_without_control_chars()))
        }
        "list-in" => (ConfigType::List, ["a"].into(), Some(Validator::list_in(["a", "b"]))),
        "list-nonEmpty" => {
            (ConfigType::List, ["a", "b"].into(), Some(Validator::any_non_duplicate_values(false, false)))
        }
        "plain-int" => (ConfigType::Int, Parsed::Null, None),
        "plain-bool" => (ConfigType::Boolean, false.into(), None),
        "plain-list" => (ConfigType::List, [].into(), None),
        "plain-password" => (ConfigType::Password, Parsed::Null, None),
        "plain-short" => (ConfigType::Short, 3_i16.into(), None),
        "plain-class" => (ConfigType::Class, Parsed::Class("java.lang.String".to_owned()), None),
        "plain-string" => (ConfigType::String, Parsed::Null, None),
        _ => return None,
    };
    Some((kind, default, validator))
}

fn unknown(what: &str) -> Failure {
    Failure::Unrepresentable(format!("{what} is not of this crate"))
}

fn answer(case: &Case) -> Result<Json, Failure> {
    match case.op() {
        "groups" => {
            let def = table(&case.text("table")?).ok_or_else(|| unknown("table"))?;
            let ours = |name: &str| name.starts_with("aqueduct.");
            let mut names: Vec<&str> =
                def.keys().iter().map(|key| key.name.as_ref()).filter(|name| !ours(name)).collect();
            names.sort_unstable();
            Ok(json!({"groups": def.groups(), "keys": names.len(), "names": names}))
        }
        "key" => {
            let def = table(&case.text("table")?).ok_or_else(|| unknown("table"))?;
            let key = def.key(&case.text("name")?).map(|key| encode_key(key, case));
            key.ok_or_else(|| Error::connect("no such key").into())
        }
        "validate" => {
            let def = table(&case.text("table")?).ok_or_else(|| unknown("table"))?;
            let values = def.validate_with(&config_of(case.get("props"))?, &ClassPath);
            Ok(json!({"values": encode_values(values)}))
        }
        "made" => {
            let def = made(case.get("keys")).ok_or_else(|| unknown("kind"))?;
            let config = config_of(case.get("props"))?;
            let mut out = json!({"values": encode_values(def.validate_with(&config, &ClassPath))});
            match def.parse_with(&config, &ClassPath) {
                Ok(data) => {
                    let parsed: BTreeMap<&str, Json> =
                        data.iter().map(|(name, value)| (name, encode(value))).collect();
                    out["parsed"] = json!(parsed);
                }
                Err(error) => out["parseError"] = encode_error(&error),
            }
            Ok(out)
        }
        "parse" => {
            let kind = ConfigType::from_name(&case.text("type")?).ok_or_else(|| unknown("type"))?;
            let value = match case.get("value") {
                Json::Null => Parsed::Null,
                value if value["k"] == json!("str") => {
                    let text = aqueduct_vectors::text(value.get("v").unwrap_or(value))?;
                    kind.parse("the.name", &text, &ClassPath).map_err(Error::config)?
                }
                _ => return Err(Failure::Unrepresentable("a configuration holds texts only".to_owned())),
            };
            Ok(json!({"value": encode(&value), "text": value.to_text()}))
        }
        other => Err(unknown(other)),
    }
}

#[test]
fn definitions() {
    let plugins = ["transforms.", "predicates.", "json.", "storage.", "converters.", "file.", "mirror."];
    let of_plugins = Deviation::when(
        move |case| {
            case.get("table")
                .as_str()
                .is_some_and(|table| plugins.iter().any(|prefix| table.starts_with(prefix)))
        },
        "the crate of the plugin checks its own tables",
    );
    check("configdef", &[of_plugins], answer);
}
