//! Producer ids: never given out twice, not even across a crash.

use kafka_protocol::ResponseError;

use crate::journal::{Entry, Journal};

/// Ids reserved by one journal entry.
const BLOCK: i64 = 1000;

#[derive(Debug)]
pub(super) struct ProducerIds {
    next: i64,
    reserved_to: i64,
}

impl ProducerIds {
    /// Continues after everything that was ever reserved.
    pub(super) fn new(reserved_to: i64) -> ProducerIds {
        ProducerIds { next: reserved_to, reserved_to }
    }

    pub(super) fn take(&mut self, journal: &Journal) -> Result<i64, ResponseError> {
        if self.next >= self.reserved_to {
            let reserved_to = self.reserved_to + BLOCK;
            journal.append(&[Entry::ProducerIds { next: reserved_to }])?;
            self.reserved_to = reserved_to;
        }
        let id = self.next;
        self.next += 1;
        Ok(id)
    }
}
