//! What was measured lately: the mean, the most and the rate of the last few windows, as Kafka's metrics count.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What "lately" is.
#[derive(Debug, Clone, Copy)]
pub struct Sampling {
    /// How long a window is, and not zero.
    window: Duration,
    /// How many are kept, at least 1.
    windows: u32,
}

impl Sampling {
    /// As `metrics.sample.window.ms` and `metrics.num.samples` say: windows of a millisecond at least, and at least one.
    pub fn new(window: Duration, samples: usize) -> Self {
        Self {
            window: window.max(Duration::from_millis(1)),
            windows: u32::try_from(samples).unwrap_or(u32::MAX).max(1),
        }
    }
}

/// Java's defaults: the last minute.
impl Default for Sampling {
    fn default() -> Self {
        Self { window: Duration::from_secs(30), windows: 2 }
    }
}

/// Values of a while. Any thread may note and look; a note costs one lock that nobody else holds, and is made per batch.
#[derive(Debug, Default)]
pub struct Sampled {
    sampling: Sampling,
    /// The newest first.
    windows: Mutex<VecDeque<Window>>,
}

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Instant,
    count: u64,
    sum: f64,
    most: f64,
    least: f64,
}

/// What [`Sampled`] shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lately {
    /// The mean; not a number if nothing was noted.
    pub mean: f64,
    /// The most; not a number if nothing was noted.
    pub most: f64,
    /// The least; not a number if nothing was noted.
    pub least: f64,
    /// The sum by second.
    pub rate: f64,
    /// How often by second.
    pub frequency: f64,
}

impl Sampled {
    /// Nothing yet.
    pub fn new(sampling: Sampling) -> Self {
        Self { sampling, windows: Mutex::default() }
    }

    /// Notes a value.
    pub fn note(&self, value: f64) {
        self.note_at(value, Instant::now());
    }

    fn note_at(&self, value: f64, now: Instant) {
        let Sampling { window, windows: kept } = self.sampling;
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |newest: &Window| now.saturating_duration_since(newest.since) >= window;
        if windows.front().is_none_or(is_over) {
            windows.truncate(kept as usize - 1);
            windows.push_front(Window {
                since: now,
                count: 0,
                sum: 0.0,
                most: f64::NEG_INFINITY,
                least: f64::INFINITY,
            });
        }
        if let Some(newest) = windows.front_mut() {
            newest.count += 1;
            newest.sum += value;
            newest.most = newest.most.max(value);
            newest.least = newest.least.min(value);
        }
    }

    /// What was noted in the windows that are kept.
    pub fn lately(&self) -> Lately {
        self.lately_at(Instant::now())
    }

    fn lately_at(&self, now: Instant) -> Lately {
        let Sampling { window, windows: kept } = self.sampling;
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent =
            |found: &&Window| now.saturating_duration_since(found.since) < window.saturating_mul(kept);
        let recent = || windows.iter().filter(is_recent);
        let (count, sum) =
            recent().fold((0, 0.0), |(count, sum), window| (count + window.count, sum + window.sum));
        let since = recent().map(|window| now.saturating_duration_since(window.since)).max();
        // A rate needs a while: as in Java, all windows but the one at hand count in full.
        let full = window.saturating_mul(kept - 1);
        let length = since.unwrap_or_default().max(full).max(Duration::from_millis(1)).as_secs_f64();
        Lately {
            mean: if count == 0 { f64::NAN } else { sum / count as f64 },
            most: recent().map(|window| window.most).fold(f64::NAN, f64::max),
            least: recent().map(|window| window.least).fold(f64::NAN, f64::min),
            rate: sum / length,
            frequency: count as f64 / length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_values_are_forgotten() {
        let sampled = Sampled::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let check = |second, mean, most, least, rate| {
            let lately = sampled.lately_at(at(second));
            assert_eq!((lately.mean, lately.most, lately.least, lately.rate), (mean, most, least, rate));
        };
        assert!(sampled.lately_at(at(0)).mean.is_nan() && sampled.lately_at(at(0)).most.is_nan());
        sampled.note_at(10.0, at(0));
        sampled.note_at(20.0, at(10));
        check(10, 15.0, 20.0, 10.0, 1.0);
        assert_eq!(sampled.lately_at(at(10)).frequency, 2.0 / 30.0);
        sampled.note_at(3.0, at(40));
        check(50, 11.0, 20.0, 3.0, 33.0 / 50.0);
        sampled.note_at(5.0, at(75));
        check(80, 4.0, 5.0, 3.0, 8.0 / 40.0);
        assert!(sampled.lately_at(at(200)).mean.is_nan());
        assert_eq!(sampled.lately_at(at(200)).rate, 0.0);
    }

    #[test]
    fn the_owner_says_what_lately_is() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let sampled = Sampled::new(Sampling::new(Duration::from_secs(1), 3));
        for second in 0..5 {
            sampled.note_at(1.0, at(second));
        }
        assert_eq!(sampled.lately_at(at(4)).rate, 3.0 / 2.0);
        let degenerate = Sampled::new(Sampling::new(Duration::ZERO, 0));
        degenerate.note_at(1.0, start);
        assert_eq!(degenerate.lately_at(start).rate, 1000.0);
    }
}
