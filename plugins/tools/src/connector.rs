//! The connector of the numbered tasks.

use aqueduct_api::{ConfigDef, ConfigMap, Connector, Result, SinkConnector, SourceConnector};
use async_trait::async_trait;

/// The key that tells the tasks apart.
pub(crate) const ID: &str = "id";

/// Makes as many tasks as are allowed: each has the connector's configuration and an `id` from 0.
///
/// It is the connector of the verifiable source and sink and of the schema source. It defines no keys, so that anything
/// validates; a task checks what it needs when it starts.
#[derive(Debug, Default)]
pub struct NumberedTasksConnector {
    config: ConfigMap,
}

#[async_trait]
impl Connector for NumberedTasksConnector {
    async fn start(&mut self, config: &ConfigMap) -> Result<()> {
        self.config = config.clone();
        Ok(())
    }

    async fn task_configs(&mut self, max_tasks: usize) -> Result<Vec<ConfigMap>> {
        let numbered = |id: usize| {
            let mut config = self.config.clone();
            config.insert(ID, id.to_string());
            config
        };
        Ok((0..max_tasks).map(numbered).collect())
    }

    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }

    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }
}

impl SourceConnector for NumberedTasksConnector {}

impl SinkConnector for NumberedTasksConnector {}
