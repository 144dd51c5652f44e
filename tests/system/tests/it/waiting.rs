//! Waiting for what a test expects.

use std::io::Write;
use std::time::Duration;

use xtask::wait;

/// Long enough for a slow machine; a test that needs it all is failing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
const EVERY: Duration = Duration::from_millis(5);

/// Waits until the condition holds.
///
/// # Panics
/// When it doesn't within [`PATIENCE`].
#[track_caller]
pub(crate) fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let held = wait::poll(PATIENCE, EVERY, || Ok(condition().then_some(())));
    assert!(matches!(held, Ok(Some(()))), "not within {PATIENCE:?}: {what}");
}

/// Waits until there is something without an error, and gives it.
///
/// # Panics
/// With the last error, when there is nothing else within [`PATIENCE`].
#[track_caller]
pub(crate) fn found<T>(what: &str, mut look: impl FnMut() -> anyhow::Result<T>) -> T {
    let mut last = None;
    let found = wait::poll(PATIENCE, Duration::from_millis(50), || match look() {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            last = Some(error);
            Ok(None)
        }
    });
    match (found, last) {
        (Ok(Some(value)), _) => value,
        (_, Some(error)) => panic!("not within {PATIENCE:?}: {what}: {error:#}"),
        (_, None) => panic!("not within {PATIENCE:?}: {what}"),
    }
}

/// Waits until the value has stayed the same for half a second, and gives it.
pub(crate) fn settled<T: PartialEq>(what: &str, mut value: impl FnMut() -> T) -> T {
    const CALM: u32 = 25;
    let (mut last, mut calm) = (value(), 0);
    let held = wait::poll(PATIENCE, Duration::from_millis(20), || {
        let now = value();
        calm = if now == last { calm + 1 } else { 0 };
        last = now;
        Ok((calm == CALM).then_some(()))
    });
    assert!(matches!(held, Ok(Some(()))), "still changing after {PATIENCE:?}: {what}");
    last
}

/// Tells a figure to whoever watches, also of a test that passes.
pub(crate) fn tell(line: &str) {
    // Not a print macro: the test harness would swallow it.
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}
