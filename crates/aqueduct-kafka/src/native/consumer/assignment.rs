//! Which partitions are read.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::error::ResponseError;
use rdkafka::Offset;
use rdkafka::consumer::Consumer;
use tokio::time::Instant;

use super::{Client, NativeConsumer, Queue};
use crate::error::{KafkaError, Result};
use crate::native::rebalance::{Told, bare_list_of};
use crate::native::{blocking, errors};
use crate::record::TopicPartition;

/// How long the topics of the cluster may take to come, for patterns.
const METADATA_TIMEOUT: Duration = Duration::from_secs(10);

impl NativeConsumer {
    /// Looks up the topics of a pattern if it is time to.
    pub(super) async fn refresh_pattern(&mut self) -> Result<()> {
        let client = self.client()?;
        let Some(pattern) = self.pattern.as_mut().filter(|pattern| pattern.refresh_at <= Instant::now())
        else {
            return Ok(());
        };
        let asked = Arc::clone(&client);
        let metadata = match blocking(move || asked.fetch_metadata(None, METADATA_TIMEOUT)).await? {
            Ok(metadata) => metadata,
            Err(error) => {
                tracing::warn!(target: "aqueduct::kafka", %error, "cannot list topics for a pattern subscription");
                pattern.retry_later();
                return Ok(());
            }
        };
        match pattern.update(metadata.topics().iter().map(|topic| topic.name())) {
            None => Ok(()),
            Some(topics) => subscribe(&client, &topics),
        }
    }

    /// Gives partitions that are about to be assigned queues of their own.
    pub(super) fn split<'a>(
        &mut self,
        partitions: impl IntoIterator<Item = &'a TopicPartition>,
    ) -> Result<()> {
        let client = self.client()?;
        for partition in partitions {
            let queue = Queue::split(&client, partition, &self.queue_ready).ok_or_else(|| {
                KafkaError::broker(ResponseError::InvalidTopicException, None).context(partition)
            })?;
            self.queues.push_back(queue);
        }
        Ok(())
    }

    /// Partitions of an assignment that has not taken effect cannot be addressed in librdkafka yet.
    pub(super) fn is_waiting(&self, partition: &TopicPartition) -> bool {
        self.open.as_ref().is_some_and(|told| told.assign && told.partitions.contains(partition))
    }
}

pub(super) fn subscribe(client: &Client, topics: &[String]) -> Result<()> {
    if topics.is_empty() {
        client.unsubscribe();
        return Ok(());
    }
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    client.subscribe(&topics).map_err(|error| errors::from_native(&error))
}

/// Tells librdkafka that a rebalance may take effect.
pub(super) fn answer(
    client: &Client,
    told: &Told,
    positions: &HashMap<TopicPartition, i64>,
    paused: &BTreeSet<TopicPartition>,
) -> Result<()> {
    let mut list = bare_list_of(&told.partitions);
    let answered = if told.assign {
        for partition in &told.partitions {
            if let Some(offset) = positions.get(partition) {
                list.set_partition_offset(&partition.topic, partition.partition, Offset::Offset(*offset))
                    .map_err(|error| errors::from_native(&error))?;
            }
        }
        if told.cooperative { client.incremental_assign(&list) } else { client.assign(&list) }
    } else if told.cooperative {
        client.incremental_unassign(&list)
    } else {
        client.unassign()
    };
    answered.map_err(|error| errors::from_native(&error))?;
    let paused: Vec<_> = told.partitions.iter().filter(|p| told.assign && paused.contains(p)).collect();
    if paused.is_empty() {
        return Ok(());
    }
    client.pause(&bare_list_of(paused)).map_err(|error| errors::from_native(&error))
}
