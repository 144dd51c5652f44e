//! Jobs on one thing, one after the other in the order in which they were given out; jobs on different things at the same time.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

/// The lanes of all things that jobs wait or run on.
#[derive(Debug)]
pub(super) struct Lanes<K>(HashMap<K, Lane>);

#[derive(Debug)]
struct Lane {
    /// Ends with the newest job.
    newest: oneshot::Receiver<()>,
    /// Interrupts the jobs since the last one that could interrupt others.
    interrupt: watch::Sender<bool>,
}

/// The place of a job in a lane. Dropping it ends the job.
#[derive(Debug)]
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    interrupt: Option<watch::Sender<bool>>,
    interrupted: watch::Receiver<bool>,
    /// Dropped with the turn, which the next job waits for.
    _done: oneshot::Sender<()>,
}

impl<K> Default for Lanes<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Eq + Hash + Clone> Lanes<K> {
    /// The next place in a lane.
    pub(super) fn join(&mut self, key: &K) -> Turn {
        let (done, newest) = oneshot::channel();
        let before = self.0.remove(key);
        let (before, interrupt) = match before {
            Some(lane) => (Some(lane.newest), lane.interrupt),
            None => (None, watch::Sender::new(false)),
        };
        let turn = Turn { before, interrupt: None, interrupted: interrupt.subscribe(), _done: done };
        self.put(key, Lane { newest, interrupt });
        turn
    }

    /// The next place in a lane, for a job that may interrupt those before it.
    pub(super) fn cut_in(&mut self, key: &K) -> Turn {
        let (done, newest) = oneshot::channel();
        let (before, interrupt_before) = match self.0.remove(key) {
            Some(lane) => (Some(lane.newest), Some(lane.interrupt)),
            None => (None, None),
        };
        let interrupt = watch::Sender::new(false);
        let turn =
            Turn { before, interrupt: interrupt_before, interrupted: interrupt.subscribe(), _done: done };
        self.put(key, Lane { newest, interrupt });
        turn
    }

    fn put(&mut self, key: &K, lane: Lane) {
        // Lanes are many and mostly empty: those without a job are forgotten now and then.
        if self.0.len() == self.0.capacity() {
            self.0.retain(|_, lane| lane.newest.try_recv() == Err(oneshot::error::TryRecvError::Empty));
        }
        self.0.insert(key.clone(), lane);
    }
}

impl Turn {
    /// Waits until the jobs before have ended.
    pub(super) async fn begin(&mut self) {
        if let Some(before) = self.before.take() {
            // It ends by being dropped.
            let _ = before.await;
        }
    }

    /// Waits until the jobs before have ended; after this time they are interrupted, and `give_up` ends what they wait for.
    pub(super) async fn begin_within(&mut self, patience: Duration, give_up: impl FnOnce()) {
        if tokio::time::timeout(patience, self.begin_once()).await.is_err() {
            give_up();
            if let Some(interrupt) = &self.interrupt {
                interrupt.send_replace(true);
            }
        }
        self.begin().await;
    }

    async fn begin_once(&mut self) {
        if let Some(before) = &mut self.before {
            let _ = before.await;
            self.before = None;
        }
    }

    /// Does something, unless a later job interrupts it.
    pub(super) async fn unless_interrupted<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            done = work => Some(done),
            Ok(_) = self.interrupted.wait_for(|interrupted| *interrupted) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[tokio::test]
    async fn jobs_of_a_lane_keep_their_order() {
        let mut lanes = Lanes::default();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let mut jobs = Vec::new();
        for number in 0..5 {
            let (mut turn, seen) = (lanes.join(&"lane"), Arc::clone(&seen));
            jobs.push(async move {
                turn.begin().await;
                tokio::task::yield_now().await;
                seen.lock().expect("not poisoned").push(number);
            });
        }
        jobs.reverse();
        futures::future::join_all(jobs).await;
        assert_eq!(*seen.lock().expect("not poisoned"), [0, 1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn a_job_that_cuts_in_ends_one_that_hangs_and_no_later_one() {
        let mut lanes = Lanes::default();
        let (mut stuck, mut waiting) = (lanes.join(&1), lanes.join(&1));
        let (mut ending, mut later) = (lanes.cut_in(&1), lanes.join(&1));
        let jobs = async {
            tokio::join!(
                async {
                    stuck.begin().await;
                    assert_eq!(stuck.unless_interrupted(std::future::pending::<()>()).await, None);
                    drop(stuck);
                },
                async {
                    waiting.begin().await;
                    assert_eq!(waiting.unless_interrupted(std::future::pending::<()>()).await, None);
                    drop(waiting);
                },
                async {
                    ending.begin_within(Duration::from_millis(1), || {}).await;
                    drop(ending);
                },
                async {
                    later.begin().await;
                    assert_eq!(later.unless_interrupted(async { 7 }).await, Some(7));
                }
            )
        };
        tokio::time::timeout(Duration::from_secs(60), jobs).await.expect("nothing hangs");
    }

    #[tokio::test]
    async fn other_lanes_do_not_wait() {
        let mut lanes = Lanes::default();
        let _hangs = lanes.join(&1);
        lanes.join(&2).begin().await;
    }
}
