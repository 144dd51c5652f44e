//! The sink connector: as many tasks as are allowed, all of them append to one file.

use aqueduct_api::{ConfigDef, ConfigMap, Connector, Result, SinkConnector, TopicPartition};
use async_trait::async_trait;
use tracing::info;

use crate::config::SinkConfig;

/// `FileStreamSink`: appends each record's value as a line to a file, or to the standard output.
#[derive(Debug, Default)]
pub struct FileStreamSinkConnector {
    config: ConfigMap,
}

#[async_trait]
impl Connector for FileStreamSinkConnector {
    async fn start(&mut self, config: &ConfigMap) -> Result<()> {
        match SinkConfig::parse(config)?.file {
            Some(file) => info!("Starting file sink connector writing to {}", file.display()),
            None => info!("Starting file sink connector writing to standard output"),
        }
        self.config = config.clone();
        Ok(())
    }

    async fn task_configs(&mut self, max_tasks: usize) -> Result<Vec<ConfigMap>> {
        Ok(vec![self.config.clone(); max_tasks])
    }

    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }

    fn config(&self) -> ConfigDef {
        SinkConfig::def()
    }
}

#[async_trait]
impl SinkConnector for FileStreamSinkConnector {
    /// Offsets lie in Kafka alone: any change is fine.
    async fn alter_offsets(
        &self,
        _config: &ConfigMap,
        _offsets: &[(TopicPartition, Option<i64>)],
    ) -> Result<bool> {
        Ok(true)
    }
}
