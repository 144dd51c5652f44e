//! The source connector: one task, and rules for changing its offset.

use aqueduct_api::{
    ConfigDef, ConfigMap, Connector, Error, OffsetChange, Result, SourceConnector, Support, Value,
};
use async_trait::async_trait;
use tracing::info;

use crate::config::{FILE, file_of, source_def};

/// The key of a source partition: the name of the file, as configured.
pub(crate) const FILENAME: &str = "filename";
/// The key of a source offset: how many bytes lie before the next line.
pub(crate) const POSITION: &str = "position";

/// `FileStreamSource`: reads a file, or the standard input, line by line, and goes on as it grows.
#[derive(Debug, Default)]
pub struct FileStreamSourceConnector {
    config: ConfigMap,
}

#[async_trait]
impl Connector for FileStreamSourceConnector {
    async fn start(&mut self, config: &ConfigMap) -> Result<()> {
        let file = file_of(&source_def(), config)?;
        info!("Starting file source connector reading from {}", file.as_deref().unwrap_or("standard input"));
        self.config = config.clone();
        Ok(())
    }

    async fn task_configs(&mut self, _max_tasks: usize) -> Result<Vec<ConfigMap>> {
        Ok(vec![self.config.clone()])
    }

    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }

    fn config(&self) -> ConfigDef {
        source_def()
    }
}

#[async_trait]
impl SourceConnector for FileStreamSourceConnector {
    fn exactly_once_support(&self, config: &ConfigMap) -> Result<Option<Support>> {
        let file = file_of(&source_def(), config)?;
        Ok(Some(if file.is_some() { Support::Supported } else { Support::Unsupported }))
    }

    /// Takes any reset, also of partitions that earlier configurations have left behind. Whether the position lies
    /// within the file is seen when the task starts.
    async fn alter_offsets(&self, config: &ConfigMap, offsets: &[OffsetChange]) -> Result<bool> {
        if file_of(&source_def(), config)?.is_none() {
            return Err(Error::connect(format!(
                "Offsets cannot be modified if the '{FILE}' configuration is unspecified. \
                 This is because stdin is used for input and offsets are not tracked."
            )));
        }
        for (partition, offset) in offsets {
            let Some(offset) = offset else { continue };
            match offset.get(POSITION) {
                None => {
                    return Err(Error::connect(format!(
                        "Offset objects should either be null or contain the key '{POSITION}'"
                    )));
                }
                Some(Value::Int64(0..)) => {}
                Some(Value::Int64(_)) => {
                    return Err(Error::connect(format!(
                        "The value for the '{POSITION}' key in the offset should be a non-negative value"
                    )));
                }
                Some(_) => {
                    return Err(Error::connect(format!(
                        "The value for the '{POSITION}' key in the offset is expected to be a Long value"
                    )));
                }
            }
            if partition.get(FILENAME).is_none() {
                return Err(Error::connect(format!("Partition objects should contain the key '{FILENAME}'")));
            }
        }
        Ok(true)
    }
}
