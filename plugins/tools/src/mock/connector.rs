//! The connector of both mocks.

use std::sync::Arc;

use aqueduct_api::{
    ConfigDef, ConfigMap, Connector, ConnectorContext, Error, Result, SinkConnector, SourceConnector,
};
use async_trait::async_trait;
use tokio::task::JoinHandle;
use tracing::{debug, info};

use crate::failure::{CONNECTOR, Failure};

/// Has one task. With `mock_mode=connector-failure` it raises an error `delay_ms` (15000) after its start; with
/// `task-failure` the task does.
#[derive(Default)]
pub struct MockConnector {
    context: Option<Arc<dyn ConnectorContext>>,
    config: ConfigMap,
    failing: Option<JoinHandle<()>>,
}

#[async_trait]
impl Connector for MockConnector {
    fn initialize(&mut self, context: Arc<dyn ConnectorContext>) {
        self.context = Some(context);
    }

    async fn start(&mut self, config: &ConfigMap) -> Result<()> {
        self.config = config.clone();
        let (Some(failure), Some(context)) = (Failure::planned(config, CONNECTOR)?, &self.context) else {
            return Ok(());
        };
        info!("Started MockConnector with failure delay of {} ms", failure.delay.as_millis());
        let context = Arc::clone(context);
        self.failing = Some(tokio::spawn(async move {
            tokio::time::sleep_until(failure.due).await;
            info!("Triggering connector failure");
            context.raise_error(Error::connect("Triggering connector failure"));
        }));
        Ok(())
    }

    async fn task_configs(&mut self, _max_tasks: usize) -> Result<Vec<ConfigMap>> {
        debug!("Creating single task for MockConnector");
        Ok(vec![self.config.clone()])
    }

    async fn stop(&mut self) -> Result<()> {
        self.cancel();
        Ok(())
    }

    fn config(&self) -> ConfigDef {
        ConfigDef::new()
    }
}

impl SourceConnector for MockConnector {}

impl SinkConnector for MockConnector {}

impl MockConnector {
    fn cancel(&mut self) {
        if let Some(failing) = self.failing.take() {
            failing.abort();
        }
    }
}

impl Drop for MockConnector {
    fn drop(&mut self) {
        self.cancel();
    }
}
