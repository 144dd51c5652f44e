//! Offsets by time, for ListOffsets.

use std::ops::ControlFlow;

use kafka_protocol::ResponseError;

use super::batch::Batch;
use super::partition::Partition;
use super::records;

/// A record's place in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimedOffset {
    pub(crate) timestamp_ms: i64,
    pub(crate) offset: i64,
}

impl Partition {
    /// The first record at or after `start` whose timestamp is at least `timestamp_ms`.
    pub(crate) fn offset_at_time(&self, timestamp_ms: i64) -> Result<Option<TimedOffset>, ResponseError> {
        let state = self.lock();
        let mut found = None;
        let start = state.start_offset;
        let mut visit = |batch: &Batch| {
            if batch.header.max_timestamp >= timestamp_ms {
                found = timed_records(batch)
                    .find(|record| record.timestamp_ms >= timestamp_ms && record.offset >= start);
            }
            if found.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        state.store.scan(start, &mut visit).map_err(|_| ResponseError::KafkaStorageError)?;
        Ok(found)
    }

    /// The first of the records with the largest timestamp (KIP-734).
    pub(crate) fn offset_of_max_time(&self) -> Result<Option<TimedOffset>, ResponseError> {
        let state = self.lock();
        let start = state.start_offset;
        let mut newest: Option<TimedOffset> = None;
        let mut visit = |batch: &Batch| {
            if newest.is_none_or(|newest| batch.header.max_timestamp > newest.timestamp_ms) {
                for record in timed_records(batch).filter(|record| record.offset >= start) {
                    if newest.is_none_or(|newest| record.timestamp_ms > newest.timestamp_ms) {
                        newest = Some(record);
                    }
                }
            }
            ControlFlow::Continue(())
        };
        state.store.scan(start, &mut visit).map_err(|_| ResponseError::KafkaStorageError)?;
        Ok(newest)
    }
}

/// The records of a batch with their times; none of a control batch, or of one that cannot be read.
fn timed_records(batch: &Batch) -> impl Iterator<Item = TimedOffset> {
    let header = batch.header;
    let body = if header.is_control() { None } else { records::uncompressed(batch).ok() };
    let views: Vec<_> = body.iter().flat_map(|body| records::walk(body)).map_while(Result::ok).collect();
    views.into_iter().map(move |record| TimedOffset {
        timestamp_ms: if header.is_log_append_time() {
            header.max_timestamp
        } else {
            header.base_timestamp.saturating_add(record.timestamp_delta)
        },
        offset: header.base_offset + i64::from(record.offset_delta),
    })
}
