//! How fast records are made.

use std::time::Duration;

use tokio::time::Instant;

/// The longest wait in one go: a poll must come back now and then.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// Lets a number of things happen a second, evenly; what was missed is caught up with.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Negative: as many as can be. 0: none at all.
    per_second: i64,
    since: Instant,
    passed: u64,
}

impl Pace {
    pub(crate) fn new(per_second: i64) -> Self {
        Self { per_second, since: Instant::now(), passed: 0 }
    }

    /// Waits for the next one's turn, a second at most. `false`: it is not its turn yet.
    pub(crate) async fn next(&mut self) -> bool {
        if let Ok(per_second) = u64::try_from(self.per_second) {
            let due = self.passed.saturating_mul(1_000_000_000).checked_div(per_second);
            let due = due.and_then(|ns| self.since.checked_add(Duration::from_nanos(ns)));
            let wake = Instant::now() + WAIT_MAX;
            match due {
                Some(due) if due <= wake => tokio::time::sleep_until(due).await,
                _ => {
                    tokio::time::sleep_until(wake).await;
                    return false;
                }
            }
        }
        self.passed += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn spreads_turns_over_time() {
        let mut pace = Pace::new(100);
        let before = Instant::now();
        for _ in 0..11 {
            assert!(pace.next().await);
        }
        assert!(before.elapsed() >= Duration::from_millis(100), "{:?}", before.elapsed());
    }

    #[tokio::test]
    async fn never_waits_without_a_limit() {
        let mut pace = Pace::new(-1);
        let before = Instant::now();
        for _ in 0..10_000 {
            assert!(pace.next().await);
        }
        assert!(before.elapsed() < Duration::from_secs(5), "{:?}", before.elapsed());
    }

    #[tokio::test]
    async fn lets_nothing_pass_at_0() {
        assert!(!Pace::new(0).next().await);
    }
}
