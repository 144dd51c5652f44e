//! Reading a topic for as long as the worker lives, or a connector that has it for its own.

use std::time::Duration;

use aqueduct_api::{Error, Result};
use aqueduct_kafka::{FetchedRecord, KafkaError, LogReader};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::{LogClients, on_one_thread};
use crate::errors::kafka_error;

/// Between two looks at whether there is a request; reading itself does not wait for it.
const POLL_WAIT: Duration = Duration::from_secs(60);
/// After a poll that failed.
const ERROR_BACKOFF: Duration = Duration::from_secs(1);
/// Requests that wait for the reader.
const REQUESTS_MAX: usize = 64;

/// What becomes of the records of a topic.
pub(crate) trait Fold: Send + 'static {
    /// Takes in a record. Must return at once.
    fn apply(&mut self, record: FetchedRecord<'_>);

    /// Waits until more may be read, unless somebody asks for the end of the log: that goes before.
    fn has_room(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

impl<F: FnMut(FetchedRecord<'_>) + Send + 'static> Fold for F {
    fn apply(&mut self, record: FetchedRecord<'_>) {
        self(record);
    }
}

type Reply = oneshot::Sender<aqueduct_kafka::Result<()>>;

/// A topic, being read by a task of its own, which ends when this is dropped.
pub(crate) struct Follower {
    requests: mpsc::Sender<Reply>,
    task: JoinHandle<()>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A topic that was read to its end.
pub(crate) struct Reading<F> {
    log: LogReader,
    fold: F,
}

impl Follower {
    /// Opens a topic, waiting up to 30 s for it to appear, and reads all that is in it, applying each record in the order of
    /// its partition.
    pub(crate) async fn read<F: Fold>(clients: &LogClients, topic: &str, fold: F) -> Result<Reading<F>> {
        let log = LogReader::open(&*clients.plane, clients.admin.clone(), &clients.consumer, topic);
        let log = log.await.map_err(kafka_error)?;
        let (reading, result) = Reading { log, fold }.until_end().await?;
        result.map(|()| reading).map_err(kafka_error)
    }

    /// Returns when all records that are in the topic now have been applied.
    pub(crate) async fn read_to_end(&self) -> Result<()> {
        let (reply, done) = oneshot::channel();
        self.requests.send(reply).await.map_err(|_| ended())?;
        done.await.map_err(|_| ended())?.map_err(kafka_error)
    }
}

fn ended() -> Error {
    Error::connect("The worker is stopping: an internal topic is not read any more")
}

impl<F: Fold> Reading<F> {
    /// Goes on reading, in a task of its own on the runtime of the caller.
    pub(crate) fn follow(self) -> Follower {
        let (requests, waiting) = mpsc::channel(REQUESTS_MAX);
        Follower { requests, task: tokio::spawn(self.run(waiting)) }
    }

    /// How many partitions the topic has.
    pub(crate) fn partitions(&self) -> usize {
        self.log.partitions().len()
    }

    /// Reads to the end. Stops soon when the future is dropped.
    async fn until_end(mut self) -> Result<(Self, Result<(), KafkaError>)> {
        let reading = move || async move {
            let Self { log, fold } = &mut self;
            let result = log.read_to_end(|record| fold.apply(record)).await;
            (self, result)
        };
        on_one_thread(reading).await
    }

    async fn poll(&mut self) -> Result<usize, KafkaError> {
        let Self { log, fold } = self;
        fold.has_room().await;
        log.poll(POLL_WAIT, |record| fold.apply(record)).await
    }

    async fn run(mut self, mut requests: mpsc::Receiver<Reply>) {
        loop {
            // A poll can be dropped at any time without losing a record.
            let request = tokio::select! {
                biased;
                request = requests.recv() => request,
                polled = self.poll() => {
                    if let Err(error) = polled {
                        tracing::error!(%error, "an internal topic could not be read, trying again");
                        sleep(ERROR_BACKOFF).await;
                    }
                    continue;
                }
            };
            let Some(first) = request else { return };
            // One read serves all who asked before it began.
            let mut waiting = vec![first];
            while let Ok(more) = requests.try_recv() {
                waiting.push(more);
            }
            let (again, result) = match self.until_end().await {
                Ok(read) => read,
                Err(error) => return tracing::error!("an internal topic is not read any more: {error:#}"),
            };
            self = again;
            if let Err(error) = &result {
                tracing::error!(%error, "an internal topic could not be read to its end");
            }
            for reply in waiting {
                // Who gave up waiting does not want it.
                let _ = reply.send(result.clone());
            }
        }
    }
}
