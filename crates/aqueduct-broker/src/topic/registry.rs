//! The topics of a broker, by name and by id.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use kafka_protocol::ResponseError;
use parking_lot::RwLock;
use uuid::Uuid;

use super::{TopicConfigs, name};
use crate::config::BrokerConfig;
use crate::error::BrokerError;
use crate::journal::{Entry, Image, Journal, TopicImage};
use crate::log::Partition;

const PARTITIONS_MAX: i32 = 10_000;

/// An error code with the text that goes to the client.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TopicError {
    pub(crate) code: ResponseError,
    pub(crate) message: String,
}

impl TopicError {
    pub(crate) fn new(code: ResponseError, message: impl Into<String>) -> TopicError {
        TopicError { code, message: message.into() }
    }
}

/// What CreateTopics asks for, with defaults filled in.
#[derive(Debug)]
pub(crate) struct NewTopic<'a> {
    pub(crate) name: &'a str,
    pub(crate) partitions: i32,
    pub(crate) configs: TopicConfigs,
}

#[derive(Debug)]
pub(crate) struct Topic {
    pub(crate) name: Arc<str>,
    pub(crate) id: Uuid,
    partitions: RwLock<Vec<Arc<Partition>>>,
    configs: RwLock<TopicConfigs>,
}

impl Topic {
    pub(crate) fn partition(&self, index: i32) -> Option<Arc<Partition>> {
        let index = usize::try_from(index).ok()?;
        self.partitions.read().get(index).cloned()
    }

    pub(crate) fn partitions(&self) -> Vec<Arc<Partition>> {
        self.partitions.read().clone()
    }

    pub(crate) fn partition_count(&self) -> i32 {
        self.partitions.read().len() as i32
    }

    pub(crate) fn configs(&self) -> TopicConfigs {
        self.configs.read().clone()
    }

    pub(crate) fn append_policy(&self) -> crate::log::AppendPolicy {
        self.configs.read().append_policy()
    }
}

#[derive(Debug, Default)]
struct Index {
    by_name: BTreeMap<Arc<str>, Arc<Topic>>,
    by_id: HashMap<Uuid, Arc<Topic>>,
}

#[derive(Debug)]
pub(crate) struct Topics {
    index: RwLock<Index>,
    storage: Option<Storage>,
    journal: Arc<Journal>,
}

/// How partitions are kept on disk.
#[derive(Debug)]
struct Storage {
    dir: PathBuf,
    segment_bytes: u64,
    fsync: crate::config::FsyncPolicy,
}

impl Storage {
    /// Named for people, unique by id. Long names are cut to what a file system takes.
    fn topic_dir(&self, name: &str, id: Uuid) -> PathBuf {
        let readable: String = name.chars().take(200).collect();
        self.dir.join(format!("{readable}.{}", id.simple()))
    }

    fn open(&self, topic_dir: &Path, index: i32, start_offset: i64) -> Result<Partition, BrokerError> {
        Partition::open(
            index,
            &topic_dir.join(index.to_string()),
            start_offset,
            self.segment_bytes,
            self.fsync,
        )
    }
}

impl Topics {
    /// Opens what the journal names, and removes folders of topics whose deletion a crash cut short.
    pub(crate) fn open(
        config: &BrokerConfig,
        journal: Arc<Journal>,
        image: &Image,
    ) -> Result<Topics, BrokerError> {
        let storage = config.data_dir.as_ref().map(|dir| Storage {
            dir: dir.join("topics"),
            segment_bytes: config.segment_bytes,
            fsync: config.fsync,
        });
        let topics = Topics { index: RwLock::default(), storage, journal };
        let Some(storage) = &topics.storage else { return Ok(topics) };
        fs::create_dir_all(&storage.dir).map_err(BrokerError::storage(&storage.dir))?;
        let mut live = HashSet::new();
        for (name, stored) in &image.topics {
            let topic_dir = storage.topic_dir(name, stored.id);
            let open = |index| {
                let start = stored.log_starts.get(&index).copied().unwrap_or(0);
                storage.open(&topic_dir, index, start).map(Arc::new)
            };
            let partitions = (0..stored.partitions).map(open).collect::<Result<_, _>>()?;
            topics.insert(name, stored, partitions);
            live.insert(topic_dir);
        }
        for entry in fs::read_dir(&storage.dir).map_err(BrokerError::storage(&storage.dir))? {
            let path = entry.map_err(BrokerError::storage(&storage.dir))?.path();
            if path.is_dir() && !live.contains(&path) {
                fs::remove_dir_all(&path).map_err(BrokerError::storage(&path))?;
            }
        }
        Ok(topics)
    }

    fn insert(&self, name: &str, stored: &TopicImage, partitions: Vec<Arc<Partition>>) -> Arc<Topic> {
        // Settings were valid when they were journalled; a table that shrank since then must not stop a start.
        let configs = TopicConfigs::new(stored.configs.clone()).unwrap_or_default();
        let topic = Arc::new(Topic {
            name: Arc::from(name),
            id: stored.id,
            partitions: RwLock::new(partitions),
            configs: RwLock::new(configs),
        });
        let mut index = self.index.write();
        index.by_name.insert(Arc::clone(&topic.name), Arc::clone(&topic));
        index.by_id.insert(topic.id, Arc::clone(&topic));
        topic
    }

    pub(crate) fn get(&self, name: &str) -> Option<Arc<Topic>> {
        self.index.read().by_name.get(name).cloned()
    }

    pub(crate) fn by_id(&self, id: Uuid) -> Option<Arc<Topic>> {
        self.index.read().by_id.get(&id).cloned()
    }

    /// All topics, by name.
    pub(crate) fn all(&self) -> Vec<Arc<Topic>> {
        self.index.read().by_name.values().cloned().collect()
    }

    pub(crate) fn partition(&self, topic: &str, index: i32) -> Result<Arc<Partition>, ResponseError> {
        self.get(topic).and_then(|topic| topic.partition(index)).ok_or(ResponseError::UnknownTopicOrPartition)
    }

    /// Whether the topic could be created.
    pub(crate) fn check_new(&self, new: &NewTopic<'_>) -> Result<(), TopicError> {
        name::check(new.name).map_err(|why| TopicError::new(ResponseError::InvalidTopicException, why))?;
        let index = self.index.read();
        if index.by_name.contains_key(new.name) {
            return Err(TopicError::new(
                ResponseError::TopicAlreadyExists,
                format!("Topic '{}' already exists.", new.name),
            ));
        }
        if let Some(other) = index.by_name.keys().find(|other| name::collide(other, new.name)) {
            return Err(TopicError::new(
                ResponseError::InvalidTopicException,
                format!("Topic '{}' collides with existing topic: {other}", new.name),
            ));
        }
        if new.partitions < 1 {
            return Err(TopicError::new(
                ResponseError::InvalidPartitions,
                "Number of partitions was set to an invalid non-positive value.",
            ));
        }
        if new.partitions > PARTITIONS_MAX {
            return Err(TopicError::new(
                ResponseError::InvalidPartitions,
                format!("This broker keeps at most {PARTITIONS_MAX} partitions a topic."),
            ));
        }
        Ok(())
    }

    pub(crate) fn create(&self, new: NewTopic<'_>) -> Result<Arc<Topic>, TopicError> {
        self.check_new(&new)?;
        let stored = TopicImage {
            id: random_id(),
            partitions: new.partitions,
            configs: new.configs.overrides().clone(),
            log_starts: BTreeMap::new(),
        };
        let partitions = (0..new.partitions)
            .map(|index| self.new_partition(new.name, stored.id, index))
            .collect::<Result<_, _>>()?;
        // A second creation of the name may have come in between; the journal's order decides.
        let entry = Entry::Topic { name: new.name.to_owned(), topic: stored.clone() };
        let created = self.journal.append_with(&[entry], || {
            if self.get(new.name).is_some() { None } else { Some(self.insert(new.name, &stored, partitions)) }
        });
        match created {
            Ok(Some(topic)) => Ok(topic),
            Ok(None) => Err(TopicError::new(
                ResponseError::TopicAlreadyExists,
                format!("Topic '{}' already exists.", new.name),
            )),
            Err(code) => Err(storage_error(code)),
        }
    }

    fn new_partition(&self, topic: &str, id: Uuid, index: i32) -> Result<Arc<Partition>, TopicError> {
        let partition = match &self.storage {
            None => Ok(Partition::in_memory(index)),
            Some(storage) => storage.open(&storage.topic_dir(topic, id), index, 0),
        };
        partition.map(Arc::new).map_err(|error| {
            tracing::error!(topic, partition = index, "cannot create a log: {error}");
            storage_error(ResponseError::KafkaStorageError)
        })
    }

    pub(crate) fn delete(&self, name: &str) -> Result<Arc<Topic>, ResponseError> {
        let entry = Entry::TopicDeleted { name: name.to_owned() };
        let removed = self.journal.append_with(&[entry], || {
            let mut index = self.index.write();
            let topic = index.by_name.remove(name)?;
            index.by_id.remove(&topic.id);
            Some(topic)
        })?;
        let topic = removed.ok_or(ResponseError::UnknownTopicOrPartition)?;
        if let Some(storage) = &self.storage
            && let Err(error) = fs::remove_dir_all(storage.topic_dir(name, topic.id))
        {
            tracing::warn!(topic = name, "cannot remove a deleted topic's folder: {error}");
        }
        Ok(topic)
    }

    /// Grows a topic to `count` partitions; a smaller or equal count is an error.
    pub(crate) fn add_partitions(
        &self,
        topic: &Topic,
        count: i32,
        validate_only: bool,
    ) -> Result<(), TopicError> {
        let current = topic.partition_count();
        if count <= current || count > PARTITIONS_MAX {
            let message = format!(
                "The topic {} currently has {current} partition(s); {count} would not be an increase.",
                topic.name
            );
            return Err(TopicError::new(ResponseError::InvalidPartitions, message));
        }
        if validate_only {
            return Ok(());
        }
        let added = (current..count)
            .map(|index| self.new_partition(&topic.name, topic.id, index))
            .collect::<Result<Vec<_>, _>>()?;
        let entry = Entry::Partitions { name: topic.name.to_string(), count };
        self.journal.append_with(&[entry], || topic.partitions.write().extend(added)).map_err(storage_error)
    }

    pub(crate) fn set_configs(&self, topic: &Topic, configs: TopicConfigs) -> Result<(), ResponseError> {
        let entry =
            Entry::TopicConfigs { name: topic.name.to_string(), configs: configs.overrides().clone() };
        self.journal.append_with(&[entry], || *topic.configs.write() = configs)
    }

    /// Moves the start of a partition's log; returns the start in force.
    pub(crate) fn delete_records(&self, name: &str, index: i32, offset: i64) -> Result<i64, ResponseError> {
        let partition = self.partition(name, index)?;
        partition.delete_before(offset, |start| {
            self.journal.append(&[Entry::LogStart {
                topic: name.to_owned(),
                partition: index,
                offset: start,
            }])
        })
    }
}

fn storage_error(code: ResponseError) -> TopicError {
    TopicError::new(code, "The broker could not write to its data directory.")
}

/// A random id whose text does not begin with a dash, so that command lines take it.
pub(crate) fn random_id() -> Uuid {
    let random = || std::hash::RandomState::new().build_hasher().finish();
    Uuid::from_u64_pair(random() & (u64::MAX >> 1) | 1, random())
}
