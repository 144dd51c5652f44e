//! Waiting with a deadline.

use std::time::Duration;

use tokio::time::Instant;

/// No test waits longer than this for something that must happen.
pub const PATIENCE: Duration = Duration::from_secs(20);
/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(5);

/// Waits until the condition gives something.
///
/// # Panics
/// When [`PATIENCE`] is over: the test has failed. `what` says what it waited for.
pub async fn eventually<T>(what: &str, condition: impl FnMut() -> Option<T>) -> T {
    match within(PATIENCE, condition).await {
        Some(found) => found,
        None => panic!("waited {PATIENCE:?} in vain until {what}"),
    }
}

/// Waits until the condition gives something, or the time is up.
pub(crate) async fn within<T>(patience: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(found) = condition() {
            return Some(found);
        }
        if Instant::now() >= deadline {
            return None;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
