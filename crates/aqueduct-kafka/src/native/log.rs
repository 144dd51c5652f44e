//! librdkafka's log lines and errors, as tracing events.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel as Level;
use tracing::{debug, error, info, warn};

/// How long lines of one facility stay quiet after one was printed.
const QUIET: Duration = Duration::from_secs(30);

/// Facilities that repeat with each reconnect to a broker that is down.
const REPEATING: [&str; 4] = ["FAIL", "ERROR", "BROKERFAIL", "CONNFAIL"];

/// Prints a client's lines with target `aqueduct::kafka`, those about lost connections at most once in a while.
pub(super) struct ClientLog {
    client_id: String,
    quiet: Mutex<HashMap<String, Quiet>>,
}

struct Quiet {
    since: Instant,
    suppressed: u64,
}

impl ClientLog {
    pub(super) fn new(client_id: &str) -> ClientLog {
        ClientLog { client_id: client_id.to_owned(), quiet: Mutex::default() }
    }

    pub(super) fn line(&self, level: Level, facility: &str, text: &str) {
        let Some(suppressed) = self.admit(facility, Instant::now()) else { return };
        let client = &*self.client_id;
        match level {
            Level::Emerg | Level::Alert | Level::Critical => {
                error!(target: "aqueduct::kafka", client, facility, suppressed, "{text}");
            }
            // librdkafka's ERROR is a lost connection that it will make again: a warning by our measure.
            Level::Error | Level::Warning => {
                warn!(target: "aqueduct::kafka", client, facility, suppressed, "{text}");
            }
            Level::Notice | Level::Info => {
                info!(target: "aqueduct::kafka", client, facility, suppressed, "{text}");
            }
            Level::Debug => debug!(target: "aqueduct::kafka", client, facility, suppressed, "{text}"),
        }
    }

    /// Whether a line may be printed, and how many before it were not.
    fn admit(&self, facility: &str, now: Instant) -> Option<u64> {
        if !REPEATING.contains(&facility) {
            return Some(0);
        }
        let mut quiet = self.quiet.lock().unwrap_or_else(PoisonError::into_inner);
        match quiet.get_mut(facility) {
            Some(entry) if now.duration_since(entry.since) < QUIET => {
                entry.suppressed += 1;
                None
            }
            Some(entry) => {
                let suppressed = std::mem::take(&mut entry.suppressed);
                entry.since = now;
                Some(suppressed)
            }
            None => {
                quiet.insert(facility.to_owned(), Quiet { since: now, suppressed: 0 });
                Some(0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lost_connections_are_told_once_in_a_while_and_counted() {
        let log = ClientLog::new("c");
        let start = Instant::now();
        assert_eq!(log.admit("FAIL", start), Some(0));
        assert_eq!(log.admit("FAIL", start + QUIET / 2), None);
        assert_eq!(log.admit("ERROR", start + QUIET / 2), Some(0));
        assert_eq!(log.admit("FAIL", start + QUIET), Some(1));
        assert_eq!(log.admit("REQTMOUT", start), Some(0));
        assert_eq!(log.admit("REQTMOUT", start), Some(0));
    }
}
