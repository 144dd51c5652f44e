//! Taking what librdkafka has ready.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message, Timestamp};

use super::assignment::answer;
use super::{Client, NativeConsumer};
use crate::batch::{FetchedBatch, TimestampType};
use crate::consumer::{CommitCompleted, Offsets, Polled, Rebalance};
use crate::error::{ErrorKind, KafkaError, Result};
use crate::native::{errors, ffi, lock};
use crate::record::TopicPartition;

/// Consecutive records of one partition.
#[derive(Default)]
struct Run {
    source: usize,
    partition: i32,
    topic: u32,
    /// The offset after the last record; 0 before the first.
    next: i64,
}

impl NativeConsumer {
    /// Fills the batch without waiting. `None`: nothing to say yet.
    pub(super) fn drain(&mut self, batch: &mut FetchedBatch) -> Result<Option<Polled>> {
        let client = self.client()?;
        let mut run = Run::default();
        let outcome = loop {
            if batch.len() >= self.settings.max_poll_records || batch.bytes() >= self.settings.max_poll_bytes
            {
                break Ok(Some(Polled::Records));
            }
            let seen = self.shared().seen();
            match client.poll(Duration::ZERO) {
                Some(Ok(message)) => self.take(&message, &mut run, batch),
                Some(Err(Native::PartitionEOF(partition))) => {
                    if let Some(reached) = self.end_reached(partition) {
                        break Ok(Some(Polled::EndReached(reached)));
                    }
                }
                Some(Err(error)) => match self.judge(&client, &error) {
                    Some(error) if batch.is_empty() => break Err(error),
                    Some(error) => {
                        self.deferred = Some(error);
                        break Ok(Some(Polled::Records));
                    }
                    None => {}
                },
                None if self.shared().seen() == seen => {
                    break Ok((!batch.is_empty()).then_some(Polled::Records));
                }
                None => {
                    if let Some(polled) = self.callback_outcome(&client)? {
                        break Ok(Some(polled));
                    }
                }
            }
        };
        self.end_run(&run, batch);
        outcome
    }

    fn take(&mut self, message: &BorrowedMessage<'_>, run: &mut Run, batch: &mut FetchedBatch) {
        let (source, partition) = (message.topic_ptr() as usize, message.partition());
        if run.source != source || run.partition != partition {
            self.end_run(run, batch);
            *run = Run { source, partition, topic: batch.topic_index(message.topic()), next: 0 };
        }
        let (timestamp, kind) = match message.timestamp() {
            Timestamp::NotAvailable => (-1, TimestampType::NoTimestampType),
            Timestamp::CreateTime(ms) => (ms, TimestampType::CreateTime),
            Timestamp::LogAppendTime(ms) => (ms, TimestampType::LogAppendTime),
        };
        run.next = message.offset() + 1;
        batch.push(
            run.topic,
            partition,
            message.offset(),
            (timestamp, kind),
            message.key(),
            message.payload(),
        );
        ffi::for_each_header(message, |name, value| batch.push_header(name, value));
    }

    /// Notes the position behind a run of records of one partition.
    fn end_run(&mut self, run: &Run, batch: &FetchedBatch) {
        if run.next > 0
            && let Some(topic) = batch.topic(run.topic)
        {
            let partition = TopicPartition { topic: Arc::clone(topic), partition: run.partition };
            self.positions.insert(partition, run.next);
        }
    }

    /// The partition whose end was reached, if it can be told: librdkafka's binding gives only its number.
    fn end_reached(&self, partition: i32) -> Option<TopicPartition> {
        self.assigned.iter().find(|held| held.partition == partition).cloned()
    }

    /// What a callback left for the caller.
    fn callback_outcome(&mut self, client: &Arc<Client>) -> Result<Option<Polled>> {
        while let Some((offsets, result)) = { lock(&self.callbacks.commits).pop_front() } {
            if let Some(sequence) = self.commit_sequence(&offsets) {
                return Ok(Some(Polled::Committed(CommitCompleted { sequence, result })));
            }
        }
        while let Some(told) = { lock(&self.callbacks.rebalances).pop_front() } {
            let partitions = told.partitions.clone();
            if partitions.is_empty() {
                answer(client, &told, &self.positions, &self.paused)?;
                continue;
            }
            let event = match (told.assign, told.lost) {
                (true, _) => {
                    self.assigned.extend(partitions.iter().cloned());
                    Rebalance::Assigned(partitions)
                }
                (false, true) => Rebalance::Lost(partitions),
                (false, false) => Rebalance::Revoked(partitions),
            };
            self.open = Some(told);
            return Ok(Some(Polled::Rebalance(event)));
        }
        Ok(None)
    }

    /// The number of the commit that these offsets belong to. Answers come in order, but for retries.
    fn commit_sequence(&mut self, offsets: &Offsets) -> Option<u64> {
        let index = self.committing.iter().position(|(_, sent)| sent == offsets).unwrap_or(0);
        self.committing.remove(index).map(|(sequence, _)| sequence)
    }

    /// The errors that a Java consumer's poll throws; it only logs the others and goes on.
    fn judge(&self, client: &Client, error: &Native) -> Option<KafkaError> {
        self.shared().note();
        let code = error.rdkafka_error_code();
        if let Native::MessageConsumptionFatal(_) = error {
            let reason =
                client.client().fatal_error().map(|(code, reason)| (errors::from_code(code), reason));
            return Some(match reason {
                Some((cause, _)) if cause.is_fenced() => cause,
                Some((_, reason)) => KafkaError::new(ErrorKind::Fatal, reason),
                None => errors::from_native(error),
            });
        }
        match code? {
            Code::Authentication => {
                Some(self.shared().take_cause().unwrap_or_else(|| errors::from_native(error)))
            }
            Code::GroupAuthorizationFailed if self.manual => None,
            Code::TopicAuthorizationFailed
            | Code::GroupAuthorizationFailed
            | Code::InvalidTopic
            | Code::AutoOffsetReset
            | Code::UnsupportedVersion
            | Code::InconsistentGroupProtocol
            | Code::InvalidGroupId
            | Code::InvalidSessionTimeout
            | Code::FencedInstanceId
            | Code::BadMessage => Some(errors::from_native(error)),
            other => {
                tracing::debug!(target: "aqueduct::kafka", code = ?other, "the consumer goes on after an error");
                None
            }
        }
    }
}
