//! Faults on purpose, for tests of clients.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::ApiKey;
use parking_lot::Mutex;
use tokio::sync::Notify;

/// What happens to a request that a [`Fault`] applies to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Action {
    /// Handle it, after this time.
    Delay(Duration),
    /// Close the connection without handling it.
    DropConnection,
    /// Handle it, then close the connection instead of answering.
    DropResponse,
    /// Answer with this error without handling it.
    Fail(ResponseError),
}

/// A rule: which requests, which of them by count, and what happens to them.
///
/// ```
/// use std::time::Duration;
/// use aqueduct_broker::{ApiKey, Fault, Faults, ResponseError};
///
/// let faults = Faults::default();
/// faults.inject(Fault::fail(ApiKey::Produce, ResponseError::NotLeaderOrFollower).after(2).times(3));
/// faults.inject(Fault::delay(ApiKey::Fetch, Duration::from_millis(200)).from_client("worker-1"));
/// faults.clear();
/// ```
#[derive(Debug, Clone)]
pub struct Fault {
    api: ApiKey,
    client_id: Option<String>,
    after: u64,
    times: u64,
    action: Action,
}

impl Fault {
    fn new(api: ApiKey, action: Action) -> Fault {
        Fault { api, client_id: None, after: 0, times: u64::MAX, action }
    }

    /// Handles requests only after `time`. Later requests of the same connection wait behind.
    pub fn delay(api: ApiKey, time: Duration) -> Fault {
        Fault::new(api, Action::Delay(time))
    }

    /// Closes the connection; the request has no effect.
    pub fn drop_connection(api: ApiKey) -> Fault {
        Fault::new(api, Action::DropConnection)
    }

    /// Closes the connection after the request took effect, so that the client cannot know.
    pub fn drop_response(api: ApiKey) -> Fault {
        Fault::new(api, Action::DropResponse)
    }

    /// Answers with an error at every place of the response that has one; the request has no effect.
    pub fn fail(api: ApiKey, error: ResponseError) -> Fault {
        Fault::new(api, Action::Fail(error))
    }

    /// Lets this many matching requests pass first.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Fault {
        self.after = requests;
        self
    }

    /// Applies to this many requests, then never again. Without it: to all.
    #[must_use]
    pub fn times(mut self, requests: u64) -> Fault {
        self.times = requests;
        self
    }

    /// Applies only to requests with this client id.
    #[must_use]
    pub fn from_client(mut self, client_id: impl Into<String>) -> Fault {
        self.client_id = Some(client_id.into());
        self
    }
}

/// Tells how often an injected fault took effect.
#[derive(Debug, Clone)]
pub struct FaultHits(Arc<AtomicU64>);

impl FaultHits {
    /// Requests affected so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    hits: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Whether there are rules at all: the one thing that a request looks at when there are none.
    armed: AtomicBool,
    refusing: AtomicBool,
    refused: AtomicU64,
    rules: Mutex<Vec<Rule>>,
    kick: Notify,
}

/// The faults of a running broker. Clones share the same faults. Costs one relaxed load a request when unused.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    inner: Arc<Inner>,
}

impl Faults {
    /// Adds a rule. Rules are tried in the order of their addition; the first that applies acts.
    pub fn inject(&self, fault: Fault) -> FaultHits {
        let hits = Arc::new(AtomicU64::new(0));
        let mut rules = self.inner.rules.lock();
        rules.push(Rule { fault, hits: Arc::clone(&hits) });
        self.inner.armed.store(true, Ordering::Relaxed);
        FaultHits(hits)
    }

    /// Whether new connections are closed at once. Those that stand are left alone.
    pub fn refuse_connections(&self, refuse: bool) {
        self.inner.refusing.store(refuse, Ordering::Relaxed);
    }

    /// How many connections have been refused so far.
    pub fn refused_connections(&self) -> u64 {
        self.inner.refused.load(Ordering::Relaxed)
    }

    /// Closes every connection that stands, in the middle of whatever it does.
    pub fn close_connections(&self) {
        self.inner.kick.notify_waiters();
    }

    /// Takes all rules away and accepts connections again.
    pub fn clear(&self) {
        self.inner.rules.lock().clear();
        self.inner.armed.store(false, Ordering::Relaxed);
        self.refuse_connections(false);
    }

    /// Whether a connection that has just been made is to be closed; counts it then.
    pub(crate) fn refuses(&self) -> bool {
        let refuses = self.inner.refusing.load(Ordering::Relaxed);
        if refuses {
            self.inner.refused.fetch_add(1, Ordering::Relaxed);
        }
        refuses
    }

    pub(crate) async fn kicked(&self) {
        self.inner.kick.notified().await;
    }

    /// Counts a request against the rules and says what shall happen to it.
    pub(crate) fn take(&self, api: ApiKey, client_id: &str) -> Option<Action> {
        if !self.inner.armed.load(Ordering::Relaxed) {
            return None;
        }
        let mut rules = self.inner.rules.lock();
        for Rule { fault, hits } in rules.iter_mut() {
            let matches = fault.api == api && fault.client_id.as_deref().is_none_or(|id| id == client_id);
            if !matches || fault.times == 0 {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
                continue;
            }
            fault.times -= 1;
            hits.fetch_add(1, Ordering::Relaxed);
            return Some(fault.action);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_count_and_end() {
        let faults = Faults::default();
        assert_eq!(faults.take(ApiKey::Produce, "a"), None);
        let hits = faults.inject(Fault::drop_connection(ApiKey::Produce).after(1).times(2).from_client("a"));
        let mut seen = Vec::new();
        for client in ["b", "a", "a", "b", "a", "a"] {
            seen.push(faults.take(ApiKey::Produce, client).is_some());
        }
        assert_eq!(seen, [false, false, true, false, true, false]);
        assert_eq!(hits.count(), 2);
        assert_eq!(faults.take(ApiKey::Fetch, "a"), None);
        faults.inject(Fault::drop_response(ApiKey::Fetch));
        assert_eq!(faults.take(ApiKey::Fetch, "a"), Some(Action::DropResponse));
        faults.clear();
        assert_eq!(faults.take(ApiKey::Fetch, "a"), None);
    }
}
