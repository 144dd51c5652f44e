//! The mock source task.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{ConfigMap, Error, Result, SourceRecord, SourceTask, SourceTaskContext};
use async_trait::async_trait;
use tokio::time::Instant;
use tracing::{debug, info};

use crate::failure::{Failure, TASK};

/// How long a poll takes.
const POLL: Duration = Duration::from_millis(250);

/// Never has a record, and fails when it is due.
#[derive(Debug, Default)]
pub struct MockSourceTask {
    failure: Option<Failure>,
}

#[async_trait]
impl SourceTask for MockSourceTask {
    async fn start(&mut self, _context: Arc<dyn SourceTaskContext>, config: &ConfigMap) -> Result<()> {
        self.failure = Failure::planned(config, TASK)?;
        if let Some(failure) = &self.failure {
            debug!("Started MockSourceTask with failure scheduled in {} ms", failure.delay.as_millis());
        }
        Ok(())
    }

    async fn poll(&mut self) -> Result<Option<Vec<SourceRecord>>> {
        let next = Instant::now() + POLL;
        let wake = self.failure.map_or(next, |failure| failure.due.min(next));
        tokio::time::sleep_until(wake).await;
        if self.failure.is_some_and(|failure| failure.is_due()) {
            info!("Triggering source task failure");
            return Err(Error::connect("Triggering source task failure"));
        }
        Ok(None)
    }

    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}
