//! Reading a whole topic, and following it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use kafka_protocol::error::ResponseError;
use tokio::time::{Instant, sleep};

use crate::admin::{Admin, IsolationLevel, OffsetSpec};
use crate::batch::{FetchedBatch, FetchedRecord};
use crate::config::{Properties, REPORT_ENDS};
use crate::consumer::{BatchConsumer, Offsets, Polled};
use crate::error::{ErrorKind, KafkaError, Result};
use crate::plane::DataPlane;
use crate::record::TopicPartition;

/// How long a topic may take to appear after its creation.
const TOPIC_TIMEOUT: Duration = Duration::from_secs(30);
/// How long end offsets are asked for again while the cluster can't tell them, and the wait between.
const ENDS_TIMEOUT: Duration = Duration::from_secs(15 * 60);
const ENDS_BACKOFF: Duration = Duration::from_secs(10);

/// Reads all partitions of one topic from their beginning, without a group, and can say when it has read all there
/// was at the moment of asking. For small topics that hold state.
pub struct LogReader {
    consumer: Box<dyn BatchConsumer>,
    admin: Admin,
    partitions: Vec<TopicPartition>,
    isolation: IsolationLevel,
    batch: FetchedBatch,
    /// Partitions at whose end the consumer was after the last record that it gave.
    at_end: BTreeSet<TopicPartition>,
}

impl LogReader {
    /// Opens a topic, waiting up to 30 s for it to appear. `properties` are a consumer's; a `group.id` among them has
    /// no effect.
    pub async fn open(
        plane: &dyn DataPlane,
        admin: Admin,
        properties: &Properties,
        topic: &str,
    ) -> Result<LogReader> {
        let count = partition_count(&admin, topic).await?;
        let partitions: Vec<_> = (0..count).map(|partition| TopicPartition::new(topic, partition)).collect();
        let committed = properties
            .get("isolation.level")
            .is_some_and(|level| level.eq_ignore_ascii_case("read_committed"));
        let isolation =
            if committed { IsolationLevel::ReadCommitted } else { IsolationLevel::ReadUncommitted };
        let starts = list(&admin, &partitions, OffsetSpec::Earliest, isolation).await?;
        let mut consumer = plane.consumer(&properties.clone().with(REPORT_ENDS, "true"))?;
        consumer.assign(starts)?;
        Ok(LogReader {
            consumer,
            admin,
            partitions,
            isolation,
            batch: FetchedBatch::new(),
            at_end: BTreeSet::new(),
        })
    }

    /// The partitions of the topic.
    pub fn partitions(&self) -> &[TopicPartition] {
        &self.partitions
    }

    /// Waits up to `max_wait` for records and visits them. Returns how many there were. Cancel safe.
    pub async fn poll(
        &mut self,
        max_wait: Duration,
        mut visit: impl FnMut(FetchedRecord<'_>),
    ) -> Result<usize> {
        let polled = self.consumer.poll(max_wait, &mut self.batch).await?;
        for record in self.batch.iter() {
            self.at_end.remove(&record.topic_partition());
            visit(record);
        }
        if let Polled::EndReached(partition) = polled {
            self.at_end.insert(partition);
        }
        Ok(self.batch.len())
    }

    /// Visits all records that are in the log when this is called. While the cluster can't tell where the log ends it
    /// asks again, for up to 15 minutes.
    ///
    /// # Errors
    /// What a consumer's poll gives, and `Timeout`.
    pub async fn read_to_end(&mut self, mut visit: impl FnMut(FetchedRecord<'_>)) -> Result<()> {
        let mut behind = self.ends().await?;
        // The last entries of a log need not be records (transactions leave markers), so a position can stay short of
        // the end for good. Then the consumer's word that it is at the end has to do, but it may have been given
        // before the log grew: only after a seek, which makes it look again, does it count.
        let mut looked_again = BTreeSet::new();
        loop {
            behind.retain(|partition, end| self.consumer.position_of(partition).is_none_or(|at| at < *end));
            let at_end: Vec<_> =
                behind.keys().filter(|partition| self.at_end.contains(*partition)).cloned().collect();
            for partition in at_end {
                if looked_again.contains(&partition) {
                    behind.remove(&partition);
                } else if let Some(position) = self.consumer.position_of(&partition) {
                    self.at_end.remove(&partition);
                    self.consumer.seek(&partition, position).await?;
                    looked_again.insert(partition);
                }
            }
            if behind.is_empty() {
                return Ok(());
            }
            self.poll(Duration::from_secs(1), &mut visit).await?;
        }
    }

    /// Closes the consumer.
    pub async fn close(&mut self, timeout: Duration) {
        self.consumer.close(timeout).await;
    }

    async fn ends(&self) -> Result<Offsets> {
        let deadline = Instant::now() + ENDS_TIMEOUT;
        loop {
            match list(&self.admin, &self.partitions, OffsetSpec::Latest, self.isolation).await {
                Err(error) if error.is_retriable() && Instant::now() < deadline => {
                    tracing::warn!(target: "aqueduct::kafka", %error, "cannot list end offsets, trying again");
                    sleep(ENDS_BACKOFF).await;
                }
                other => return other,
            }
        }
    }
}

async fn partition_count(admin: &Admin, topic: &str) -> Result<i32> {
    let deadline = Instant::now() + TOPIC_TIMEOUT;
    loop {
        let described = admin.describe_topics(&[topic]).await?.remove(topic);
        match described {
            Some(Ok(topic)) if !topic.partitions.is_empty() => {
                return i32::try_from(topic.partitions.len())
                    .map_err(|_| KafkaError::new(ErrorKind::Protocol, "impossibly many partitions"));
            }
            Some(Err(error)) if !error.is_retriable() => return Err(error.context(topic)),
            _ if Instant::now() >= deadline => {
                let error = KafkaError::broker(ResponseError::UnknownTopicOrPartition, None);
                return Err(error.context(topic).with_retriable(false));
            }
            _ => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn list(
    admin: &Admin,
    partitions: &[TopicPartition],
    spec: OffsetSpec,
    isolation: IsolationLevel,
) -> Result<Offsets> {
    let wanted: BTreeMap<_, _> = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
    let listed = admin.list_offsets(&wanted, isolation).await?;
    listed
        .into_iter()
        .map(|(partition, result)| {
            let listed = result.map_err(|error| error.context(&partition))?;
            Ok((partition, listed.offset))
        })
        .collect()
}
