//! What was read, and what its reader has not heard of yet.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aqueduct_proto::config_log::{ConfigLog, ConfigState, Event};
use tokio::sync::Notify;

/// With so many events waiting, a new one takes the place of an older one of its kind and subject. So there are at most as
/// many more as there are connectors and loggers, however slow the reader is.
const WAITING_MAX: usize = 10_000;

/// What has changed.
#[derive(Debug, Clone)]
pub struct Changes {
    /// Each change in order. Records that cannot be used are not among them: they are in the log.
    pub events: Vec<Event>,
    /// The state after the last one.
    pub state: Arc<ConfigState>,
}

/// The fold of the topic with the events that wait to be taken.
#[derive(Default)]
pub(super) struct ChangeLog {
    inner: Mutex<Inner>,
    wake: Notify,
}

#[derive(Default)]
struct Inner {
    log: ConfigLog,
    waiting: VecDeque<Event>,
}

impl ChangeLog {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on changes give events.
    pub(super) fn start(&self) {
        self.inner().log.start();
    }

    pub(super) fn snapshot(&self) -> Arc<ConfigState> {
        self.inner().log.snapshot()
    }

    /// Takes in a record, or says why it is skipped.
    pub(super) fn apply(&self, offset: i64, key: &str, value: Option<&[u8]>, garbage: impl Fn(&str)) {
        let mut inner = self.inner();
        for event in inner.log.apply(offset, key, value) {
            match event {
                Event::Garbage { reason, .. } => garbage(&reason),
                event => inner.push(event),
            }
        }
        let changed = !inner.waiting.is_empty();
        drop(inner);
        if changed {
            self.wake.notify_one();
        }
    }

    /// Waits for events and takes them all.
    pub(super) async fn next(&self) -> Changes {
        loop {
            {
                let mut inner = self.inner();
                if !inner.waiting.is_empty() {
                    let events = inner.waiting.drain(..).collect();
                    return Changes { events, state: inner.log.snapshot() };
                }
            }
            self.wake.notified().await;
        }
    }
}

impl Inner {
    fn push(&mut self, event: Event) {
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.retain(|older| !is_newer_word(older, &event));
        }
        self.waiting.push_back(event);
    }
}

/// Whether the second says all that the first says, and later.
fn is_newer_word(older: &Event, newer: &Event) -> bool {
    match (older, newer) {
        (Event::ConnectorRemoved(a), Event::ConnectorRemoved(b))
        | (Event::ConnectorUpdated(a), Event::ConnectorUpdated(b))
        | (Event::TargetState(a), Event::TargetState(b))
        | (Event::TasksUpdated { connector: a, .. }, Event::TasksUpdated { connector: b, .. })
        | (Event::LoggerLevel { namespace: a, .. }, Event::LoggerLevel { namespace: b, .. }) => a == b,
        (Event::Restart { connector: a, request: old }, Event::Restart { connector: b, request: new }) => {
            a == b && new.impact() >= old.impact()
        }
        (Event::SessionKey(_), Event::SessionKey(_)) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_is_slow_gets_the_newest_of_each_kind() {
        let log = ChangeLog::default();
        let value = br#"{"properties":{}}"#;
        log.apply(0, "connector-c", Some(value), |_| {});
        log.start();
        let states = [&br#"{"state.v2":"PAUSED"}"#[..], br#"{"state.v2":"STARTED"}"#];
        for offset in 1..30_000_i64 {
            match offset % 3 {
                0 => log.apply(offset, "connector-c", Some(value), |_| {}),
                _ => log.apply(offset, "target-state-c", Some(states[(offset % 2) as usize]), |_| {}),
            }
        }
        log.apply(30_000, "connector-c", None, |_| {});
        let changes = log.next().await;
        assert!(changes.events.len() <= WAITING_MAX + 3, "{}", changes.events.len());
        assert_eq!(changes.events.last(), Some(&Event::ConnectorRemoved("c".to_owned())));
        assert_eq!(changes.state.offset(), 30_001);
        assert!(log.inner().waiting.is_empty());
    }
}
