//! What a worker says about itself when it joins.

use super::wire::{Reader, SchemaError, Writer};
use super::{Assignment, Subprotocol, read_assignment, read_version, write_assignment};

/// A member, as it describes itself in a JoinGroup request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkerMetadata {
    /// Where its REST API is reached; other workers forward requests to it.
    pub url: String,
    /// The offset up to which it has read the config topic; -1 before the first read.
    pub config_offset: i64,
    /// What it runs; the default in eager groups, and on the first join.
    pub running: Assignment,
}

/// The bytes for one subprotocol.
pub fn write_metadata(metadata: &WorkerMetadata, subprotocol: Subprotocol) -> Vec<u8> {
    let mut out = Writer::default();
    out.int16(subprotocol.version());
    out.string(&metadata.url);
    out.int64(metadata.config_offset);
    if subprotocol.is_cooperative() {
        out.nullable_bytes(write_assignment(&metadata.running, subprotocol).as_deref());
    }
    out.finish()
}

/// What a JoinGroup request carries: a name and bytes for each subprotocol that the setting allows, in order of preference.
pub fn join_protocols(metadata: &WorkerMetadata, setting: Subprotocol) -> Vec<(&'static str, Vec<u8>)> {
    setting.offered().iter().map(|one| (one.name(), write_metadata(metadata, *one))).collect()
}

/// Reads what a member wrote for this subprotocol: for an eager group, without what it runs.
pub fn read_metadata(bytes: &[u8], subprotocol: Subprotocol) -> Result<WorkerMetadata, SchemaError> {
    let mut reader = Reader::new(bytes);
    read_version(&mut reader)?;
    let url = reader.field("url", Reader::string)?;
    let config_offset = reader.field("config-offset", Reader::int64)?;
    let running = if subprotocol.is_cooperative() {
        match reader.trailing_field("allocation", Some(None), Reader::nullable_bytes)? {
            Some(bytes) => read_assignment(bytes, subprotocol)?,
            None => Assignment::default(),
        }
    } else {
        Assignment::default()
    };
    Ok(WorkerMetadata { url, config_offset, running })
}
