//! Source offsets in a topic: of workers in a group, or of connectors with a topic of their own (spec: offsets topic).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aqueduct_api::{Error, OffsetMap, Result};
use aqueduct_kafka::FetchedRecord;
use aqueduct_proto::offsets::{parse_key, parse_value};
use async_trait::async_trait;

use super::{OffsetEntry, OffsetStore};
use crate::errors::kafka_error;
use crate::internal_topics::{Follower, LogClients, Purpose, Writer, create_or_check, log_garbage};
use crate::worker_config::InternalTopic;

/// The offset of a key that could be read. Keys are kept byte by byte, for that is what they are compared by.
struct Stored {
    connector: Arc<str>,
    value: Vec<u8>,
}

#[derive(Default)]
struct Table {
    entries: BTreeMap<Vec<u8>, Stored>,
}

impl Table {
    /// Takes in a record, or says why not. A garbled record leaves what was stored before it.
    fn apply(&mut self, record: &FetchedRecord<'_>) -> Result<(), String> {
        let key = record.key().ok_or("there is no key")?;
        let (connector, partition) = parse_key(key).map_err(|error| error.to_string())?;
        // Java's reader takes no bytes for null too.
        match record.value().filter(|value| !value.is_empty() && *value != b"null") {
            // A null partition is no place that offsets are looked up for.
            _ if partition.is_none() => {}
            None => {
                self.entries.remove(key);
            }
            Some(value) => {
                parse_value(value).map_err(|error| error.to_string())?;
                let stored = Stored { connector: connector.into(), value: value.to_vec() };
                self.entries.insert(key.to_vec(), stored);
            }
        }
        Ok(())
    }

    fn of_connector(&self, connector: &str) -> Vec<(OffsetMap, OffsetMap)> {
        let of_it = self.entries.iter().filter(|(_, stored)| &*stored.connector == connector);
        of_it
            .filter_map(|(key, stored)| Some((parse_key(key).ok()?.1?, parse_value(&stored.value).ok()?)))
            .collect()
    }
}

/// Offsets in a topic. What other workers have stored is seen by each call that begins after they had it stored.
pub struct KafkaOffsetStore {
    table: Arc<Mutex<Table>>,
    follower: Follower,
    writer: Writer,
}

impl KafkaOffsetStore {
    /// Makes or checks the topic, and reads it. `property` is the setting that the topic's name comes from: the worker's
    /// `offset.storage.topic`, or a connector's `offsets.storage.topic`.
    ///
    /// Must be called on the runtime of the control plane: the store's own tasks run there.
    pub async fn open(clients: &LogClients, topic: &InternalTopic, property: &str) -> Result<Self> {
        create_or_check(&clients.admin, topic, property, Purpose::Offsets).await?;
        let table = Arc::new(Mutex::new(Table::default()));
        let applied = Arc::clone(&table);
        let apply = move |record: FetchedRecord<'_>| {
            if let Err(reason) = locked(&applied).apply(&record) {
                log_garbage(&record, &reason);
            }
        };
        let follower = Follower::read(clients, &topic.name, apply).await?.follow();
        let writer = Writer::start(clients, &topic.name)?;
        Ok(Self { table, follower, writer })
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        locked(&self.table)
    }
}

fn locked(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

#[async_trait]
impl OffsetStore for KafkaOffsetStore {
    async fn get(&self, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        self.follower.read_to_end().await?;
        let table = self.table();
        Ok(keys.iter().map(|key| table.entries.get(key).map(|stored| stored.value.clone())).collect())
    }

    async fn set(&self, entries: Vec<OffsetEntry>) -> Result<()> {
        match self.writer.write(entries).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let retriable = error.is_retriable();
                let error: Error = kafka_error(error);
                Err(if retriable { error.into_retriable() } else { error })
            }
        }
    }

    async fn connector_offsets(&self, connector: &str) -> Result<Vec<(OffsetMap, OffsetMap)>> {
        self.follower.read_to_end().await?;
        Ok(self.table().of_connector(connector))
    }
}
