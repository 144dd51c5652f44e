//! A partition's batches in memory: the very bytes that came off the socket.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::batch::{Batch, PREFIX_BYTES};
use super::chunks::Chunks;

#[derive(Debug, Default)]
pub(crate) struct MemoryStore {
    /// In offset order.
    batches: VecDeque<Batch>,
    bytes: u64,
}

impl MemoryStore {
    pub(crate) fn append(&mut self, batch: &Batch) {
        self.bytes += batch.header.size as u64;
        self.batches.push_back(batch.clone());
    }

    fn first_at(&self, offset: i64) -> usize {
        self.batches.partition_point(|batch| batch.header.last_offset() < offset)
    }

    pub(crate) fn read(&self, offset: i64, end: i64, bytes_max: usize, at_least_one: bool) -> Chunks {
        let mut chunks = Chunks::default();
        for batch in self.batches.range(self.first_at(offset)..) {
            let fits = chunks.len() + batch.bytes.len() <= bytes_max || (at_least_one && chunks.is_empty());
            if batch.header.base_offset >= end || !fits {
                break;
            }
            chunks.put(&batch.header.prefix());
            chunks.push(batch.bytes.slice(PREFIX_BYTES..));
        }
        chunks
    }

    pub(crate) fn scan(&self, from: i64, visit: &mut dyn FnMut(&Batch) -> ControlFlow<()>) {
        for batch in self.batches.range(self.first_at(from)..) {
            if visit(batch).is_break() {
                return;
            }
        }
    }

    pub(crate) fn drop_before(&mut self, start: i64) {
        while let Some(batch) = self.batches.front()
            && batch.header.last_offset() < start
        {
            self.bytes -= batch.header.size as u64;
            self.batches.pop_front();
        }
    }

    /// Passes every batch below `end` through `clean`; what it gives takes the batch's place.
    pub(crate) fn rewrite(&mut self, end: i64, clean: &mut dyn FnMut(&Batch) -> Option<Batch>) {
        let tail =
            self.batches.split_off(self.batches.partition_point(|batch| batch.header.base_offset < end));
        self.batches = self.batches.iter().filter_map(&mut *clean).chain(tail).collect();
        self.bytes = self.batches.iter().map(|batch| batch.header.size as u64).sum();
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}
