//! The journal's file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::image::{Entry, Image};
use crate::config::FsyncPolicy;
use crate::error::BrokerError;

const NAME: &str = "journal";
const NEW_NAME: &str = "journal.new";
const LOCK_NAME: &str = "lock";
const FRAME_HEADER_BYTES: usize = 8;
/// Below this size the journal is never rewritten.
const REWRITE_BYTES_MIN: u64 = 4 * 1024 * 1024;
/// How often larger than after its last rewrite the file becomes before the next.
const REWRITE_FACTOR: u64 = 4;

#[derive(Debug)]
pub(super) struct JournalFile {
    dir: PathBuf,
    file: File,
    /// Held for the life of the broker; the system gives it back however the process ends.
    _lock: File,
    fsync: FsyncPolicy,
    image: Image,
    bytes: u64,
    rewritten_bytes: u64,
}

impl JournalFile {
    pub(super) fn open(dir: &Path, fsync: FsyncPolicy) -> Result<JournalFile, BrokerError> {
        fs::create_dir_all(dir).map_err(BrokerError::storage(dir))?;
        let lock_path = dir.join(LOCK_NAME);
        let lock = File::create(&lock_path).map_err(BrokerError::storage(&lock_path))?;
        lock.try_lock().map_err(|_| BrokerError::InUse { path: dir.to_owned() })?;
        let path = dir.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(source) => return Err(BrokerError::Storage { path, source }),
        };
        let mut image = Image::default();
        let kept = replay(&bytes, &mut image) as u64;
        let file =
            OpenOptions::new().create(true).append(true).open(&path).map_err(BrokerError::storage(&path))?;
        if kept < bytes.len() as u64 {
            let cut_bytes = bytes.len() as u64 - kept;
            tracing::warn!(file = %path.display(), cut_bytes, "cutting the torn tail of the journal");
            file.set_len(kept).map_err(BrokerError::storage(&path))?;
        }
        Ok(JournalFile {
            dir: dir.to_owned(),
            file,
            _lock: lock,
            fsync,
            image,
            bytes: kept,
            rewritten_bytes: 0,
        })
    }

    pub(super) fn image(&self) -> &Image {
        &self.image
    }

    pub(super) fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        let frame = frame(entries)?;
        let mut written = self.file.write_all(&frame);
        if written.is_ok() && self.fsync == FsyncPolicy::Always {
            written = self.file.sync_data();
        }
        if let Err(error) = written {
            self.file.set_len(self.bytes)?;
            return Err(error);
        }
        self.bytes += frame.len() as u64;
        for entry in entries {
            self.image.apply(entry.clone());
        }
        if self.bytes > REWRITE_BYTES_MIN.max(self.rewritten_bytes * REWRITE_FACTOR) {
            self.rewrite()?;
        }
        Ok(())
    }

    fn rewrite(&mut self) -> io::Result<()> {
        let new_path = self.dir.join(NEW_NAME);
        let mut out = io::BufWriter::new(File::create(&new_path)?);
        let mut bytes = 0;
        for entry in self.image.entries() {
            let frame = frame(&[entry])?;
            bytes += frame.len() as u64;
            out.write_all(&frame)?;
        }
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_data()?;
        let path = self.dir.join(NAME);
        fs::rename(&new_path, &path)?;
        self.file = OpenOptions::new().append(true).open(&path)?;
        (self.bytes, self.rewritten_bytes) = (bytes, bytes);
        Ok(())
    }
}

fn frame(entries: &[Entry]) -> io::Result<Vec<u8>> {
    let body = serde_json::to_vec(entries)?;
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    let mut frame = Vec::with_capacity(FRAME_HEADER_BYTES + body.len());
    frame.extend_from_slice(&length.to_be_bytes());
    frame.extend_from_slice(&crc32c::crc32c(&body).to_be_bytes());
    frame.extend_from_slice(&body);
    Ok(frame)
}

/// Applies whole, intact frames; returns where they end.
fn replay(bytes: &[u8], image: &mut Image) -> usize {
    let mut rest = bytes;
    while let Some((header, tail)) = rest.split_first_chunk::<FRAME_HEADER_BYTES>() {
        let [a, b, c, d, crc @ ..] = *header;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some((body, after)) = tail.split_at_checked(length) else { break };
        if crc32c::crc32c(body) != u32::from_be_bytes(crc) {
            break;
        }
        let Ok(entries) = serde_json::from_slice::<Vec<Entry>>(body) else { break };
        for entry in entries {
            image.apply(entry);
        }
        rest = after;
    }
    bytes.len() - rest.len()
}

#[cfg(test)]
mod tests {
    use super::super::image::CommittedOffset;
    use super::*;

    fn offset(partition: i32, offset: i64) -> Entry {
        Entry::Offset {
            group: "g".to_owned(),
            topic: "t".to_owned(),
            partition,
            committed: Some(CommittedOffset { offset, leader_epoch: -1, metadata: String::new() }),
        }
    }

    #[test]
    fn any_cut_gives_a_prefix_of_the_state() {
        let dir = tempfile::tempdir().unwrap();
        let mut states = vec![(0, Image::default())];
        {
            let mut journal = JournalFile::open(dir.path(), FsyncPolicy::Never).unwrap();
            for n in 0..3 {
                journal.append(&[offset(0, n), offset(1, n)]).unwrap();
                states.push((journal.bytes as usize, journal.image.clone()));
            }
        }
        let whole = fs::read(dir.path().join(NAME)).unwrap();
        for cut in 0..=whole.len() {
            fs::write(dir.path().join(NAME), &whole[..cut]).unwrap();
            let journal = JournalFile::open(dir.path(), FsyncPolicy::Never).unwrap();
            let expected = states.iter().rev().find(|(bytes, _)| *bytes <= cut).unwrap();
            assert_eq!((journal.bytes as usize, &journal.image), (expected.0, &expected.1), "cut at {cut}");
        }
    }

    #[test]
    fn a_rewrite_keeps_the_state_and_frees_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let mut journal = JournalFile::open(dir.path(), FsyncPolicy::Always).unwrap();
        for n in 0..100 {
            journal.append(&[offset(0, n)]).unwrap();
        }
        let (before, image) = (journal.bytes, journal.image.clone());
        journal.rewrite().unwrap();
        journal.append(&[offset(1, 5)]).unwrap();
        assert!(journal.bytes < before / 10);
        drop(journal);
        let again = JournalFile::open(dir.path(), FsyncPolicy::Never).unwrap();
        assert_eq!(again.image.offsets["g"].len(), 2);
        assert_eq!(again.image.offsets["g"][&("t".to_owned(), 0)], image.offsets["g"][&("t".to_owned(), 0)]);
    }

    #[test]
    fn a_second_broker_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let _first = JournalFile::open(dir.path(), FsyncPolicy::Never).unwrap();
        assert!(matches!(JournalFile::open(dir.path(), FsyncPolicy::Never), Err(BrokerError::InUse { .. })));
    }
}
