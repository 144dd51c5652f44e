//! Offsets of logs: list them, and delete what lies before them.

use std::collections::BTreeMap;

use kafka_protocol::error::{ParseResponseErrorCode, ResponseError};
use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, DeleteRecordsRequest, ListOffsetsRequest};

use super::{Admin, by_topic, topic_name};
use crate::error::{KafkaError, Result};
use crate::record::TopicPartition;

/// Which offset of a partition is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetSpec {
    /// Of the first record that is kept.
    Earliest,
    /// One more than that of the last record (that the isolation level shows).
    Latest,
    /// Of the first record at or after this time, in milliseconds since the epoch.
    Timestamp(i64),
}

/// Which records count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IsolationLevel {
    /// All records.
    #[default]
    ReadUncommitted = 0,
    /// Those before the first open transaction.
    ReadCommitted = 1,
}

/// An offset that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedOffset {
    /// The offset; -1 if no record is at or after the timestamp asked for.
    pub offset: i64,
    /// The record's timestamp, if a timestamp was asked for; else -1.
    pub timestamp: i64,
}

/// Results by partition.
type ByPartition<T> = BTreeMap<TopicPartition, Result<T>>;

impl Admin {
    /// Offsets of partitions. A partition that does not exist has the error `UNKNOWN_TOPIC_OR_PARTITION`; one that
    /// is without leader for a while is asked for again.
    pub async fn list_offsets(
        &self,
        wanted: &BTreeMap<TopicPartition, OffsetSpec>,
        isolation: IsolationLevel,
    ) -> Result<BTreeMap<TopicPartition, Result<ListedOffset>>> {
        let call = async |leader: i32, partitions: &BTreeMap<&TopicPartition, OffsetSpec>| {
            let one = |(partition, spec): &(i32, OffsetSpec)| {
                ListOffsetsPartition::default().with_partition_index(*partition).with_timestamp(match spec {
                    OffsetSpec::Latest => -1,
                    OffsetSpec::Earliest => -2,
                    OffsetSpec::Timestamp(ms) => *ms,
                })
            };
            let topics = by_topic(partitions.iter().map(|(partition, spec)| (*partition, *spec)));
            let topics = topics.iter().map(|(name, partitions)| {
                ListOffsetsTopic::default()
                    .with_name(topic_name(name))
                    .with_partitions(partitions.iter().map(one).collect())
            });
            let request = ListOffsetsRequest::default()
                .with_replica_id(BrokerId(-1))
                .with_isolation_level(isolation as i8)
                .with_topics(topics.collect())
                .with_timeout_ms(self.timeout_ms());
            let response = self.cluster().node(leader).await?.call(&request, i16::MAX).await?;
            let mut answers = ByPartition::new();
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let listed = ListedOffset { offset: partition.offset, timestamp: partition.timestamp };
                    let result = super::outcome(partition.error_code, None).map(|()| listed);
                    answers
                        .insert(TopicPartition::new(topic.name.as_str(), partition.partition_index), result);
                }
            }
            Ok(answers)
        };
        self.at_leaders("listOffsets", wanted, call).await
    }

    /// Deletes all records before these offsets (-1: all there are). Gives the new low watermarks.
    pub async fn delete_records(&self, before: &BTreeMap<TopicPartition, i64>) -> Result<ByPartition<i64>> {
        let call = async |leader: i32, partitions: &BTreeMap<&TopicPartition, i64>| {
            let one = |(partition, offset): &(i32, i64)| {
                DeleteRecordsPartition::default().with_partition_index(*partition).with_offset(*offset)
            };
            let topics = by_topic(partitions.iter().map(|(partition, offset)| (*partition, *offset)));
            let topics = topics.iter().map(|(name, partitions)| {
                DeleteRecordsTopic::default()
                    .with_name(topic_name(name))
                    .with_partitions(partitions.iter().map(one).collect())
            });
            let request = DeleteRecordsRequest::default()
                .with_topics(topics.collect())
                .with_timeout_ms(self.timeout_ms());
            let response = self.cluster().node(leader).await?.call(&request, i16::MAX).await?;
            let mut answers = ByPartition::new();
            for topic in &response.topics {
                for partition in &topic.partitions {
                    let result = super::outcome(partition.error_code, None).map(|()| partition.low_watermark);
                    answers
                        .insert(TopicPartition::new(topic.name.as_str(), partition.partition_index), result);
                }
            }
            Ok(answers)
        };
        self.at_leaders("deleteRecords", before, call).await
    }

    /// Makes a call at each partition's leader, again for those whose leader was not (yet) the right one.
    async fn at_leaders<S: Copy, T>(
        &self,
        what: &str,
        wanted: &BTreeMap<TopicPartition, S>,
        call: impl AsyncFn(i32, &BTreeMap<&TopicPartition, S>) -> Result<ByPartition<T>>,
    ) -> Result<ByPartition<T>> {
        let done = std::sync::Mutex::new(ByPartition::new());
        let store = |partition: TopicPartition, result: Result<T>| {
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(partition, result);
        };
        let is_done = |partition: &TopicPartition| {
            done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).contains_key(partition)
        };
        self.cluster()
            .retrying(what, async || {
                let left: Vec<_> = wanted.keys().filter(|partition| !is_done(partition)).collect();
                let (leaders, unknown) = self.leaders(&left).await?;
                for (partition, error) in unknown {
                    if !waits_for_leader(&error) {
                        store(partition, Err(error));
                    }
                }
                for (leader, partitions) in leaders {
                    let asked = partitions.iter().filter_map(|p| wanted.get(*p).map(|spec| (*p, *spec)));
                    for (partition, result) in call(leader, &asked.collect()).await? {
                        if !result.as_ref().is_err_and(waits_for_leader) {
                            store(partition, result);
                        }
                    }
                }
                if wanted.keys().all(is_done) {
                    return Ok(());
                }
                Err(KafkaError::broker(ResponseError::LeaderNotAvailable, None))
            })
            .await?;
        Ok(done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// The partitions by leader, and those that have none with the reason.
    async fn leaders<'a>(
        &self,
        partitions: &[&'a TopicPartition],
    ) -> Result<(BTreeMap<i32, Vec<&'a TopicPartition>>, Vec<(TopicPartition, KafkaError)>)> {
        let mut names: Vec<_> = partitions.iter().map(|partition| &*partition.topic).collect();
        names.sort_unstable();
        names.dedup();
        let metadata = self.cluster().metadata(Some(&names)).await?;
        let mut leaders: BTreeMap<i32, Vec<&TopicPartition>> = BTreeMap::new();
        let mut without = Vec::new();
        for partition in partitions {
            let topic = metadata
                .topics
                .iter()
                .find(|topic| topic.name.as_ref().is_some_and(|name| name.as_str() == &*partition.topic));
            let topic_error = topic.and_then(|topic| topic.error_code.err());
            let found =
                topic.and_then(|t| t.partitions.iter().find(|p| p.partition_index == partition.partition));
            let error = match (topic_error, found) {
                (Some(code), _) => code,
                (None, None) => ResponseError::UnknownTopicOrPartition,
                (None, Some(found)) if found.leader_id.0 < 0 => ResponseError::LeaderNotAvailable,
                (None, Some(found)) => {
                    leaders.entry(found.leader_id.0).or_default().push(partition);
                    continue;
                }
            };
            without.push(((*partition).clone(), KafkaError::broker(error, None)));
        }
        Ok((leaders, without))
    }
}

/// Whether asking again later helps. A topic that is not there is an answer.
fn waits_for_leader(error: &KafkaError) -> bool {
    error.is_retriable() && !error.is(ResponseError::UnknownTopicOrPartition)
}
