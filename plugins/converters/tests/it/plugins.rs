//! The list of plugins and their keys.

use aqueduct_api::config::Parsed;
use aqueduct_api::{ConfigMap, ConverterRole, PluginKind};
use aqueduct_converters::{JsonConverter, plugins};

#[test]
fn lists_what_java_lists() {
    let names = |wanted: &str| {
        let plugins = plugins().into_iter().filter(|plugin| plugin.kind.name() == wanted);
        let mut names: Vec<_> = plugins.map(|plugin| plugin.simple_name()).collect();
        names.sort_unstable();
        names
    };
    let scalars = ["Boolean", "ByteArray", "Double", "Float", "Integer", "Json", "Long", "Short", "String"];
    let expected = scalars.map(|name| format!("{name}Converter"));
    assert_eq!(names("converter"), expected);
    let mut expected = Vec::from(expected);
    expected.insert(8, "SimpleHeaderConverter".to_owned());
    assert_eq!(names("header_converter"), expected);
    assert!(plugins().iter().all(|plugin| plugin.version == "4.3.1"));
}

#[test]
fn defines_the_keys_in_javas_order() {
    for plugin in plugins() {
        let definition = plugin.config_def();
        let keys: Vec<_> = definition.keys().iter().map(|key| key.name.as_ref()).collect();
        let expected: &[&str] = match plugin.simple_name() {
            "JsonConverter" => &[
                "converter.type",
                "schemas.enable",
                "schemas.cache.size",
                "schema.content",
                "decimal.format",
                "replace.null.with.default",
            ],
            "StringConverter" => &["converter.type", "converter.encoding"],
            "SimpleHeaderConverter" => &[],
            _ => &["converter.type"],
        };
        assert_eq!(keys, expected, "{plugin:?}");
    }
}

#[test]
fn says_what_is_wrong_with_values() {
    let config = ConfigMap::from([
        ("converter.type", "both"),
        ("decimal.format", "HEX"),
        ("schemas.enable", "perhaps"),
        ("schemas.cache.size", "many"),
    ]);
    let PluginKind::Converter(make) =
        plugins().into_iter().find(|plugin| plugin.simple_name() == "JsonConverter").expect("listed").kind
    else {
        panic!("a converter");
    };
    let values = make().config().validate(&config);
    let errors: Vec<_> = values.iter().flat_map(|value| &value.errors).map(String::as_str).collect();
    assert_eq!(
        errors,
        [
            "Invalid value both for configuration converter.type: String must be one of: key, value, header",
            "Invalid value perhaps for configuration schemas.enable: Expected value to be either true or false",
            "Invalid value many for configuration schemas.cache.size: Not a number of type INT",
            "Invalid value HEX for configuration decimal.format: String must be one of (case insensitive): NUMERIC, BASE64",
        ]
    );
    assert!(values.iter().any(|value| value.value == Parsed::Boolean(true)));
    let mut converter = JsonConverter::default();
    let failed = aqueduct_api::Converter::configure(&mut converter, &config, ConverterRole::Key);
    assert!(failed.is_err());
}

#[test]
fn the_quickstart_configures_converters() {
    let text = include_str!("../../config/quickstart.json");
    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let entries = json.as_object().expect("an object").iter();
    let config: ConfigMap =
        entries.map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned))).collect();
    for role in [ConverterRole::Key, ConverterRole::Value] {
        let prefix = format!("{}.converter", role.name());
        let class = config.require(&prefix).expect("a class");
        let plugin = plugins().into_iter().find(|plugin| plugin.class == class).expect("a converter of ours");
        let PluginKind::Converter(make) = plugin.kind else { panic!("{class} is no converter") };
        make().configure(&config.with_prefix(&format!("{prefix}.")), role).expect("a valid configuration");
    }
    let class = config.require("header.converter").expect("a class");
    assert!(plugins().iter().any(|plugin| plugin.class == class && plugin.kind.name() == "header_converter"));
}
