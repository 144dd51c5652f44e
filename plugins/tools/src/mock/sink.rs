//! The mock sink task.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{ConfigMap, Error, Result, SinkRecord, SinkTask, SinkTaskContext};
use async_trait::async_trait;
use tracing::{debug, info};

use crate::failure::{Failure, TASK};

/// The longest time between calls while a failure is planned.
const WAKE_MAX: Duration = Duration::from_millis(250);

/// Takes all records and does nothing with them, and fails when it is due.
#[derive(Default)]
pub struct MockSinkTask {
    plan: Option<(Failure, Arc<dyn SinkTaskContext>)>,
}

#[async_trait]
impl SinkTask for MockSinkTask {
    async fn start(&mut self, context: Arc<dyn SinkTaskContext>, config: &ConfigMap) -> Result<()> {
        self.plan = Failure::planned(config, TASK)?.map(|failure| (failure, context));
        if let Some((failure, context)) = &self.plan {
            debug!("Started MockSinkTask with failure scheduled in {} ms", failure.delay.as_millis());
            context.set_timeout(failure.delay.min(WAKE_MAX));
        }
        Ok(())
    }

    async fn put(&mut self, _records: &[SinkRecord]) -> Result<()> {
        let Some((failure, context)) = &self.plan else { return Ok(()) };
        if failure.is_due() {
            info!("Triggering sink task failure");
            return Err(Error::connect("Triggering sink task failure"));
        }
        context.set_timeout(failure.delay.min(WAKE_MAX));
        Ok(())
    }

    async fn stop(&mut self) -> Result<()> {
        Ok(())
    }
}
