//! How often connectors and tasks were started, and how that went.

use std::sync::atomic::{AtomicU64, Ordering};

/// Starts of connectors and tasks on one worker.
#[derive(Debug, Default)]
pub struct Startups {
    /// Of connectors.
    pub connectors: Attempts,
    /// Of tasks.
    pub tasks: Attempts,
}

/// Starts of one kind.
#[derive(Debug, Default)]
pub struct Attempts {
    successes: AtomicU64,
    failures: AtomicU64,
}

impl Attempts {
    pub(crate) fn note(&self, succeeded: bool) {
        let counter = if succeeded { &self.successes } else { &self.failures };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// How many succeeded, and how many failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.successes.load(Ordering::Relaxed), self.failures.load(Ordering::Relaxed))
    }
}
