//! The topics in which workers of a group keep configurations, offsets and statuses (spec: internal topics and stores).
//!
//! Each is compacted, and small enough to be read as a whole: a [`Follower`] reads it to its end when a store is opened and
//! goes on from there, and a store answers from what was read. So a write counts when it was read back, and all workers see
//! the same in the same order. What a store cannot use is logged and skipped; nothing in a topic ends it.

mod clients;
mod creation;
mod follower;
mod thread;
mod writer;

pub use clients::{InternalClients, LogClients};
pub(crate) use creation::check_single_partition;
pub use creation::{Purpose, create_or_check};
pub(crate) use follower::{Fold, Follower};
pub(crate) use thread::on_one_thread;
pub(crate) use writer::{Writer, outgoing};

use aqueduct_kafka::FetchedRecord;

/// Logs a record that a store skips.
pub(crate) fn log_garbage(record: &FetchedRecord<'_>, reason: &str) {
    tracing::warn!(
        topic = %record.topic(),
        partition = record.partition(),
        offset = record.offset(),
        key = %String::from_utf8_lossy(record.key().unwrap_or_default()),
        "skipping a record: {reason}"
    );
}
