//! Reading the topic.

use std::collections::BTreeMap;
use std::sync::Arc;

use aqueduct_api::ConfigMap;
use serde_json::Value as Json;

use super::key::Key;
use super::state::{ConfigState, Connector, TaskSet};
use super::value::{self, Reason};
use crate::restart::RestartRequest;
use crate::session::SessionKey;
use crate::state::TaskId;

/// What a record changed, for those who act on it.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A connector has no configuration any more. Also for one that had none.
    ConnectorRemoved(String),
    /// A connector has a configuration, perhaps the same as before.
    ConnectorUpdated(String),
    /// A connector has a new task set.
    TasksUpdated {
        /// The connector.
        connector: String,
        /// The tasks that were written for it; none if the set is not complete.
        tasks: Vec<TaskId>,
    },
    /// A known connector has another target state.
    TargetState(String),
    /// Internal requests are signed with a new key.
    SessionKey(SessionKey),
    /// A user wants a connector restarted.
    Restart {
        /// The connector.
        connector: String,
        /// Which parts of it.
        request: RestartRequest,
    },
    /// A user wants a logger to have a level on all workers.
    LoggerLevel {
        /// The logger.
        namespace: String,
        /// The level, unchecked.
        level: String,
    },
    /// A record that is skipped.
    Garbage {
        /// Its key.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The fold of the topic.
///
/// While the log is read for the first time it gives no events but [`Event::Garbage`]: what is to be done follows from the
/// state then, and restarts and levels that were asked for before this worker began are not its concern. After
/// [`ConfigLog::start`] every change gives its event.
#[derive(Debug)]
pub struct ConfigLog {
    state: Arc<ConfigState>,
    /// Tasks of sets that are not committed yet. An entry stays, emptied, when its set is.
    deferred: BTreeMap<String, TaskSet>,
    started: bool,
}

impl Default for ConfigLog {
    fn default() -> Self {
        let state = ConfigState { offset: -1, ..ConfigState::default() };
        Self { state: Arc::new(state), deferred: BTreeMap::new(), started: false }
    }
}

impl ConfigLog {
    /// The first read is done: from now on changes give events.
    pub fn start(&mut self) {
        self.started = true;
    }

    /// The state now; it does not change when more records are applied.
    pub fn snapshot(&self) -> Arc<ConfigState> {
        Arc::clone(&self.state)
    }

    /// Takes in the record at this offset. Transaction markers are not records. A key that is null or no text is given as
    /// an empty text.
    pub fn apply(&mut self, offset: i64, key: &str, value: Option<&[u8]>) -> Vec<Event> {
        let garbage = |reason: Reason| vec![Event::Garbage { key: key.to_owned(), reason }];
        // Java's reader takes no bytes for null too.
        let bytes = value.filter(|bytes| !bytes.is_empty());
        let value = match bytes.map(serde_json::from_slice::<Json>).transpose() {
            Ok(value) => value.filter(|value| !value.is_null()),
            // As with Java, only what can be decoded moves the offset.
            Err(error) => return garbage(format!("the value is not JSON: {error}")),
        };
        let state = Arc::make_mut(&mut self.state);
        state.offset = offset + 1;
        let Some(key) = Key::parse(key) else { return garbage("unknown key".to_owned()) };
        let applied = match key {
            Key::TargetState(name) => self.target_state(name, value.as_ref()),
            Key::Connector(name) => self.connector(name, value.as_ref(), offset),
            Key::Task(id) => self.task(id, required(value)),
            Key::Commit(name) => self.commit(name, required(value), offset),
            Key::TaskCount(name) => self.task_count(name, required(value)),
            Key::SessionKey => self.session_key(required(value)),
            Key::Restart(connector) => required(value)
                .and_then(|value| value::restart_request(&value))
                .map(|request| Some(Event::Restart { connector, request })),
            Key::LoggerLevel(namespace) => required(value)
                .and_then(|value| value::level(&value))
                .map(|level| Some(Event::LoggerLevel { namespace, level })),
        };
        match applied {
            Err(reason) => garbage(reason),
            Ok(event) => event.filter(|_| self.started).into_iter().collect(),
        }
    }

    fn entry(&mut self, name: String) -> &mut Connector {
        let connectors = &mut Arc::make_mut(&mut self.state).connectors;
        Arc::make_mut(connectors.entry(name.into()).or_default())
    }

    fn target_state(&mut self, name: String, value: Option<&Json>) -> Result<Option<Event>, Reason> {
        let entry = self.entry(name.clone());
        let Some(value) = value else {
            // The removal of the connector itself tells those who act on it.
            entry.target = entry.config.as_ref().map(|_| Default::default());
            return Ok(None);
        };
        let target = value::target_state(value)?;
        let changed = entry.target.replace(target) != Some(target);
        Ok((changed && entry.config.is_some()).then_some(Event::TargetState(name)))
    }

    fn connector(
        &mut self,
        name: String,
        value: Option<&Json>,
        offset: i64,
    ) -> Result<Option<Event>, Reason> {
        let Some(value) = value else {
            self.forget(&name);
            self.entry(name.clone()).shelved = None;
            return Ok(Some(Event::ConnectorRemoved(name)));
        };
        let config = value::properties(value)?;
        let entry = self.entry(name.clone());
        entry.config = Some(Arc::new(config));
        entry.config_offset = offset;
        entry.target.get_or_insert_default();
        Ok(Some(Event::ConnectorUpdated(name)))
    }

    /// Task count record, pending fencing, generation, inconsistency and target state outlive the connector.
    fn forget(&mut self, name: &str) {
        let entry = self.entry(name.to_owned());
        entry.config = None;
        entry.task_count = None;
        entry.tasks = TaskSet::new();
        entry.applied = None;
        entry.unfinished = false;
        self.deferred.remove(name);
    }

    fn task(&mut self, id: TaskId, value: Result<Json, Reason>) -> Result<Option<Event>, Reason> {
        let config: ConfigMap = value::properties(&value?)?;
        self.entry(id.connector.clone()).unfinished = true;
        self.deferred.entry(id.connector).or_default().insert(id.task, Arc::new(config));
        Ok(None)
    }

    fn commit(
        &mut self,
        name: String,
        value: Result<Json, Reason>,
        offset: i64,
    ) -> Result<Option<Event>, Reason> {
        let count = value.and_then(|value| value::count(&value, "tasks"));
        if self.state.connector(&name).is_none() {
            self.shelve(name, count.unwrap_or_default());
            return Ok(None);
        }
        let count = count?;
        let deferred = self.deferred.get_mut(&name).map(std::mem::take);
        let entry = self.entry(name.clone());
        let mut tasks = Vec::new();
        entry.inconsistent = !deferred.as_ref().map_or(count <= 0, |tasks| is_complete(tasks, count));
        if !entry.inconsistent {
            if let Some(deferred) = deferred {
                tasks = deferred.keys().map(|task| TaskId::new(name.clone(), *task)).collect();
                entry.tasks.extend(deferred);
                entry.generation = Some(entry.generation.map_or(0, |generation| generation.wrapping_add(1)));
            }
            entry.applied = entry.config.clone();
        }
        entry.task_count = Some(count);
        entry.pending_fencing = true;
        entry.commit_offset = offset;
        entry.unfinished = false;
        entry.shelved = None;
        Ok(Some(Event::TasksUpdated { connector: name, tasks }))
    }

    /// Takes the tasks of a connector without configuration aside.
    fn shelve(&mut self, name: String, count: i32) {
        let deferred = self.deferred.remove(&name).filter(|tasks| count > 0 && is_complete(tasks, count));
        self.forget(&name);
        self.entry(name).shelved = deferred.map(|mut tasks| {
            tasks.retain(|task, _| (0..count).contains(task));
            tasks
        });
    }

    fn task_count(&mut self, name: String, value: Result<Json, Reason>) -> Result<Option<Event>, Reason> {
        let count = value::count(&value?, "task-count")?;
        let entry = self.entry(name);
        entry.task_count_record = Some(count);
        entry.pending_fencing = false;
        Ok(None)
    }

    fn session_key(&mut self, value: Result<Json, Reason>) -> Result<Option<Event>, Reason> {
        let key = value::session_key(&value?)?;
        Arc::make_mut(&mut self.state).session_key = Some(key.clone());
        Ok(Some(Event::SessionKey(key)))
    }
}

fn is_complete(tasks: &TaskSet, count: i32) -> bool {
    (0..count).all(|task| tasks.contains_key(&task))
}

fn required(value: Option<Json>) -> Result<Json, Reason> {
    value.ok_or_else(|| "there is no value".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_log::{Record, Step, put_connector, put_tasks};

    fn task_set(count: usize) -> Vec<Record> {
        let records = |step| match step {
            Step::Write(records) => records,
            Step::ReadToEnd => Vec::new(),
        };
        put_tasks("c", &vec![ConfigMap::new(); count]).into_iter().flat_map(records).collect()
    }

    fn read<'a>(records: impl IntoIterator<Item = &'a Record>) -> Arc<ConfigState> {
        let mut log = ConfigLog::default();
        for (offset, record) in (0..).zip(records) {
            log.apply(offset, &record.key, record.value.as_deref());
        }
        log.snapshot()
    }

    #[test]
    fn a_task_set_before_its_connector_is_shelved_until_the_next_one() {
        let config = put_connector("c", &ConfigMap::new(), None);
        let tasks = task_set(2);
        // What every worker sees that was there, and that compaction may take the first record of.
        let full = read(config.iter().chain(&tasks).chain(&config));
        let connector = full.connector("c").expect("it exists");
        assert!(connector.commit_is_older() && connector.shelved().is_none());
        assert_eq!(full.tasks("c").len(), 2);

        let compacted = read(tasks.iter().chain(&config));
        let connector = compacted.connector("c").expect("it exists");
        assert_eq!(connector.shelved().map(TaskSet::len), Some(2));
        assert_eq!(compacted.tasks("c"), []);

        let healed = read(tasks.iter().chain(&config).chain(&tasks));
        let connector = healed.connector("c").expect("it exists");
        assert!(connector.shelved().is_none() && !connector.commit_is_older());
        assert_eq!(healed.tasks("c").len(), 2);
    }

    #[test]
    fn garbage_is_an_event() {
        let mut log = ConfigLog::default();
        for key in [
            "",
            "nope",
            "task-c",
            "connector-c",
            "commit-c",
            "session-key",
            "target-state-c",
            "tasks-fencing-c",
        ] {
            let events = log.apply(7, key, Some(b"[1,"));
            assert!(matches!(events.as_slice(), [Event::Garbage { .. }]), "{key}: {events:?}");
            assert_eq!(log.snapshot().offset(), -1, "what cannot be decoded does not move the offset");
        }
        let events =
            log.apply(7, "session-key", Some(br#"{"key":"%","algorithm":"a","creation-timestamp":1}"#));
        assert!(matches!(events.as_slice(), [Event::Garbage { .. }]), "{events:?}");
        assert_eq!(log.snapshot().offset(), 8);
    }
}
