//! Producer keys.

use super::connection::{CONNECTION, ConnectionSettings, complaints};
use super::native::{self, NativeConfig};
use super::properties::Properties;
use super::security::SECURITY;
use super::table::{self, Key, Use, key};
use super::token::TokenSource;
use super::value::{Type, invalid};
use crate::error::{KafkaError, Result};

use Type::{Boolean, Int, Long, OneOf, Text};
use Use::{Clamped, Ignored, Native, Ours};

const INT_MAX: i64 = i32::MAX as i64;

/// Batches fill up to this if `batch.size` is not set.
const BATCH_BYTES: i64 = 1_000_000;
/// What a buffered record costs besides its key and value, for the bound on their number.
const RECORD_COST_BYTES: i64 = 256;

const PRODUCER: &[Key] = &[
    key("acks", OneOf(&["all", "-1", "0", "1"]), Native("acks")),
    key("batch.size", Int(0), Ours),
    key("buffer.memory", Long(0), Ours),
    key("compression.type", OneOf(&["none", "gzip", "snappy", "lz4", "zstd"]), Native("compression.type")),
    key("compression.gzip.level", Int(-1), Ours),
    key("compression.lz4.level", Int(1), Ours),
    key("compression.zstd.level", Int(-131_072), Ours),
    key("delivery.timeout.ms", Int(0), Ours),
    key("enable.idempotence", Boolean, Ours),
    key("key.serializer", Text, Ignored),
    key("value.serializer", Text, Ignored),
    key("linger.ms", Long(0), Clamped("linger.ms", 0, 900_000)),
    key("max.block.ms", Long(0), Ours),
    key(
        "max.in.flight.requests.per.connection",
        Int(1),
        Clamped("max.in.flight.requests.per.connection", 1, 1_000_000),
    ),
    key("max.request.size", Int(0), Ours),
    key("partitioner.class", Text, Ours),
    key("partitioner.ignore.keys", Boolean, Ours),
    key("partitioner.adaptive.partitioning.enable", Boolean, Ignored),
    key("partitioner.availability.timeout.ms", Long(0), Ignored),
    key("metadata.max.idle.ms", Long(5000), Ignored),
    key("retries", Int(0), Native("retries")),
    key("transaction.timeout.ms", Int(0), Clamped("transaction.timeout.ms", 1000, INT_MAX)),
    key("transaction.two.phase.commit.enable", Boolean, Ignored),
    key("transactional.id", Text, Native("transactional.id")),
];

/// A producer's settings.
///
/// Java's defaults, except for `batch.size`: without an explicit value batches fill up to 1 MB rather than 16 KB,
/// still bounded in time by `linger.ms` (5 ms, as in Java). With one request in flight, which is how Connect runs its
/// producers, that is worth an order of magnitude and costs no latency. `buffer.memory` bounds the bytes of keys and
/// values, and (at 256 bytes each) the number of buffered records, so that small records do not take many times as
/// much memory as was asked for.
#[derive(Clone, Debug)]
pub struct ProducerSettings {
    /// librdkafka's properties.
    pub native: NativeConfig,
    /// The client id, possibly empty.
    pub client_id: String,
    /// `delivery.timeout.ms`.
    pub delivery_timeout_ms: i64,
    /// `max.block.ms`: how long transactional calls may take.
    pub max_block_ms: i64,
    /// `max.request.size`.
    pub max_request_bytes: usize,
    /// `buffer.memory`.
    pub buffer_bytes: usize,
    /// Tokens, with OAUTHBEARER.
    pub token: Option<TokenSource>,
    /// Keys that have no meaning for a producer.
    pub unused: Vec<String>,
}

impl ProducerSettings {
    /// Translates Java's properties.
    ///
    /// # Errors
    /// `Config`, in Java's words, naming the key.
    pub fn new(properties: &Properties) -> Result<ProducerSettings> {
        let mut native = NativeConfig::default();
        let connection = ConnectionSettings::new(properties)?;
        let unused = table::apply(properties, &[PRODUCER, CONNECTION, SECURITY], &mut native)?;
        connection.apply(&mut native);

        let number = |name: &str, default| table::number_or(properties, name, default);
        let linger = number("linger.ms", 5)?;
        let request_timeout = number("request.timeout.ms", 30_000)?;
        let delivery_timeout = delivery_timeout(properties, linger, request_timeout)?;
        let max_request = number("max.request.size", 1_048_576)?;
        let buffer = number("buffer.memory", 33_554_432)?;
        let max_block = number("max.block.ms", 60_000)?;
        let batch = number("batch.size", BATCH_BYTES)?;

        native.set_default("acks", "all");
        native.set_default("linger.ms", "5");
        // Java counts 0 as "no batching", librdkafka wants at least a byte.
        native.set("batch.size", batch.clamp(1, INT_MAX).to_string());
        native.set("queue.buffering.max.kbytes", (buffer / 1024).clamp(1, INT_MAX).to_string());
        native.set(
            "queue.buffering.max.messages",
            (buffer / RECORD_COST_BYTES).clamp(1000, 10_000_000).to_string(),
        );
        // Our own check of max.request.size is Java's; librdkafka's must not be stricter.
        native.set("message.max.bytes", (max_request + 1024).clamp(1000, 1_000_000_000).to_string());
        native.set("request.timeout.ms", request_timeout.clamp(1, 900_000).to_string());
        native.set("delivery.timeout.ms", delivery_timeout_within(delivery_timeout, properties)?.to_string());
        // As long as Java's send would wait for a topic to appear.
        native.set("topic.metadata.propagation.max.ms", max_block.clamp(0, 3_600_000).to_string());
        native.set("partitioner", partitioner(properties)?);
        idempotence(properties, &mut native)?;
        compression_level(properties, &mut native)?;

        Ok(ProducerSettings {
            client_id: connection.client_id,
            delivery_timeout_ms: delivery_timeout,
            max_block_ms: max_block,
            max_request_bytes: usize::try_from(max_request).unwrap_or(usize::MAX),
            buffer_bytes: usize::try_from(buffer).unwrap_or(usize::MAX),
            token: connection.security.token_source().cloned(),
            unused: complaints(unused),
            native,
        })
    }

    pub(crate) fn log_unused(&self) {
        native::log_unused(&self.client_id, &self.unused);
    }
}

fn delivery_timeout(properties: &Properties, linger: i64, request_timeout: i64) -> Result<i64> {
    let least = linger.saturating_add(request_timeout);
    match properties.get("delivery.timeout.ms") {
        Some(value) => {
            let timeout = table::number_or(properties, "delivery.timeout.ms", 0)?;
            if timeout < least.min(INT_MAX) {
                let reason =
                    "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms";
                return Err(invalid("delivery.timeout.ms", value, reason));
            }
            Ok(timeout)
        }
        None => Ok(least.clamp(120_000, INT_MAX)),
    }
}

/// librdkafka wants records of a transaction to expire no later than the transaction does.
fn delivery_timeout_within(delivery_timeout: i64, properties: &Properties) -> Result<i64> {
    if !is_transactional(properties) {
        return Ok(delivery_timeout);
    }
    let transaction = table::number_or(properties, "transaction.timeout.ms", 60_000)?.clamp(1000, INT_MAX);
    Ok(delivery_timeout.min(transaction))
}

fn is_transactional(properties: &Properties) -> bool {
    properties.get("transactional.id").is_some_and(|id| !id.is_empty())
}

/// Java's default partitioner: murmur2 of the key; without a key whatever fills batches best.
fn partitioner(properties: &Properties) -> Result<&'static str> {
    let class = properties.get("partitioner.class").unwrap_or_default();
    let ignore_keys =
        properties.get("partitioner.ignore.keys").is_some_and(|v| v.eq_ignore_ascii_case("true"));
    match class.rsplit('.').next().unwrap_or_default() {
        "" | "DefaultPartitioner" if ignore_keys => Ok("random"),
        "" | "DefaultPartitioner" => Ok("murmur2_random"),
        "UniformStickyPartitioner" | "RoundRobinPartitioner" => Ok("random"),
        _ => Err(invalid("partitioner.class", class, "Java classes cannot be run inside the client")),
    }
}

/// Java turns idempotence on by default, but off when other settings do not allow it and it was not asked for.
fn idempotence(properties: &Properties, native: &mut NativeConfig) -> Result<()> {
    let asked = properties.get("enable.idempotence").map(|value| value.eq_ignore_ascii_case("true"));
    let transactional = is_transactional(properties);
    if transactional && asked == Some(false) {
        return Err(KafkaError::config("Cannot set a transactional.id without also enabling idempotence."));
    }
    let in_flight = native.get_number("max.in.flight.requests.per.connection").unwrap_or(5);
    let acks_all = matches!(native.get("acks"), Some("all" | "-1"));
    let retries = native.get_number("retries").unwrap_or(INT_MAX);
    let wanted = asked == Some(true) || transactional;
    let obstacle = if !acks_all {
        Some(
            "Must set acks to all in order to use the idempotent producer. Otherwise we cannot guarantee idempotence.",
        )
    } else if retries == 0 {
        Some("Must set retries to non-zero when using the idempotent producer.")
    } else if in_flight > 5 {
        Some("Must set max.in.flight.requests.per.connection to at most 5 to use the idempotent producer.")
    } else {
        None
    };
    if let (true, Some(obstacle)) = (wanted, obstacle) {
        return Err(KafkaError::config(obstacle));
    }
    native.set_default("max.in.flight.requests.per.connection", "5");
    let enabled = asked != Some(false) && obstacle.is_none();
    native.set("enable.idempotence", enabled.to_string());
    Ok(())
}

/// librdkafka has one level for all codecs, Java one for each.
fn compression_level(properties: &Properties, native: &mut NativeConfig) -> Result<()> {
    let codec = native.get("compression.type").unwrap_or("none").to_owned();
    if let Some(level) = properties.get(&format!("compression.{codec}.level")) {
        let level = level.parse().unwrap_or(-1i64);
        native.set("compression.level", level.clamp(-1, 12).to_string());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> std::result::Result<ProducerSettings, String> {
        let properties = Properties::from_iter(pairs.iter().copied()).with("bootstrap.servers", "b:1");
        ProducerSettings::new(&properties).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(pairs: &[(&str, &str)], expected: &[(&str, &str)]) {
        let settings = settings(pairs).unwrap();
        for (key, value) in expected {
            assert_eq!(settings.native.get(key), Some(*value), "{key}");
        }
        // librdkafka must take all of it.
        settings.native.to_client_config().create_native_config().unwrap();
    }

    #[test]
    fn defaults_are_javas_but_for_the_batch_size() {
        check(
            &[],
            &[
                ("acks", "all"),
                ("linger.ms", "5"),
                ("batch.size", "1000000"),
                ("enable.idempotence", "true"),
                ("max.in.flight.requests.per.connection", "5"),
                ("delivery.timeout.ms", "120000"),
                ("queue.buffering.max.kbytes", "32768"),
                ("queue.buffering.max.messages", "131072"),
                ("partitioner", "murmur2_random"),
                ("topic.metadata.propagation.max.ms", "60000"),
            ],
        );
    }

    #[test]
    fn what_connect_sets_for_source_producers() {
        check(
            &[
                ("key.serializer", "org.apache.kafka.common.serialization.ByteArraySerializer"),
                ("max.block.ms", "9223372036854775807"),
                ("enable.idempotence", "false"),
                ("acks", "all"),
                ("max.in.flight.requests.per.connection", "1"),
                ("delivery.timeout.ms", "2147483647"),
                ("batch.size", "16384"),
            ],
            &[
                ("enable.idempotence", "false"),
                ("max.in.flight.requests.per.connection", "1"),
                ("delivery.timeout.ms", "2147483647"),
                ("topic.metadata.propagation.max.ms", "3600000"),
                ("batch.size", "16384"),
            ],
        );
    }

    #[test]
    fn records_of_a_transaction_expire_with_it() {
        check(
            &[("transactional.id", "t"), ("delivery.timeout.ms", "2147483647")],
            &[("delivery.timeout.ms", "60000"), ("enable.idempotence", "true")],
        );
    }

    #[test]
    fn idempotence_gives_way_unless_asked_for() {
        check(&[("acks", "1")], &[("enable.idempotence", "false"), ("acks", "1")]);
        check(&[("max.in.flight.requests.per.connection", "6")], &[("enable.idempotence", "false")]);
        for (pairs, reason) in [
            (&[("acks", "1"), ("enable.idempotence", "true")][..], "Must set acks to all"),
            (
                &[("transactional.id", "t"), ("enable.idempotence", "false")][..],
                "Cannot set a transactional.id",
            ),
            (&[("transactional.id", "t"), ("retries", "0")][..], "Must set retries to non-zero"),
        ] {
            assert!(settings(pairs).unwrap_err().starts_with(reason), "{pairs:?}");
        }
    }

    #[test]
    fn refused_values_name_the_key_and_unknown_keys_are_told() {
        for (key, value, reason) in [
            ("linger.ms", "x", "Invalid value x for configuration linger.ms: Not a number of type LONG"),
            (
                "batch.size",
                "9999999999",
                "Invalid value 9999999999 for configuration batch.size: Not a number of type INT",
            ),
            ("acks", "2", "Invalid value 2 for configuration acks: String must be one of: all, -1, 0, 1"),
            (
                "interceptor.classes",
                "a.B",
                "The configuration interceptor.classes is not supported: Java classes cannot be run inside the client",
            ),
        ] {
            assert_eq!(settings(&[(key, value)]).unwrap_err(), reason);
        }
        let settings =
            settings(&[("z.unknown", "1"), ("group.id", "g"), ("metrics.context.connect.group.id", "x")])
                .unwrap();
        assert_eq!(settings.unused, ["group.id", "z.unknown"]);
    }
}
