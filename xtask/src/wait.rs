//! Waiting is polling a condition with a deadline.

use std::time::{Duration, Instant};

use anyhow::Result;

/// Asks `condition` every `every` until it gives a value, or until `limit` has passed (`None`). The condition is
/// asked at least once, and once more after the deadline. An error ends the wait at once.
pub fn poll<T>(
    limit: Duration,
    every: Duration,
    mut condition: impl FnMut() -> Result<Option<T>>,
) -> Result<Option<T>> {
    let deadline = Instant::now() + limit;
    loop {
        let last = Instant::now() >= deadline;
        if let Some(value) = condition()? {
            return Ok(Some(value));
        }
        if last {
            return Ok(None);
        }
        pause(every);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a task of its own process: there is no runtime thread to block"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn polls_until_a_value_an_error_or_the_deadline() {
        let mut asked = 0;
        let found = poll(Duration::from_secs(5), Duration::ZERO, || {
            asked += 1;
            Ok((asked == 3).then_some(asked))
        });
        assert_eq!(found.unwrap(), Some(3));

        let mut asked = 0;
        let late: Option<()> = poll(Duration::ZERO, Duration::ZERO, || {
            asked += 1;
            Ok(None)
        })
        .unwrap();
        assert_eq!((late, asked), (None, 1));

        let failed: Result<Option<()>> = poll(Duration::from_secs(5), Duration::ZERO, || bail!("gone"));
        assert_eq!(failed.unwrap_err().to_string(), "gone");
    }
}
