//! The dead letter queue: a topic that gets the records that a sink could not take (KIP-298).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aqueduct_kafka::{Ack, BatchProducer, FetchedRecord, OutHeader, OutRecord, SendError};
use aqueduct_proto::failed_record::ConsumedFrom;
use aqueduct_proto::state::TaskId;

use super::{Failure, consumed_from};
use crate::metrics::TaskMetrics;

/// Sends failed records to a topic, with the bytes, headers and timestamp with which they were consumed.
pub(crate) struct DeadLetters {
    producer: Box<dyn BatchProducer>,
    topic: String,
    task: TaskId,
    /// `errors.deadletterqueue.context.headers.enable`
    context_headers: bool,
    acks: Vec<Ack>,
    metrics: Arc<TaskMetrics>,
}

/// A failed record's bytes, from wherever they are at hand.
pub(crate) struct Letter<'a> {
    pub(crate) from: ConsumedFrom<'a>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: Vec<OutHeader<'a>>,
}

impl DeadLetters {
    pub(crate) fn new(
        producer: Box<dyn BatchProducer>,
        topic: String,
        task: TaskId,
        context_headers: bool,
        metrics: Arc<TaskMetrics>,
    ) -> Self {
        Self { producer, topic, task, context_headers, acks: Vec::new(), metrics }
    }

    /// Sends a record as it was consumed.
    pub(crate) async fn report(&mut self, record: &FetchedRecord<'_>, failure: &Failure) {
        let names: Vec<(&str, Option<&[u8]>)> =
            record.headers().map(|header| (header.key(), header.value())).collect();
        let letter = Letter {
            from: consumed_from(record),
            key: record.key(),
            value: record.value(),
            headers: names.iter().map(|(key, value)| OutHeader { key, value: *value }).collect(),
        };
        self.send(letter, failure).await;
    }

    /// Sends a record. What goes wrong is logged and counted, and fails nothing.
    pub(crate) async fn send(&mut self, mut letter: Letter<'_>, failure: &Failure) {
        self.metrics.errors.dead_letters.fetch_add(1, Ordering::Relaxed);
        let context = match self.context_headers {
            true => failure.context(&self.task).headers(&letter.from),
            false => Vec::new(),
        };
        letter.headers.extend(
            context.iter().map(|(key, value)| OutHeader { key, value: value.as_deref().map(str::as_bytes) }),
        );
        let record = OutRecord {
            timestamp: letter.from.timestamp,
            key: letter.key,
            value: letter.value,
            headers: &letter.headers,
            ..OutRecord::to(&self.topic)
        };
        loop {
            match self.producer.send(record) {
                Ok(_) => break,
                Err(SendError::Full) => self.producer.ready().await,
                Err(SendError::Failed(error)) => {
                    self.metrics.errors.dead_letter_failures.fetch_add(1, Ordering::Relaxed);
                    tracing::error!(topic = %self.topic, "Could not produce message to dead letter queue: {error}");
                    break;
                }
            }
        }
        self.collect(Duration::ZERO).await;
    }

    async fn collect(&mut self, max_wait: Duration) {
        self.acks.clear();
        self.producer.acks(&mut self.acks, max_wait).await;
        for ack in &self.acks {
            if let Err(error) = &ack.result {
                self.metrics.errors.dead_letter_failures.fetch_add(1, Ordering::Relaxed);
                tracing::error!(topic = %self.topic, "Could not produce message to dead letter queue: {error}");
            }
        }
    }

    /// Waits until Kafka has all reported records, so that their offsets may be committed.
    pub(crate) async fn flush(&mut self, timeout: Duration) {
        if self.producer.in_flight() == 0 {
            return;
        }
        if let Err(error) = self.producer.flush(timeout).await {
            tracing::error!(topic = %self.topic, "The dead letter queue took too long: {error}");
        }
        self.collect(Duration::ZERO).await;
    }

    pub(crate) async fn close(&mut self, timeout: Duration) {
        self.flush(timeout).await;
        self.producer.close(timeout).await;
    }
}
