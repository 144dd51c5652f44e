//! When a mock fails.

use std::time::Duration;

use aqueduct_api::{ConfigMap, Result};
use tokio::time::Instant;

use crate::number;

/// The key that says what fails.
const MODE: &str = "mock_mode";
/// The connector fails.
pub(crate) const CONNECTOR: &str = "connector-failure";
/// The task fails.
pub(crate) const TASK: &str = "task-failure";

const DELAY_MS: &str = "delay_ms";
const DELAY_MS_DEFAULT: u64 = 15_000;

/// A failure that is due at some time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Failure {
    pub(crate) due: Instant,
    pub(crate) delay: Duration,
}

impl Failure {
    /// The failure that a configuration asks for in this mode, counted from now; `None` for another mode.
    pub(crate) fn planned(config: &ConfigMap, mode: &str) -> Result<Option<Self>> {
        if config.get(MODE) != Some(mode) {
            return Ok(None);
        }
        let delay = Duration::from_millis(number::or(config, DELAY_MS, DELAY_MS_DEFAULT)?);
        Ok(Some(Self { due: Instant::now() + delay, delay }))
    }

    /// Whether it is time.
    pub(crate) fn is_due(&self) -> bool {
        Instant::now() >= self.due
    }
}
