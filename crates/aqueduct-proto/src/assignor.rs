//! Who runs what: the leader's computation (spec: group membership; KIP-415).
//!
//! [`eager::solve`] deals everything anew. [`cooperative::solve`] moves as little as it can, in two rounds where work must
//! stop on one worker before it starts on another, and leaves the work of a lost worker alone for a while in case it comes
//! back. Both are functions of the problem; the cooperative one also of what it decided before, which comes in and goes out
//! as a value.

mod balance;
pub mod cooperative;
pub mod eager;
mod load;
mod lost;

use std::collections::BTreeSet;

use crate::java_order::{rest_of_hash_set, string_hash, task_hash};
use crate::state::TaskId;
use crate::subprotocol::Work;

/// A member of the group, and what it says that it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The id that the coordinator gave it.
    pub id: String,
    /// What it runs.
    pub running: Work,
}

/// Work as a set.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct WorkSet {
    pub(crate) connectors: BTreeSet<String>,
    pub(crate) tasks: BTreeSet<TaskId>,
}

impl WorkSet {
    pub(crate) fn of<'a>(all: impl IntoIterator<Item = &'a Work>) -> Self {
        let mut set = Self::default();
        for work in all {
            set.connectors.extend(work.connectors.iter().cloned());
            set.tasks.extend(work.tasks.iter().cloned());
        }
        set
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.connectors.is_empty() && self.tasks.is_empty()
    }

    fn intersects(&self, other: &Self) -> bool {
        !self.connectors.is_disjoint(&other.connectors) || !self.tasks.is_disjoint(&other.tasks)
    }

    fn add(&mut self, work: &Work) {
        self.connectors.extend(work.connectors.iter().cloned());
        self.tasks.extend(work.tasks.iter().cloned());
    }

    /// The part of this work that is in the set, as Java's sets list it.
    fn part_of(&self, work: &Work) -> Work {
        let connectors =
            work.connectors.iter().filter(|one| self.connectors.contains(*one)).cloned().collect();
        let tasks = work.tasks.iter().filter(|one| self.tasks.contains(one)).cloned().collect();
        Work {
            connectors: rest_of_hash_set(connectors, work.connectors.len(), |one| string_hash(one)),
            tasks: rest_of_hash_set(tasks, work.tasks.len(), task_hash),
        }
    }

    /// The part of this work that is not in the set, in the work's order.
    fn rest_of(&self, work: &Work) -> Work {
        Work {
            connectors: work
                .connectors
                .iter()
                .filter(|one| !self.connectors.contains(*one))
                .cloned()
                .collect(),
            tasks: work.tasks.iter().filter(|one| !self.tasks.contains(one)).cloned().collect(),
        }
    }
}
