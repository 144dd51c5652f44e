//! Configurations in a topic: of workers in a group (spec: config topic).

//!
//! [`ConfigTopic`] gives the records as they are, to a herder that folds them itself, and writes what it decides.
//! [`ConfigStore`] folds them, and knows the writes.

mod changes;
mod error;
mod leader;
mod records;
mod topic;

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{ConfigMap, Result};
use aqueduct_kafka::FetchedRecord;
use aqueduct_proto::config_log::{self, ConfigState, Record, Step};
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::session::SessionKey;
use aqueduct_proto::state::TargetState;
use tokio::time::{Instant, timeout_at};

use crate::internal_topics::{InternalClients, log_garbage};
use crate::worker_config::DistributedConfig;
use changes::ChangeLog;
use topic::WRITE_TIMEOUT;

pub use changes::Changes;
pub use error::ConfigWriteError;
pub use records::{ConfigRecord, ConfigRecords};
pub use topic::{ConfigTopic, Privilege};

type Written = std::result::Result<(), ConfigWriteError>;

/// The config topic: what it says, and how it is changed.
///
/// Every worker of the group reads all of it in the same order. A write returns when this worker has read it back, and all that
/// came before it; [`ConfigStore::snapshot`] then has it. Each takes at most 30 s; after an error it may still come to be.
///
/// Where sources may deliver exactly once, the leader writes in transactions, after it has claimed the topic
/// ([`ConfigStore::claim`]), which takes it from earlier leaders. After an error that
/// [`must_claim`](ConfigWriteError::must_claim) it has to be claimed again, by who still is the leader.
pub struct ConfigStore {
    changes: Arc<ChangeLog>,
    topic: ConfigTopic,
}

impl ConfigStore {
    /// Makes or checks the topic, and reads it. Must be called on the runtime of the control plane: the store's own tasks run
    /// there.
    ///
    /// # Errors
    /// `Config` for a topic that is not compacted or has more than one partition.
    pub async fn open(clients: &InternalClients, group: &DistributedConfig) -> Result<Self> {
        let changes = Arc::<ChangeLog>::default();
        let applied = Arc::clone(&changes);
        let apply = move |record: FetchedRecord<'_>| {
            let key = records::key_text(&record);
            applied.apply(record.offset(), key, record.value(), |reason| log_garbage(&record, reason));
        };
        let topic = ConfigTopic::open_with(clients, group, apply, || changes.start()).await?;
        Ok(Self { changes, topic })
    }

    /// What is configured, as far as it was read.
    pub fn snapshot(&self) -> Arc<ConfigState> {
        self.changes.snapshot()
    }

    /// Waits until something has changed, and gives all that has changed since it was called last. For one caller at a time.
    /// Cancel safe: dropping the future loses nothing.
    pub async fn changes(&self) -> Changes {
        self.changes.next().await
    }

    /// Reads all that is in the topic now.
    ///
    /// # Errors
    /// `Retriable` when the time is up; reading goes on.
    pub async fn refresh(&self, within: Duration) -> Result<()> {
        self.topic.read_to_end(within).await
    }

    /// Makes this worker the one that may write as the leader. Returns at once where that is not restricted.
    pub async fn claim(&self) -> Written {
        self.topic.claim().await
    }

    /// Gives up what was claimed, if anything: this worker does not lead any more.
    pub async fn relinquish(&self) {
        self.topic.relinquish().await;
    }

    /// Creates or changes a connector; a new one may begin in a target state. As leader.
    pub async fn put_connector(
        &self,
        name: &str,
        config: &ConfigMap,
        initial: Option<TargetState>,
    ) -> Written {
        let records = config_log::put_connector(name, config, initial);
        self.write(Privilege::Leader, records, "Error writing connector configuration to Kafka").await
    }

    /// Removes a connector. As leader.
    pub async fn remove_connector(&self, name: &str) -> Written {
        let records = config_log::remove_connector(name);
        self.write(Privilege::Leader, records, "Error removing connector configuration from Kafka").await
    }

    /// Gives a connector a task set; it counts once all of it is written. As leader.
    pub async fn put_tasks(&self, connector: &str, configs: &[ConfigMap]) -> Written {
        let failure = "Error writing task configurations to Kafka";
        let deadline = Instant::now() + WRITE_TIMEOUT;
        let mut has_read = false;
        for step in config_log::put_tasks(connector, configs) {
            match step {
                Step::Write(records) => {
                    self.write_until(deadline, Privilege::Leader, records, failure).await?;
                    has_read = true;
                }
                // A write that was read back brings the end of the log with it.
                Step::ReadToEnd if has_read => {}
                Step::ReadToEnd => within(deadline, failure, self.topic.follower().read_to_end()).await?,
            }
        }
        Ok(())
    }

    /// What users want a connector to be.
    pub async fn put_target_state(&self, connector: &str, target: TargetState) -> Written {
        let record = config_log::put_target_state(connector, target);
        self.write(Privilege::Anyone, vec![record], "Error writing target state to Kafka").await
    }

    /// Asks all workers to restart parts of a connector. As leader.
    pub async fn put_restart_request(&self, connector: &str, request: RestartRequest) -> Written {
        let record = config_log::put_restart_request(connector, request);
        self.write(Privilege::Leader, vec![record], "Error writing restart request to Kafka").await
    }

    /// Sets the level of a logger on all workers.
    pub async fn put_logger_level(&self, namespace: &str, level: &str) -> Written {
        let record = config_log::put_logger_level(namespace, level);
        self.write(Privilege::Anyone, vec![record], "Error writing logger level to Kafka").await
    }

    /// Gives all workers a new key. As leader.
    pub async fn put_session_key(&self, key: &SessionKey) -> Written {
        let record = config_log::put_session_key(key);
        self.write(Privilege::Leader, vec![record], "Error writing session key to Kafka").await
    }

    /// The producers of all earlier task sets are fenced, and those of this many tasks may run. As leader.
    pub async fn put_task_count(&self, connector: &str, count: i32) -> Written {
        let record = config_log::put_task_count(connector, count);
        self.write(Privilege::Leader, vec![record], "Error writing task count record to Kafka").await
    }

    async fn write(&self, privilege: Privilege, records: Vec<Record>, failure: &'static str) -> Written {
        self.write_until(Instant::now() + WRITE_TIMEOUT, privilege, records, failure).await
    }

    async fn write_until(
        &self,
        deadline: Instant,
        privilege: Privilege,
        records: Vec<Record>,
        failure: &'static str,
    ) -> Written {
        let writing = self.topic.write_until(deadline, privilege, records, failure);
        let Some(last) = writing.await? else { return Ok(()) };
        within(deadline, failure, self.topic.follower().until_read(last.partition, last.offset)).await
    }
}

async fn within(
    deadline: Instant,
    failure: &'static str,
    reading: impl Future<Output = Result<()>>,
) -> Written {
    let read = timeout_at(deadline, reading).await.map_err(|_| ConfigWriteError::late(failure))?;
    read.map_err(|error| ConfigWriteError::failed(failure, error))
}
