//! What a worker is busy with.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;

/// A step of the herder's work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    description: String,
    started: Timestamp,
    completed: Option<Timestamp>,
}

impl Stage {
    /// The sentence that a request ends with that has timed out.
    pub fn summary(&self) -> String {
        let Self { description, started, .. } = self;
        match self.completed {
            None => format!("The worker is currently {description}, which began at {started}."),
            Some(completed) => format!(
                "The last operation the worker completed was {description}, which began at {started} and completed at {completed}."
            ),
        }
    }
}

/// Keeps the steps that are under way. Any thread may look and note.
#[derive(Debug, Default)]
pub struct StageRegister(Mutex<Stages>);

#[derive(Debug, Default)]
struct Stages {
    next: u64,
    running: Vec<(u64, Stage)>,
    last: Option<Stage>,
}

/// A step that is under way until this is dropped.
#[derive(Debug)]
pub struct StageGuard<'a> {
    register: &'a StageRegister,
    id: u64,
}

impl StageRegister {
    /// Notes the begin of a step: a phrase such as `starting the connector`.
    pub fn enter(&self, description: impl Into<String>) -> StageGuard<'_> {
        let stage = Stage { description: description.into(), started: now(), completed: None };
        let mut stages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let id = stages.next;
        stages.next += 1;
        stages.running.push((id, stage));
        StageGuard { register: self, id }
    }

    /// The step that has been under way the longest, or else the one that ended last.
    pub fn current(&self) -> Option<Stage> {
        let stages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stages.running.first().map(|(_, stage)| stage.clone()).or_else(|| stages.last.clone())
    }
}

impl Drop for StageGuard<'_> {
    fn drop(&mut self) {
        let mut stages = self.register.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = stages.running.iter().position(|(id, _)| *id == self.id) {
            let (_, mut stage) = stages.running.remove(at);
            stage.completed = Some(now());
            stages.last = Some(stage);
        }
    }
}

fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_runs_and_else_what_ended_last() {
        let register = StageRegister::default();
        assert_eq!(register.current(), None);
        let first = register.enter("starting the connector");
        let second = register.enter("validating");
        drop(second);
        let summary = register.current().expect("one runs").summary();
        assert!(
            summary.starts_with("The worker is currently starting the connector, which began at 2"),
            "{summary}"
        );
        drop(first);
        let summary = register.current().expect("one ended").summary();
        assert!(
            summary.starts_with("The last operation the worker completed was starting the connector"),
            "{summary}"
        );
    }
}
