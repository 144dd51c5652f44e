//! The data plane on librdkafka.
//!
//! Neither client has a thread of ours: librdkafka's queues wake the owner's task through a [`tokio::sync::Notify`],
//! and the owner takes what has come in batches. Calls of librdkafka that wait for the network run on tokio's
//! blocking threads.

mod consumer;
mod errors;
mod ffi;
mod log;
mod pattern;
mod producer;
mod rebalance;

pub use consumer::NativeConsumer;
pub use producer::NativeProducer;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as Native, RDKafkaErrorCode as Code};
use tokio::task;
use tokio::time::Instant;

use crate::error::{ErrorKind, KafkaError, Result};

/// What both kinds of client keep for librdkafka's callbacks.
struct Shared {
    log: log::ClientLog,
    /// Counts callbacks. The binding's poll returns the same for "nothing there" and "a callback ran", and only the
    /// first may be followed by waiting.
    seen: AtomicU64,
    broken: AtomicBool,
    cause: Mutex<Option<KafkaError>>,
}

impl Shared {
    fn new(client_id: &str) -> Shared {
        Shared {
            log: log::ClientLog::new(client_id),
            seen: AtomicU64::new(0),
            broken: AtomicBool::new(false),
            cause: Mutex::default(),
        }
    }

    fn note(&self) {
        self.seen.fetch_add(1, Ordering::Relaxed);
    }

    fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    fn log_line(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.note();
        self.log.line(level, facility, text);
    }

    /// A client-wide error. Lost connections are librdkafka's to mend; refused credentials are not.
    fn client_error(&self, error: &Native, reason: &str) {
        self.note();
        self.log.line(RDKafkaLogLevel::Error, "ERROR", reason);
        if error.rdkafka_error_code() == Some(Code::Authentication) {
            *lock(&self.cause) = Some(KafkaError::new(ErrorKind::Authentication, reason));
            self.broken.store(true, Ordering::Release);
        }
    }

    /// The error that makes the client useless for now, handed out once.
    fn take_cause(&self) -> Option<KafkaError> {
        if !self.broken.load(Ordering::Acquire) {
            return None;
        }
        self.broken.store(false, Ordering::Release);
        lock(&self.cause).take()
    }
}

/// A poisoned lock only means that a callback panicked between two pushes; the data is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a call that waits for the network on a blocking thread.
async fn blocking<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    task::spawn_blocking(call).await.map_err(|_| closed())
}

fn closed() -> KafkaError {
    KafkaError::new(ErrorKind::Closed, "The client has been closed.")
}

/// Runs what releases a client away from the runtime's threads: librdkafka waits for its own threads to end.
fn elsewhere(release: impl FnOnce() + Send + 'static) {
    let spawned = std::thread::Builder::new().name("kafka-close".into()).spawn(release);
    if let Err(error) = spawned {
        // The closure is gone with the error, and the client with it.
        tracing::warn!(target: "aqueduct::kafka", %error, "a client was closed on the caller's thread");
    }
}

/// The longest time that librdkafka can be told: its timeouts are milliseconds in an `int`.
const TIMEOUT_MAX: Duration = Duration::from_millis(i32::MAX as u64);

/// `timeout` within librdkafka's range.
fn whole_timeout(timeout: Duration) -> Duration {
    timeout.min(TIMEOUT_MAX)
}

/// The moment when `wait` is over; "for ever" is a month.
fn point_in_time(wait: Duration) -> Instant {
    Instant::now() + wait.min(TIMEOUT_MAX)
}
