//! How the worker tells a running task what to do.

use tokio::sync::watch;

/// What a task should do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskTarget {
    /// Move records.
    Run,
    /// Keep what it has, and move nothing.
    Pause,
    /// End.
    Stop,
}

/// The task's end of the line. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct TaskControl(watch::Receiver<TaskTarget>);

impl TaskControl {
    pub(crate) fn new(target: TaskTarget) -> (watch::Sender<TaskTarget>, Self) {
        let (sender, receiver) = watch::channel(target);
        (sender, Self(receiver))
    }

    /// What to do now. A worker that is gone wants nothing any more: stop.
    pub(crate) fn target(&self) -> TaskTarget {
        if self.0.has_changed().is_err() { TaskTarget::Stop } else { *self.0.borrow() }
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.target() == TaskTarget::Stop
    }

    /// Waits until the target is another than this one.
    pub(crate) async fn other_than(&mut self, target: TaskTarget) -> TaskTarget {
        match self.0.wait_for(|now| *now != target).await {
            Ok(now) => *now,
            Err(_) => TaskTarget::Stop,
        }
    }

    /// Waits until the task should end.
    pub(crate) async fn stopping(&mut self) {
        // An error says that the worker is gone, which means the same.
        let _ = self.0.wait_for(|now| *now == TaskTarget::Stop).await;
    }
}
