//! The owner's side of a member that runs in a task of its own: a state machine and a link, with an owner that may be busy.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_kafka::control::Cluster;
use aqueduct_kafka::group::{GroupLink, GroupMetrics, GroupSettings};
use aqueduct_kafka::{ErrorKind, KafkaError, Result};
use aqueduct_proto::member::Event;
use aqueduct_proto::subprotocol::{Subprotocol, WorkerMetadata};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::actor::{Actor, Command};
use super::events::EventQueue;

/// Commands that wait for the member's task, which never waits for its owner.
const COMMANDS_MAX: usize = 8;

/// Where a member stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Membership {
    /// The id that the coordinator gave; empty outside the group.
    pub(super) member_id: String,
    /// The generation; -1 before the first and outside the group.
    pub(super) generation: i32,
    /// The subprotocol of the group.
    pub(super) protocol: Subprotocol,
    /// Whether it has its assignment, and nothing is known that would end the generation.
    pub(super) stable: bool,
}

/// A member of a group.
///
/// Discovery of the coordinator, joins, heartbeats and retries happen in a task of its own. The owner
/// [polls](Self::poll) for events and answers them: [`Event::Prepare`] with [`join`](Self::join), [`Event::Lead`] with
/// [`assign`](Self::assign). Between two polls it may be busy for `rebalance.timeout.ms`; then the member leaves the
/// group with a warning, and the owner finds [`Event::PollTimeout`].
///
/// After [`Event::OutOfReach`], [`Event::PollTimeout`] and [`leave`](Self::leave) the owner runs nothing and
/// [asks to join again](Self::rejoin); after [`Event::Fatal`] that would help only if something has changed.
///
/// Dropping it ends the membership as a crash would, when the session times out: see [`close`](Self::close).
pub(super) struct GroupMember {
    commands: mpsc::Sender<Command>,
    events: Arc<EventQueue>,
    polling: watch::Sender<bool>,
    stage: watch::Sender<Cow<'static, str>>,
    membership: watch::Receiver<Membership>,
    metrics: Arc<GroupMetrics>,
}

impl GroupMember {
    /// Starts a member that wants to join. Must be called in a tokio runtime.
    pub(super) fn start(cluster: Arc<Cluster>, settings: GroupSettings) -> GroupMember {
        let link = GroupLink::new(cluster, &settings);
        let metrics = Arc::clone(link.metrics());
        let events = Arc::new(EventQueue::default());
        let (commands, command_queue) = mpsc::channel(COMMANDS_MAX);
        let (polling, is_polling) = watch::channel(false);
        let (stage, current_stage) = watch::channel(Cow::Borrowed("starting"));
        let (member, membership) = watch::channel(Membership { generation: -1, ..Membership::default() });
        let actor = Actor::new(settings, link, Arc::clone(&events), member, current_stage);
        tokio::spawn(actor.run(command_queue, is_polling));
        GroupMember { commands, events, polling, stage, membership, metrics }
    }

    /// Waits for the next event until `deadline`; `None` if there is none. Tells that the owner is alive. Cancel-safe.
    ///
    /// # Errors
    /// `Closed` if the member's task has ended, with its runtime.
    pub(super) async fn poll(&mut self, deadline: Instant) -> Result<Option<Event>> {
        let _polling = Polling::begin(&self.polling);
        tokio::select! {
            biased;
            event = self.events.next() => Ok(Some(event)),
            () = self.commands.closed() => {
                Err(KafkaError::new(ErrorKind::Closed, "The group member is closed."))
            }
            () = sleep_until(deadline) => Ok(None),
        }
    }

    /// Joins, now that the owner has stopped what must not run meanwhile. Without effect if the member has stopped
    /// waiting for it, of which there is an event.
    pub(super) async fn join(&self, metadata: WorkerMetadata) {
        self.command(Command::Join(metadata)).await;
    }

    /// The leader's decision for this generation: bytes by member id. Without effect if the generation is over.
    pub(super) async fn assign(&self, generation: i32, assignments: Vec<(String, Vec<u8>)>) {
        self.command(Command::Assign { generation, assignments }).await;
    }

    /// Asks for a rebalance, or to join after a leave. The coordinator logs the reason.
    pub(super) async fn rejoin(&self, reason: impl Into<String>) {
        self.command(Command::Rejoin { reason: reason.into() }).await;
    }

    /// Leaves until [`rejoin`](Self::rejoin). No event of the membership that has ended comes after it. Does not wait
    /// for the coordinator.
    pub(super) async fn leave(&self, reason: impl Into<String>) {
        let (done, is_done) = oneshot::channel();
        self.command(Command::Leave { reason: reason.into(), done }).await;
        // Dropped if the task has ended, which poll tells.
        let _ = is_done.await;
    }

    /// Leaves for good, and waits for the coordinator to hear of it, for no longer than `within`.
    pub(super) async fn close(self, reason: impl Into<String>, within: Duration) {
        let (done, is_done) = oneshot::channel();
        self.command(Command::Close { reason: reason.into(), within, done }).await;
        let _ = is_done.await;
    }

    /// Says what the owner is going to do until it polls again; a warning names it if that takes too long.
    pub(super) fn set_stage(&self, stage: impl Into<Cow<'static, str>>) {
        self.stage.send_replace(stage.into());
    }

    /// Where the member stands.
    pub(super) fn membership(&self) -> Membership {
        self.membership.borrow().clone()
    }

    /// Its counters.
    pub(super) fn metrics(&self) -> &Arc<GroupMetrics> {
        &self.metrics
    }

    async fn command(&self, command: Command) {
        // A task that has ended takes none; poll tells.
        let _ = self.commands.send(command).await;
    }
}

/// Shows that the owner polls, for as long as it lives.
struct Polling<'a>(&'a watch::Sender<bool>);

impl<'a> Polling<'a> {
    fn begin(polling: &'a watch::Sender<bool>) -> Polling<'a> {
        polling.send_replace(true);
        Polling(polling)
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}
