//! Reading the topic, and writing with regard to what was read.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Key, Status, StatusOf, Ticket, TopicStatus, Write};
use crate::config_log::{ConfigState, Record};
use crate::state::{State, TaskId};

/// What is known of one connector or task.
#[derive(Debug, Default)]
struct Entry {
    /// As it was read; `None` while only a write is under way.
    status: Option<Status>,
    /// The newest write.
    sequence: u64,
}

impl Entry {
    /// A worker may say something unless another one has said more in a later generation.
    fn gives_way_to(&self, worker_id: &str, generation: i32) -> bool {
        self.status
            .as_ref()
            .is_none_or(|known| known.worker_id == worker_id || known.generation <= generation)
    }
}

/// The fold of the topic.
#[derive(Debug, Default)]
pub struct StatusLog {
    entries: BTreeMap<StatusOf, Entry>,
    topics: BTreeMap<String, BTreeMap<String, TopicStatus>>,
    sequence: u64,
}

impl StatusLog {
    /// Takes in a record. Gives the reason if it is skipped as garbage.
    pub fn apply(&mut self, key: &str, value: Option<&[u8]>) -> Result<(), String> {
        let parsed = Key::parse(key).ok_or_else(|| "unknown key".to_owned())?;
        let value = value
            .map(serde_json::from_slice::<Json>)
            .transpose()
            .map_err(|error| format!("the value is not JSON: {error}"))?;
        match (parsed, value) {
            (Key::Status(of), None) => {
                self.entries.remove(&of);
                // A connector takes its tasks along.
                if let StatusOf::Connector(name) = &of {
                    self.entries.retain(|other, _| other.connector() != name);
                }
            }
            (Key::Status(of), Some(value)) => {
                let status = Status::parse(&value).ok_or_else(|| "the value is no status".to_owned())?;
                self.take(of, status);
            }
            (Key::Topic { topic, connector }, None) => self.forget_topic(&connector, &topic),
            (Key::Topic { .. }, Some(value)) => {
                let status =
                    TopicStatus::parse(&value).ok_or_else(|| "the value is no topic status".to_owned())?;
                let topics = self.topics.entry(status.task.connector.clone()).or_default();
                topics.insert(status.topic.clone(), status);
            }
        }
        Ok(())
    }

    fn take(&mut self, of: StatusOf, status: Status) {
        let entry = self.entries.entry(of.clone()).or_default();
        // The last word of the worker that ran it before may come after the first one of the worker that runs it now. Java
        // looks for that with tasks only, and takes the later word of the same worker for such a case too.
        let is_late = entry.status.as_ref().is_some_and(|known| {
            let elsewhere = matches!(of, StatusOf::Task(_)) || known.worker_id != status.worker_id;
            known.state == State::Running && elsewhere && known.generation >= status.generation
        });
        if status.state != State::Unassigned || !is_late {
            entry.status = Some(status);
        }
    }

    fn forget_topic(&mut self, connector: &str, topic: &str) {
        if let Some(topics) = self.topics.get_mut(connector) {
            topics.remove(topic);
            if topics.is_empty() {
                self.topics.remove(connector);
            }
        }
    }

    /// The status that was last read.
    pub fn get(&self, of: &StatusOf) -> Option<&Status> {
        self.entries.get(of)?.status.as_ref()
    }

    /// The connectors that have a status, or for which one is being written.
    pub fn connectors(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().filter_map(|of| match of {
            StatusOf::Connector(name) => Some(name.as_str()),
            StatusOf::Task(_) => None,
        })
    }

    /// The statuses of a connector's tasks, by number.
    pub fn tasks(&self, connector: &str) -> Vec<(i32, &Status)> {
        let task = |number| StatusOf::Task(TaskId::new(connector, number));
        self.entries
            .range(task(i32::MIN)..=task(i32::MAX))
            .filter_map(|(of, entry)| match (of, &entry.status) {
                (StatusOf::Task(id), Some(status)) => Some((id.task, status)),
                _ => None,
            })
            .collect()
    }

    /// The topics that a connector uses, by name.
    pub fn topics(&self, connector: &str) -> impl Iterator<Item = &TopicStatus> {
        self.topics.get(connector).into_iter().flat_map(BTreeMap::values)
    }

    /// Whose statuses have nothing to do with what is configured. The leader tombstones them: when it gets its assignment,
    /// and whenever one comes later, for a stopping task's last word may come after the tombstone.
    pub fn left_over(&self, config: &ConfigState) -> Vec<StatusOf> {
        let is_gone = |of: &StatusOf| match of {
            StatusOf::Connector(name) => config.connector(name).is_none(),
            StatusOf::Task(id) => config
                .connector(&id.connector)
                .is_none_or(|connector| !(0..connector.task_count().unwrap_or_default()).contains(&id.task)),
        };
        self.entries.keys().filter(|of| is_gone(of)).cloned().collect()
    }

    /// Writes a status whatever is known.
    pub fn put(&mut self, of: StatusOf, status: &Status) -> Write {
        self.write(of, Some(status.to_bytes()), None)
    }

    /// Writes a status unless another worker knows better: for what a worker says about work that it gives up.
    pub fn put_safely(&mut self, of: StatusOf, status: &Status) -> Option<Write> {
        let gives_way = self
            .entries
            .get(&of)
            .is_none_or(|entry| entry.gives_way_to(&status.worker_id, status.generation));
        let safe = Some((status.worker_id.clone(), status.generation));
        gives_way.then(|| self.write(of, Some(status.to_bytes()), safe))
    }

    /// Removes a status.
    pub fn remove(&mut self, of: StatusOf) -> Write {
        self.write(of, None, None)
    }

    fn write(&mut self, of: StatusOf, value: Option<Vec<u8>>, safe: Option<(String, i32)>) -> Write {
        self.sequence += 1;
        self.entries.entry(of.clone()).or_default().sequence = self.sequence;
        let key = Key::Status(of.clone()).to_string();
        Write { record: Record { key, value }, ticket: Ticket { of, sequence: self.sequence, safe } }
    }

    /// Whether a write that failed for the moment is to be tried again: not if there was a newer one, if the status has been
    /// removed, or if a safe write is not safe any more.
    pub fn must_resend(&self, ticket: &Ticket) -> bool {
        self.entries.get(&ticket.of).is_some_and(|entry| {
            let is_safe =
                |(worker_id, generation): &(String, i32)| entry.gives_way_to(worker_id, *generation);
            entry.sequence == ticket.sequence && ticket.safe.as_ref().is_none_or(is_safe)
        })
    }
}

impl TopicStatus {
    /// The record to write.
    pub fn record(&self) -> Record {
        let key = Key::Topic { topic: self.topic.clone(), connector: self.task.connector.clone() };
        Record { key: key.to_string(), value: Some(self.to_bytes()) }
    }

    /// The record that makes all forget it.
    pub fn tombstone(connector: &str, topic: &str) -> Record {
        let key = Key::Topic { topic: topic.to_owned(), connector: connector.to_owned() };
        Record { key: key.to_string(), value: None }
    }
}
