//! A partition's batches in append-only segment files, named by their first offset as Kafka names them.
//!
//! Only a sparse index (an entry each 4 KiB) is kept in memory. Each append is one `write(2)`, so what is acknowledged
//! survives a kill of the process; a torn tail is cut when the files are opened again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};

use super::batch::{Batch, BatchHeader, HEADER_BYTES, PREFIX_BYTES};
use super::chunks::Chunks;
use crate::config::FsyncPolicy;
use crate::error::BrokerError;

const INDEX_INTERVAL_BYTES: u64 = 4096;
/// A single read of a file takes no more than about this, whatever the client allows.
const READ_BYTES_MAX: usize = 8 * 1024 * 1024;
const SUFFIX: &str = "log";
const CLEANED: &str = "cleaned";

#[derive(Debug)]
struct Segment {
    base_offset: i64,
    path: PathBuf,
    file: File,
    bytes: u64,
    /// Offset of the last record; `base_offset - 1` while empty.
    last_offset: i64,
    /// Sparse, in order: (base offset of a batch, its position).
    index: Vec<(i64, u64)>,
    indexed_to: u64,
}

impl Segment {
    fn create(dir: &Path, base_offset: i64) -> io::Result<Segment> {
        let path = dir.join(format!("{base_offset:020}.{SUFFIX}"));
        let file = OpenOptions::new().create(true).append(true).read(true).open(&path)?;
        Ok(Segment {
            base_offset,
            path,
            file,
            bytes: 0,
            last_offset: base_offset - 1,
            index: Vec::new(),
            indexed_to: 0,
        })
    }

    fn note(&mut self, header: &BatchHeader) {
        if self.index.is_empty() || self.bytes - self.indexed_to >= INDEX_INTERVAL_BYTES {
            self.index.push((header.base_offset, self.bytes));
            self.indexed_to = self.bytes;
        }
        self.bytes += header.size as u64;
        self.last_offset = header.last_offset();
    }

    /// A position at or before the batch that holds `offset`.
    fn position_before(&self, offset: i64) -> u64 {
        let after = self.index.partition_point(|(base, _)| *base <= offset);
        after.checked_sub(1).and_then(|entry| self.index.get(entry)).map_or(0, |(_, position)| *position)
    }

    fn header_at(&self, position: u64) -> io::Result<BatchHeader> {
        let mut bytes = [0; HEADER_BYTES];
        self.file.read_exact_at(&mut bytes, position)?;
        BatchHeader::parse(&bytes).map_err(io::Error::other)
    }

    /// The whole batches from the one that holds `offset` on, as far as they begin before `end` and fit `room`. With
    /// `at_least_one`, the first need not fit. One read of the file serves as a rule.
    fn run(&self, offset: i64, end: i64, room: usize, at_least_one: bool) -> io::Result<Run> {
        let mut from = self.position_before(offset);
        while from < self.bytes {
            // Less than an index interval lies between the indexed position and the first batch that is wanted.
            let wanted = room.min(READ_BYTES_MAX) as u64 + INDEX_INTERVAL_BYTES + HEADER_BYTES as u64;
            let block = self.bytes_at(from, wanted.min(self.bytes - from) as usize)?;
            let (first, to) = select(&block, offset, end, room, at_least_one);
            let Some(first) = first else {
                // All before `offset`: after compaction a large batch can stand before a gap.
                if to == 0 {
                    return Err(io::Error::other("a batch without a header"));
                }
                from += to as u64;
                continue;
            };
            let bytes = if to > block.len() {
                self.bytes_at(from + first as u64, to - first)?
            } else {
                block.slice(first..to)
            };
            return Ok(Run { bytes, to_the_end: from + to as u64 >= self.bytes });
        }
        Ok(Run { bytes: Bytes::new(), to_the_end: true })
    }

    fn batch_at(&self, position: u64, header: BatchHeader) -> io::Result<Batch> {
        Ok(Batch { header, bytes: self.bytes_at(position, header.size)? })
    }

    fn bytes_at(&self, position: u64, size: usize) -> io::Result<Bytes> {
        let mut bytes = BytesMut::zeroed(size);
        self.file.read_exact_at(&mut bytes, position)?;
        Ok(bytes.freeze())
    }
}

/// Where in `block` the wanted batches begin, if any does, and where they or the unwanted ones before them end. That is
/// past the block only for a single batch, which `at_least_one` lets through.
fn select(block: &[u8], offset: i64, end: i64, room: usize, at_least_one: bool) -> (Option<usize>, usize) {
    let (mut first, mut at) = (None, 0);
    while let Some(Ok(header)) = block.get(at..).map(BatchHeader::parse) {
        let next = at + header.size;
        if header.last_offset() >= offset {
            let start = *first.get_or_insert(at);
            let forced = at_least_one && start == at;
            let fits = next - start <= room && next <= block.len();
            if header.base_offset >= end || !(fits || forced) {
                break;
            }
        }
        at = next;
    }
    (first, at)
}

/// A part of a read.
struct Run {
    bytes: Bytes,
    /// Whether the segment has no more, so that the read may go on in the next.
    to_the_end: bool,
}

#[derive(Debug)]
pub(crate) struct FileStore {
    dir: PathBuf,
    fsync: FsyncPolicy,
    segment_bytes: u64,
    /// Never empty; the last one is appended to.
    segments: Vec<Segment>,
    scratch: Vec<u8>,
}

impl FileStore {
    /// Opens the folder, creating it if need be, and passes every batch in it to `visit`, in order.
    ///
    /// The last segment ends at the first batch that is cut short or fails its checksum.
    pub(crate) fn open(
        dir: &Path,
        first_offset: i64,
        segment_bytes: u64,
        fsync: FsyncPolicy,
        visit: &mut dyn FnMut(&Batch),
    ) -> Result<FileStore, BrokerError> {
        let fail = |source| BrokerError::Storage { path: dir.to_owned(), source };
        fs::create_dir_all(dir).map_err(fail)?;
        let mut bases = Vec::new();
        for entry in fs::read_dir(dir).map_err(fail)? {
            let path = entry.map_err(fail)?.path();
            match path.extension().and_then(|suffix| suffix.to_str()) {
                Some(CLEANED) => fs::remove_file(&path).map_err(BrokerError::storage(&path))?,
                Some(SUFFIX) => {
                    let base = path
                        .file_stem()
                        .and_then(|stem| stem.to_str())
                        .and_then(|stem| stem.parse::<i64>().ok());
                    bases.extend(base);
                }
                _ => {}
            }
        }
        bases.sort_unstable();
        if bases.is_empty() {
            bases.push(first_offset);
        }
        let mut segments = Vec::with_capacity(bases.len());
        for (position, base_offset) in bases.iter().enumerate() {
            let mut segment = Segment::create(dir, *base_offset).map_err(fail)?;
            recover(&mut segment, position + 1 == bases.len(), visit)?;
            segments.push(segment);
        }
        Ok(FileStore { dir: dir.to_owned(), fsync, segment_bytes, segments, scratch: Vec::new() })
    }

    pub(crate) fn append(&mut self, batch: &Batch) -> io::Result<()> {
        let full = self.segments.last().is_none_or(|active| {
            active.bytes > 0 && active.bytes + batch.header.size as u64 > self.segment_bytes
        });
        if full {
            self.roll(batch.header.base_offset)?;
        }
        let Some(active) = self.segments.last_mut() else {
            return Err(io::Error::other("no active segment"));
        };
        self.scratch.clear();
        self.scratch.extend_from_slice(&batch.header.prefix());
        self.scratch.extend_from_slice(&batch.bytes[PREFIX_BYTES..]);
        let mut written = active.file.write_all(&self.scratch);
        if written.is_ok() && self.fsync == FsyncPolicy::Always {
            written = active.file.sync_data();
        }
        if let Err(error) = written {
            // Half a batch must not stand before the next one.
            active.file.set_len(active.bytes)?;
            return Err(error);
        }
        if self.scratch.capacity() > 4 * 1024 * 1024 {
            self.scratch = Vec::new();
        }
        active.note(&batch.header);
        Ok(())
    }

    fn roll(&mut self, base_offset: i64) -> io::Result<()> {
        self.segments.push(Segment::create(&self.dir, base_offset)?);
        Ok(())
    }

    fn segment_of(&self, offset: i64) -> usize {
        self.segments.partition_point(|segment| segment.last_offset < offset)
    }

    pub(crate) fn read(
        &self,
        offset: i64,
        end: i64,
        bytes_max: usize,
        at_least_one: bool,
    ) -> io::Result<Chunks> {
        let mut chunks = Chunks::default();
        for segment in self.segments.iter().skip(self.segment_of(offset)) {
            let room = bytes_max.saturating_sub(chunks.len());
            let run = segment.run(offset, end, room, at_least_one && chunks.is_empty())?;
            chunks.push(run.bytes);
            if !run.to_the_end {
                break;
            }
        }
        Ok(chunks)
    }

    pub(crate) fn scan(&self, from: i64, visit: &mut dyn FnMut(&Batch) -> ControlFlow<()>) -> io::Result<()> {
        for segment in self.segments.iter().skip(self.segment_of(from)) {
            let mut position = segment.position_before(from);
            while position < segment.bytes {
                let header = segment.header_at(position)?;
                if header.last_offset() >= from && visit(&segment.batch_at(position, header)?).is_break() {
                    return Ok(());
                }
                position += header.size as u64;
            }
        }
        Ok(())
    }

    /// Deletes the segments that hold nothing at or after `start`; the active one stays.
    pub(crate) fn drop_before(&mut self, start: i64) -> io::Result<()> {
        let active = self.segments.len().saturating_sub(1);
        let count = self.segment_of(start).min(active);
        for segment in self.segments.drain(..count) {
            fs::remove_file(&segment.path)?;
        }
        Ok(())
    }

    /// Passes every batch below `end` through `clean`, one segment after another: each is written anew beside the old
    /// file and takes its name in one step, so a crash leaves every segment either old or new.
    pub(crate) fn rewrite(
        &mut self,
        end: i64,
        clean: &mut dyn FnMut(&Batch) -> Option<Batch>,
    ) -> io::Result<()> {
        for segment in &mut self.segments {
            if segment.base_offset >= end {
                break;
            }
            let cleaned_path = segment.path.with_extension(CLEANED);
            let mut cleaned = Segment {
                base_offset: segment.base_offset,
                path: segment.path.clone(),
                file: OpenOptions::new().create(true).append(true).read(true).open(&cleaned_path)?,
                bytes: 0,
                last_offset: segment.base_offset - 1,
                index: Vec::new(),
                indexed_to: 0,
            };
            let mut out = io::BufWriter::with_capacity(256 * 1024, cleaned.file.try_clone()?);
            let mut position = 0;
            while position < segment.bytes {
                let header = segment.header_at(position)?;
                let batch = segment.batch_at(position, header)?;
                position += header.size as u64;
                let kept = if header.base_offset < end { clean(&batch) } else { Some(batch) };
                if let Some(kept) = kept {
                    out.write_all(&kept.header.prefix())?;
                    out.write_all(&kept.bytes[PREFIX_BYTES..])?;
                    cleaned.note(&kept.header);
                }
            }
            out.flush()?;
            cleaned.file.sync_data()?;
            fs::rename(&cleaned_path, &segment.path)?;
            *segment = cleaned;
        }
        let active = self.segments.len().saturating_sub(1);
        let (emptied, kept): (Vec<_>, Vec<_>) =
            self.segments.drain(..active).partition(|segment| segment.bytes == 0);
        self.segments.splice(..0, kept);
        emptied.iter().try_for_each(|segment| fs::remove_file(&segment.path))
    }

    /// The offset after the last batch; the first offset of the active segment while that is empty.
    pub(crate) fn next_offset(&self) -> i64 {
        self.segments.last().map_or(0, |active| active.last_offset + 1)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}

/// Walks a segment file. Checksums are verified in the last segment, where a crash can have torn a write.
fn recover(segment: &mut Segment, is_last: bool, visit: &mut dyn FnMut(&Batch)) -> Result<(), BrokerError> {
    let path = segment.path.clone();
    let file = segment.file.try_clone().map_err(BrokerError::storage(&path))?;
    let length = file.metadata().map_err(BrokerError::storage(&path))?.len();
    let mut reader = io::BufReader::with_capacity(256 * 1024, file);
    while segment.bytes < length {
        let batch = match read_batch(&mut reader, length - segment.bytes) {
            Ok(batch) => batch,
            Err(ReadError::Io(source)) => return Err(BrokerError::Storage { path, source }),
            Err(ReadError::Torn(reason)) if is_last => {
                tracing::warn!(
                    file = %path.display(),
                    kept_bytes = segment.bytes,
                    cut_bytes = length - segment.bytes,
                    "cutting the torn tail of a log: {reason}"
                );
                return segment.file.set_len(segment.bytes).map_err(BrokerError::storage(&path));
            }
            Err(ReadError::Torn(reason)) => {
                return Err(BrokerError::Corrupt {
                    path,
                    reason: format!("{reason} at byte {}", segment.bytes),
                });
            }
        };
        segment.note(&batch.header);
        visit(&batch);
    }
    Ok(())
}

enum ReadError {
    Io(io::Error),
    Torn(String),
}

fn read_batch(reader: &mut impl Read, available: u64) -> Result<Batch, ReadError> {
    let mut bytes = BytesMut::zeroed(HEADER_BYTES);
    if available < HEADER_BYTES as u64 {
        return Err(ReadError::Torn("half a header".to_owned()));
    }
    reader.read_exact(&mut bytes).map_err(ReadError::Io)?;
    let header = BatchHeader::parse(&bytes).map_err(|error| ReadError::Torn(error.to_string()))?;
    if header.size as u64 > available {
        return Err(ReadError::Torn("half a batch".to_owned()));
    }
    bytes.resize(header.size, 0);
    reader.read_exact(&mut bytes[HEADER_BYTES..]).map_err(ReadError::Io)?;
    Batch::split_from(&mut bytes.freeze()).map_err(|error| ReadError::Torn(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::batch::transaction_marker;
    use super::*;

    /// A batch at `base`, with a body of about `size` bytes.
    fn batch(base: i64, size: usize) -> Batch {
        let header = transaction_marker(base, 1, 0, true, 5).header;
        Batch::split_from(&mut header.encode(&vec![7; size])).unwrap()
    }

    fn first_offset(chunks: Chunks) -> Option<i64> {
        BatchHeader::parse(&chunks.into_bytes()).ok().map(|header| header.base_offset)
    }

    #[test]
    fn reads_across_gaps_segments_and_large_batches() {
        let dir = tempfile::tempdir().unwrap();
        let open = || FileStore::open(dir.path(), 0, 50_000, FsyncPolicy::Never, &mut |_| {}).unwrap();
        let mut store = open();
        for (base, size) in [(0, 20_000), (20, 10), (21, 10), (22, 45_000), (40, 10), (41, 30_000), (42, 10)]
        {
            store.append(&batch(base, size)).unwrap();
        }
        assert!(store.segments.len() >= 3);
        for store in [store, open()] {
            assert_eq!(store.next_offset(), 43);
            for (offset, expected) in [
                (0, Some(0)),
                (1, Some(20)),
                (15, Some(20)),
                (21, Some(21)),
                (23, Some(40)),
                (42, Some(42)),
                (43, None),
            ] {
                for bytes_max in [1, 1000, 100_000] {
                    let found = first_offset(store.read(offset, i64::MAX, bytes_max, true).unwrap());
                    assert_eq!(found, expected, "at {offset} up to {bytes_max}");
                }
            }
            assert!(store.read(0, i64::MAX, 1000, false).unwrap().is_empty());
            assert!(store.read(0, 0, 1000, true).unwrap().is_empty());
            let all = store.read(0, i64::MAX, usize::MAX, true).unwrap();
            assert_eq!(all.len() as u64, store.bytes());
        }
    }

    #[test]
    fn whole_segments_before_the_start_go() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = FileStore::open(dir.path(), 0, 300, FsyncPolicy::Always, &mut |_| {}).unwrap();
        (0..10).for_each(|base| store.append(&batch(base, 100)).unwrap());
        let before = store.segments.len();
        store.drop_before(5).unwrap();
        assert!(store.segments.len() < before);
        assert_eq!(first_offset(store.read(5, i64::MAX, 1, true).unwrap()), Some(5));
        store.drop_before(100).unwrap();
        assert_eq!((store.segments.len(), store.next_offset()), (1, 10));
    }
}
