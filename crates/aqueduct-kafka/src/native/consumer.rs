//! The consumer.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::Offset;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message, Timestamp};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use super::pattern::PatternSubscription;
use super::rebalance::{Callbacks, Told, bare_list_of, first_error, list_of, offsets_of};
use super::{Shared, blocking, closed, elsewhere, errors, ffi, lock, point_in_time, whole_timeout};
use crate::batch::{FetchedBatch, TimestampType};
use crate::config::{ConsumerSettings, OffsetReset, Properties};
use crate::consumer::{BatchConsumer, CommitCompleted, Offsets, Polled, Rebalance, Subscription};
use crate::error::{ErrorKind, KafkaError, Result};
use crate::record::TopicPartition;

type Client = BaseConsumer<Callbacks>;

/// How often a seek is tried again while the partition's fetcher is still starting.
const SEEK_RETRY: Duration = Duration::from_millis(20);
/// How long a seek may take in all.
const SEEK_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the topics of the cluster may take to come, for patterns.
const METADATA_TIMEOUT: Duration = Duration::from_secs(10);

/// A [`BatchConsumer`] on librdkafka.
pub struct NativeConsumer {
    client: Option<Arc<Client>>,
    callbacks: Arc<Callbacks>,
    queue_ready: Arc<Notify>,
    settings: ConsumerSettings,
    /// Whether partitions were assigned by hand: then there is no group to speak of.
    manual: bool,
    pattern: Option<PatternSubscription>,
    assigned: BTreeSet<TopicPartition>,
    paused: BTreeSet<TopicPartition>,
    positions: HashMap<TopicPartition, i64>,
    open: Option<Told>,
    next_commit: u64,
    committing: VecDeque<(u64, Offsets)>,
    /// An error met after records of the same poll; the next poll returns it.
    deferred: Option<KafkaError>,
}

impl NativeConsumer {
    /// Makes a consumer from Java client properties. Connects in the background; a broker that is down is no error.
    ///
    /// # Errors
    /// `Config` for properties that Java or librdkafka refuses.
    pub fn new(properties: &Properties) -> Result<NativeConsumer> {
        let mut settings = ConsumerSettings::new(properties)?;
        settings.log_unused();
        let callbacks = Callbacks::new(&settings.client_id, settings.token.take());
        let mut client = Client::from_config_and_context(&settings.native.to_client_config(), callbacks)
            .map_err(|error| errors::from_native(&error))?;
        let queue_ready = Arc::new(Notify::new());
        let wake = Arc::clone(&queue_ready);
        client.set_nonempty_callback(move || wake.notify_one());
        // What arrived before the callback was set would otherwise wait for the next arrival.
        queue_ready.notify_one();
        let callbacks = Arc::clone(client.context());
        Ok(NativeConsumer {
            client: Some(Arc::new(client)),
            callbacks,
            queue_ready,
            settings,
            manual: false,
            pattern: None,
            assigned: BTreeSet::new(),
            paused: BTreeSet::new(),
            positions: HashMap::new(),
            open: None,
            next_commit: 0,
            committing: VecDeque::new(),
            deferred: None,
        })
    }

    fn client(&self) -> Result<Arc<Client>> {
        self.client.clone().ok_or_else(closed)
    }

    fn shared(&self) -> &Shared {
        &self.callbacks.shared
    }

    /// Fills the batch without waiting. `None`: nothing to say yet.
    fn drain(&mut self, batch: &mut FetchedBatch) -> Result<Option<Polled>> {
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

    /// Looks up the topics of a pattern if it is time to.
    async fn refresh_pattern(&mut self) -> Result<()> {
        let client = self.client()?;
        let Some(pattern) = self.pattern.as_mut().filter(|pattern| pattern.refresh_at <= Instant::now())
        else {
            return Ok(());
        };
        let asked = Arc::clone(&client);
        let metadata = match blocking(move || asked.fetch_metadata(None, METADATA_TIMEOUT)).await? {
            Ok(metadata) => metadata,
            Err(error) => {
                tracing::warn!(target: "aqueduct::kafka", %error, "cannot list topics for a pattern subscription");
                pattern.retry_later();
                return Ok(());
            }
        };
        match pattern.update(metadata.topics().iter().map(|topic| topic.name())) {
            None => Ok(()),
            Some(topics) => subscribe(&client, &topics),
        }
    }

    /// Positions of partitions that nothing was read from yet.
    async fn start_offsets(&self, partitions: Vec<TopicPartition>, limit: Duration) -> Result<Offsets> {
        let client = self.client()?;
        let (reset, manual) = (self.settings.offset_reset, self.manual);
        blocking(move || {
            let mut offsets = Offsets::new();
            if !manual {
                let list = client
                    .committed_offsets(bare_list_of(&partitions), limit)
                    .map_err(|error| errors::from_native(&error))?;
                first_error(&list)?;
                offsets = offsets_of(&list);
            }
            for partition in partitions {
                if offsets.contains_key(&partition) {
                    continue;
                }
                let (low, high) = watermarks(&client, &partition, limit)?;
                let start = match reset {
                    OffsetReset::Earliest => low,
                    OffsetReset::Latest => high,
                    OffsetReset::None => {
                        let message =
                            format!("Undefined offset with no reset policy for partitions: [{partition}]");
                        return Err(KafkaError::new(ErrorKind::NoOffset, message));
                    }
                };
                offsets.insert(partition, start);
            }
            Ok(offsets)
        })
        .await?
    }

    fn unanswered(&mut self) -> Vec<Told> {
        self.open.take().into_iter().chain(lock(&self.callbacks.rebalances).drain(..)).collect()
    }

    /// Partitions of an assignment that has not taken effect cannot be addressed in librdkafka yet.
    fn is_waiting(&self, partition: &TopicPartition) -> bool {
        self.open.as_ref().is_some_and(|told| told.assign && told.partitions.contains(partition))
    }
}

/// Closes for good. A rebalance that nobody answers any more would keep the group, and the close itself, waiting.
fn finish(client: Arc<Client>, waiting: Vec<Told>) {
    for told in waiting {
        if let Err(error) = answer(&client, &told, &HashMap::new(), &BTreeSet::new()) {
            tracing::debug!(target: "aqueduct::kafka", %error, "a rebalance while closing");
        }
    }
}

/// Consecutive records of one partition.
#[derive(Default)]
struct Run {
    source: usize,
    partition: i32,
    topic: u32,
    /// The offset after the last record; 0 before the first.
    next: i64,
}

fn watermarks(client: &Client, partition: &TopicPartition, limit: Duration) -> Result<(i64, i64)> {
    client
        .fetch_watermarks(&partition.topic, partition.partition, limit)
        .map_err(|error| errors::from_native(&error).context(partition))
}

fn subscribe(client: &Client, topics: &[String]) -> Result<()> {
    if topics.is_empty() {
        client.unsubscribe();
        return Ok(());
    }
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    client.subscribe(&topics).map_err(|error| errors::from_native(&error))
}

/// Tells librdkafka that a rebalance may take effect.
fn answer(
    client: &Client,
    told: &Told,
    positions: &HashMap<TopicPartition, i64>,
    paused: &BTreeSet<TopicPartition>,
) -> Result<()> {
    let mut list = bare_list_of(&told.partitions);
    let answered = if told.assign {
        for partition in &told.partitions {
            if let Some(offset) = positions.get(partition) {
                list.set_partition_offset(&partition.topic, partition.partition, Offset::Offset(*offset))
                    .map_err(|error| errors::from_native(&error))?;
            }
        }
        if told.cooperative { client.incremental_assign(&list) } else { client.assign(&list) }
    } else if told.cooperative {
        client.incremental_unassign(&list)
    } else {
        client.unassign()
    };
    answered.map_err(|error| errors::from_native(&error))?;
    let paused: Vec<_> = told.partitions.iter().filter(|p| told.assign && paused.contains(p)).collect();
    if paused.is_empty() {
        return Ok(());
    }
    client.pause(&bare_list_of(paused)).map_err(|error| errors::from_native(&error))
}

#[async_trait]
impl BatchConsumer for NativeConsumer {
    async fn subscribe(&mut self, subscription: Subscription) -> Result<()> {
        self.manual = false;
        match subscription {
            Subscription::Topics(topics) => {
                self.pattern = None;
                subscribe(&*self.client()?, &topics)
            }
            Subscription::Pattern(pattern) => {
                let settings = &self.settings;
                self.pattern = Some(PatternSubscription::new(
                    &pattern,
                    settings.exclude_internal_topics,
                    settings.metadata_max_age,
                )?);
                self.refresh_pattern().await
            }
        }
    }

    fn assign(&mut self, offsets: Offsets) -> Result<()> {
        let client = self.client()?;
        self.manual = true;
        self.pattern = None;
        self.open = None;
        client.assign(&list_of(&offsets)?).map_err(|error| errors::from_native(&error))?;
        self.paused.clear();
        self.assigned = offsets.keys().cloned().collect();
        self.positions = offsets.into_iter().collect();
        Ok(())
    }

    async fn poll(&mut self, max_wait: Duration, batch: &mut FetchedBatch) -> Result<Polled> {
        self.complete_rebalance().await?;
        batch.clear();
        if let Some(error) = self.deferred.take() {
            return Err(error);
        }
        let deadline = point_in_time(max_wait);
        loop {
            self.refresh_pattern().await?;
            if let Some(polled) = self.drain(batch).transpose() {
                batch.seal();
                return polled;
            }
            let now = Instant::now();
            if now >= deadline {
                return Ok(Polled::Records);
            }
            // librdkafka counts the time between looks against max.poll.interval.ms.
            let mut wake_at = deadline.min(now + self.settings.max_poll_interval / 2);
            if let Some(pattern) = &self.pattern {
                wake_at = wake_at.min(pattern.refresh_at);
            }
            // Both outcomes mean: look again.
            let _ = timeout_at(wake_at, self.queue_ready.notified()).await;
        }
    }

    async fn complete_rebalance(&mut self) -> Result<()> {
        let Some(told) = self.open.take() else { return Ok(()) };
        let answered = answer(&*self.client()?, &told, &self.positions, &self.paused);
        if !told.assign {
            for partition in &told.partitions {
                self.assigned.remove(partition);
                self.paused.remove(partition);
                self.positions.remove(partition);
            }
        }
        answered
    }

    fn assignment(&self) -> Vec<TopicPartition> {
        self.assigned.iter().cloned().collect()
    }

    fn pause(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let client = self.client()?;
        let held: Vec<_> = partitions.iter().filter(|p| self.assigned.contains(p)).cloned().collect();
        let started = bare_list_of(held.iter().filter(|p| !self.is_waiting(p)));
        self.paused.extend(held);
        if started.count() == 0 {
            return Ok(());
        }
        client.pause(&started).map_err(|error| errors::from_native(&error))
    }

    fn resume(&mut self, partitions: &[TopicPartition]) -> Result<()> {
        let client = self.client()?;
        let held: Vec<_> = partitions.iter().filter(|p| self.paused.remove(*p)).collect();
        let started = bare_list_of(held.into_iter().filter(|p| !self.is_waiting(p)));
        if started.count() == 0 {
            return Ok(());
        }
        client.resume(&started).map_err(|error| errors::from_native(&error))
    }

    async fn seek(&mut self, partition: &TopicPartition, offset: i64) -> Result<()> {
        if !self.assigned.contains(partition) {
            let message = format!("No current assignment for partition {partition}");
            return Err(KafkaError::new(ErrorKind::IllegalState, message));
        }
        if offset < 0 {
            let message = "seek offset must not be a negative number";
            return Err(KafkaError::config(message));
        }
        self.positions.insert(partition.clone(), offset);
        if self.is_waiting(partition) {
            return Ok(());
        }
        let mut list = bare_list_of([partition]);
        list.set_all_offsets(Offset::Offset(offset)).map_err(|error| errors::from_native(&error))?;
        let deadline = Instant::now() + SEEK_TIMEOUT;
        loop {
            let (client, wanted) = (self.client()?, list.clone());
            let sought = blocking(move || client.seek_partitions(wanted, SEEK_TIMEOUT)).await?;
            match sought.map_err(|error| errors::from_native(&error)).and_then(|list| first_error(&list)) {
                Err(error) if error.kind() == ErrorKind::IllegalState && Instant::now() < deadline => {
                    tokio::time::sleep(SEEK_RETRY).await;
                }
                other => return other,
            }
        }
    }

    async fn positions(&mut self, partitions: &[TopicPartition], limit: Duration) -> Result<Offsets> {
        let unknown: Vec<_> =
            partitions.iter().filter(|p| !self.positions.contains_key(*p)).cloned().collect();
        if !unknown.is_empty() {
            let found = self.start_offsets(unknown, whole_timeout(limit)).await?;
            self.positions.extend(found);
        }
        let known = |p: &TopicPartition| self.positions.get(p).map(|offset| (p.clone(), *offset));
        Ok(partitions.iter().filter_map(known).collect())
    }

    fn position_of(&self, partition: &TopicPartition) -> Option<i64> {
        self.positions.get(partition).copied()
    }

    async fn committed(&mut self, partitions: &[TopicPartition], limit: Duration) -> Result<Offsets> {
        let (client, list) = (self.client()?, bare_list_of(partitions));
        let list = blocking(move || client.committed_offsets(list, whole_timeout(limit)))
            .await?
            .map_err(|error| errors::from_native(&error))?;
        first_error(&list)?;
        Ok(offsets_of(&list))
    }

    async fn end_offsets(&mut self, partitions: &[TopicPartition], limit: Duration) -> Result<Offsets> {
        let (client, partitions) = (self.client()?, partitions.to_vec());
        let limit = whole_timeout(limit);
        blocking(move || {
            let end = |p: TopicPartition| watermarks(&client, &p, limit).map(|(_, high)| (p, high));
            partitions.into_iter().map(end).collect()
        })
        .await?
    }

    fn commit_async(&mut self, offsets: &Offsets) -> Result<u64> {
        let client = self.client()?;
        ffi::commit(&client, &list_of(offsets)?).map_err(errors::from_code)?;
        let sequence = self.next_commit;
        self.next_commit += 1;
        self.committing.push_back((sequence, offsets.clone()));
        Ok(sequence)
    }

    async fn commit_sync(&mut self, offsets: &Offsets, limit: Duration) -> Result<()> {
        let (client, list) = (self.client()?, list_of(offsets)?);
        let commit = blocking(move || {
            client.commit(&list, CommitMode::Sync).map_err(|error| errors::from_native(&error))?;
            first_error(&list)
        });
        let message =
            || format!("Timeout of {}ms expired before successfully committing offsets", limit.as_millis());
        timeout(limit, commit).await.map_err(|_| KafkaError::new(ErrorKind::Timeout, message()))??
    }

    async fn close(&mut self, limit: Duration) {
        let Some(client) = self.client.take() else { return };
        self.callbacks.closing.store(true, Ordering::Release);
        let waiting = self.unanswered();
        if timeout(limit, blocking(move || finish(client, waiting))).await.is_err() {
            tracing::debug!(target: "aqueduct::kafka", "a consumer is still closing in the background");
        }
    }
}

impl Drop for NativeConsumer {
    fn drop(&mut self) {
        let Some(client) = self.client.take() else { return };
        self.callbacks.closing.store(true, Ordering::Release);
        let waiting = self.unanswered();
        elsewhere(move || finish(client, waiting));
    }
}
