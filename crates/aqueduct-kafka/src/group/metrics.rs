//! What a member's requests came to, for `connect-coordinator-metrics`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aqueduct_proto::member::{Request, Response};
use tokio::time::Instant;

use super::exchange::Answer;
use crate::sampled::{Lately, Sampled, Sampling};

/// How often something happened, and how long it took, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// How often.
    pub count: u64,
    /// All of it together.
    pub total: Duration,
    /// The longest.
    pub max: Duration,
    /// When the last one ended.
    pub last: Option<Instant>,
}

impl Timings {
    fn record(&mut self, from: Instant, to: Instant) {
        let took = to.saturating_duration_since(from);
        self.count += 1;
        self.total += took;
        self.max = self.max.max(took);
        self.last = Some(to);
    }

    /// The mean; `None` before the first.
    pub fn mean(&self) -> Option<Duration> {
        (self.count > 0).then(|| self.total.div_f64(self.count as f64))
    }
}

/// The counters behind `heartbeat-*`, `join-*`, `sync-*`, `rebalance-*`, `failed-rebalance-*` and the two
/// `last-*-seconds-ago`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupCounters {
    /// Heartbeats that were answered, with whatever.
    pub heartbeats: Timings,
    /// Joins that brought a generation.
    pub joins: Timings,
    /// Syncs that brought an assignment.
    pub syncs: Timings,
    /// Rebalances, from the first join to the assignment.
    pub rebalances: Timings,
    /// Joins and syncs that failed. As in Java, the first join of a member counts, which only brings its id.
    pub failed_rebalances: u64,
}

/// The same lately, in milliseconds: means, maxima and rates.
#[derive(Clone, Copy, Debug)]
pub struct GroupLately {
    /// Heartbeats.
    pub heartbeats: Lately,
    /// Joins.
    pub joins: Lately,
    /// Syncs.
    pub syncs: Lately,
    /// Rebalances.
    pub rebalances: Lately,
    /// Joins and syncs that failed; each counts as 1.
    pub failed_rebalances: Lately,
}

/// The counters of a running member. Any thread may read.
#[derive(Debug, Default)]
pub struct GroupMetrics {
    inner: Mutex<Inner>,
    heartbeats: Sampled,
    joins: Sampled,
    syncs: Sampled,
    rebalances: Sampled,
    failed_rebalances: Sampled,
}

#[derive(Debug, Default)]
struct Inner {
    counters: GroupCounters,
    rebalancing_since: Option<Instant>,
}

/// What is counted of a request, after it is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Join,
    Sync,
    Heartbeat,
    Other,
}

impl Kind {
    pub(super) fn of(request: &Request) -> Kind {
        match request {
            Request::Join { .. } => Kind::Join,
            Request::Sync { .. } => Kind::Sync,
            Request::Heartbeat { .. } => Kind::Heartbeat,
            Request::FindCoordinator | Request::Leave { .. } => Kind::Other,
        }
    }
}

fn millis(from: Instant, to: Instant) -> f64 {
    to.saturating_duration_since(from).as_secs_f64() * 1000.0
}

impl GroupMetrics {
    /// Nothing yet. `sampling` says what "lately" is.
    pub fn new(sampling: Sampling) -> GroupMetrics {
        let sampled = || Sampled::new(sampling);
        GroupMetrics {
            inner: Mutex::default(),
            heartbeats: sampled(),
            joins: sampled(),
            syncs: sampled(),
            rebalances: sampled(),
            failed_rebalances: sampled(),
        }
    }

    /// The counters now.
    pub fn counters(&self) -> GroupCounters {
        self.inner().counters
    }

    /// What happened lately.
    pub fn lately(&self) -> GroupLately {
        GroupLately {
            heartbeats: self.heartbeats.lately(),
            joins: self.joins.lately(),
            syncs: self.syncs.lately(),
            rebalances: self.rebalances.lately(),
            failed_rebalances: self.failed_rebalances.lately(),
        }
    }

    /// Whether a rebalance is under way.
    pub fn is_rebalancing(&self) -> bool {
        self.inner().rebalancing_since.is_some()
    }

    pub(super) fn sent(&self, kind: Kind, now: Instant) {
        if kind == Kind::Join {
            self.inner().rebalancing_since.get_or_insert(now);
        }
    }

    pub(super) fn left(&self) {
        self.inner().rebalancing_since = None;
    }

    pub(super) fn answered(&self, kind: Kind, answer: &Answer, from: Instant, to: Instant) {
        let mut inner = self.inner();
        let counters = &mut inner.counters;
        match (kind, answer) {
            (Kind::Heartbeat, _) => {
                counters.heartbeats.record(from, to);
                self.heartbeats.note(millis(from, to));
            }
            (Kind::Join, Answer::Response(Response::Joined { .. })) => {
                counters.joins.record(from, to);
                self.joins.note(millis(from, to));
            }
            (Kind::Sync, Answer::Response(Response::Synced(_))) => {
                counters.syncs.record(from, to);
                self.syncs.note(millis(from, to));
                if let Some(since) = inner.rebalancing_since.take() {
                    inner.counters.rebalances.record(since, to);
                    self.rebalances.note(millis(since, to));
                }
            }
            (Kind::Join | Kind::Sync, _) => {
                counters.failed_rebalances += 1;
                self.failed_rebalances.note(1.0);
            }
            (Kind::Other, _) => {}
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rebalance_lasts_from_the_first_join_to_the_assignment() {
        let metrics = GroupMetrics::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let joined = Answer::Response(Response::Joined {
            generation: 1,
            protocol: String::new(),
            leader: String::new(),
            member_id: String::new(),
            members: Vec::new(),
        });
        metrics.sent(Kind::Join, at(0));
        metrics.answered(Kind::Join, &Answer::MemberId("m".to_owned()), at(0), at(1));
        metrics.sent(Kind::Join, at(2));
        metrics.answered(Kind::Join, &joined, at(2), at(12));
        assert!(metrics.is_rebalancing());
        metrics.sent(Kind::Sync, at(12));
        metrics.answered(Kind::Sync, &Answer::Response(Response::Synced(Vec::new())), at(12), at(15));
        metrics.answered(Kind::Heartbeat, &Answer::Response(Response::Alive), at(20), at(21));
        metrics.answered(Kind::Heartbeat, &Answer::Response(Response::Alive), at(30), at(33));

        let counters = metrics.counters();
        assert!(!metrics.is_rebalancing());
        assert_eq!(counters.failed_rebalances, 1);
        assert_eq!((counters.joins.count, counters.joins.max), (1, Duration::from_millis(10)));
        assert_eq!(counters.syncs.total, Duration::from_millis(3));
        assert_eq!((counters.rebalances.count, counters.rebalances.max), (1, Duration::from_millis(15)));
        assert_eq!(counters.heartbeats.mean(), Some(Duration::from_millis(2)));
        assert_eq!(counters.heartbeats.last, Some(at(33)));
        let lately = metrics.lately();
        assert_eq!((lately.heartbeats.mean, lately.heartbeats.most), (2.0, 3.0));
        assert_eq!(lately.rebalances.most, 15.0);
        assert!(lately.failed_rebalances.frequency > 0.0);
        assert_eq!(GroupCounters::default().joins.mean(), None);
    }
}
