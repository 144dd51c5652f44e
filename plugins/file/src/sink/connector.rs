//! The sink connector: as many tasks as are allowed, all of them append to one file.

use aqueduct_api::{ConfigDef, ConfigMap, Connector, Result, SinkConnector, TopicPartition};
use async_trait::async_trait;
use tracing::info;

use crate::config::{file_of, sink_def};

/// `FileStreamSink`: appends each record's value as a line to a file, or to the standard output.
#[derive(Debug, Default)]
pub struct FileStreamSinkConnector {
    config: ConfigMap,
}

#[async_trait]
impl Connector for FileStreamSinkConnector {
    async fn start(&mut self, config: &ConfigMap) -> Result<()> {
        let file = file_of(&sink_def(), config)?;
        info!("Starting file sink connector writing to {}", file.as_deref().unwrap_or("standard output"));
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
        sink_def()
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
