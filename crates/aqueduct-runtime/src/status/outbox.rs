//! Statuses on their way to the topic.

use std::collections::{HashMap, VecDeque};

use aqueduct_proto::config_log::Record;
use aqueduct_proto::status_log::{StatusLog, Ticket, Write};

/// With so many records waiting, a new one takes the place of an older one of the same key. So there are at most as many more
/// as there are keys, however long the cluster is away.
const WAITING_MAX: usize = 1000;

/// A record to write.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) record: Record,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Status(Ticket),
    /// With its place in the order of such writes.
    Topic(u64),
}

/// Records that wait to be written, in order.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Outgoing>,
    /// By key: the newest write about a topic that is not settled.
    topics: HashMap<String, u64>,
    sequence: u64,
    unsettled: usize,
}

impl Outbox {
    pub(super) fn push_status(&mut self, write: Write) {
        self.push(Outgoing { record: write.record, kind: Kind::Status(write.ticket) });
    }

    pub(super) fn push_topic(&mut self, record: Record) {
        self.sequence += 1;
        self.topics.insert(record.key.clone(), self.sequence);
        self.push(Outgoing { record, kind: Kind::Topic(self.sequence) });
    }

    fn push(&mut self, outgoing: Outgoing) {
        if self.waiting.len() >= WAITING_MAX {
            let before = self.waiting.len();
            self.waiting.retain(|older| older.record.key != outgoing.record.key);
            self.unsettled -= before - self.waiting.len();
        }
        self.waiting.push_back(outgoing);
        self.unsettled += 1;
    }

    /// The next record to write.
    pub(super) fn pop(&mut self) -> Option<Outgoing> {
        self.waiting.pop_front()
    }

    /// A record is written, or given up.
    pub(super) fn settle(&mut self, outgoing: &Outgoing) {
        self.unsettled = self.unsettled.saturating_sub(1);
        if let Kind::Topic(sequence) = outgoing.kind
            && self.topics.get(&outgoing.record.key) == Some(&sequence)
        {
            self.topics.remove(&outgoing.record.key);
        }
    }

    /// Records that are neither written nor given up.
    pub(super) fn unsettled(&self) -> usize {
        self.unsettled
    }

    /// Whether a record that could not be written is still wanted.
    pub(super) fn must_resend(&self, log: &StatusLog, outgoing: &Outgoing) -> bool {
        match &outgoing.kind {
            Kind::Status(ticket) => log.must_resend(ticket),
            Kind::Topic(sequence) => self.topics.get(&outgoing.record.key) == Some(sequence),
        }
    }
}

#[cfg(test)]
mod tests {
    use aqueduct_proto::state::TaskId;
    use aqueduct_proto::status_log::TopicStatus;

    use super::*;

    fn record(topic: usize, at: i64) -> Record {
        TopicStatus { topic: topic.to_string(), task: TaskId::new("c", 0), discovered_ms: at }.record()
    }

    #[test]
    fn a_full_outbox_keeps_the_newest_of_each_key() {
        let mut outbox = Outbox::default();
        for at in 0..3000 {
            outbox.push_topic(record(at % 10, at as i64));
        }
        assert_eq!(outbox.unsettled(), outbox.waiting.len());
        assert!(outbox.waiting.len() <= WAITING_MAX + 10, "{}", outbox.waiting.len());
        let mut newest = HashMap::new();
        while let Some(outgoing) = outbox.pop() {
            newest.insert(outgoing.record.key.clone(), outgoing.record.value.clone());
            outbox.settle(&outgoing);
        }
        assert_eq!((outbox.unsettled(), outbox.topics.len()), (0, 0));
        for topic in 0..10_usize {
            let last = record(topic, 2990 + topic as i64);
            assert_eq!(newest.remove(&last.key), Some(last.value));
        }
    }

    #[test]
    fn only_the_newest_word_about_a_topic_is_sent_again() {
        let (mut outbox, log) = (Outbox::default(), StatusLog::default());
        outbox.push_topic(record(1, 1));
        outbox.push_topic(TopicStatus::tombstone("c", "1"));
        let (put, tombstone) = (outbox.pop().unwrap(), outbox.pop().unwrap());
        assert!(!outbox.must_resend(&log, &put));
        outbox.settle(&put);
        assert!(outbox.must_resend(&log, &tombstone));
        outbox.settle(&tombstone);
        assert!(!outbox.must_resend(&log, &tombstone));
    }
}
