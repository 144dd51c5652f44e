//! The leader's producer where sources may deliver exactly once (KIP-618): its transactional id is the group's, so whoever
//! claims it fences all who did before.

use std::sync::Arc;
use std::time::Duration;

use aqueduct_api::Error;
use aqueduct_kafka::{
    BatchProducer, DataPlane, ErrorKind, KafkaError, OutRecord, Properties, RecordMetadata, SendError,
};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use super::error::ConfigWriteError;
use crate::errors::kafka_error;

/// Requests that wait for the producer. Who comes later waits for room.
const REQUESTS_MAX: usize = 16;
/// How long a claim or a transaction may take.
const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it is tried to abort what has failed. The next claim aborts it in any case.
const ABORT_TIMEOUT: Duration = Duration::from_secs(5);
/// Reports wake the task; this only bounds one wait.
const ACK_WAIT: Duration = Duration::from_secs(60);

type Records = Vec<(Vec<u8>, Option<Vec<u8>>)>;
type Reply<T> = oneshot::Sender<Result<T, ConfigWriteError>>;

enum Request {
    Claim(Reply<()>),
    Write(Records, Reply<Vec<RecordMetadata>>),
    Relinquish,
}

/// A transactional producer, driven by a task of its own, which ends when this is dropped.
pub(super) struct Leader {
    requests: mpsc::Sender<Request>,
    task: JoinHandle<()>,
}

impl Drop for Leader {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn stopping() -> ConfigWriteError {
    ConfigWriteError::failed(
        "The worker is stopping",
        Error::connect("the config topic is not written any more"),
    )
}

impl Leader {
    /// Nothing is claimed yet.
    pub(super) fn start(plane: Arc<dyn DataPlane>, properties: Properties, topic: &str) -> Self {
        let (requests, waiting) = mpsc::channel(REQUESTS_MAX);
        let leading = Leading { plane, properties, topic: topic.to_owned(), producer: None };
        Self { requests, task: tokio::spawn(leading.run(waiting)) }
    }

    async fn ask<T>(&self, request: impl FnOnce(Reply<T>) -> Request) -> Result<T, ConfigWriteError> {
        let (reply, answer) = oneshot::channel();
        self.requests.send(request(reply)).await.map_err(|_| stopping())?;
        answer.await.map_err(|_| stopping())?
    }

    /// Fences all who have claimed before.
    pub(super) async fn claim(&self) -> Result<(), ConfigWriteError> {
        self.ask(Request::Claim).await
    }

    /// Writes records in one transaction. Any failure gives up what was claimed, for it is not known what became of the
    /// records.
    pub(super) async fn write(&self, records: Records) -> Result<Vec<RecordMetadata>, ConfigWriteError> {
        self.ask(|reply| Request::Write(records, reply)).await
    }

    pub(super) async fn relinquish(&self) {
        // When the task is gone, so is what was claimed.
        let _ = self.requests.send(Request::Relinquish).await;
    }
}

struct Leading {
    plane: Arc<dyn DataPlane>,
    properties: Properties,
    topic: String,
    /// While it is claimed.
    producer: Option<Box<dyn BatchProducer>>,
}

impl Leading {
    async fn run(mut self, mut requests: mpsc::Receiver<Request>) {
        let mut reports = Vec::new();
        loop {
            let request = tokio::select! {
                request = requests.recv() => request,
                // There is nothing on its way; it keeps the client's credentials fresh.
                () = idle(self.producer.as_mut(), &mut reports) => continue,
            };
            // Who gave up waiting does not want the answer.
            match request {
                None => return,
                Some(Request::Relinquish) => self.producer = None,
                Some(Request::Claim(reply)) => drop(reply.send(self.claim().await)),
                Some(Request::Write(records, reply)) => drop(reply.send(self.write(&records).await)),
            }
        }
    }

    async fn claim(&mut self) -> Result<(), ConfigWriteError> {
        let failed = |error: KafkaError| {
            let message = "Failed to create and initialize fencable producer for config topic";
            ConfigWriteError::failed(message, kafka_error(error))
        };
        self.producer = None;
        let mut producer = self.plane.producer(&self.properties).map_err(failed)?;
        producer.init_transactions(TRANSACTION_TIMEOUT).await.map_err(failed)?;
        self.producer = Some(producer);
        Ok(())
    }

    async fn write(&mut self, records: &Records) -> Result<Vec<RecordMetadata>, ConfigWriteError> {
        let mut producer = self.producer.take().ok_or(ConfigWriteError::NotClaimed)?;
        match transact(&mut *producer, &self.topic, records).await {
            Ok(written) => {
                self.producer = Some(producer);
                Ok(written)
            }
            Err(error) => {
                tracing::warn!(%error, "a transaction of the config topic failed; this worker may not lead any more");
                if !error.is_fatal()
                    && let Err(error) = producer.abort_transaction(ABORT_TIMEOUT).await
                {
                    tracing::debug!(%error, "nor could it be aborted");
                }
                Err(ConfigWriteError::Fenced(error))
            }
        }
    }
}

async fn idle(producer: Option<&mut Box<dyn BatchProducer>>, reports: &mut Vec<aqueduct_kafka::Ack>) {
    match producer {
        Some(producer) => {
            producer.acks(reports, ACK_WAIT).await;
            reports.clear();
        }
        None => std::future::pending().await,
    }
}

async fn transact(
    producer: &mut dyn BatchProducer,
    topic: &str,
    records: &Records,
) -> Result<Vec<RecordMetadata>, KafkaError> {
    producer.begin_transaction()?;
    for (key, value) in records {
        loop {
            let record = OutRecord { key: Some(key), value: value.as_deref(), ..OutRecord::to(topic) };
            match producer.send(record) {
                Ok(_) => break,
                Err(SendError::Full) => producer.ready().await,
                Err(SendError::Failed(error)) => return Err(error),
            }
        }
    }
    let committed = producer.commit_transaction(TRANSACTION_TIMEOUT).await;
    // A record's own failure says more than that of the commit.
    let mut acks = Vec::new();
    producer.acks(&mut acks, Duration::ZERO).await;
    let written = acks.into_iter().map(|ack| ack.result).collect::<Result<Vec<_>, _>>()?;
    committed?;
    if written.len() < records.len() {
        return Err(KafkaError::new(ErrorKind::IllegalState, "a commit without all of its records"));
    }
    Ok(written)
}
