//! What connectors and tasks are doing now, for REST and for the status topic.

mod kafka;
mod outbox;
mod writer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use aqueduct_proto::state::TaskId;
pub use aqueduct_proto::status_log::Status;

pub use kafka::KafkaStatusStore;

/// Keeps the newest status of each connector and task, and which topics connectors have used (KIP-558).
///
/// Called from any thread; no call waits for Kafka.
pub trait StatusStore: Send + Sync {
    /// Sets a connector's status.
    fn put_connector(&self, connector: &str, status: Status);
    /// Sets a task's status.
    fn put_task(&self, task: &TaskId, status: Status);
    /// Forgets a connector's status.
    fn delete_connector(&self, connector: &str);
    /// Forgets a task's status.
    fn delete_task(&self, task: &TaskId);
    /// The status of a connector.
    fn connector(&self, connector: &str) -> Option<Status>;
    /// The status of a task.
    fn task(&self, task: &TaskId) -> Option<Status>;
    /// The statuses of a connector's tasks by number.
    fn tasks(&self, connector: &str) -> BTreeMap<i32, Status>;
    /// Notes that a connector has used a topic.
    fn put_topic(&self, task: &TaskId, topic: &str);
    /// The topics that a connector has used since they were last forgotten.
    fn topics(&self, connector: &str) -> BTreeSet<String>;
    /// Forgets which topics a connector has used.
    fn delete_topics(&self, connector: &str);
}

/// Statuses in memory: of a standalone worker.
#[derive(Debug, Default)]
pub struct MemoryStatusStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    connectors: BTreeMap<String, Status>,
    tasks: BTreeMap<TaskId, Status>,
    topics: BTreeMap<String, BTreeSet<String>>,
}

impl MemoryStatusStore {
    fn with<T>(&self, f: impl FnOnce(&mut Tables) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl StatusStore for MemoryStatusStore {
    fn put_connector(&self, connector: &str, status: Status) {
        self.with(|tables| tables.connectors.insert(connector.to_owned(), status));
    }

    fn put_task(&self, task: &TaskId, status: Status) {
        self.with(|tables| tables.tasks.insert(task.clone(), status));
    }

    fn delete_connector(&self, connector: &str) {
        self.with(|tables| tables.connectors.remove(connector));
    }

    fn delete_task(&self, task: &TaskId) {
        self.with(|tables| tables.tasks.remove(task));
    }

    fn connector(&self, connector: &str) -> Option<Status> {
        self.with(|tables| tables.connectors.get(connector).cloned())
    }

    fn task(&self, task: &TaskId) -> Option<Status> {
        self.with(|tables| tables.tasks.get(task).cloned())
    }

    fn tasks(&self, connector: &str) -> BTreeMap<i32, Status> {
        let from = TaskId::new(connector, i32::MIN);
        self.with(|tables| {
            tables
                .tasks
                .range(from..)
                .take_while(|(id, _)| id.connector == connector)
                .map(|(id, status)| (id.task, status.clone()))
                .collect()
        })
    }

    fn put_topic(&self, task: &TaskId, topic: &str) {
        self.with(|tables| tables.topics.entry(task.connector.clone()).or_default().insert(topic.to_owned()));
    }

    fn topics(&self, connector: &str) -> BTreeSet<String> {
        self.with(|tables| tables.topics.get(connector).cloned().unwrap_or_default())
    }

    fn delete_topics(&self, connector: &str) {
        self.with(|tables| tables.topics.remove(connector));
    }
}
