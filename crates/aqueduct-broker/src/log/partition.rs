//! One partition: the log, what is known of its producers, and who waits for more.

use std::io;
use std::path::Path;
use std::sync::Arc;

use kafka_protocol::ResponseError;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::aborted::{AbortedIndex, AbortedTransaction};
use super::batch::{Batch, transaction_marker};
use super::chunks::Chunks;
use super::compaction::CompactionState;
use super::files::FileStore;
use super::memory::MemoryStore;
use super::producers::{Producers, Verdict};
use super::records;
use super::store::Store;
use crate::clock::now_ms;
use crate::config::FsyncPolicy;
use crate::error::BrokerError;

/// What a topic's settings demand of an append.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AppendPolicy {
    pub(crate) log_append_time: bool,
    pub(crate) batch_bytes_max: usize,
    /// Compacted topics refuse records without a key.
    pub(crate) keys_required: bool,
}

/// Where a produced batch went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Appended {
    pub(crate) base_offset: i64,
    /// -1 unless the topic stamps append time.
    pub(crate) append_time_ms: i64,
    pub(crate) start_offset: i64,
}

/// One partition's part of a fetch.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) chunks: Chunks,
    pub(crate) high_watermark: i64,
    pub(crate) last_stable_offset: i64,
    pub(crate) start_offset: i64,
    /// Only for read_committed.
    pub(crate) aborted: Option<Vec<AbortedTransaction>>,
}

/// The offsets that describe a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) last_stable: i64,
    pub(crate) bytes: u64,
}

/// What DescribeProducers tells of one producer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ActiveProducer {
    pub(crate) id: i64,
    pub(crate) epoch: i16,
    pub(crate) last_sequence: i32,
    pub(crate) last_timestamp_ms: i64,
    pub(crate) transaction_start: Option<i64>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) store: Store,
    pub(super) start_offset: i64,
    pub(super) next_offset: i64,
    pub(super) producers: Producers,
    pub(super) aborted: AbortedIndex,
    pub(super) compaction: CompactionState,
    waiters: Vec<Arc<Notify>>,
}

impl State {
    fn empty(store: Store, start_offset: i64) -> State {
        State {
            store,
            start_offset,
            next_offset: start_offset,
            producers: Producers::default(),
            aborted: AbortedIndex::default(),
            compaction: CompactionState::default(),
            waiters: Vec::new(),
        }
    }

    pub(super) fn last_stable_offset(&self) -> i64 {
        self.producers.first_open_offset().unwrap_or(self.next_offset)
    }

    /// Folds a stored batch into everything but the store.
    fn learn(&mut self, batch: &Batch) {
        let header = &batch.header;
        self.next_offset = header.last_offset() + 1;
        self.compaction.dirty_bytes += header.size as u64;
        if !header.has_producer() {
            return;
        }
        if !header.is_control() {
            self.producers.appended(header);
            return;
        }
        let first = self.producers.ended(header.producer_id, header.producer_epoch, header.max_timestamp);
        if let Some(first_offset) = first
            && !is_commit(batch)
        {
            self.aborted.push(AbortedTransaction {
                producer_id: header.producer_id,
                first_offset,
                last_offset: header.base_offset,
            });
        }
    }

    fn store_batch(&mut self, batch: &Batch) -> io::Result<()> {
        self.store.append(batch)?;
        self.learn(batch);
        Ok(())
    }

    fn wake(&mut self) {
        for waiter in self.waiters.drain(..) {
            waiter.notify_one();
        }
    }
}

/// Reads the type from a marker's key: version i16, type i16.
fn is_commit(batch: &Batch) -> bool {
    let records = batch.records();
    let record = records::walk(&records).next().and_then(Result::ok);
    let key = record.and_then(|record| record.key).and_then(|key| records.get(key));
    key.is_some_and(|key| key.get(2..4) == Some(&[0, 1][..]))
}

/// A partition's log. All methods are synchronous and short; its lock is never held across an await.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) index: i32,
    state: Mutex<State>,
}

impl Partition {
    pub(crate) fn in_memory(index: i32) -> Partition {
        Partition { index, state: Mutex::new(State::empty(Store::Memory(MemoryStore::default()), 0)) }
    }

    /// Opens or creates the log in `dir`. `start_offset` is what DeleteRecords last set.
    pub(crate) fn open(
        index: i32,
        dir: &Path,
        start_offset: i64,
        segment_bytes: u64,
        fsync: FsyncPolicy,
    ) -> Result<Partition, BrokerError> {
        let mut state = State::empty(Store::Memory(MemoryStore::default()), start_offset);
        let store =
            FileStore::open(dir, start_offset, segment_bytes, fsync, &mut |batch| state.learn(batch))?;
        state.next_offset = state.next_offset.max(store.next_offset());
        state.start_offset = start_offset.min(state.next_offset);
        state.aborted.drop_before(state.start_offset);
        state.store = Store::Files(store);
        Ok(Partition { index, state: Mutex::new(state) })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    pub(crate) fn bounds(&self) -> Bounds {
        let state = self.state.lock();
        Bounds {
            start: state.start_offset,
            end: state.next_offset,
            last_stable: state.last_stable_offset(),
            bytes: state.store.bytes(),
        }
    }

    /// Appends what a producer sent. All batches are judged before the first is written.
    pub(crate) fn append(
        &self,
        batches: Vec<Batch>,
        policy: AppendPolicy,
    ) -> Result<Appended, ResponseError> {
        for batch in &batches {
            validate(batch, policy)?;
        }
        let mut state = self.state.lock();
        let mut result = None;
        for mut batch in batches {
            if batch.header.has_producer()
                && let Verdict::Duplicate { base_offset, append_time_ms } =
                    state.producers.check(&batch.header)?
            {
                let start_offset = state.start_offset;
                result.get_or_insert(Appended { base_offset, append_time_ms, start_offset });
                continue;
            }
            let mut append_time_ms = -1;
            if policy.log_append_time {
                append_time_ms = now_ms();
                batch = batch.stamped(append_time_ms);
            }
            batch.header.base_offset = state.next_offset;
            batch.header.leader_epoch = 0;
            if let Err(error) = state.store_batch(&batch) {
                tracing::error!(partition = self.index, "append failed: {error}");
                return Err(ResponseError::KafkaStorageError);
            }
            let start_offset = state.start_offset;
            result.get_or_insert(Appended {
                base_offset: batch.header.base_offset,
                append_time_ms,
                start_offset,
            });
        }
        state.wake();
        result.ok_or(ResponseError::InvalidRecord)
    }

    /// Writes a commit or abort marker. With `only_if_open` (a restart finishing what it finds) nothing is written
    /// where no transaction of the producer is open, so that a marker does not come twice.
    pub(crate) fn end_transaction(
        &self,
        producer_id: i64,
        producer_epoch: i16,
        committed: bool,
        only_if_open: bool,
    ) -> Result<(), ResponseError> {
        let mut state = self.state.lock();
        let is_open =
            state.producers.get(producer_id).is_some_and(|producer| producer.transaction_start.is_some());
        if only_if_open && !is_open {
            return Ok(());
        }
        let marker = transaction_marker(state.next_offset, producer_id, producer_epoch, committed, now_ms());
        if let Err(error) = state.store_batch(&marker) {
            tracing::error!(partition = self.index, "writing a transaction marker failed: {error}");
            return Err(ResponseError::KafkaStorageError);
        }
        state.wake();
        Ok(())
    }

    /// Reads whole batches from `offset` on, never past the last stable offset if `committed`.
    pub(crate) fn read(
        &self,
        offset: i64,
        bytes_max: usize,
        at_least_one: bool,
        committed: bool,
    ) -> Result<Read, ResponseError> {
        let state = self.state.lock();
        if offset < state.start_offset || offset > state.next_offset {
            return Err(ResponseError::OffsetOutOfRange);
        }
        let last_stable_offset = state.last_stable_offset();
        let end = if committed { last_stable_offset } else { state.next_offset };
        let chunks = if offset < end {
            state.store.read(offset, end, bytes_max, at_least_one).map_err(|error| {
                tracing::error!(partition = self.index, "read failed: {error}");
                ResponseError::KafkaStorageError
            })?
        } else {
            Chunks::default()
        };
        // Transactions up to the last stable offset may be more than the answer's records need; they do no harm.
        let aborted = committed.then(|| {
            if chunks.is_empty() {
                Vec::new()
            } else {
                state.aborted.overlapping(offset, end).copied().collect()
            }
        });
        Ok(Read {
            chunks,
            high_watermark: state.next_offset,
            last_stable_offset,
            start_offset: state.start_offset,
            aborted,
        })
    }

    /// Asks for one wake-up at the next append.
    pub(crate) fn add_waiter(&self, waiter: &Arc<Notify>) {
        let mut state = self.state.lock();
        if !state.waiters.iter().any(|known| Arc::ptr_eq(known, waiter)) {
            state.waiters.push(Arc::clone(waiter));
        }
    }

    pub(crate) fn remove_waiter(&self, waiter: &Arc<Notify>) {
        self.state.lock().waiters.retain(|known| !Arc::ptr_eq(known, waiter));
    }

    /// Moves the start to `offset` (-1: the end), runs `persist` with it, and frees what lies before.
    pub(crate) fn delete_before(
        &self,
        offset: i64,
        persist: impl FnOnce(i64) -> Result<(), ResponseError>,
    ) -> Result<i64, ResponseError> {
        let mut state = self.state.lock();
        let target = if offset == -1 { state.next_offset } else { offset };
        if target < 0 || target > state.next_offset {
            return Err(ResponseError::OffsetOutOfRange);
        }
        if target > state.start_offset {
            persist(target)?;
            state.start_offset = target;
            state.aborted.drop_before(target);
            state.store.drop_before(target).map_err(|_| ResponseError::KafkaStorageError)?;
        }
        Ok(state.start_offset)
    }

    pub(crate) fn active_producers(&self) -> Vec<ActiveProducer> {
        let state = self.state.lock();
        let mut active: Vec<ActiveProducer> = state
            .producers
            .iter()
            .map(|(id, producer)| ActiveProducer {
                id,
                epoch: producer.epoch,
                last_sequence: producer.last_sequence(),
                last_timestamp_ms: producer.last_timestamp_ms,
                transaction_start: producer.transaction_start,
            })
            .collect();
        active.sort_by_key(|producer| producer.id);
        active
    }
}

fn validate(batch: &Batch, policy: AppendPolicy) -> Result<(), ResponseError> {
    let header = &batch.header;
    if header.size > policy.batch_bytes_max {
        return Err(ResponseError::MessageTooLarge);
    }
    let counts_agree = header.record_count > 0 && header.last_offset_delta == header.record_count - 1;
    let sequence_given = !header.has_producer() || (header.base_sequence >= 0 && header.producer_epoch >= 0);
    if header.is_control() || !counts_agree || !sequence_given {
        return Err(ResponseError::InvalidRecord);
    }
    if header.codec() > 4 {
        return Err(ResponseError::UnsupportedCompressionType);
    }
    if policy.keys_required {
        let body = records::uncompressed(batch).map_err(|_| ResponseError::CorruptMessage)?;
        for record in records::walk(&body) {
            if record.map_err(|_| ResponseError::CorruptMessage)?.key.is_none() {
                return Err(ResponseError::InvalidRecord);
            }
        }
    }
    Ok(())
}
