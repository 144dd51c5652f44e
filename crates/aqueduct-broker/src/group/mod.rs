//! Group coordination: the classic protocol of any protocol type ("consumer", "connect", …), and committed offsets.
//!
//! [`state`] holds a group's state machine: plain data and transitions under one lock, with time passed in. This module
//! adds what needs a runtime: waiting members and a timer task for each group that has a deadline.

mod commit;
mod describe;
mod join;
mod member;
mod state;
mod sync;

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::{
    HeartbeatRequest, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse,
    SyncGroupRequest, SyncGroupResponse,
};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::journal::{Entry, Image, Journal};

pub(crate) use commit::{CommitIdentity, OffsetKey};
pub(crate) use member::Caller;
use state::{Answer, State};

/// One group: its state, and the alarm of its timer task.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) id: String,
    state: Mutex<State>,
    alarm: Arc<Notify>,
    journal: Arc<Journal>,
}

/// All groups of the broker.
#[derive(Debug)]
pub(crate) struct Groups {
    groups: Mutex<BTreeMap<String, Arc<Group>>>,
    initial_rebalance_delay: Duration,
    journal: Arc<Journal>,
}

impl Groups {
    pub(crate) fn new(initial_rebalance_delay: Duration, journal: Arc<Journal>, image: &Image) -> Groups {
        let groups = Groups { groups: Mutex::default(), initial_rebalance_delay, journal };
        for (id, offsets) in &image.offsets {
            groups.obtain(id).state.lock().offsets = offsets.clone();
        }
        groups
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Group>> {
        self.groups.lock().get(id).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Arc<Group>> {
        self.groups.lock().values().cloned().collect()
    }

    /// The group of this id, created empty if there is none.
    pub(crate) fn obtain(&self, id: &str) -> Arc<Group> {
        let mut groups = self.groups.lock();
        if let Some(group) = groups.get(id) {
            return Arc::clone(group);
        }
        let group = Arc::new(Group {
            id: id.to_owned(),
            state: Mutex::new(State::new(self.initial_rebalance_delay)),
            alarm: Arc::new(Notify::new()),
            journal: Arc::clone(&self.journal),
        });
        groups.insert(id.to_owned(), Arc::clone(&group));
        group
    }

    /// Deletes an empty group with its offsets.
    pub(crate) fn delete(&self, id: &str) -> Result<(), ResponseError> {
        let mut groups = self.groups.lock();
        let group = groups.get(id).ok_or(ResponseError::GroupIdNotFound)?;
        let mut state = group.state.lock();
        if !state.is_empty() {
            return Err(ResponseError::NonEmptyGroup);
        }
        self.journal.append(&[Entry::GroupDeleted { group: id.to_owned() }])?;
        state.die();
        drop(state);
        groups.remove(id);
        Ok(())
    }

    /// Forgets the offsets of a deleted topic in all groups.
    pub(crate) fn topic_deleted(&self, topic: &str) -> Result<(), ResponseError> {
        self.all().iter().try_for_each(|group| group.forget_topic(topic))
    }
}

impl Group {
    /// JoinGroup: answers at once, or when the rebalance that it is part of completes.
    pub(crate) async fn join(
        self: &Arc<Self>,
        request: &JoinGroupRequest,
        caller: &Caller,
    ) -> JoinGroupResponse {
        let answer = self.with_timer(|state, now| state.join(request, caller, now));
        answer
            .wait(|| JoinGroupResponse::default().with_error_code(ResponseError::UnknownMemberId.code()))
            .await
    }

    /// SyncGroup: answers at once, or when the leader has brought the assignment.
    pub(crate) async fn sync(self: &Arc<Self>, request: &SyncGroupRequest) -> SyncGroupResponse {
        let answer = self.with_timer(|state, now| state.sync(request, now));
        answer
            .wait(|| SyncGroupResponse::default().with_error_code(ResponseError::RebalanceInProgress.code()))
            .await
    }

    pub(crate) fn heartbeat(&self, request: &HeartbeatRequest) -> Result<(), ResponseError> {
        self.state.lock().heartbeat(request, Instant::now())
    }

    pub(crate) fn leave(self: &Arc<Self>, request: &LeaveGroupRequest, version: i16) -> LeaveGroupResponse {
        self.with_timer(|state, now| state.leave(request, version, now))
    }

    /// Runs a transition, and sees to it that a timer task watches the deadlines that it leaves.
    fn with_timer<T>(self: &Arc<Self>, transition: impl FnOnce(&mut State, Instant) -> T) -> T {
        let mut state = self.state.lock();
        let result = transition(&mut state, Instant::now());
        if state.next_deadline().is_some() && !std::mem::replace(&mut state.timer_runs, true) {
            tokio::spawn(watch_deadlines(Arc::downgrade(self), Arc::clone(&self.alarm)));
        } else {
            self.alarm.notify_one();
        }
        result
    }
}

/// Lives as long as the group has a deadline, without keeping it alive. Heartbeats only move deadlines back, so they need
/// not wake it.
async fn watch_deadlines(group: Weak<Group>, alarm: Arc<Notify>) {
    loop {
        let deadline = {
            let Some(group) = group.upgrade() else { return };
            let mut state = group.state.lock();
            state.expire(Instant::now());
            let deadline = state.next_deadline();
            state.timer_runs = deadline.is_some();
            deadline
        };
        let Some(deadline) = deadline else { return };
        tokio::select! {
            () = tokio::time::sleep_until(deadline) => {}
            () = alarm.notified() => {}
        }
    }
}

impl<T> Answer<T> {
    /// `lost` answers for a waiter that was dropped with its member.
    async fn wait(self, lost: impl FnOnce() -> T) -> T {
        match self {
            Answer::Now(response) => *response,
            Answer::Later(receiver) => receiver.await.unwrap_or_else(|_| lost()),
        }
    }
}
