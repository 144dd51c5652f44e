//! Connectors of a cluster: what users do with them, and waiting for what comes of it.

use std::fmt::Write as _;

use aqueduct_api::ConfigMap;
use aqueduct_proto::state::{State, TargetState, TaskId};
use aqueduct_runtime::herder::{ConnectorInfo, ConnectorStateInfo, HerderResult, Put};
use tokio::time::Instant;

use super::EmbeddedCluster;
use crate::wait::{PATIENCE, within};

impl EmbeddedCluster {
    /// Creates a connector, or gives it another configuration. The name goes into the configuration.
    ///
    /// # Panics
    /// When the herder refuses: use [`EmbeddedCluster::try_create`] where it may.
    pub async fn create(&self, name: &str, config: impl Into<ConfigMap>) -> ConnectorInfo {
        match self.try_create(name, config).await {
            Ok(put) => put.value,
            Err(error) => panic!("{name} could not be created: {error}\n{}", self.status_text().await),
        }
    }

    /// The same, with the herder's answer.
    pub async fn try_create(
        &self,
        name: &str,
        config: impl Into<ConfigMap>,
    ) -> HerderResult<Put<ConnectorInfo>> {
        let mut config = config.into();
        config.insert("name", name);
        self.herder().put_connector_config(name, config, None, true).await
    }

    /// Creates a connector in another state than running.
    pub async fn create_in(&self, name: &str, config: impl Into<ConfigMap>, state: TargetState) {
        let mut config = config.into();
        config.insert("name", name);
        let created = self.herder().put_connector_config(name, config, Some(state), false).await;
        if let Err(error) = created {
            panic!("{name} could not be created: {error}\n{}", self.status_text().await);
        }
    }

    /// Creates a connector, and waits until it and its tasks run.
    pub async fn create_running(&self, name: &str, config: impl Into<ConfigMap>) {
        let tasks = self.create(name, config).await.tasks.len();
        self.expect_state(name, State::Running).await;
        self.expect_tasks(name, tasks, State::Running).await;
    }

    /// Removes a connector.
    pub async fn delete(&self, name: &str) {
        self.herder().delete_connector(name).await.expect("a connector to delete");
    }

    /// Pauses a connector, and waits until it and its tasks are.
    pub async fn pause(&self, name: &str) {
        let tasks = self.status(name).map_or(0, |status| status.tasks.len());
        self.herder().set_target_state(name, TargetState::Paused).await.expect("a connector to pause");
        self.expect_state(name, State::Paused).await;
        self.expect_tasks(name, tasks, State::Paused).await;
    }

    /// Resumes a connector, and waits until it runs and all of its tasks do.
    pub async fn resume(&self, name: &str) {
        self.herder().set_target_state(name, TargetState::Started).await.expect("a connector to resume");
        let runs = |info: &ConnectorStateInfo| {
            info.connector.state == State::Running.name()
                && !info.tasks.is_empty()
                && info.tasks.iter().all(|task| task.state == State::Running.name())
        };
        self.expect_status(name, "runs with its tasks", runs).await;
    }

    /// Stops a connector, and waits until it is and has no tasks.
    pub async fn stop(&self, name: &str) {
        self.herder().stop_connector(name).await.expect("a connector to stop");
        self.expect_state(name, State::Stopped).await;
        self.expect_tasks(name, 0, State::Stopped).await;
    }

    /// Restarts the connector alone, and waits until it runs.
    pub async fn restart(&self, name: &str) {
        self.herder().restart_connector(name).await.expect("a connector to restart");
        self.expect_state(name, State::Running).await;
    }

    /// Restarts a task, and waits until it runs.
    pub async fn restart_task(&self, name: &str, task: i32) {
        self.herder().restart_task(&TaskId::new(name, task)).await.expect("a task to restart");
        self.expect_task(name, task, State::Running).await;
    }

    /// The states of a connector; `None` while there are none.
    pub fn status(&self, name: &str) -> Option<ConnectorStateInfo> {
        self.herder().connector_status(name).ok()
    }

    /// Waits until the connector itself is in a state, and gives its trace.
    pub async fn expect_state(&self, name: &str, state: State) -> Option<String> {
        let is = |info: &ConnectorStateInfo| info.connector.state == state.name();
        self.expect_status(name, &format!("is {state}"), is).await.connector.trace
    }

    /// Waits until there are exactly so many tasks, all in a state.
    pub async fn expect_tasks(&self, name: &str, count: usize, state: State) {
        let are = |info: &ConnectorStateInfo| {
            info.tasks.len() == count && info.tasks.iter().all(|task| task.state == state.name())
        };
        self.expect_status(name, &format!("has {count} tasks, {state}"), are).await;
    }

    /// Waits until a task is in a state, and gives its trace.
    pub async fn expect_task(&self, name: &str, task: i32, state: State) -> Option<String> {
        let is = |info: &ConnectorStateInfo| {
            info.tasks.iter().any(|one| one.id == task && one.state == state.name())
        };
        let info = self.expect_status(name, &format!("has task {task} {state}"), is).await;
        info.tasks.into_iter().find(|one| one.id == task).and_then(|task| task.trace)
    }

    /// Waits until a connector's states fulfil a condition.
    ///
    /// # Panics
    /// When [`PATIENCE`] is over, with the states of all connectors.
    pub async fn expect_status(
        &self,
        name: &str,
        what: &str,
        condition: impl Fn(&ConnectorStateInfo) -> bool,
    ) -> ConnectorStateInfo {
        match within(PATIENCE, || self.status(name).filter(&condition)).await {
            Some(status) => status,
            None => panic!("waited {PATIENCE:?} in vain until {name} {what}\n{}", self.status_text().await),
        }
    }

    /// Asserts that the offsets of a topic stay as they are for a while: nobody writes there.
    pub async fn expect_silence(&self, topic: &str, length: std::time::Duration) {
        let before = self.kafka().end_offsets(topic).await;
        let deadline = Instant::now() + length;
        while Instant::now() < deadline {
            assert_eq!(self.kafka().end_offsets(topic).await, before, "{topic} was written to");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// The states of all connectors and tasks, for the message of a failed test.
    pub async fn status_text(&self) -> String {
        let mut text = String::new();
        let status = &self.standalone_herder().worker().parts().status;
        let mut line = |who: String, state: State, trace: Option<String>| {
            let _ = writeln!(text, "  {who}: {state} {}", trace.unwrap_or_default());
        };
        for name in self.herder().connectors().await.unwrap_or_default() {
            if let Some(connector) = status.connector(&name) {
                line(name.clone(), connector.state, connector.trace);
            }
            for (task, found) in status.tasks(&name) {
                line(format!("{name}-{task}"), found.state, found.trace);
            }
        }
        text
    }
}
