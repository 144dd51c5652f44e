//! Taking what librdkafka has ready.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode as Code};
use rdkafka::message::Message;

use super::assignment::answer;
use super::{Client, NativeConsumer, Queue};
use crate::batch::FetchedBatch;
use crate::consumer::{CommitCompleted, Offsets, Polled, Rebalance};
use crate::error::{ErrorKind, KafkaError, Result};
use crate::native::{errors, lock};
use crate::record::TopicPartition;

impl NativeConsumer {
    /// Fills the batch without waiting. `None`: nothing to say yet.
    pub(super) fn drain(&mut self, batch: &mut FetchedBatch) -> Result<Option<Polled>> {
        // Events first: a rebalance must not wait behind all that was fetched before it.
        if let Some(polled) = self.drain_events()? {
            return Ok(Some(polled));
        }
        // Whose turn it was goes to the back, so that a busy partition cannot starve the others.
        for _ in 0..self.queues.len() {
            let Some(mut queue) = self.queues.pop_front() else { break };
            let stopped = self.drain_partition(&mut queue, batch);
            self.queues.push_back(queue);
            if let Some(polled) = stopped.transpose() {
                return polled.map(Some);
            }
        }
        Ok((!batch.is_empty()).then_some(Polled::Records))
    }

    /// Takes what is not a partition's: rebalances, answers to commits, errors of the client.
    fn drain_events(&mut self) -> Result<Option<Polled>> {
        let client = self.client()?;
        loop {
            let seen = self.shared().seen();
            match client.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    // Partitions are split off before they are assigned; to go on would be to lose the record.
                    let place = TopicPartition::new(message.topic(), message.partition());
                    let reason = format!("A record of {place} came outside of the partition's queue.");
                    return Err(KafkaError::new(ErrorKind::IllegalState, reason));
                }
                Some(Err(error)) => {
                    if let Some(error) = self.judge(&client, &error) {
                        return Err(error);
                    }
                }
                None if self.shared().seen() == seen => return Ok(None),
                None => {
                    if let Some(polled) = self.callback_outcome(&client)? {
                        return Ok(Some(polled));
                    }
                }
            }
        }
    }

    /// Takes a partition's records into the batch. `None`: there are no more, and there is room.
    fn drain_partition(&mut self, queue: &mut Queue, batch: &mut FetchedBatch) -> Result<Option<Polled>> {
        if !queue.may_have_some() || self.paused.contains(queue.partition()) {
            return Ok(None);
        }
        let client = self.client()?;
        let (topic, partition) = (batch.topic_index(&queue.partition().topic), queue.partition().partition);
        let mut position = None;
        let outcome = loop {
            let room = self.settings.max_poll_records.saturating_sub(batch.len());
            if room == 0 || batch.bytes() >= self.settings.max_poll_bytes {
                break Ok(Some(Polled::Records));
            }
            let Some(mut message) = queue.pop(room) else { break Ok(None) };
            match message.error() {
                None => {
                    let offset = message.offset();
                    let timestamp = message.timestamp();
                    batch.push(topic, partition, offset, timestamp, message.key(), message.value());
                    message.for_each_header(|name, value| batch.push_header(name, value));
                    position = Some(offset + 1);
                }
                Some((Code::PartitionEOF, _)) => {
                    break Ok(Some(Polled::EndReached(queue.partition().clone())));
                }
                Some((code, reason)) => {
                    let error = Native::MessageConsumption(code);
                    self.shared().client_error(&error, &reason);
                    match self.judge(&client, &error) {
                        Some(error) if batch.is_empty() => break Err(error),
                        Some(error) => {
                            self.deferred = Some(error);
                            break Ok(Some(Polled::Records));
                        }
                        None => {}
                    }
                }
            }
        };
        if let Some(position) = position {
            self.positions.insert(queue.partition().clone(), position);
        }
        outcome
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
