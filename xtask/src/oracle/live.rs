//! What a live test does when its service can't be had.

use std::io::Write;

use anyhow::Result;

/// Whether a skipped live test is a failure: `REQUIRE_LIVE=1`, as in continuous integration.
pub fn required() -> bool {
    std::env::var_os("REQUIRE_LIVE").is_some_and(|value| value == "1")
}

/// The service, or `None` after a line `SKIP <name>: <reason>`.
///
/// # Panics
/// When the service is missing and [`required`].
pub fn or_skip<T>(name: &str, service: Result<T>) -> Option<T> {
    match service {
        Ok(service) => Some(service),
        Err(error) => {
            assert!(!required(), "REQUIRE_LIVE=1, and {name} can't be had: {error:#}");
            // Not a print macro: the test harness would swallow the line of a test that passes.
            let _ = writeln!(std::io::stderr().lock(), "SKIP {name}: {error:#}");
            None
        }
    }
}
