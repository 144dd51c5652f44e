//! The consumer.

mod assignment;
mod offsets;
mod poll;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::Offset;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use self::assignment::{answer, subscribe};
use self::offsets::watermarks;
use super::pattern::PatternSubscription;
use super::rebalance::{Callbacks, Told, bare_list_of, first_error, list_of, offsets_of};
use super::{Shared, blocking, closed, elsewhere, errors, ffi, lock, point_in_time, whole_timeout};
use crate::batch::FetchedBatch;
use crate::config::{ConsumerSettings, Properties};
use crate::consumer::{BatchConsumer, Offsets, Polled, Subscription};
use crate::error::{ErrorKind, KafkaError, Result};
use crate::record::TopicPartition;
use crate::statistics::ClientStatistics;

type Client = BaseConsumer<Callbacks>;
type Queue = ffi::PartitionQueue<Callbacks>;

/// How often a seek is tried again while the partition's fetcher is still starting.
const SEEK_RETRY: Duration = Duration::from_millis(20);
/// How long a seek may take in all.
const SEEK_TIMEOUT: Duration = Duration::from_secs(10);

/// A [`BatchConsumer`] on librdkafka.
pub struct NativeConsumer {
    client: Option<Arc<Client>>,
    callbacks: Arc<Callbacks>,
    queue_ready: Arc<Notify>,
    /// Of the partitions whose assignment has taken effect; the one whose turn it is comes first.
    queues: VecDeque<Queue>,
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
        let read_committed = settings.native.get("isolation.level") == Some("read_committed");
        let callbacks = Callbacks::new(&settings.client_id, read_committed, settings.token.take());
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
            queues: VecDeque::new(),
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

    /// Gives up the client. What is returned closes it for good, which takes a while.
    fn release(&mut self) -> Option<impl FnOnce() + Send + 'static> {
        let client = self.client.take()?;
        self.queues.clear();
        self.callbacks.closing.store(true, Ordering::Release);
        // A rebalance that nobody answers any more would keep the group, and the close itself, waiting.
        let waiting: Vec<_> =
            self.open.take().into_iter().chain(lock(&self.callbacks.rebalances).drain(..)).collect();
        Some(move || {
            for told in waiting {
                if let Err(error) = answer(&client, &told, &HashMap::new(), &BTreeSet::new()) {
                    tracing::debug!(target: "aqueduct::kafka", %error, "a rebalance while closing");
                }
            }
        })
    }
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
        self.queues.clear();
        self.split(offsets.keys())?;
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
        let client = self.client()?;
        let split = if told.assign { self.split(&told.partitions) } else { Ok(()) };
        let answered = answer(&client, &told, &self.positions, &self.paused);
        if !told.assign {
            self.queues.retain(|queue| !told.partitions.contains(queue.partition()));
            for partition in &told.partitions {
                self.assigned.remove(partition);
                self.paused.remove(partition);
                self.positions.remove(partition);
            }
        }
        split.and(answered)
    }

    fn leaving(&self) -> &[TopicPartition] {
        self.open.as_ref().filter(|told| !told.assign).map_or(&[], |told| &told.partitions)
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
        if let Some(queue) = self.queues.iter_mut().find(|queue| queue.partition() == partition) {
            queue.forget();
        }
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

    fn statistics(&self) -> Option<Arc<ClientStatistics>> {
        Some(Arc::clone(&self.callbacks.statistics))
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
        let Some(finish) = self.release() else { return };
        if timeout(limit, blocking(finish)).await.is_err() {
            tracing::debug!(target: "aqueduct::kafka", "a consumer is still closing in the background");
        }
    }
}

impl Drop for NativeConsumer {
    fn drop(&mut self) {
        if let Some(finish) = self.release() {
            elsewhere(finish);
        }
    }
}
