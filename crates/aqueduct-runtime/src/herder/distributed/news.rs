//! What happens beside the driver, on its way to it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use aqueduct_proto::herder::Input;
use aqueduct_proto::state::TaskId;
use tokio::sync::{Notify, mpsc};

use super::Shared;
use crate::worker::WorkerEvents;

/// Ends of jobs that wait for the driver.
const NEWS_MAX: usize = 1_000;

/// What a connector or a task that runs here wants.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Want {
    /// The connector's tasks are to be asked for again.
    Tasks(String),
    /// The connector is to be restarted.
    RestartConnector(String),
    /// The task is to be restarted.
    RestartTask(TaskId),
}

/// What connectors and tasks want: each thing once, however often they say so.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    wants: Mutex<BTreeSet<Want>>,
    some: Notify,
}

impl Wanted {
    fn wants(&self) -> MutexGuard<'_, BTreeSet<Want>> {
        self.wants.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, want: Want) {
        self.wants().insert(want);
        self.some.notify_one();
    }

    /// Waits for some. Cancel safe.
    pub(super) async fn next(&self) -> BTreeSet<Want> {
        loop {
            let wants = std::mem::take(&mut *self.wants());
            if !wants.is_empty() {
                return wants;
            }
            self.some.notified().await;
        }
    }
}

/// Hears what connectors ask for, as long as the herder lives.
pub(super) struct Events(Weak<Shared>);

impl Events {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::downgrade(shared))
    }

    fn add(&self, want: Want) {
        if let Some(shared) = self.0.upgrade() {
            shared.wanted.add(want);
        }
    }
}

impl WorkerEvents for Events {
    fn task_reconfiguration_requested(&self, connector: &str) {
        self.add(Want::Tasks(connector.to_owned()));
    }

    fn connector_values_changed(&self, connector: &str) {
        self.add(Want::RestartConnector(connector.to_owned()));
    }

    fn task_values_changed(&self, task: &TaskId) {
        self.add(Want::RestartTask(task.clone()));
    }
}

/// What happened beside the driver.
#[derive(Debug)]
pub(super) enum News {
    Input(Input),
    /// All that was read lies in the queue of records.
    ReadDone {
        reached_end: bool,
    },
}

/// The way to the driver for what runs beside it.
#[derive(Debug, Clone)]
pub(super) struct Inputs(mpsc::Sender<News>);

impl Inputs {
    pub(super) fn new() -> (Self, mpsc::Receiver<News>) {
        let (sender, receiver) = mpsc::channel(NEWS_MAX);
        (Self(sender), receiver)
    }

    /// Hands an input over. After the driver has ended, nobody needs it.
    pub(super) async fn give(&self, input: Input) {
        let _ = self.0.send(News::Input(input)).await;
    }

    pub(super) async fn give_read_done(&self, reached_end: bool) {
        let _ = self.0.send(News::ReadDone { reached_end }).await;
    }

    /// For the driver itself, which must not wait for itself.
    pub(super) fn give_now(&self, input: Input) {
        let inputs = self.clone();
        tokio::spawn(async move { inputs.give(input).await });
    }
}
