//! The task that writes statuses.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aqueduct_api::Result;
use aqueduct_kafka::{Ack, BatchProducer, KafkaError, OutRecord, SendError};
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::kafka::{Shared, locked};
use super::outbox::Outgoing;
use crate::errors::kafka_error;
use crate::internal_topics::LogClients;

/// Records on their way; more wait in the outbox, where newer ones can take their place.
const IN_FLIGHT_MAX: usize = 100;
/// Between two tries of a record.
const RETRY_BACKOFF: Duration = Duration::from_millis(300);
/// Acknowledgements and new statuses wake the writer; this only bounds one wait.
const ACK_WAIT: Duration = Duration::from_secs(60);

/// Writes what is in the outbox. The producer tries each record once: whether it is to be tried again depends on what was read
/// meanwhile.
pub(super) struct StatusWriting {
    producer: Box<dyn BatchProducer>,
    topic: Arc<str>,
    shared: Arc<Mutex<Shared>>,
    wake: Arc<Notify>,
    unsettled: watch::Sender<usize>,
    /// By the number that the producer gave.
    in_flight: HashMap<u64, Outgoing>,
    /// Failed ones with the time of their next try.
    failed: VecDeque<(Instant, Outgoing)>,
}

impl StatusWriting {
    pub(super) fn new(clients: &LogClients, topic: &str, shared: Arc<Mutex<Shared>>) -> Result<Self> {
        Ok(Self {
            producer: clients.plane.producer(&clients.producer).map_err(kafka_error)?,
            topic: topic.into(),
            shared,
            wake: Arc::default(),
            unsettled: watch::Sender::new(0),
            in_flight: HashMap::new(),
            failed: VecDeque::new(),
        })
    }

    /// To be notified when there is something new in the outbox.
    pub(super) fn wake(&self) -> Arc<Notify> {
        Arc::clone(&self.wake)
    }

    /// Changes after each record that is settled.
    pub(super) fn unsettled(&self) -> watch::Receiver<usize> {
        self.unsettled.subscribe()
    }

    pub(super) async fn run(mut self) {
        let mut acks = Vec::new();
        loop {
            self.send_failed();
            self.send_waiting();
            let next_try = self.failed.front().map(|(at, _)| *at);
            tokio::select! {
                () = self.wake.notified() => {}
                _ = self.producer.acks(&mut acks, ACK_WAIT) => {}
                () = async { sleep_until(next_try.unwrap_or_else(Instant::now)).await }, if next_try.is_some() => {}
            }
            acks.drain(..).for_each(|ack| self.acknowledge(ack));
        }
    }

    fn send_waiting(&mut self) {
        while self.in_flight.len() + self.failed.len() < IN_FLIGHT_MAX {
            let Some(outgoing) = locked(&self.shared).outbox.pop() else { return };
            self.send(outgoing);
        }
    }

    fn send_failed(&mut self) {
        let now = Instant::now();
        while self.failed.front().is_some_and(|(at, _)| *at <= now) {
            let Some((_, outgoing)) = self.failed.pop_front() else { return };
            let shared = locked(&self.shared);
            let wanted = shared.outbox.must_resend(&shared.log, &outgoing);
            drop(shared);
            if wanted { self.send(outgoing) } else { self.settle(&outgoing) }
        }
    }

    fn send(&mut self, outgoing: Outgoing) {
        let record = OutRecord {
            key: Some(outgoing.record.key.as_bytes()),
            value: outgoing.record.value.as_deref(),
            ..OutRecord::to(&self.topic)
        };
        match self.producer.send(record) {
            Ok(sequence) => {
                self.in_flight.insert(sequence, outgoing);
            }
            Err(SendError::Full) => self.failed.push_back((Instant::now() + RETRY_BACKOFF, outgoing)),
            Err(SendError::Failed(error)) => self.fail(outgoing, &error),
        }
    }

    fn acknowledge(&mut self, ack: Ack) {
        let Some(outgoing) = self.in_flight.remove(&ack.sequence) else { return };
        match ack.result {
            Ok(_) => self.settle(&outgoing),
            Err(error) => self.fail(outgoing, &error),
        }
    }

    fn fail(&mut self, outgoing: Outgoing, error: &KafkaError) {
        let key = &outgoing.record.key;
        if error.is_retriable() {
            tracing::debug!(key, %error, "a status could not be written, trying again if it is still wanted");
            self.failed.push_back((Instant::now() + RETRY_BACKOFF, outgoing));
        } else {
            tracing::error!(key, %error, "a status could not be written");
            self.settle(&outgoing);
        }
    }

    fn settle(&self, outgoing: &Outgoing) {
        let unsettled = {
            let mut shared = locked(&self.shared);
            shared.outbox.settle(outgoing);
            shared.outbox.unsettled()
        };
        self.unsettled.send_replace(unsettled);
    }
}
