//! Compaction of a partition: the last record of each key stays, at its offset.
//!
//! Only what lies below the last stable offset is touched. Records of aborted transactions go. Tombstones stay until
//! `delete.retention.ms` has passed since the first compaction that saw them. Markers stay. A batch that loses all
//! its records goes, unless its header is needed: the newest of a producer (it holds the sequence number) and the last
//! of the log (it holds the end offset) stay as empty batches, as in Kafka.

use std::collections::HashMap;
use std::io;
use std::ops::ControlFlow;

use bytes::{Bytes, BytesMut};

use super::batch::Batch;
use super::partition::{Partition, State};
use super::records::{self, RecordView};

/// What a partition remembers between compactions.
#[derive(Debug, Default)]
pub(super) struct CompactionState {
    /// Bytes appended since the last compaction.
    pub(super) dirty_bytes: u64,
    /// (offset up to which a compaction looked, its time), oldest first.
    seen: Vec<(i64, i64)>,
}

impl CompactionState {
    /// Tombstones below this offset have been kept for long enough. In memory only: a restart begins the time anew.
    fn tombstone_horizon(&self, now_ms: i64, delete_retention_ms: i64) -> i64 {
        self.seen
            .iter()
            .rev()
            .find(|(_, at_ms)| at_ms.saturating_add(delete_retention_ms) <= now_ms)
            .map_or(i64::MIN, |(offset, _)| *offset)
    }

    fn ran(&mut self, end: i64, now_ms: i64, delete_retention_ms: i64) {
        self.dirty_bytes = 0;
        let expired =
            self.seen.iter().filter(|(_, at)| at.saturating_add(delete_retention_ms) <= now_ms).count();
        self.seen.drain(..expired.saturating_sub(1));
        self.seen.push((end, now_ms));
    }
}

impl Partition {
    /// (bytes appended since the last compaction, all bytes).
    pub(crate) fn dirtiness(&self) -> (u64, u64) {
        let state = self.lock();
        (state.compaction.dirty_bytes, state.store.bytes())
    }

    /// Compacts now. Holds the partition's lock throughout: call it on a thread that may block.
    pub(crate) fn compact(&self, now_ms: i64, delete_retention_ms: i64) -> io::Result<()> {
        let mut state = self.lock();
        let end = state.last_stable_offset();
        let cleaner = Cleaner {
            newest: newest_offsets(&state, end)?,
            tombstone_horizon: state.compaction.tombstone_horizon(now_ms, delete_retention_ms),
        };
        let State { store, producers, aborted, compaction, next_offset, .. } = &mut *state;
        store.rewrite(end, &mut |batch| {
            let header = &batch.header;
            if header.is_control() {
                return Some(batch.clone());
            }
            let is_aborted =
                header.is_transactional() && aborted.covers(header.producer_id, header.base_offset);
            let header_needed = (header.has_producer() && producers.is_newest(header))
                || header.last_offset() + 1 == *next_offset;
            cleaner.clean(batch, is_aborted, header_needed)
        })?;
        compaction.ran(end, now_ms, delete_retention_ms);
        Ok(())
    }
}

/// The offset of the last record of each key below `end`, aborted ones left out.
fn newest_offsets(state: &State, end: i64) -> io::Result<HashMap<Bytes, i64>> {
    let mut newest = HashMap::new();
    state.store.scan(state.start_offset, &mut |batch| {
        let header = &batch.header;
        if header.base_offset >= end {
            return ControlFlow::Break(());
        }
        let is_aborted =
            header.is_transactional() && state.aborted.covers(header.producer_id, header.base_offset);
        if !header.is_control() && !is_aborted {
            let body = records::uncompressed(batch).unwrap_or_default();
            for record in records::walk(&body).map_while(Result::ok) {
                if let Some(key) = record.key {
                    let offset = header.base_offset + i64::from(record.offset_delta);
                    newest.insert(Bytes::copy_from_slice(&body[key]), offset);
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(newest)
}

struct Cleaner {
    newest: HashMap<Bytes, i64>,
    tombstone_horizon: i64,
}

impl Cleaner {
    fn clean(&self, batch: &Batch, is_aborted: bool, header_needed: bool) -> Option<Batch> {
        let Ok(body) = records::uncompressed(batch) else { return Some(batch.clone()) };
        let Ok(views) = records::walk(&body).collect::<Result<Vec<_>, _>>() else {
            return Some(batch.clone());
        };
        let kept: Vec<&RecordView> =
            views.iter().filter(|record| !is_aborted && self.keeps(batch, &body, record)).collect();
        if kept.len() == views.len() {
            return if kept.is_empty() && !header_needed { None } else { Some(batch.clone()) };
        }
        if kept.is_empty() && !header_needed {
            return None;
        }
        Some(rebuild(batch, &body, &kept).unwrap_or_else(|| batch.clone()))
    }

    fn keeps(&self, batch: &Batch, body: &[u8], record: &RecordView) -> bool {
        let offset = batch.header.base_offset + i64::from(record.offset_delta);
        let Some(key) = record.key.clone().and_then(|key| body.get(key)) else { return false };
        let is_newest = self.newest.get(key).is_some_and(|newest| *newest == offset);
        is_newest && !(record.is_tombstone && offset < self.tombstone_horizon)
    }
}

/// A batch of the same offsets with only the `kept` records.
fn rebuild(batch: &Batch, body: &[u8], kept: &[&RecordView]) -> Option<Batch> {
    let mut header = batch.header;
    let mut plain = BytesMut::new();
    for record in kept {
        plain.extend_from_slice(body.get(record.whole.clone())?);
    }
    header.record_count = i32::try_from(kept.len()).ok()?;
    if !header.is_log_append_time()
        && let Some(newest) = kept.iter().map(|record| record.timestamp_delta).max()
    {
        header.max_timestamp = header.base_timestamp.saturating_add(newest);
    }
    let records =
        if kept.is_empty() { Bytes::new() } else { records::compressed(header.codec(), &plain).ok()? };
    let mut encoded = header.encode(&records);
    Batch::split_from(&mut encoded).ok()
}
