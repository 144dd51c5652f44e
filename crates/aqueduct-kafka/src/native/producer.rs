//! The producer.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use rdkafka::ClientContext;
use rdkafka::client::OAuthToken;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, DeliveryResult, Producer, ProducerContext};
use tokio::sync::Notify;
use tokio::task;
use tokio::time::timeout_at;

use super::ffi::{self, QueueSignal, Topic};
use super::{Shared, blocking, closed, elsewhere, errors, lock, point_in_time, whole_timeout};
use crate::config::{ProducerSettings, Properties, TokenSource};
use crate::error::{ErrorKind, KafkaError, Result};
use crate::producer::{BatchProducer, SendError};
use crate::record::{Ack, OutRecord, RecordMetadata};
use crate::statistics::{ClientKind, ClientStatistics};

/// Reports taken from librdkafka in one go before the owner gets to see them.
const DRAIN_MAX: usize = 100_000;

/// Callbacks of one producer. librdkafka calls them only from inside its poll.
struct Reports {
    shared: Shared,
    acks: Mutex<Vec<Ack>>,
    delivered: AtomicU64,
    delivery_timeout_ms: i64,
    token: Option<TokenSource>,
    statistics: Arc<ClientStatistics>,
}

impl ClientContext for Reports {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.shared.log_line(level, facility, text);
    }

    fn error(&self, error: Native, reason: &str) {
        self.shared.client_error(&error, reason);
    }

    fn stats_raw(&self, json: &[u8]) {
        self.shared.note();
        self.statistics.take(json);
    }

    fn generate_oauth_token(
        &self,
        _config: Option<&str>,
    ) -> std::result::Result<OAuthToken, Box<dyn std::error::Error>> {
        self.shared.note();
        TokenSource::for_librdkafka(self.token.as_ref())
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, sequence: usize) {
        let result = match result {
            Ok(message) => Ok(RecordMetadata {
                partition: message.partition(),
                offset: message.offset(),
                timestamp: message.timestamp().to_millis().unwrap_or(-1),
            }),
            Err((error, message)) => {
                self.statistics.record_failed();
                Err(self.failure(error, message.topic(), message.partition()))
            }
        };
        self.shared.note();
        self.delivered.fetch_add(1, Ordering::Relaxed);
        lock(&self.acks).push(Ack { sequence: sequence as u64, result });
    }
}

impl Reports {
    fn failure(&self, error: &Native, topic: &str, partition: i32) -> KafkaError {
        match error.rdkafka_error_code() {
            Some(Code::MessageTimedOut) => KafkaError::new(
                ErrorKind::Timeout,
                format!(
                    "Expiring 1 record(s) for {topic}-{partition}:{} ms has passed since batch creation",
                    self.delivery_timeout_ms
                ),
            ),
            Some(Code::PurgeQueue | Code::PurgeInflight) => {
                KafkaError::new(ErrorKind::Closed, "Producer is closed forcefully.")
            }
            _ => errors::from_native(error),
        }
    }
}

/// A [`BatchProducer`] on librdkafka.
pub struct NativeProducer {
    open: Option<Open>,
    reports: Arc<Reports>,
    queue_ready: Arc<Notify>,
    next_sequence: u64,
    max_request_bytes: usize,
    buffer_bytes: usize,
}

/// The client last: fields are dropped in order.
struct Open {
    /// By name; as many as librdkafka itself remembers.
    topics: BTreeMap<Box<str>, Topic<Reports>>,
    _signal: QueueSignal<Reports>,
    client: Arc<BaseProducer<Reports>>,
}

impl NativeProducer {
    /// Makes a producer from Java client properties. Connects in the background; a broker that is down is no error.
    ///
    /// # Errors
    /// `Config` for properties that Java or librdkafka refuses.
    pub fn new(properties: &Properties) -> Result<NativeProducer> {
        let settings = ProducerSettings::new(properties)?;
        settings.log_unused();
        let reports = Reports {
            shared: Shared::new(&settings.client_id),
            acks: Mutex::default(),
            delivered: AtomicU64::new(0),
            delivery_timeout_ms: settings.delivery_timeout_ms,
            token: settings.token,
            statistics: Arc::new(ClientStatistics::new(ClientKind::Producer, &settings.client_id, false)),
        };
        let client = BaseProducer::from_config_and_context(&settings.native.to_client_config(), reports)
            .map_err(|error| errors::from_native(&error))?;
        let client = Arc::new(client);
        let queue_ready = Arc::new(Notify::new());
        let reports = Arc::clone(client.context());
        let signal = QueueSignal::new(&client, Arc::clone(&queue_ready));
        Ok(NativeProducer {
            open: Some(Open { topics: BTreeMap::new(), _signal: signal, client }),
            reports,
            queue_ready,
            next_sequence: 0,
            max_request_bytes: settings.max_request_bytes,
            buffer_bytes: settings.buffer_bytes,
        })
    }

    fn client(&self) -> Result<&Arc<BaseProducer<Reports>>> {
        self.open.as_ref().map(|open| &open.client).ok_or_else(closed)
    }

    fn topic(&mut self, name: &str) -> Result<&Topic<Reports>> {
        let open = self.open.as_mut().ok_or_else(closed)?;
        if !open.topics.contains_key(name) {
            let topic = Topic::new(&open.client, name).map_err(errors::from_code)?;
            open.topics.insert(name.into(), topic);
        }
        open.topics.get(name).ok_or_else(closed)
    }

    /// Takes what librdkafka has ready. Returns whether the queue is known to be empty.
    fn drain(&self) -> bool {
        let Ok(client) = self.client() else { return true };
        let enough = self.reports.delivered.load(Ordering::Relaxed) + DRAIN_MAX as u64;
        loop {
            let seen = self.reports.shared.seen();
            client.poll(Duration::ZERO);
            if self.reports.shared.seen() == seen {
                return true;
            }
            if self.reports.delivered.load(Ordering::Relaxed) >= enough {
                return false;
            }
        }
    }

    fn refuse(&self, record: &OutRecord<'_>) -> Option<KafkaError> {
        if let Some(partition) = record.partition.filter(|partition| *partition < 0) {
            return Some(KafkaError::config(format!(
                "Invalid partition: {partition}. Partition number should always be non-negative or null."
            )));
        }
        let size = record.size_upper_bound();
        if size <= self.max_request_bytes && size <= self.buffer_bytes {
            return None;
        }
        let message = if size > self.max_request_bytes {
            format!(
                "The message is {size} bytes when serialized which is larger than {}, which is the value of the \
                 max.request.size configuration.",
                self.max_request_bytes
            )
        } else {
            format!(
                "The message is {size} bytes when serialized which is larger than the total memory buffer you have \
                 configured with the buffer.memory configuration."
            )
        };
        Some(KafkaError::new(ErrorKind::RecordTooLarge, message))
    }

    /// The real cause when librdkafka only says that there was a fatal error before.
    fn send_failure(&self, code: Code) -> KafkaError {
        let fatal = self.client().ok().and_then(|client| client.client().fatal_error());
        match fatal {
            Some((code, reason)) => {
                let cause = errors::from_code(code);
                if cause.is_fenced() { cause } else { KafkaError::new(ErrorKind::Fatal, reason) }
            }
            None => errors::from_code(code),
        }
    }

    /// Runs a waiting call elsewhere while taking reports here, which librdkafka's transaction calls need.
    async fn call<F>(&mut self, call: F) -> Result<()>
    where
        F: FnOnce(&BaseProducer<Reports>) -> rdkafka::error::KafkaResult<()> + Send + 'static,
    {
        let client = Arc::clone(self.client()?);
        let mut running = task::spawn_blocking(move || call(&client));
        loop {
            tokio::select! {
                done = &mut running => {
                    return done.map_err(|_| closed())?.map_err(|error| errors::from_native(&error));
                }
                () = self.queue_ready.notified() => { self.drain(); }
            }
        }
    }
}

/// Ends the helper of a flush when the flush ends, also by cancellation.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl BatchProducer for NativeProducer {
    fn send(&mut self, record: OutRecord<'_>) -> std::result::Result<u64, SendError> {
        if let Some(error) = self.refuse(&record).or_else(|| self.reports.shared.take_cause()) {
            return Err(SendError::Failed(error));
        }
        let sequence = self.next_sequence;
        let topic = self.topic(record.topic).map_err(SendError::Failed)?;
        match topic.send(&record, sequence as usize) {
            Ok(()) => {
                self.next_sequence += 1;
                Ok(sequence)
            }
            Err(Code::QueueFull) => Err(SendError::Full),
            Err(code) => Err(SendError::Failed(self.send_failure(code))),
        }
    }

    async fn acks(&mut self, out: &mut Vec<Ack>, max_wait: Duration) -> usize {
        let deadline = point_in_time(max_wait);
        loop {
            self.drain();
            let taken = {
                let mut acks = lock(&self.reports.acks);
                let taken = acks.len();
                out.append(&mut acks);
                taken
            };
            if taken > 0 || max_wait.is_zero() {
                return taken;
            }
            if timeout_at(deadline, self.queue_ready.notified()).await.is_err() {
                return 0;
            }
        }
    }

    async fn ready(&mut self) {
        let before = self.reports.delivered.load(Ordering::Relaxed);
        loop {
            self.drain();
            if self.in_flight() == 0 || self.reports.delivered.load(Ordering::Relaxed) > before {
                return;
            }
            self.queue_ready.notified().await;
        }
    }

    fn in_flight(&self) -> usize {
        (self.next_sequence - self.reports.delivered.load(Ordering::Relaxed)) as usize
    }

    fn statistics(&self) -> Option<Arc<ClientStatistics>> {
        Some(Arc::clone(&self.reports.statistics))
    }

    async fn flush(&mut self, timeout: Duration) -> Result<()> {
        let deadline = point_in_time(timeout);
        self.drain();
        if self.in_flight() == 0 {
            return Ok(());
        }
        let client = Arc::clone(self.client()?);
        let stop = Arc::new(AtomicBool::new(false));
        let _guard = StopOnDrop(Arc::clone(&stop));
        // While it runs, librdkafka does not linger.
        task::spawn_blocking(move || {
            while !stop.load(Ordering::Relaxed) && client.in_flight_count() > 0 {
                ffi::flush(client.client(), Duration::from_millis(100));
            }
        });
        loop {
            self.drain();
            if self.in_flight() == 0 {
                return Ok(());
            }
            if timeout_at(deadline, self.queue_ready.notified()).await.is_err() {
                let message = format!("{} record(s) were not acknowledged in time.", self.in_flight());
                return Err(KafkaError::new(ErrorKind::Timeout, message));
            }
        }
    }

    async fn init_transactions(&mut self, timeout: Duration) -> Result<()> {
        let limit = whole_timeout(timeout);
        self.call(move |client| client.init_transactions(limit)).await
    }

    fn begin_transaction(&mut self) -> Result<()> {
        self.client()?.begin_transaction().map_err(|error| errors::from_native(&error))
    }

    async fn commit_transaction(&mut self, timeout: Duration) -> Result<()> {
        let limit = whole_timeout(timeout);
        self.call(move |client| client.commit_transaction(limit)).await
    }

    async fn abort_transaction(&mut self, timeout: Duration) -> Result<()> {
        let limit = whole_timeout(timeout);
        self.call(move |client| client.abort_transaction(limit)).await
    }

    async fn close(&mut self, timeout: Duration) {
        if !timeout.is_zero()
            && let Err(error) = self.flush(timeout).await
        {
            tracing::warn!(target: "aqueduct::kafka", %error, "closing a producer with records unsent");
        }
        if let Some(open) = self.open.take() {
            // The last reports arrive while the client goes, so wait for it.
            let gone = blocking(move || drop(open));
            if gone.await.is_err() {
                tracing::warn!(target: "aqueduct::kafka", "a producer's closing was interrupted");
            }
        }
    }
}

impl Drop for NativeProducer {
    fn drop(&mut self) {
        if let Some(open) = self.open.take() {
            elsewhere(move || drop(open));
        }
    }
}
