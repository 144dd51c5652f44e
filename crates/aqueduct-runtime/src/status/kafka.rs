//! Statuses in a topic: of workers in a group (spec: status topic).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aqueduct_api::Result;
use aqueduct_kafka::FetchedRecord;
use aqueduct_proto::config_log::ConfigState;
use aqueduct_proto::state::{State, TaskId};
use aqueduct_proto::status_log::{StatusLog, StatusOf, TopicStatus};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::outbox::Outbox;
use super::writer::StatusWriting;
use super::{Status, StatusStore};
use crate::internal_topics::{Follower, LogClients, Purpose, create_or_check, log_garbage};
use crate::worker_config::InternalTopic;

/// What was read, and what is to be written.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) log: StatusLog,
    pub(super) outbox: Outbox,
}

pub(super) fn locked(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Statuses in a topic that all workers of the group write and read.
///
/// Writes return at once and are carried out by a task of the store, in order; what this store answers changes when they are
/// read back. UNASSIGNED and FAILED give way to what another worker has said in the same or a later generation; other states
/// are written whatever is known. Every status gets the generation of [`KafkaStatusStore::set_generation`].
pub struct KafkaStatusStore {
    shared: Arc<Mutex<Shared>>,
    wake: Arc<tokio::sync::Notify>,
    unsettled: watch::Receiver<usize>,
    generation: AtomicI32,
    follower: Follower,
    task: JoinHandle<()>,
}

impl Drop for KafkaStatusStore {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl KafkaStatusStore {
    /// Makes or checks the topic, and reads it. Must be called on the runtime of the control plane: the store's own tasks run
    /// there.
    pub async fn open(clients: &LogClients, topic: &InternalTopic) -> Result<Self> {
        let purpose = Purpose::Statuses;
        create_or_check(&clients.admin, topic, purpose.property(), purpose).await?;
        let shared = Arc::<Mutex<Shared>>::default();
        let applied = Arc::clone(&shared);
        let apply = move |record: FetchedRecord<'_>| {
            let key = std::str::from_utf8(record.key().unwrap_or_default());
            let taken = match key {
                Ok(key) => locked(&applied).log.apply(key, record.value()),
                Err(_) => Err("the key is no text".to_owned()),
            };
            if let Err(reason) = taken {
                log_garbage(&record, &reason);
            }
        };
        let follower = Follower::read(clients, &topic.name, apply).await?.follow();
        let writing = StatusWriting::new(clients, &topic.name, Arc::clone(&shared))?;
        let (wake, unsettled) = (writing.wake(), writing.unsettled());
        let task = tokio::spawn(writing.run());
        Ok(Self { shared, wake, unsettled, generation: AtomicI32::new(0), follower, task })
    }

    /// From now on statuses are of this generation of the group.
    pub fn set_generation(&self, generation: i32) {
        self.generation.store(generation, Ordering::Release);
    }

    /// Whose statuses have nothing to do with what is configured. The leader removes them when it gets its assignment.
    pub fn left_over(&self, config: &ConfigState) -> Vec<StatusOf> {
        locked(&self.shared).log.left_over(config)
    }

    /// Makes all workers forget a status.
    pub fn remove(&self, of: StatusOf) {
        self.change(|shared| {
            let write = shared.log.remove(of);
            shared.outbox.push_status(write);
        });
    }

    /// Returns when all that is in the topic now has been read.
    pub async fn refresh(&self) -> Result<()> {
        self.follower.read_to_end().await
    }

    /// Waits until all that was to be written is in the topic, or was given up. Whether that is so in time.
    pub async fn flush(&self, timeout: Duration) -> bool {
        let mut unsettled = self.unsettled.clone();
        // The writer may not have looked at the newest ones yet.
        let settled = async {
            while locked(&self.shared).outbox.unsettled() > 0 {
                if unsettled.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(timeout, settled).await.is_ok()
    }

    fn change(&self, f: impl FnOnce(&mut Shared)) {
        f(&mut locked(&self.shared));
        self.wake.notify_one();
    }

    fn put(&self, of: StatusOf, mut status: Status) {
        status.generation = self.generation.load(Ordering::Acquire);
        self.change(|shared| {
            let write = match status.state {
                State::Unassigned | State::Failed => shared.log.put_safely(of.clone(), &status),
                _ => Some(shared.log.put(of.clone(), &status)),
            };
            match write {
                Some(write) => shared.outbox.push_status(write),
                None => tracing::info!(?of, state = %status.state, "another worker knows better"),
            }
        });
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

impl StatusStore for KafkaStatusStore {
    fn put_connector(&self, connector: &str, status: Status) {
        self.put(StatusOf::Connector(connector.to_owned()), status);
    }

    fn put_task(&self, task: &TaskId, status: Status) {
        self.put(StatusOf::Task(task.clone()), status);
    }

    fn delete_connector(&self, connector: &str) {
        self.remove(StatusOf::Connector(connector.to_owned()));
    }

    fn delete_task(&self, task: &TaskId) {
        self.remove(StatusOf::Task(task.clone()));
    }

    fn connector(&self, connector: &str) -> Option<Status> {
        locked(&self.shared).log.get(&StatusOf::Connector(connector.to_owned())).cloned()
    }

    fn task(&self, task: &TaskId) -> Option<Status> {
        locked(&self.shared).log.get(&StatusOf::Task(task.clone())).cloned()
    }

    fn tasks(&self, connector: &str) -> BTreeMap<i32, Status> {
        let shared = locked(&self.shared);
        shared.log.tasks(connector).into_iter().map(|(task, status)| (task, status.clone())).collect()
    }

    /// Writes only what is not known yet.
    fn put_topic(&self, task: &TaskId, topic: &str) {
        let status = TopicStatus { topic: topic.to_owned(), task: task.clone(), discovered_ms: now_ms() };
        self.change(|shared| {
            if !shared.log.topics(&task.connector).any(|known| known.topic == topic) {
                shared.outbox.push_topic(status.record());
            }
        });
    }

    fn topics(&self, connector: &str) -> BTreeSet<String> {
        locked(&self.shared).log.topics(connector).map(|status| status.topic.clone()).collect()
    }

    fn delete_topics(&self, connector: &str) {
        self.change(|shared| {
            let topics: Vec<_> = shared.log.topics(connector).map(|status| status.topic.clone()).collect();
            for topic in topics {
                shared.outbox.push_topic(TopicStatus::tombstone(connector, &topic));
            }
        });
    }
}
