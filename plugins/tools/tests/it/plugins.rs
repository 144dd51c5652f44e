//! What the crate lists, and the configurations that it ships.

use aqueduct_api::{ConfigMap, PluginKind};

#[test]
fn lists_the_connectors_under_their_java_names() {
    let plugins = aqueduct_tools::plugins();
    let names: Vec<_> = plugins.iter().map(|plugin| (plugin.kind.name(), plugin.simple_name())).collect();
    assert_eq!(
        names,
        [
            ("source", "VerifiableSourceConnector"),
            ("sink", "VerifiableSinkConnector"),
            ("source", "SchemaSourceConnector"),
            ("source", "MockSourceConnector"),
            ("sink", "MockSinkConnector"),
        ]
    );
    for plugin in &plugins {
        assert!(plugin.config_def().keys().is_empty());
        let (PluginKind::Source { task_class, .. } | PluginKind::Sink { task_class, .. }) = &plugin.kind
        else {
            panic!("{plugin:?} is no connector");
        };
        assert_eq!(*task_class, plugin.class.replace("Connector", "Task"));
    }
}

#[tokio::test]
async fn makes_connectors_and_tasks() {
    for plugin in aqueduct_tools::plugins() {
        let config = ConfigMap::from([("name", "c"), ("topic", "t")]);
        let configs = match &plugin.kind {
            PluginKind::Source { connector, .. } => {
                let mut connector = connector();
                assert_eq!(connector.exactly_once_support(&config).expect("answers"), None);
                connector.start(&config).await.expect("starts");
                connector.task_configs(3).await.expect("configs")
            }
            PluginKind::Sink { connector, .. } => {
                let mut connector = connector();
                connector.start(&config).await.expect("starts");
                connector.task_configs(3).await.expect("configs")
            }
            _ => panic!("{plugin:?} is no connector"),
        };
        if plugin.simple_name().starts_with("Mock") {
            assert_eq!(configs, [config]);
        } else {
            let ids: Vec<_> = configs.iter().map(|config| config.get("id").expect("an id")).collect();
            assert_eq!(ids, ["0", "1", "2"]);
            assert!(configs.iter().all(|config| config.get("topic") == Some("t")));
        }
    }
}

#[test]
fn ships_configurations_of_its_own_connectors() {
    for text in
        [include_str!("../../config/quickstart.json"), include_str!("../../config/quickstart-sink.json")]
    {
        let json: serde_json::Value = serde_json::from_str(text).expect("JSON");
        let class = json["connector.class"].as_str().expect("a class");
        let simple_name = format!("{class}Connector");
        assert!(
            aqueduct_tools::plugins().iter().any(|plugin| plugin.simple_name() == simple_name),
            "{class}"
        );
    }
}
