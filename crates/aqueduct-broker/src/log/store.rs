//! Where a partition's batches are: in memory or in files.

use std::io;
use std::ops::ControlFlow;

use super::batch::Batch;
use super::chunks::Chunks;
use super::files::FileStore;
use super::memory::MemoryStore;

#[derive(Debug)]
pub(crate) enum Store {
    Memory(MemoryStore),
    Files(FileStore),
}

impl Store {
    /// Appends a batch under its header's base offset, which must be past all others.
    pub(crate) fn append(&mut self, batch: &Batch) -> io::Result<()> {
        match self {
            Store::Memory(store) => {
                store.append(batch);
                Ok(())
            }
            Store::Files(store) => store.append(batch),
        }
    }

    /// Whole batches from the one that holds `offset` on, as long as they begin before `end` and fit `bytes_max`.
    /// `at_least_one` lets the first through whatever its size (KIP-74).
    pub(crate) fn read(
        &self,
        offset: i64,
        end: i64,
        bytes_max: usize,
        at_least_one: bool,
    ) -> io::Result<Chunks> {
        match self {
            Store::Memory(store) => Ok(store.read(offset, end, bytes_max, at_least_one)),
            Store::Files(store) => store.read(offset, end, bytes_max, at_least_one),
        }
    }

    /// Visits every batch from the one that holds `from` on, in order.
    pub(crate) fn scan(&self, from: i64, visit: &mut dyn FnMut(&Batch) -> ControlFlow<()>) -> io::Result<()> {
        match self {
            Store::Memory(store) => {
                store.scan(from, visit);
                Ok(())
            }
            Store::Files(store) => store.scan(from, visit),
        }
    }

    /// Frees what lies wholly before `start`, as far as that is cheap.
    pub(crate) fn drop_before(&mut self, start: i64) -> io::Result<()> {
        match self {
            Store::Memory(store) => {
                store.drop_before(start);
                Ok(())
            }
            Store::Files(store) => store.drop_before(start),
        }
    }

    /// Replaces each batch that begins before `end` by what `clean` makes of it.
    pub(crate) fn rewrite(
        &mut self,
        end: i64,
        clean: &mut dyn FnMut(&Batch) -> Option<Batch>,
    ) -> io::Result<()> {
        match self {
            Store::Memory(store) => {
                store.rewrite(end, clean);
                Ok(())
            }
            Store::Files(store) => store.rewrite(end, clean),
        }
    }

    pub(crate) fn bytes(&self) -> u64 {
        match self {
            Store::Memory(store) => store.bytes(),
            Store::Files(store) => store.bytes(),
        }
    }
}
