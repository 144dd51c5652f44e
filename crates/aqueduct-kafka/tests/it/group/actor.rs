//! The task that drives a member's state machine.

use std::borrow::Cow;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_kafka::group::{Answer, GroupLink, GroupSettings};
use aqueduct_proto::member::{Event, Member, Request};
use aqueduct_proto::subprotocol::WorkerMetadata;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::events::EventQueue;
use super::member::Membership;

/// The state machine is asked no more often than this for something that is due; what it waits for may be an answer.
const TICK_MIN: Duration = Duration::from_millis(5);
/// Why a member leaves whose owner hangs.
const POLL_TIMEOUT_REASON: &str = "worker poll timeout has expired.";

/// What the owner wants.
#[derive(Debug)]
pub(super) enum Command {
    Join(WorkerMetadata),
    Assign { generation: i32, assignments: Vec<(String, Vec<u8>)> },
    Rejoin { reason: String },
    Leave { reason: String, done: oneshot::Sender<()> },
    Close { reason: String, within: Duration, done: oneshot::Sender<()> },
}

pub(super) struct Actor {
    member: Member,
    link: GroupLink,
    settings: GroupSettings,
    events: Arc<EventQueue>,
    membership: watch::Sender<Membership>,
    stage: watch::Receiver<Cow<'static, str>>,
    /// The zero of the state machine's clock.
    epoch: Instant,
    /// Why the owner wants the coming rebalance.
    join_reason: Option<String>,
}

impl Actor {
    pub(super) fn new(
        settings: GroupSettings,
        link: GroupLink,
        events: Arc<EventQueue>,
        membership: watch::Sender<Membership>,
        stage: watch::Receiver<Cow<'static, str>>,
    ) -> Actor {
        let member = Member::new(settings.member.clone(), 0);
        let epoch = Instant::now();
        Actor { member, link, settings, events, membership, stage, epoch, join_reason: None }
    }

    /// Runs until the owner closes or drops its side.
    pub(super) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut polling: watch::Receiver<bool>,
    ) {
        self.member.poll(self.now_ms());
        loop {
            self.perform(POLL_TIMEOUT_REASON);
            let wake_at = self.wake_at();
            tokio::select! {
                (id, answer) = self.link.answer() => self.answered(id, answer),
                command = commands.recv() => {
                    let Some(command) = command else { return };
                    if self.command(command).await.is_break() {
                        return;
                    }
                }
                changed = polling.changed() => match changed {
                    Ok(()) => self.member.poll(self.now_ms()),
                    Err(_) => return,
                },
                () = sleep_until(wake_at) => {
                    let now_ms = self.now_ms();
                    // An owner that waits in a poll is alive all the time.
                    if *polling.borrow() {
                        self.member.poll(now_ms);
                    } else {
                        self.member.handle_timeout(now_ms);
                    }
                }
            }
        }
    }

    /// When to look at the clock again: when something is due, but at least once a heartbeat interval, as the end of
    /// the session is no deadline of the state machine's.
    fn wake_at(&self) -> Instant {
        let now = Instant::now();
        let latest =
            now + Duration::from_millis(self.settings.member.heartbeat_interval_ms.unsigned_abs().into());
        let due = self.member.poll_timeout().map_or(latest, |due_ms| {
            self.epoch + Duration::from_millis(due_ms.try_into().unwrap_or_default())
        });
        due.min(latest).max(now + TICK_MIN)
    }

    fn answered(&mut self, id: u64, answer: Answer) {
        let now_ms = self.now_ms();
        match answer {
            Answer::Response(response) => self.member.handle(id, response, now_ms),
            Answer::MemberId(member_id) => self.member.handle_member_id(id, member_id, now_ms),
        }
    }

    async fn command(&mut self, command: Command) -> ControlFlow<()> {
        let now_ms = self.now_ms();
        match command {
            Command::Join(metadata) => self.member.join(metadata, now_ms),
            Command::Assign { generation, assignments } if generation == self.member.generation() => {
                self.member.assign(assignments, now_ms);
            }
            Command::Assign { .. } => {}
            Command::Rejoin { reason } => {
                self.join_reason = Some(reason);
                self.member.rejoin(now_ms);
            }
            // Whether the owner still waits for the end of these is not of interest.
            Command::Leave { reason, done } => {
                self.leave(&reason);
                let _ = done.send(());
            }
            Command::Close { reason, within, done } => {
                self.leave(&reason);
                self.link.close(within).await;
                let _ = done.send(());
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn leave(&mut self, reason: &str) {
        self.member.leave(self.now_ms());
        self.perform(reason);
        self.events.clear();
    }

    /// Sends what is to be sent, and tells what is to be told.
    fn perform(&mut self, leave_reason: &str) {
        while let Some((id, request)) = self.member.poll_request() {
            let reason = match &request {
                Request::Join { .. } => self.join_reason.as_deref(),
                Request::Leave { .. } => Some(leave_reason),
                _ => None,
            };
            self.link.send(id, request, reason);
        }
        while let Some(event) = self.member.poll_event() {
            self.log(&event);
            match event {
                Event::Assigned { .. } => self.join_reason = None,
                // What came before belongs to a membership that is over.
                Event::PollTimeout | Event::Fatal(_) => self.events.clear(),
                Event::Prepare | Event::Lead { .. } | Event::OutOfReach => {}
            }
            self.events.push(event);
        }
        let current = Membership {
            member_id: self.member.member_id().to_owned(),
            generation: self.member.generation(),
            protocol: self.member.protocol(),
            stable: self.member.is_stable(),
        };
        self.membership.send_if_modified(|known| {
            let changed = *known != current;
            *known = current;
            changed
        });
    }

    fn log(&self, event: &Event) {
        let group = self.settings.group_id.as_str();
        match event {
            Event::Assigned { generation, protocol, member_id, .. } => tracing::info!(
                target: "aqueduct::kafka",
                group, generation, member_id, protocol = protocol.name(),
                "joined the group"
            ),
            Event::PollTimeout => tracing::warn!(
                target: "aqueduct::kafka",
                group,
                "the worker has not polled its group for rebalance.timeout.ms ({} ms) and leaves it; it was {}",
                self.settings.member.rebalance_timeout_ms,
                *self.stage.borrow()
            ),
            Event::OutOfReach => tracing::warn!(
                target: "aqueduct::kafka",
                group,
                "the group's coordinator cannot be reached; others may take over this worker's work"
            ),
            Event::Prepare | Event::Lead { .. } | Event::Fatal(_) => {}
        }
    }

    fn now_ms(&self) -> i64 {
        self.epoch.elapsed().as_millis().try_into().unwrap_or(i64::MAX)
    }
}
