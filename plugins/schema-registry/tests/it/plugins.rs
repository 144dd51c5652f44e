//! The list of plugins and the quickstart.

use aqueduct_api::{ConfigMap, ConverterRole, PluginKind};
use aqueduct_schema_registry::plugins;

#[test]
fn lists_the_converters_by_their_java_names() {
    let classes: Vec<_> = plugins().iter().map(|plugin| plugin.class).collect();
    assert_eq!(
        classes,
        [
            "io.confluent.connect.avro.AvroConverter",
            "io.confluent.connect.json.JsonSchemaConverter",
            "io.confluent.connect.protobuf.ProtobufConverter"
        ]
    );
    for plugin in plugins() {
        let keys = plugin.config_def();
        for name in
            ["converter.type", "schema.registry.url", "value.subject.name.strategy", "schemas.cache.config"]
        {
            assert!(keys.key(name).is_some(), "{plugin:?} lacks {name}");
        }
    }
}

#[test]
fn the_quickstart_configures_a_converter() {
    let text = include_str!("../../config/quickstart.json");
    let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let entries = json.as_object().expect("an object").iter();
    let config: ConfigMap =
        entries.map(|(name, value)| (name.clone(), value.as_str().map(str::to_owned))).collect();
    let class = config.require("value.converter").expect("a class");
    let plugin = plugins().into_iter().find(|plugin| plugin.class == class).expect("a converter of ours");
    let PluginKind::Converter(make) = plugin.kind else { panic!("{class} is no converter") };
    make()
        .configure(&config.with_prefix("value.converter."), ConverterRole::Value)
        .expect("a valid configuration");
}
