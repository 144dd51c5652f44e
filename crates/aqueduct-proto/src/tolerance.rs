//! What to do about a record that fails: try again, skip it, or give up (spec: errors; KIP-298).

use std::time::Duration;

/// Where in a record's way it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A source task's poll.
    TaskPoll,
    /// A sink task's put, or a record that it reported.
    TaskPut,
    /// A transformation or predicate.
    Transformation,
    /// The converter of keys.
    KeyConverter,
    /// The converter of values.
    ValueConverter,
    /// The converter of headers.
    HeaderConverter,
    /// Writing to Kafka.
    KafkaProduce,
    /// Reading from Kafka.
    KafkaConsume,
}

impl Stage {
    /// As logs and dead letter headers spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TaskPoll => "TASK_POLL",
            Self::TaskPut => "TASK_PUT",
            Self::Transformation => "TRANSFORMATION",
            Self::KeyConverter => "KEY_CONVERTER",
            Self::ValueConverter => "VALUE_CONVERTER",
            Self::HeaderConverter => "HEADER_CONVERTER",
            Self::KafkaProduce => "KAFKA_PRODUCE",
            Self::KafkaConsume => "KAFKA_CONSUME",
        }
    }

    /// Whether any error is a record's own fault here. Elsewhere only retriable errors can be tolerated.
    pub const fn tolerates_any_error(self) -> bool {
        matches!(
            self,
            Self::Transformation | Self::KeyConverter | Self::ValueConverter | Self::HeaderConverter
        )
    }
}

/// `errors.tolerance`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tolerance {
    /// The first failed record fails the task.
    #[default]
    None,
    /// Failed records are skipped and reported.
    All,
}

/// How one connector treats failing records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Policy {
    /// `errors.retry.timeout`; `None` is no limit, zero is no retry.
    pub retry_timeout: Option<Duration>,
    /// `errors.retry.delay.max.ms`
    pub retry_delay_max: Duration,
    /// `errors.tolerance`
    pub tolerance: Tolerance,
}

/// What to do about a failed record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Skip it.
    Skip,
    /// Fail with `Tolerance exceeded in error handler`.
    ToleranceExceeded,
    /// Fail with `Unhandled exception in error handler`: not a record's fault, tolerated or not.
    Unhandled,
}

/// The first delay before another try.
const RETRY_DELAY_FIRST_MS: u64 = 300;

impl Policy {
    /// Whether a retriable error is tried again at all. When not, nobody needs to keep a copy of the record.
    pub fn retries(&self) -> bool {
        self.retry_timeout != Some(Duration::ZERO)
    }

    /// How long to wait before the next try, or `None` when the time is up.
    ///
    /// `attempt` counts the failed ones, from 1; `spent` is the time since the first began; `random` gives a number
    /// below its argument. A delay that would pass the maximum is a random one below it, so that many tasks that
    /// failed together don't come back together.
    pub fn retry_delay(
        &self,
        attempt: u32,
        spent: Duration,
        random: impl FnOnce(u64) -> u64,
    ) -> Option<Duration> {
        let left = match self.retry_timeout {
            None => None,
            Some(timeout) if spent >= timeout => return None,
            Some(timeout) => Some(timeout - spent),
        };
        let max = self.retry_delay_max.as_millis() as u64;
        let doubled = RETRY_DELAY_FIRST_MS.checked_shl(attempt.saturating_sub(1).min(40)).unwrap_or(u64::MAX);
        let delay = Duration::from_millis(if doubled > max { random(max) } else { doubled });
        Some(left.map_or(delay, |left| delay.min(left)))
    }

    /// What to do about an error that is not tried again (any more).
    pub fn verdict(&self, stage: Stage, retriable: bool) -> Verdict {
        if !stage.tolerates_any_error() && !retriable {
            return Verdict::Unhandled;
        }
        match self.tolerance {
            Tolerance::All => Verdict::Skip,
            Tolerance::None => Verdict::ToleranceExceeded,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(timeout_ms: Option<u64>, max_ms: u64) -> Policy {
        Policy {
            retry_timeout: timeout_ms.map(Duration::from_millis),
            retry_delay_max: Duration::from_millis(max_ms),
            tolerance: Tolerance::None,
        }
    }

    #[test]
    fn delays_double_up_to_the_maximum_and_the_deadline() {
        let check = |policy: Policy, attempt, spent_ms, expected_ms: Option<u64>| {
            let delay = policy.retry_delay(attempt, Duration::from_millis(spent_ms), |below| below / 2);
            assert_eq!(delay, expected_ms.map(Duration::from_millis), "{policy:?} attempt {attempt}");
        };
        check(policy(None, 60_000), 1, 0, Some(300));
        check(policy(None, 60_000), 4, 0, Some(2_400));
        check(policy(None, 600), 3, 0, Some(300));
        check(policy(None, 600), 4_000_000_000, 0, Some(300));
        check(policy(Some(1_000), 60_000), 2, 900, Some(100));
        check(policy(Some(1_000), 60_000), 2, 1_000, None);
        check(policy(Some(0), 60_000), 1, 0, None);
    }

    #[test]
    fn only_a_records_own_errors_are_tolerated() {
        let all = Policy { tolerance: Tolerance::All, ..Policy::default() };
        assert_eq!(all.verdict(Stage::ValueConverter, false), Verdict::Skip);
        assert_eq!(all.verdict(Stage::TaskPut, false), Verdict::Unhandled);
        assert_eq!(all.verdict(Stage::TaskPut, true), Verdict::Skip);
        assert_eq!(Policy::default().verdict(Stage::Transformation, false), Verdict::ToleranceExceeded);
    }
}
