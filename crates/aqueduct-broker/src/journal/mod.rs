//! The broker's metadata on disk: an append-only journal of entries, and the state that they add up to.
//!
//! Each frame is `length u32, crc32c u32, JSON array of entries`, written by one `write(2)`: a frame is there as a whole
//! or is cut off as a torn tail at the next start. When the file is much larger than the state, it is written anew
//! beside the old one and takes its place in one step.

mod file;
mod image;

use kafka_protocol::ResponseError;
use parking_lot::Mutex;

use crate::config::BrokerConfig;
use crate::error::BrokerError;

pub(crate) use image::{
    CommittedOffset, Entry, Image, PendingOffset, TopicImage, TransactionImage, TransactionPhase,
};

use file::JournalFile;

/// Where metadata changes go before they are acknowledged. Without a data directory it keeps nothing.
#[derive(Debug)]
pub(crate) struct Journal {
    file: Mutex<Option<JournalFile>>,
}

impl Journal {
    /// Opens the journal of a data directory, and gives the state that it holds.
    pub(crate) fn open(config: &BrokerConfig) -> Result<(Journal, Image), BrokerError> {
        let Some(dir) = &config.data_dir else {
            return Ok((Journal { file: Mutex::new(None) }, Image::default()));
        };
        let file = JournalFile::open(dir, config.fsync)?;
        let image = file.image().clone();
        Ok((Journal { file: Mutex::new(Some(file)) }, image))
    }

    /// Writes entries as one frame: after a crash all of them are there, or none.
    pub(crate) fn append(&self, entries: &[Entry]) -> Result<(), ResponseError> {
        self.append_with(entries, || ())
    }

    /// Like [`Journal::append`], and runs `apply` before any other append: the order in the journal is the order of
    /// the effects.
    pub(crate) fn append_with<T>(
        &self,
        entries: &[Entry],
        apply: impl FnOnce() -> T,
    ) -> Result<T, ResponseError> {
        let mut file = self.file.lock();
        if let Some(file) = file.as_mut() {
            file.append(entries).map_err(|error| {
                tracing::error!("cannot write the journal: {error}");
                ResponseError::KafkaStorageError
            })?;
        }
        Ok(apply())
    }
}
