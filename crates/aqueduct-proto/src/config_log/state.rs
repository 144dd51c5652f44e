//! What is configured, as of an offset of the config topic.

use std::collections::BTreeMap;
use std::sync::Arc;

use aqueduct_api::ConfigMap;

use crate::session::SessionKey;
use crate::state::{TargetState, TaskId};
use crate::subprotocol::Work;

/// Task configurations by number.
pub type TaskSet = BTreeMap<i32, Arc<ConfigMap>>;

/// The state of all connectors. Cheap to share behind an [`Arc`]; what does not change is shared between versions of it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConfigState {
    pub(super) offset: i64,
    pub(super) connectors: BTreeMap<Arc<str>, Arc<Connector>>,
    pub(super) session_key: Option<SessionKey>,
}

/// What the topic says about one connector; much of it stays when the connector is removed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Connector {
    pub(super) config: Option<Arc<ConfigMap>>,
    pub(super) target: Option<TargetState>,
    pub(super) task_count: Option<i32>,
    pub(super) tasks: TaskSet,
    pub(super) applied: Option<Arc<ConfigMap>>,
    pub(super) generation: Option<i32>,
    pub(super) task_count_record: Option<i32>,
    pub(super) pending_fencing: bool,
    pub(super) inconsistent: bool,
    pub(super) config_offset: i64,
    pub(super) commit_offset: i64,
    pub(super) shelved: Option<TaskSet>,
    pub(super) unfinished: bool,
}

impl Connector {
    /// The configuration; `None` for a connector that is removed or not known yet.
    pub fn config(&self) -> Option<&Arc<ConfigMap>> {
        self.config.as_ref()
    }

    /// What users want it to be.
    pub fn target_state(&self) -> Option<TargetState> {
        self.target
    }

    /// How many tasks the last commit named.
    pub fn task_count(&self) -> Option<i32> {
        self.task_count
    }

    /// The configurations of tasks, also of numbers that the last set did not use any more.
    pub fn task_configs(&self) -> &TaskSet {
        &self.tasks
    }

    /// How many tasks there are to run: none while the set is inconsistent.
    pub fn usable_tasks(&self) -> i32 {
        if self.inconsistent { 0 } else { self.task_count.unwrap_or_default().max(0) }
    }

    /// The configuration that the task set was made of.
    pub fn applied(&self) -> Option<&Arc<ConfigMap>> {
        self.applied.as_ref()
    }

    /// Counts the task sets that this worker saw since it began to read, from 0. A source task with exactly-once support
    /// may only start if this has not changed since it was assigned.
    pub fn task_generation(&self) -> Option<i32> {
        self.generation
    }

    /// How many tasks the last fenced task set had.
    pub fn task_count_record(&self) -> Option<i32> {
        self.task_count_record
    }

    /// Whether there is a task set before whose start the producers of the last one must be fenced (KIP-618).
    pub fn is_pending_fencing(&self) -> bool {
        self.pending_fencing
    }

    /// Whether the last commit named tasks that are not there. Such a connector has no tasks until a complete set comes.
    pub fn is_inconsistent(&self) -> bool {
        self.inconsistent
    }

    /// Whether compaction could lose the task set: see the module's documentation.
    pub fn commit_is_older(&self) -> bool {
        self.config.is_some() && self.usable_tasks() > 0 && self.config_offset > self.commit_offset
    }

    /// Whether task configurations came after the task set that counts, and no commit yet: a set that is being written, or
    /// whose writer has died. Compaction would keep these and lose those that count.
    pub fn is_overwritten(&self) -> bool {
        self.config.is_some() && self.unfinished && self.usable_tasks() > 0
    }

    /// A task set whose commit came before the connector's configuration: of this connector, or of a removed one of its
    /// name. See the module's documentation.
    pub fn shelved(&self) -> Option<&TaskSet> {
        self.config.as_ref().and(self.shelved.as_ref())
    }
}

impl ConfigState {
    /// The offset after the last record that could be decoded; -1 before the first. All workers at the same offset have
    /// the same state.
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// The key that signs internal requests.
    pub fn session_key(&self) -> Option<&SessionKey> {
        self.session_key.as_ref()
    }

    /// All that is known, by name, also about connectors without a configuration.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &Connector)> {
        self.connectors.iter().map(|(name, connector)| (&**name, &**connector))
    }

    /// The connectors that have a configuration, by name.
    pub fn connectors(&self) -> impl Iterator<Item = (&str, &Connector)> {
        self.entries().filter(|(_, connector)| connector.config.is_some())
    }

    /// A connector that has a configuration.
    pub fn connector(&self, name: &str) -> Option<&Connector> {
        self.connectors.get(name).map(|connector| &**connector).filter(|connector| connector.config.is_some())
    }

    /// What users want a connector to be; `None` for one that does not exist.
    pub fn target_state(&self, name: &str) -> Option<TargetState> {
        self.connector(name).map(|connector| connector.target.unwrap_or_default())
    }

    /// The tasks that a connector has to run.
    pub fn tasks(&self, name: &str) -> Vec<TaskId> {
        let count = self.connectors.get(name).map_or(0, |connector| connector.usable_tasks());
        (0..count).map(|task| TaskId::new(name, task)).collect()
    }

    /// The configuration of a task; `None` if it is not part of a complete task set.
    pub fn task_config(&self, id: &TaskId) -> Option<&Arc<ConfigMap>> {
        let connector = self.connector(&id.connector)?;
        if (0..connector.usable_tasks()).contains(&id.task) { connector.tasks.get(&id.task) } else { None }
    }

    /// All connectors and tasks to run, in order.
    pub fn work(&self) -> Work {
        let mut work = Work::default();
        for (name, _) in self.connectors() {
            work.connectors.push(name.to_owned());
            work.tasks.extend(self.tasks(name));
        }
        work
    }
}
