//! Writing to a topic for as long as the worker lives, or a connector that has it for its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::Result;
use aqueduct_kafka::{Ack, BatchProducer, ErrorKind, KafkaError, OutRecord, RecordMetadata, SendError};
use aqueduct_proto::config_log::Record;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::LogClients;
use crate::errors::kafka_error;

/// Batches that wait for the writer. Who comes later waits for room.
const BATCHES_MAX: usize = 64;
/// With so many records on their way, no more are taken on.
const IN_FLIGHT_MAX: usize = 10_000;
/// Acknowledgements wake the writer; this only bounds one wait.
const ACK_WAIT: Duration = Duration::from_secs(60);

/// A record to write: key, and value or tombstone.
pub(crate) type Outgoing = (Vec<u8>, Option<Vec<u8>>);

pub(crate) fn outgoing(record: Record) -> Outgoing {
    (record.key.into_bytes(), record.value)
}

type Written = Result<Vec<RecordMetadata>, KafkaError>;

struct Batch {
    records: Vec<Outgoing>,
    reply: oneshot::Sender<Written>,
}

/// A producer for one topic, driven by a task of its own, which ends when this is dropped. Batches are written in the order in
/// which they were given.
pub(crate) struct Writer {
    batches: mpsc::Sender<Batch>,
    task: JoinHandle<()>,
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Writer {
    /// Makes the producer.
    pub(crate) fn start(clients: &LogClients, topic: &str) -> Result<Self> {
        let producer = clients.plane.producer(&clients.producer).map_err(kafka_error)?;
        let (batches, waiting) = mpsc::channel(BATCHES_MAX);
        let writing = Writing {
            producer,
            topic: topic.into(),
            pending: HashMap::new(),
            sequences: HashMap::new(),
            next_batch: 0,
        };
        Ok(Self { batches, task: tokio::spawn(writing.run(waiting)) })
    }

    /// Writes records and returns where they lie once all are acknowledged. After an error some may lie there too; when the
    /// future is dropped, all may.
    pub(crate) async fn write(&self, records: Vec<Outgoing>) -> Written {
        let stopping = || KafkaError::new(ErrorKind::Closed, "The worker is stopping");
        let (reply, written) = oneshot::channel();
        self.batches.send(Batch { records, reply }).await.map_err(|_| stopping())?;
        written.await.map_err(|_| stopping())?
    }
}

/// A batch whose records are on their way.
struct Pending {
    left: usize,
    written: Vec<RecordMetadata>,
    error: Option<KafkaError>,
    reply: oneshot::Sender<Written>,
}

struct Writing {
    producer: Box<dyn BatchProducer>,
    topic: Arc<str>,
    pending: HashMap<u64, Pending>,
    /// The batch of each record on its way.
    sequences: HashMap<u64, u64>,
    next_batch: u64,
}

impl Writing {
    async fn run(mut self, mut batches: mpsc::Receiver<Batch>) {
        let mut acks = Vec::new();
        loop {
            let has_room = self.sequences.len() < IN_FLIGHT_MAX;
            tokio::select! {
                batch = batches.recv(), if has_room => match batch {
                    Some(batch) => self.take_on(batch).await,
                    None => return,
                },
                // Also while there are none, for it keeps the client's credentials fresh.
                _ = self.producer.acks(&mut acks, ACK_WAIT) => {}
            }
            acks.drain(..).for_each(|ack| self.acknowledge(ack));
        }
    }

    async fn take_on(&mut self, batch: Batch) {
        let id = self.next_batch;
        self.next_batch += 1;
        let left = batch.records.len();
        self.pending.insert(id, Pending { left, written: Vec::new(), error: None, reply: batch.reply });
        for (key, value) in &batch.records {
            match self.send(key, value.as_deref()).await {
                Ok(sequence) => {
                    self.sequences.insert(sequence, id);
                }
                Err(error) => self.settle(id, Err(error)),
            }
        }
        if left == 0 {
            self.finish(id);
        }
    }

    async fn send(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<u64, KafkaError> {
        loop {
            let record = OutRecord { key: Some(key), value, ..OutRecord::to(&self.topic) };
            match self.producer.send(record) {
                Ok(sequence) => return Ok(sequence),
                Err(SendError::Failed(error)) => return Err(error),
                Err(SendError::Full) => self.producer.ready().await,
            }
            let mut acks = Vec::new();
            self.producer.acks(&mut acks, Duration::ZERO).await;
            acks.into_iter().for_each(|ack| self.acknowledge(ack));
        }
    }

    fn acknowledge(&mut self, ack: Ack) {
        if let Some(batch) = self.sequences.remove(&ack.sequence) {
            self.settle(batch, ack.result);
        }
    }

    fn settle(&mut self, batch: u64, result: Result<RecordMetadata, KafkaError>) {
        let Some(pending) = self.pending.get_mut(&batch) else { return };
        match result {
            Ok(metadata) => pending.written.push(metadata),
            Err(error) => pending.error = pending.error.take().or(Some(error)),
        }
        pending.left -= 1;
        if pending.left == 0 {
            self.finish(batch);
        }
    }

    fn finish(&mut self, batch: u64) {
        let Some(Pending { written, error, reply, .. }) = self.pending.remove(&batch) else { return };
        // Who gave up waiting does not want it.
        let _ = reply.send(error.map_or(Ok(written), Err));
    }
}
