//! One call on one record.

use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use aqueduct_api::data::Map;
use aqueduct_api::{Converter, Origin, Record, Schema, Transformation, Value, WireHeaders};
use aqueduct_meter::{Usage, measure};
use bytes::Bytes;

/// Records of a batch: made before the clock runs, and dropped after it. Enough that reading the clock costs little, few
/// enough for the smallest cache of a core, where a record is that has just been read.
const BATCH: u64 = 32;

/// One call on one record, over and over.
pub struct Job {
    /// The same for the Java class.
    pub name: String,
    work: Work,
}

enum Work {
    Write { converter: Box<dyn Converter>, schema: Option<Schema>, value: Value, buffer: Vec<u8> },
    Read { converter: Box<dyn Converter>, bytes: Bytes },
    Apply { chain: Vec<Box<dyn Transformation>>, record: Record, strangers: bool },
}

impl Job {
    /// Writes a value. What the converter needs of a registry is there afterwards.
    pub(crate) fn write(
        name: impl Into<String>,
        converter: Box<dyn Converter>,
        schema: Option<Schema>,
        value: Value,
    ) -> Self {
        Self { name: name.into(), work: Work::Write { converter, schema, value, buffer: Vec::new() } }.warm()
    }

    /// Reads a message.
    pub(crate) fn read(name: impl Into<String>, converter: Box<dyn Converter>, bytes: Bytes) -> Self {
        Self { name: name.into(), work: Work::Read { converter, bytes } }.warm()
    }

    /// Applies transformations, one after the other.
    pub(crate) fn apply(
        name: impl Into<String>,
        chain: Vec<Box<dyn Transformation>>,
        record: Record,
    ) -> Self {
        Self { name: name.into(), work: Work::Apply { chain, record, strangers: false } }.warm()
    }

    /// As [`Job::apply`], to records that share no keys of maps, as those of a connector that builds each map anew.
    pub(crate) fn apply_to_strangers(
        name: impl Into<String>,
        chain: Vec<Box<dyn Transformation>>,
        record: Record,
    ) -> Self {
        Self { name: name.into(), work: Work::Apply { chain, record, strangers: true } }.warm()
    }

    /// Twice: the first time, a converter may learn what it lacks.
    fn warm(mut self) -> Self {
        self.run();
        self.run();
        self
    }

    /// Does it once.
    ///
    /// # Panics
    /// If it fails: a failure is not what is to be measured.
    pub fn run(&mut self) {
        self.timed(1);
    }

    /// What it takes of memory, once it has been done before.
    pub fn usage(&mut self) -> Usage {
        let Self { work, .. } = self;
        match work {
            Work::Apply { chain, record, strangers } => {
                let mut record = copy(record, *strangers);
                measure(|| black_box(transform(chain, &mut record))).1
            }
            work => measure(|| work.convert()).1,
        }
    }

    /// How long so many times take. Making and dropping records does not count.
    pub fn timed(&mut self, times: u64) -> Duration {
        let Work::Apply { chain, record, strangers } = &mut self.work else {
            let started = Instant::now();
            for _ in 0..times {
                self.work.convert();
            }
            return started.elapsed();
        };
        let mut total = Duration::ZERO;
        let mut left = times;
        while left > 0 {
            let batch = left.min(BATCH);
            let mut records: Vec<Record> = (0..batch).map(|_| copy(record, *strangers)).collect();
            let started = Instant::now();
            for record in &mut records {
                black_box(transform(chain, black_box(record)));
            }
            total += started.elapsed();
            left -= batch;
        }
        total
    }
}

/// A copy of a record; of a stranger, the map that is its value has keys of its own.
fn copy(record: &Record, stranger: bool) -> Record {
    let mut record = record.clone();
    if let (true, Value::Map(map)) = (stranger, &record.value) {
        record.value = map.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Map>().into();
    }
    record
}

/// Whether the record is not dropped.
fn transform(chain: &mut [Box<dyn Transformation>], record: &mut Record) -> bool {
    let origin = Origin::Source { partition: None, offset: None };
    chain.iter_mut().all(|transformation| transformation.apply(record, origin).expect("the record fits"))
}

impl Work {
    fn convert(&mut self) {
        match self {
            Self::Write { converter, schema, value, buffer } => {
                let length = write(&mut **converter, schema.as_ref(), value, buffer).len();
                black_box(length);
            }
            Self::Read { converter, bytes } => read(&mut **converter, bytes),
            Self::Apply { .. } => {}
        }
    }
}

/// Writes as the runtime does: what a conversion lacks is got, and then it is done again.
pub(crate) fn write<'a>(
    converter: &mut dyn Converter,
    schema: Option<&Schema>,
    value: &'a Value,
    buffer: &'a mut Vec<u8>,
) -> &'a [u8] {
    let mut headers = WireHeaders::new();
    if converter.needs_preparation() {
        prepare(converter);
    }
    buffer.clear();
    match converter.from_connect_data("orders", &mut headers, schema, value, buffer) {
        Ok(bytes) => bytes.unwrap_or_default(),
        // The caller does it again.
        Err(error) => {
            assert!(error.is_retriable(), "{}", error.trace());
            &[]
        }
    }
}

fn read(converter: &mut dyn Converter, bytes: &Bytes) {
    let headers = WireHeaders::new();
    // Looked at where it is: a move of the value is no part of reading.
    let read = converter.to_connect_data("orders", &headers, Some(bytes));
    if black_box(&read).is_err() {
        prepare(converter);
        converter.to_connect_data("orders", &headers, Some(bytes)).expect("the bytes fit");
    }
}

/// The registry lies in memory, so the future never waits.
fn prepare(converter: &mut dyn Converter) {
    let mut future = pin!(converter.prepare());
    let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}
