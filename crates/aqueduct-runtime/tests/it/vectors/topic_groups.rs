use aqueduct_runtime::connector_config::ConnectorConfig;
use aqueduct_vectors::{Failure, Json, check};
use serde_json::json;

use crate::doubles::registry;

#[test]
fn topic_groups() {
    let registry = registry();
    check("topicgroups", &[], |case| {
        let config = ConnectorConfig::parse(&case.config(), &registry)?;
        let source = config.source().ok_or_else(|| Failure::Unrepresentable("no source".to_owned()))?;
        let groups = &source.topic_creation;
        let topics = case.get("topics").as_array().cloned().unwrap_or_default();
        let created: Json = topics
            .iter()
            .filter_map(Json::as_str)
            .filter_map(|topic| {
                let group = groups.iter().find(|group| group.matches(topic))?;
                Some(json!({
                    "topic": topic,
                    "group": group.name,
                    "partitions": group.partitions,
                    "replication": group.replication_factor,
                    "configs": group.configs,
                }))
            })
            .collect();
        let order: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
        Ok(json!({"uses": !groups.is_empty(), "order": order, "topics": created}))
    });
}
