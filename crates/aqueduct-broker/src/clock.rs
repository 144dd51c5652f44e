//! Wall-clock time, as Kafka writes it into batches and coordinators.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970; 0 if the system's clock is set before that.
pub(crate) fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
