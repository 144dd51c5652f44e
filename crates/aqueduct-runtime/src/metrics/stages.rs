//! How long a task spends in each stage of a record's way.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aqueduct_proto::tolerance::Stage;

use super::Distribution;

/// A part of a record's way through a task. Sources poll, transform, convert, send and commit; sinks poll, convert,
/// transform, put and commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskStage {
    /// Getting records from the source, or from Kafka.
    Poll,
    /// Converting keys, values and headers.
    Convert,
    /// Transformations and their predicates.
    Transform,
    /// Handing records to the producer, waiting for room included.
    Send,
    /// The sink task's `put`.
    Put,
    /// Storing or committing offsets.
    Commit,
}

impl TaskStage {
    const ALL: [Self; 6] = [Self::Poll, Self::Convert, Self::Transform, Self::Send, Self::Put, Self::Commit];

    /// As labels spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Poll => "poll",
            Self::Convert => "convert",
            Self::Transform => "transform",
            Self::Send => "send",
            Self::Put => "put",
            Self::Commit => "commit",
        }
    }

    /// The stage in which something failed.
    pub(crate) const fn of_failure(stage: Stage) -> Self {
        match stage {
            Stage::Transformation => Self::Transform,
            Stage::KeyConverter | Stage::ValueConverter | Stage::HeaderConverter => Self::Convert,
            Stage::TaskPut => Self::Put,
            Stage::TaskPoll => Self::Poll,
            Stage::KafkaProduce | Stage::KafkaConsume => Self::Send,
        }
    }
}

/// Upper bounds of the buckets, in microseconds: from what a batch in memory takes to what a system takes that hangs.
const BOUNDS_MICROS: [u64; 12] =
    [100, 500, 1000, 5000, 10_000, 50_000, 100_000, 500_000, 1_000_000, 5_000_000, 10_000_000, 60_000_000];

/// Counts durations by size. Any thread may observe and look; an observation is two additions to atomics.
#[derive(Debug, Default)]
pub struct Histogram {
    /// One for each bound, and one for what is above all.
    buckets: [AtomicU64; BOUNDS_MICROS.len() + 1],
    sum_micros: AtomicU64,
}

impl Histogram {
    pub(crate) fn observe(&self, took: Duration) {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let at = BOUNDS_MICROS.partition_point(|bound| *bound < micros);
        if let Some(bucket) = self.buckets.get(at) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// What was observed, in seconds.
    pub fn distribution(&self) -> Distribution {
        let mut count = 0;
        let mut counts = self.buckets.iter().map(|bucket| {
            count += bucket.load(Ordering::Relaxed);
            count
        });
        let bounds = BOUNDS_MICROS.iter().map(|bound| *bound as f64 / 1e6);
        let buckets = bounds.zip(counts.by_ref()).collect();
        let all = counts.last().unwrap_or_default();
        Distribution { buckets, count: all, sum: self.sum_micros.load(Ordering::Relaxed) as f64 / 1e6 }
    }
}

/// How long batches took in each stage of one task.
#[derive(Debug, Default)]
pub struct Stages([Histogram; TaskStage::ALL.len()]);

impl Stages {
    pub(crate) fn observe(&self, stage: TaskStage, took: Duration) {
        if let Some(histogram) = self.0.get(stage as usize) {
            histogram.observe(took);
        }
    }

    /// The stages that something has passed.
    pub fn seen(&self) -> impl Iterator<Item = (TaskStage, Distribution)> {
        let seen =
            TaskStage::ALL.into_iter().zip(&self.0).map(|(stage, found)| (stage, found.distribution()));
        seen.filter(|(_, distribution)| distribution.count > 0)
    }
}

/// Of so many records of a batch, one is timed.
const RECORDS_PER_SAMPLE: u32 = 64;

/// Divides a batch's time among the stages that its records pass one by one.
///
/// The batch as a whole is timed, and so is all waiting. What remains is divided as the stages of every
/// [`RECORDS_PER_SAMPLE`]th record share the time: a clock read per record would cost more than some stages do.
#[derive(Debug)]
pub(crate) struct BatchTimer {
    began: Instant,
    records: u32,
    /// Whether the record at hand is timed.
    sampling: bool,
    /// The end of its last stage.
    mark: Instant,
    shares: [Duration; TaskStage::ALL.len()],
    waits: [Duration; TaskStage::ALL.len()],
}

impl Default for BatchTimer {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            began: now,
            records: 0,
            sampling: false,
            mark: now,
            shares: Default::default(),
            waits: Default::default(),
        }
    }
}

impl BatchTimer {
    /// A batch begins.
    pub(crate) fn begin(&mut self) {
        *self = Self::default();
    }

    /// A record begins.
    pub(crate) fn record(&mut self) {
        self.sampling = self.records.is_multiple_of(RECORDS_PER_SAMPLE);
        self.records = self.records.wrapping_add(1);
        if self.sampling {
            self.mark = Instant::now();
        }
    }

    /// The record has passed a stage.
    pub(crate) fn passed(&mut self, stage: TaskStage) {
        if self.sampling {
            let now = Instant::now();
            if let Some(share) = self.shares.get_mut(stage as usize) {
                *share += now.saturating_duration_since(self.mark);
            }
            self.mark = now;
        }
    }

    /// The record has waited for something in a stage, since then.
    pub(crate) fn waited(&mut self, stage: TaskStage, since: Instant) {
        let now = Instant::now();
        if let Some(wait) = self.waits.get_mut(stage as usize) {
            *wait += now.saturating_duration_since(since);
        }
        self.mark = now;
    }

    /// The batch has ended.
    pub(crate) fn finish(&mut self, stages: &Stages) {
        if self.records > 0 {
            self.divide(self.began.elapsed(), stages);
        }
    }

    fn divide(&mut self, total: Duration, stages: &Stages) {
        let working = total.saturating_sub(self.waits.iter().sum()).as_secs_f64();
        let sampled = self.shares.iter().sum::<Duration>().as_secs_f64();
        let each = self.shares.iter().zip(&self.waits);
        for (stage, (share, wait)) in TaskStage::ALL.into_iter().zip(each) {
            if *share + *wait > Duration::ZERO {
                let part = if sampled > 0.0 { share.as_secs_f64() / sampled } else { 0.0 };
                stages.observe(stage, Duration::from_secs_f64(working * part) + *wait);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_fall_into_buckets() {
        let histogram = Histogram::default();
        for micros in [1, 100, 101, 700_000, 90_000_000] {
            histogram.observe(Duration::from_micros(micros));
        }
        let Distribution { buckets, count, sum } = histogram.distribution();
        let at = |bound: f64| buckets.iter().find(|(found, _)| *found == bound).map(|(_, count)| *count);
        assert_eq!(
            (at(0.0001), at(0.0005), at(0.5), at(1.0), at(60.0)),
            (Some(2), Some(3), Some(3), Some(4), Some(4))
        );
        assert_eq!(count, 5);
        assert!((sum - 90.700_202).abs() < 1e-9, "{sum}");
    }

    #[test]
    fn a_batch_is_divided_as_its_samples_are() {
        let mut timer = BatchTimer { records: 128, ..BatchTimer::default() };
        timer.shares[TaskStage::Convert as usize] = Duration::from_micros(30);
        timer.shares[TaskStage::Send as usize] = Duration::from_micros(10);
        timer.waits[TaskStage::Send as usize] = Duration::from_millis(500);
        let stages = Stages::default();
        timer.divide(Duration::from_millis(900), &stages);
        let seen: Vec<_> =
            stages.seen().map(|(stage, found)| (stage.name(), found.count, found.sum)).collect();
        assert_eq!(seen, [("convert", 1, 0.3), ("send", 1, 0.6)]);
    }

    #[test]
    fn one_record_of_many_is_timed() {
        let mut timer = BatchTimer::default();
        timer.begin();
        let mut sampled = 0;
        for _ in 0..130 {
            timer.record();
            sampled += usize::from(timer.sampling);
            timer.passed(TaskStage::Convert);
        }
        assert_eq!(sampled, 3);
        let stages = Stages::default();
        timer.finish(&stages);
        assert_eq!(stages.seen().count(), 1);
        timer.begin();
        timer.finish(&stages);
        assert_eq!(stages.seen().map(|(_, found)| found.count).sum::<u64>(), 1);
    }
}
