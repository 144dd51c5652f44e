//! What was measured lately: the mean, the most and the rate of the last few windows, as Kafka's metrics count.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Windows that are kept (`metrics.num.samples`), and how long each is (`metrics.sample.window.ms`). Java's defaults.
const WINDOWS: usize = 2;
const WINDOW: Duration = Duration::from_secs(30);

/// Values of the last minute. Any thread may note and look; a note costs one lock that nobody else holds, and is made per
/// batch.
#[derive(Debug, Default)]
pub struct Sampled(Mutex<[Option<Window>; WINDOWS]>);

#[derive(Debug, Clone, Copy)]
struct Window {
    since: Instant,
    count: u64,
    sum: f64,
    most: f64,
}

/// What [`Sampled`] shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lately {
    /// The mean; not a number if nothing was noted.
    pub mean: f64,
    /// The most; not a number if nothing was noted.
    pub most: f64,
    /// The sum by second.
    pub rate: f64,
}

impl Sampled {
    /// Notes a value.
    pub fn note(&self, value: f64) {
        self.note_at(value, Instant::now());
    }

    fn note_at(&self, value: f64, now: Instant) {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |window: &Window| now.saturating_duration_since(window.since) >= WINDOW;
        if windows[0].as_ref().is_none_or(is_over) {
            windows.rotate_right(1);
            windows[0] = Some(Window { since: now, count: 0, sum: 0.0, most: f64::NEG_INFINITY });
        }
        if let Some(window) = &mut windows[0] {
            window.count += 1;
            window.sum += value;
            window.most = window.most.max(value);
        }
    }

    /// What was noted in the last minute.
    pub fn lately(&self) -> Lately {
        self.lately_at(Instant::now())
    }

    fn lately_at(&self, now: Instant) -> Lately {
        let windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_recent =
            |window: &&Window| now.saturating_duration_since(window.since) < WINDOW * WINDOWS as u32;
        let recent = || windows.iter().flatten().filter(is_recent);
        let (count, sum) =
            recent().fold((0, 0.0), |(count, sum), window| (count + window.count, sum + window.sum));
        let since = recent().map(|window| now.saturating_duration_since(window.since)).max();
        // A rate needs a while: as in Java, all windows but the one at hand count in full.
        let length = since.unwrap_or_default().max(WINDOW * (WINDOWS as u32 - 1));
        Lately {
            mean: if count == 0 { f64::NAN } else { sum / count as f64 },
            most: recent().map(|window| window.most).fold(f64::NAN, f64::max),
            rate: sum / length.as_secs_f64(),
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
        assert!(sampled.lately_at(at(0)).mean.is_nan() && sampled.lately_at(at(0)).most.is_nan());
        sampled.note_at(10.0, at(0));
        sampled.note_at(20.0, at(10));
        assert_eq!(sampled.lately_at(at(10)), Lately { mean: 15.0, most: 20.0, rate: 1.0 });
        sampled.note_at(3.0, at(40));
        assert_eq!(sampled.lately_at(at(50)), Lately { mean: 11.0, most: 20.0, rate: 33.0 / 50.0 });
        sampled.note_at(5.0, at(75));
        assert_eq!(sampled.lately_at(at(80)), Lately { mean: 4.0, most: 5.0, rate: 8.0 / 40.0 });
        assert!(sampled.lately_at(at(200)).mean.is_nan());
        assert_eq!(sampled.lately_at(at(200)).rate, 0.0);
    }
}
