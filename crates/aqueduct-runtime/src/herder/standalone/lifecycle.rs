//! Bringing connectors and tasks to where they should be. The caller has the connector's turn.

use std::sync::Arc;

use aqueduct_api::ConfigMap;
use aqueduct_proto::state::{State, TargetState, TaskId};

use super::shown;
use super::store::Configured;
use super::{Herder, HerderError, HerderResult, Inner, StandaloneHerder, tasks_of};
use crate::worker::{TaskConfigsError, WorkerEvents};

/// Hears what connectors ask for, as long as the herder lives.
struct Events(std::sync::Weak<Inner>);

impl WorkerEvents for Events {
    fn task_reconfiguration_requested(&self, connector: &str) {
        let Some(this) = self.0.upgrade() else { return };
        let (inner, name) = (Arc::clone(&this), connector.to_owned());
        this.runtime.spawn(async move {
            let _turn = inner.turn(&name).await;
            if let Err(error) = inner.update_tasks(&name).await {
                tracing::error!(connector = %name, "new tasks could not be made: {error}");
            }
        });
    }

    fn connector_values_changed(&self, connector: &str) {
        let Some(this) = self.0.upgrade() else { return };
        let (herder, name) = (StandaloneHerder(Arc::clone(&this)), connector.to_owned());
        this.runtime.spawn(async move {
            if let Err(error) = herder.restart_connector(&name).await {
                tracing::error!(connector = %name, "could not be restarted with new values: {error}");
            }
        });
    }

    fn task_values_changed(&self, task: &TaskId) {
        let Some(this) = self.0.upgrade() else { return };
        let (herder, task) = (StandaloneHerder(Arc::clone(&this)), task.clone());
        this.runtime.spawn(async move {
            if let Err(error) = herder.restart_task(&task).await {
                tracing::error!(%task, "could not be restarted with new values: {error}");
            }
        });
    }
}

impl Inner {
    /// Takes a new configuration, and starts the connector with it.
    pub(super) async fn configure(
        &self,
        name: &str,
        config: ConfigMap,
        target: Option<TargetState>,
    ) -> HerderResult<()> {
        let _stage = self.stages.enter(format!("writing a config for connector {name}"));
        self.worker.stop_connector(name).await;
        let configured = self.configurations.put(name, config, target);
        self.start(name, &configured).await?;
        self.update_tasks(name).await
    }

    /// Starts the connector itself.
    pub(super) async fn start(&self, name: &str, configured: &Configured) -> HerderResult<()> {
        let _stage = self.stages.enter(format!("starting the connector {name}"));
        let events = Arc::new(Events(self.this.clone()));
        let started = self.worker.start_connector(name, &configured.config, configured.target, events).await;
        started.map_err(HerderError::from)
    }

    /// Asks a started connector for its tasks, and replaces them if they are others than before.
    pub(super) async fn update_tasks(&self, name: &str) -> HerderResult<()> {
        let Some(configured) = self.configurations.get(name) else { return Ok(()) };
        if configured.target != TargetState::Started || !self.worker.has_connector(name) {
            return Ok(());
        }
        let _stage = self.stages.enter(format!("generating task configs for connector {name}"));
        let tasks = match self.worker.task_configs(name, &configured.config).await {
            Ok(tasks) => tasks,
            Err(TaskConfigsError::NotRunning(_)) => return Ok(()),
            Err(TaskConfigsError::TooMany(error) | TaskConfigsError::Failed(error)) => {
                shown::put_connector(&self.worker, name, State::Failed, Some(error.trace()));
                return Err(error.into());
            }
        };
        if tasks == configured.tasks && configured.applied == configured.config {
            return Ok(());
        }
        self.remove_tasks(name).await;
        self.configurations.set_tasks(name, tasks, configured.config);
        let configured = self.configured(name)?;
        let ids: Vec<TaskId> = tasks_of(name, &configured).collect();
        self.start_tasks(&configured, &ids).await;
        Ok(())
    }

    pub(super) async fn start_tasks(&self, configured: &Configured, ids: &[TaskId]) {
        let events = Arc::new(Events(self.this.clone()));
        for id in ids {
            let Some(task) = usize::try_from(id.task).ok().and_then(|at| configured.tasks.get(at)) else {
                continue;
            };
            let events = Arc::clone(&events) as Arc<dyn WorkerEvents>;
            let of = configured.tasks.len();
            self.worker.start_task(id, of, &configured.config, task, configured.target, events).await;
        }
    }

    async fn remove_tasks(&self, name: &str) {
        let Some(configured) = self.configurations.get(name) else { return };
        let ids: Vec<TaskId> = tasks_of(name, &configured).collect();
        self.worker.stop_tasks(&ids).await;
        self.configurations.set_tasks(name, Vec::new(), ConfigMap::new());
        for id in ids {
            self.worker.parts().status.delete_task(&id);
        }
    }

    /// Brings a connector to its target state.
    pub(super) async fn follow_target(&self, name: &str) {
        let Some(configured) = self.configurations.get(name) else { return };
        let target = configured.target;
        if target == TargetState::Stopped {
            self.remove_tasks(name).await;
        }
        if let Err(error) = self.worker.transition_connector(name, target).await {
            // A connector that has failed keeps its status, and with it the reason.
            tracing::error!(connector = %name, "could not become {}: {error:#}", target.name());
        } else if target == TargetState::Started
            && let Err(error) = self.update_tasks(name).await
        {
            tracing::error!(connector = %name, "its tasks could not be made: {error}");
        }
        // Tasks follow also when the connector itself has failed.
        if target != TargetState::Stopped {
            self.worker.pause_tasks(name, target == TargetState::Paused);
        }
    }

    pub(super) async fn restart(
        &self,
        name: &str,
        configured: &Configured,
        connector: bool,
        tasks: &[TaskId],
    ) -> HerderResult<()> {
        let _stage = self.stages.enter(format!("restarting connector {name}"));
        self.worker.stop_tasks(tasks).await;
        if connector {
            self.worker.stop_connector(name).await;
            shown::put_connector(&self.worker, name, State::Restarting, None);
        }
        for id in tasks {
            shown::put_restarting(&self.worker, id);
        }
        if connector {
            self.start(name, configured).await?;
        }
        self.start_tasks(configured, tasks).await;
        // A connector that had failed to start has no tasks yet.
        if connector { self.update_tasks(name).await } else { Ok(()) }
    }

    pub(super) async fn delete(&self, name: &str) {
        let _stage = self.stages.enter(format!("removing connector {name}"));
        self.remove_tasks(name).await;
        self.worker.stop_connector(name).await;
        self.configurations.remove(name);
        let status = &self.worker.parts().status;
        status.delete_connector(name);
        status.delete_topics(name);
    }
}
