//! A record on its way to the topic.

use super::StatusOf;
use crate::config_log::Record;

/// A record to write, and what to ask with when the write fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// The record.
    pub record: Record,
    /// For [`StatusLog::must_resend`](super::StatusLog::must_resend).
    pub ticket: Ticket,
}

/// Which write it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    pub(super) of: StatusOf,
    pub(super) sequence: u64,
    /// Worker and generation of a safe write.
    pub(super) safe: Option<(String, i32)>,
}
