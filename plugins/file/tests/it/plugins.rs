//! What the crate lists, and the configurations that it ships.

use aqueduct_api::{ConfigMap, Plugin, PluginKind};

fn plugin(simple_name: &str) -> Plugin {
    let mut plugins = aqueduct_file::plugins();
    let at = plugins.iter().position(|plugin| plugin.simple_name() == simple_name).expect("listed");
    plugins.swap_remove(at)
}

fn errors(plugin: &Plugin, config: &ConfigMap) -> Vec<(String, Vec<String>)> {
    let values = plugin.config_def().validate(config);
    values
        .into_iter()
        .filter(|value| !value.errors.is_empty())
        .map(|value| (value.name, value.errors))
        .collect()
}

#[test]
fn lists_both_connectors_with_their_keys_in_order() {
    for (name, keys) in [
        ("FileStreamSourceConnector", &["file", "topic", "batch.size"][..]),
        ("FileStreamSinkConnector", &["file"]),
    ] {
        let plugin = plugin(name);
        assert_eq!(plugin.version, "4.3.1");
        let def = plugin.config_def();
        let names: Vec<&str> = def.keys().iter().map(|key| key.name.as_ref()).collect();
        assert_eq!(names, keys);
        let (PluginKind::Source { task_class, .. } | PluginKind::Sink { task_class, .. }) = plugin.kind
        else {
            panic!("{plugin:?} is no connector");
        };
        assert_eq!(task_class, plugin.class.replace("Connector", "Task"));
    }
}

#[test]
fn accepts_the_configurations_that_it_ships() {
    for (name, json) in [
        ("FileStreamSourceConnector", include_str!("../../config/quickstart.json")),
        ("FileStreamSinkConnector", include_str!("../../config/quickstart-sink.json")),
    ] {
        let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
        let config: ConfigMap = json
            .as_object()
            .expect("an object")
            .iter()
            .map(|(key, value)| (key.clone(), value.as_str().expect("a text").to_owned()))
            .collect();
        assert_eq!(errors(&plugin(name), &config), []);
        let class = config.get("connector.class").expect("a class");
        assert_eq!(format!("{class}Connector"), name);
    }
}

#[test]
fn says_what_is_wrong_with_a_configuration() {
    const EMPTY: &str = "Invalid value  for configuration topic: String must be non-empty";
    const MISSING: &str = "Missing required configuration \"topic\" which has no default value.";
    const NO_NUMBER: &str = "Invalid value x for configuration batch.size: Not a number of type INT";
    let source = plugin("FileStreamSourceConnector");
    for (entries, key, message) in [
        (&[("topic", "")][..], "topic", EMPTY),
        (&[("file", "in")], "topic", MISSING),
        (&[("topic", "t"), ("batch.size", "x")], "batch.size", NO_NUMBER),
    ] {
        let config: ConfigMap = entries.iter().copied().collect();
        assert_eq!(errors(&source, &config), [(key.to_owned(), vec![message.to_owned()])]);
    }
}
