//! What the leader gives a member to run, and what a member says that it runs.

use std::collections::HashSet;
use std::hash::Hash;

use super::wire::{Reader, SchemaError, Writer};
use super::{Subprotocol, read_version};
use crate::java_order::{hash_set_order, string_hash};
use crate::state::TaskId;

/// A task of this number is the connector itself.
const CONNECTOR_TASK: i32 = -1;

/// Connectors and tasks, in the order of the protocol's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct Work {
    /// Names of connectors.
    pub connectors: Vec<String>,
    /// Tasks.
    pub tasks: Vec<TaskId>,
}

impl Work {
    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.connectors.is_empty() && self.tasks.is_empty()
    }

    /// This work without the other's, in the same order.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        Self {
            connectors: without(&self.connectors, &other.connectors),
            tasks: without(&self.tasks, &other.tasks),
        }
    }

    /// This work, then what of the other's it does not have.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let added = other.without(self);
        let mut all = self.clone();
        all.connectors.extend(added.connectors);
        all.tasks.extend(added.tasks);
        all
    }
}

/// To look for so many among others, or among so many, is not worth a table.
const FEW: usize = 8;

fn without<T: Clone + Eq + Hash>(these: &[T], others: &[T]) -> Vec<T> {
    if these.len().min(others.len()) <= FEW {
        return these.iter().filter(|one| !others.contains(one)).cloned().collect();
    }
    let others: HashSet<&T> = others.iter().collect();
    these.iter().filter(|one| !others.contains(one)).cloned().collect()
}

/// What goes wrong for the whole group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum AssignmentError {
    /// Nothing.
    #[default]
    None,
    /// The leader could not read the config topic as far as the most advanced member: join again.
    ConfigMismatch,
    /// An error of a later version.
    Unknown(i16),
}

impl AssignmentError {
    /// The code of the protocol.
    pub const fn code(self) -> i16 {
        match self {
            Self::None => 0,
            Self::ConfigMismatch => 1,
            Self::Unknown(code) => code,
        }
    }

    /// From the code of the protocol.
    pub const fn from_code(code: i16) -> Self {
        match code {
            0 => Self::None,
            1 => Self::ConfigMismatch,
            code => Self::Unknown(code),
        }
    }
}

/// What the leader sends a member. In cooperative groups `assigned` is only what is new, and `revoked` what must stop
/// (KIP-415); in eager groups `assigned` is everything.
///
/// The default is what a member runs before it was ever assigned anything; it is written as no bytes at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// An error instead of work.
    pub error: AssignmentError,
    /// The leader's member id; `None` before the first assignment.
    pub leader: Option<String>,
    /// Where the leader's REST API is reached.
    pub leader_url: Option<String>,
    /// The config topic was read up to this offset when the leader decided; -1 at first.
    pub config_offset: i64,
    /// What to run.
    pub assigned: Work,
    /// What to stop.
    pub revoked: Work,
    /// After this time members must join again, for work that waits for a lost worker; 0 is never.
    pub delay_ms: i32,
}

impl Default for Assignment {
    fn default() -> Self {
        Self {
            error: AssignmentError::None,
            leader: None,
            leader_url: None,
            config_offset: -1,
            assigned: Work::default(),
            revoked: Work::default(),
            delay_ms: 0,
        }
    }
}

/// The bytes; none for the default in cooperative groups, and a member that gets none reads that.
pub fn write_assignment(assignment: &Assignment, subprotocol: Subprotocol) -> Option<Vec<u8>> {
    if subprotocol.is_cooperative() && *assignment == Assignment::default() {
        return None;
    }
    let mut out = Writer::default();
    out.int16(subprotocol.version());
    out.int16(assignment.error.code());
    out.string(assignment.leader.as_deref().unwrap_or_default());
    out.string(assignment.leader_url.as_deref().unwrap_or_default());
    out.int64(assignment.config_offset);
    // Java lists the connectors of what is assigned in the order of a set.
    let connectors = hash_set_order(assignment.assigned.connectors.iter(), |name| string_hash(name));
    write_work(&mut out, connectors, &assignment.assigned.tasks);
    if subprotocol.is_cooperative() {
        write_work(&mut out, assignment.revoked.connectors.iter().collect(), &assignment.revoked.tasks);
        out.int32(assignment.delay_ms);
    }
    Some(out.finish())
}

fn write_work(out: &mut Writer, connectors: Vec<&String>, tasks: &[TaskId]) {
    // A connector's tasks follow the connector itself; those of connectors that run elsewhere come last.
    let mut groups: Vec<(&str, Vec<i32>)> =
        connectors.into_iter().map(|name| (name.as_str(), vec![CONNECTOR_TASK])).collect();
    for id in tasks {
        match groups.iter_mut().find(|(name, _)| *name == id.connector) {
            Some((_, tasks)) => tasks.push(id.task),
            None => groups.push((&id.connector, vec![id.task])),
        }
    }
    out.length(groups.len());
    for (name, tasks) in groups {
        out.string(name);
        out.length(tasks.len());
        tasks.into_iter().for_each(|task| out.int32(task));
    }
}

/// Reads what the leader wrote for this subprotocol. No bytes are an error: a member that got none uses
/// the default.
pub fn read_assignment(bytes: &[u8], subprotocol: Subprotocol) -> Result<Assignment, SchemaError> {
    let mut reader = Reader::new(bytes);
    read_version(&mut reader)?;
    if !subprotocol.is_cooperative() {
        return Ok(Assignment {
            error: AssignmentError::from_code(reader.field("error", Reader::int16)?),
            leader: Some(reader.field("leader", Reader::string)?),
            leader_url: Some(reader.field("leader-url", Reader::string)?),
            config_offset: reader.field("config-offset", Reader::int64)?,
            assigned: reader.field("assignment", |reader| read_work(reader, false))?,
            ..Assignment::default()
        });
    }
    let nothing = || Some(Work::default());
    Ok(Assignment {
        error: AssignmentError::from_code(reader.trailing_field("error", None, Reader::int16)?),
        leader: Some(reader.trailing_field("leader", None, Reader::string)?),
        leader_url: Some(reader.trailing_field("leader-url", None, Reader::string)?),
        config_offset: reader.trailing_field("config-offset", None, Reader::int64)?,
        assigned: reader.trailing_field("assignment", nothing(), |reader| read_work(reader, true))?,
        revoked: reader.trailing_field("revoked", nothing(), |reader| read_work(reader, true))?,
        delay_ms: reader.trailing_field("delay", Some(0), Reader::int32)?,
    })
}

/// A name stands once in the bytes, and in memory with each task: a long one with many tasks would fill that.
const NAMES_MAX_BYTES: usize = 32 << 20;

fn read_work(reader: &mut Reader<'_>, nullable: bool) -> Result<Work, SchemaError> {
    let mut work = Work::default();
    let Some(groups) = reader.array_length(nullable)? else { return Ok(work) };
    let mut names_bytes = 0_usize;
    for _ in 0..groups {
        let name = reader.field("connector", Reader::string)?;
        let tasks = reader.field("tasks", |reader| {
            let length = reader.array_length(false)?.unwrap_or_default();
            (0..length).map(|_| reader.int32()).collect::<Result<Vec<_>, _>>()
        })?;
        names_bytes = names_bytes.saturating_add(name.len().saturating_mul(tasks.len()));
        if names_bytes > NAMES_MAX_BYTES {
            return Err(SchemaError::new(format!("Task ids of more than {NAMES_MAX_BYTES} bytes")));
        }
        for task in tasks {
            if task == CONNECTOR_TASK {
                work.connectors.push(name.clone());
            } else {
                work.tasks.push(TaskId::new(name.clone(), task));
            }
        }
    }
    Ok(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Found by fuzzing: a name stands once in the bytes, and once for each task in memory.
    #[test]
    fn ids_that_would_fill_the_memory_are_refused() {
        let assignment = |name_bytes: usize, tasks: i32| Assignment {
            assigned: Work {
                connectors: Vec::new(),
                tasks: (0..tasks).map(|task| TaskId::new("c".repeat(name_bytes), task)).collect(),
            },
            ..Assignment::default()
        };
        for (name_bytes, tasks, fits) in [(100, 10_000, true), (30_000, 1000, true), (30_000, 2000, false)] {
            let written =
                write_assignment(&assignment(name_bytes, tasks), Subprotocol::Sessioned).expect("bytes");
            let read = read_assignment(&written, Subprotocol::Sessioned);
            assert_eq!(read.is_ok(), fits, "{tasks} tasks of {name_bytes} bytes");
        }
    }
}
