//! Journal entries, and the state that they add up to.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A change of metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Entry {
    Cluster {
        id: String,
    },
    /// Ignored if the name is taken.
    Topic {
        name: String,
        topic: TopicImage,
    },
    TopicDeleted {
        name: String,
    },
    Partitions {
        name: String,
        count: i32,
    },
    TopicConfigs {
        name: String,
        configs: BTreeMap<String, String>,
    },
    LogStart {
        topic: String,
        partition: i32,
        offset: i64,
    },
    /// `None` deletes the offset.
    Offset {
        group: String,
        topic: String,
        partition: i32,
        committed: Option<CommittedOffset>,
    },
    GroupDeleted {
        group: String,
    },
    /// Every producer id below `next` may have been given out.
    ProducerIds {
        next: i64,
    },
    Transaction {
        id: String,
        transaction: TransactionImage,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TopicImage {
    #[serde(with = "uuid_text")]
    pub(crate) id: Uuid,
    pub(crate) partitions: i32,
    pub(crate) configs: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) log_starts: BTreeMap<i32, i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommittedOffset {
    pub(crate) offset: i64,
    pub(crate) leader_epoch: i32,
    pub(crate) metadata: String,
}

/// A group's offset that becomes committed with the transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PendingOffset {
    pub(crate) group: String,
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) committed: CommittedOffset,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TransactionPhase {
    Empty,
    Ongoing,
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TransactionImage {
    pub(crate) producer_id: i64,
    pub(crate) epoch: i16,
    /// The epoch before the last bump, which a retried InitProducerId may still name (KIP-360).
    pub(crate) last_epoch: i16,
    pub(crate) timeout_ms: i32,
    pub(crate) phase: TransactionPhase,
    pub(crate) partitions: Vec<(String, i32)>,
    pub(crate) groups: Vec<String>,
    pub(crate) pending: Vec<PendingOffset>,
    /// Start of the transaction; -1 if none is open.
    pub(crate) started_ms: i64,
}

/// All metadata of a broker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    pub(crate) cluster_id: Option<String>,
    pub(crate) topics: BTreeMap<String, TopicImage>,
    pub(crate) offsets: BTreeMap<String, BTreeMap<(String, i32), CommittedOffset>>,
    pub(crate) next_producer_id: i64,
    pub(crate) transactions: BTreeMap<String, TransactionImage>,
}

impl Image {
    pub(crate) fn apply(&mut self, entry: Entry) {
        match entry {
            Entry::Cluster { id } => self.cluster_id = Some(id),
            Entry::Topic { name, topic } => {
                self.topics.entry(name).or_insert(topic);
            }
            Entry::TopicDeleted { name } => {
                self.topics.remove(&name);
            }
            Entry::Partitions { name, count } => {
                if let Some(topic) = self.topics.get_mut(&name) {
                    topic.partitions = count;
                }
            }
            Entry::TopicConfigs { name, configs } => {
                if let Some(topic) = self.topics.get_mut(&name) {
                    topic.configs = configs;
                }
            }
            Entry::LogStart { topic, partition, offset } => {
                if let Some(topic) = self.topics.get_mut(&topic) {
                    topic.log_starts.insert(partition, offset);
                }
            }
            Entry::Offset { group, topic, partition, committed: Some(committed) } => {
                self.offsets.entry(group).or_default().insert((topic, partition), committed);
            }
            Entry::Offset { group, topic, partition, committed: None } => {
                if let Some(offsets) = self.offsets.get_mut(&group) {
                    offsets.remove(&(topic, partition));
                }
            }
            Entry::GroupDeleted { group } => {
                self.offsets.remove(&group);
            }
            Entry::ProducerIds { next } => self.next_producer_id = self.next_producer_id.max(next),
            Entry::Transaction { id, transaction } => {
                self.transactions.insert(id, transaction);
            }
        }
    }

    /// The shortest list of entries that gives this state.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        let cluster = self.cluster_id.iter().map(|id| Entry::Cluster { id: id.clone() });
        let topics =
            self.topics.iter().map(|(name, topic)| Entry::Topic { name: name.clone(), topic: topic.clone() });
        let offsets = self.offsets.iter().flat_map(|(group, offsets)| {
            offsets.iter().map(|((topic, partition), committed)| Entry::Offset {
                group: group.clone(),
                topic: topic.clone(),
                partition: *partition,
                committed: Some(committed.clone()),
            })
        });
        let producers = std::iter::once(Entry::ProducerIds { next: self.next_producer_id });
        let transactions = self
            .transactions
            .iter()
            .map(|(id, transaction)| Entry::Transaction { id: id.clone(), transaction: transaction.clone() });
        cluster.chain(topics).chain(offsets).chain(producers).chain(transactions)
    }
}

mod uuid_text {
    use serde::{Deserialize, Deserializer, Serializer, de};
    use uuid::Uuid;

    pub(super) fn serialize<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&id.simple())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Uuid, D::Error> {
        let text = String::deserialize(deserializer)?;
        Uuid::parse_str(&text).map_err(de::Error::custom)
    }
}
