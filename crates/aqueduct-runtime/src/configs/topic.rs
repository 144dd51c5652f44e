//! Reading and writing the config topic.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::{Error, Result};
use aqueduct_kafka::RecordMetadata;
use aqueduct_proto::config_log::Record;
use tokio::time::timeout;

use super::error::ConfigWriteError;
use super::leader::Leader;
use super::records::{ConfigRecords, feed};
use crate::errors::kafka_error;
use crate::internal_topics::{
    Follower, InternalClients, Purpose, Writer, check_single_partition, create_or_check, outgoing,
};
use crate::worker_config::DistributedConfig;

/// What a write may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Who may write a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privilege {
    /// Any worker.
    Anyone,
    /// The leader; where sources may deliver exactly once, only the one that claimed it last.
    Leader,
}

/// The config topic as a log. Its tasks end when it is dropped.
///
/// Where sources may deliver exactly once, the leader writes in transactions, after it has claimed the topic
/// ([`ConfigTopic::claim`]), which takes it from earlier leaders. After an error that
/// [`must_claim`](ConfigWriteError::must_claim) it has to be claimed again, by who still is the leader.
pub struct ConfigTopic {
    follower: Follower,
    writer: Writer,
    leader: Option<Leader>,
}

impl ConfigTopic {
    /// Makes or checks the topic, and reads it to its end. All of its records, and those that come later, are to be taken from
    /// the second part. Must be called on the runtime of the control plane: the topic's tasks run there.
    ///
    /// # Errors
    /// `Config` for a topic that is not compacted or has more than one partition.
    pub async fn open(clients: &InternalClients, group: &DistributedConfig) -> Result<(Self, ConfigRecords)> {
        let (feeding, records) = feed();
        let (topic, property) = (&group.config_topic, Purpose::Configs.property());
        let log_clients = clients.of(Purpose::Configs);
        create_or_check(&log_clients.admin, topic, property, Purpose::Configs).await?;
        let reading = Follower::read(&log_clients, &topic.name, feeding).await?;
        check_single_partition(&topic.name, property, reading.partitions())?;
        let leader = group
            .exactly_once
            .uses_transactional_leader()
            .then(|| Leader::start(Arc::clone(&log_clients.plane), clients.leader_producer(), &topic.name));
        let writer = Writer::start(&log_clients, &topic.name)?;
        Ok((Self { follower: reading.follow(), writer, leader }, records))
    }

    /// Reads all that is in the topic now.
    ///
    /// # Errors
    /// `Retriable` when the time is up; reading goes on.
    pub async fn read_to_end(&self, within: Duration) -> Result<()> {
        let late = |_| Error::retriable("Timed out reading to the end of the config topic");
        timeout(within, self.follower.read_to_end()).await.map_err(late)?
    }

    /// Makes this worker the one that may write as the leader. Returns at once where that is not restricted.
    pub async fn claim(&self) -> std::result::Result<(), ConfigWriteError> {
        match &self.leader {
            Some(leader) => leader.claim().await,
            None => Ok(()),
        }
    }

    /// Gives up what was claimed, if anything: this worker does not lead any more.
    pub async fn relinquish(&self) {
        if let Some(leader) = &self.leader {
            leader.relinquish().await;
        }
    }

    /// Writes records, in one transaction where the leader has them, and waits up to 30 s until they are acknowledged. Gives
    /// the offset of the last one, if the broker tells: reading gives them in time, and reading to the end at once.
    pub async fn write(
        &self,
        records: Vec<Record>,
        privilege: Privilege,
    ) -> std::result::Result<Option<i64>, ConfigWriteError> {
        let failure = "Failed to write to config topic";
        let records = records.into_iter().map(outgoing).collect();
        let writing = async {
            match &self.leader {
                Some(leader) if privilege == Privilege::Leader => leader.write(records).await,
                _ => {
                    let written = self.writer.write(records).await;
                    written.map_err(|error| ConfigWriteError::failed(failure, kafka_error(error)))
                }
            }
        };
        let written = timeout(WRITE_TIMEOUT, writing).await;
        written.map_err(|_| ConfigWriteError::late(failure))?.map(|written| last_offset(&written))
    }
}

/// `None` if the broker has not told all of them.
fn last_offset(written: &[RecordMetadata]) -> Option<i64> {
    let known = written.iter().all(|one| one.offset >= 0);
    written.iter().map(|one| one.offset).max().filter(|_| known)
}
