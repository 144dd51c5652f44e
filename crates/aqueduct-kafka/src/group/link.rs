//! The way to the coordinator for a state machine that the owner drives.

use std::future::{pending, ready};
use std::sync::Arc;
use std::time::Duration;

use aqueduct_proto::member::{GroupError, Request, Response};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, timeout};

use super::GroupSettings;
use super::exchange::{Answer, Group};
use super::metrics::{GroupMetrics, Kind};
use crate::control::{Cluster, Connection, CoordinatorKind, Node};
use crate::error::{KafkaError, Result};
use crate::sampled::Sampling;

/// Sends a member's requests and brings the answers.
///
/// Requests run in tasks of their own, so they go on while the owner does something else. As the state machine has one
/// request under way at a time, a new one gives up the one before; only leaves are always brought to their end, and
/// nothing is heard of them. Dropping the link drops its connections, as a crash would: see [`close`](Self::close).
pub struct GroupLink {
    cluster: Arc<Cluster>,
    group: Group,
    metrics: Arc<GroupMetrics>,
    coordinator: Option<Coordinator>,
    under_way: Option<UnderWay>,
    tasks: JoinSet<Done>,
}

/// Where the group's coordinator is. The connection is the link's own.
#[derive(Clone)]
struct Coordinator {
    node: Node,
    connection: Arc<Connection>,
}

struct UnderWay {
    id: u64,
    kind: Kind,
    since: Instant,
    task: AbortHandle,
}

enum Done {
    Found(u64, Result<Coordinator>),
    Answered(u64, Answer),
    Left,
}

impl GroupLink {
    /// A link that knows no coordinator yet.
    pub fn new(cluster: Arc<Cluster>, settings: &GroupSettings) -> GroupLink {
        GroupLink {
            cluster,
            group: Group::new(settings),
            metrics: Arc::default(),
            coordinator: None,
            under_way: None,
            tasks: JoinSet::new(),
        }
    }

    /// The same link with counters that take this for "lately".
    #[must_use]
    pub fn sampled_by(mut self, sampling: Sampling) -> GroupLink {
        self.metrics = Arc::new(GroupMetrics::new(sampling));
        self
    }

    /// The counters.
    pub fn metrics(&self) -> &Arc<GroupMetrics> {
        &self.metrics
    }

    /// Sends a request; [`answer`](Self::answer) brings what comes back, with this id. `reason` goes to the
    /// coordinator's log with a join or a leave (KIP-800). Must be called in a tokio runtime.
    pub fn send(&mut self, id: u64, request: Request, reason: Option<&str>) {
        // What was under way is of no interest any more, and its connection with it.
        if let Some(given_up) = self.under_way.take() {
            given_up.task.abort();
        }
        let kind = Kind::of(&request);
        let task = match request {
            Request::FindCoordinator => {
                self.coordinator = None;
                let (cluster, group_id) = (Arc::clone(&self.cluster), self.group.id.clone());
                self.tasks.spawn(async move { Done::Found(id, find(&cluster, &group_id).await) })
            }
            Request::Leave { .. } => {
                self.leave(request, reason);
                return;
            }
            _ => self.call(id, request, reason),
        };
        let since = Instant::now();
        self.metrics.sent(kind, since);
        self.under_way = Some(UnderWay { id, kind, since, task });
    }

    /// The next answer; waits forever if nothing is under way. Cancel-safe.
    pub async fn answer(&mut self) -> (u64, Answer) {
        loop {
            let done = match self.tasks.join_next().await {
                None => pending().await,
                Some(Ok(done)) => done,
                Some(Err(error)) if error.is_cancelled() => continue,
                Some(Err(error)) => {
                    tracing::error!(target: "aqueduct::kafka", %error, "a request to the coordinator ended badly");
                    continue;
                }
            };
            let (id, answer) = match done {
                Done::Left => continue,
                Done::Answered(id, answer) => (id, answer),
                Done::Found(id, found) => (id, self.found(id, found)),
            };
            if let Some(request) = self.under_way.take_if(|request| request.id == id) {
                self.metrics.answered(request.kind, &answer, request.since, Instant::now());
                return (id, answer);
            }
        }
    }

    /// Gives up what is under way, but waits for leaves, for no longer than `within`.
    pub async fn close(&mut self, within: Duration) {
        if let Some(given_up) = self.under_way.take() {
            given_up.task.abort();
        }
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(within, all).await.is_err() {
            tracing::warn!(
                target: "aqueduct::kafka",
                group = self.group.id,
                "the coordinator did not confirm in time that this worker has left the group"
            );
        }
    }

    fn found(&mut self, id: u64, found: Result<Coordinator>) -> Answer {
        match found {
            Ok(coordinator) if self.under_way.as_ref().is_some_and(|request| request.id == id) => {
                let Node { id, host, port, .. } = &coordinator.node;
                tracing::info!(
                    target: "aqueduct::kafka",
                    group = self.group.id,
                    "the group's coordinator is broker {id} at {host}:{port}"
                );
                self.coordinator = Some(coordinator);
                Answer::Response(Response::CoordinatorFound)
            }
            Ok(_) => Answer::Response(Response::CoordinatorFound),
            Err(error) => failed(&self.group.id, "FindCoordinator", &error),
        }
    }

    fn call(&mut self, id: u64, request: Request, reason: Option<&str>) -> AbortHandle {
        let usable = self.coordinator.as_ref().filter(|coordinator| coordinator.connection.is_usable());
        let Some(coordinator) = usable else {
            let lost = Answer::Response(Response::Failed(GroupError::NotCoordinator));
            return self.tasks.spawn(ready(Done::Answered(id, lost)));
        };
        let (connection, group) = (Arc::clone(&coordinator.connection), self.group.clone());
        let reason = reason.map(str::to_owned);
        self.tasks.spawn(async move {
            let what = match &request {
                Request::Join { .. } => "JoinGroup",
                Request::Sync { .. } => "SyncGroup",
                _ => "Heartbeat",
            };
            let answer = group.perform(&connection, request, reason.as_deref()).await;
            Done::Answered(id, answer.unwrap_or_else(|error| failed(&group.id, what, &error)))
        })
    }

    fn leave(&mut self, request: Request, reason: Option<&str>) {
        self.metrics.left();
        let Some(Coordinator { node, connection }) = self.coordinator.clone() else { return };
        let (cluster, group) = (Arc::clone(&self.cluster), self.group.clone());
        let reason = reason.map(str::to_owned);
        self.tasks.spawn(async move {
            let left = async {
                if connection.is_usable() {
                    return group.perform(&connection, request, reason.as_deref()).await;
                }
                // A join that was given up may still hold it.
                group.perform(&cluster.open(&node).await?, request, reason.as_deref()).await
            };
            if let Err(error) = left.await {
                // The session ends by itself.
                tracing::info!(target: "aqueduct::kafka", group = group.id, %error, "LeaveGroup failed");
            }
            Done::Left
        });
    }
}

async fn find(cluster: &Cluster, group_id: &str) -> Result<Coordinator> {
    let node = cluster.find_coordinator(CoordinatorKind::Group, group_id).await?;
    let connection = Arc::new(cluster.open(&node).await?);
    Ok(Coordinator { node, connection })
}

/// The answer that a failure is, with its text in the log: the state machine knows only the kind.
fn failed(group: &str, request: &str, error: &KafkaError) -> Answer {
    let answer = Answer::failed(error);
    match &answer {
        Answer::Response(Response::Failed(GroupError::Refused(_) | GroupError::InconsistentProtocol)) => {
            tracing::error!(target: "aqueduct::kafka", group, request, %error, "the group refuses this worker");
        }
        _ => tracing::debug!(target: "aqueduct::kafka", group, request, %error, "the request failed"),
    }
    answer
}
