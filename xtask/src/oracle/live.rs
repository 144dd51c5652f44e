//! What a live test does when its service can't be had.

use std::io::Write;

use anyhow::{Result, bail};

/// Set to `1` where a skipped live test is a failure, as in continuous integration.
pub const REQUIRE_LIVE: &str = "REQUIRE_LIVE";
/// Set to `1` where live tests are left out: `cargo xtask test --no-live`.
pub const NO_LIVE: &str = "NO_LIVE";

/// The service that `start` gives, or `None` after a line `SKIP <name>: <reason>`.
///
/// # Panics
/// When the service can't be had and `REQUIRE_LIVE=1`.
pub fn or_skip<T>(name: &str, start: impl FnOnce() -> Result<T>) -> Option<T> {
    let service = if is_set(NO_LIVE) { Err(anyhow::anyhow!("{NO_LIVE}=1")) } else { start() };
    match outcome(name, service, is_set(REQUIRE_LIVE)) {
        Ok(Ok(service)) => Some(service),
        Ok(Err(line)) => {
            // Not a print macro: the test harness would swallow the line of a test that passes.
            let _ = writeln!(std::io::stderr().lock(), "{line}");
            None
        }
        Err(failure) => panic!("{failure:#}"),
    }
}

/// The service or the line to print; or the failure where skipping is not allowed.
fn outcome<T>(name: &str, service: Result<T>, required: bool) -> Result<Result<T, String>> {
    match service {
        Ok(service) => Ok(Ok(service)),
        Err(error) if required => bail!("{REQUIRE_LIVE}=1, and {name} can't be had: {error:#}"),
        Err(error) => Ok(Err(format!("SKIP {name}: {error:#}"))),
    }
}

fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::anyhow;

    #[test]
    fn a_missing_service_is_a_skip_or_a_failure() {
        assert_eq!(outcome("db", Ok(7), true).unwrap(), Ok(7));
        let missing = || Err::<(), _>(anyhow!("no port").context("not started"));
        assert_eq!(outcome("db", missing(), false).unwrap(), Err("SKIP db: not started: no port".to_owned()));
        let failure = outcome("db", missing(), true).unwrap_err().to_string();
        assert_eq!(failure, "REQUIRE_LIVE=1, and db can't be had: not started: no port");
    }
}
