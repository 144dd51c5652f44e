//! Consumer keys.

use std::time::Duration;

use super::connection::{CONNECTION, ConnectionSettings, complaints};
use super::native::{self, NativeConfig};
use super::properties::Properties;
use super::security::SECURITY;
use super::table::{self, Key, Use, key};
use super::token::TokenSource;
use super::value::{self, Type, invalid};
use crate::error::Result;

use Type::{Boolean, Int, OneOf, Text};
use Use::{Clamped, Ignored, Native, Ours, Refused};

/// Set to `true` (not a property of Java's) to be told by [`Polled::EndReached`](crate::consumer::Polled) when a
/// partition has no more records for now.
pub const REPORT_ENDS: &str = "aqueduct.report.ends";

/// A group that nobody joins: librdkafka wants a name even to read without one.
const NO_GROUP: &str = "aqueduct-no-group";

/// Records fetched ahead per partition. librdkafka's default of 100 000 with 64 MB per consumer serves one client
/// that owns the machine, not hundreds of idle ones.
const PREFETCH_RECORDS: &str = "20000";
/// Kilobytes fetched ahead per consumer.
const PREFETCH_KB: &str = "16384";
/// How soon a full prefetch is looked at again; librdkafka's second would stall a low limit.
const PREFETCH_BACKOFF_MS: &str = "10";

const CONSUMER: &[Key] = &[
    key("allow.auto.create.topics", Boolean, Native("allow.auto.create.topics")),
    key("auto.commit.interval.ms", Int(0), Ignored),
    key("auto.offset.reset", Text, Ours),
    key("check.crcs", Boolean, Native("check.crcs")),
    key("enable.auto.commit", Boolean, Ours),
    key("exclude.internal.topics", Boolean, Ours),
    key("fetch.max.bytes", Int(0), Ours),
    key("fetch.max.wait.ms", Int(0), Clamped("fetch.wait.max.ms", 0, 300_000)),
    key("fetch.min.bytes", Int(0), Clamped("fetch.min.bytes", 1, 100_000_000)),
    key("group.id", Text, Ours),
    key("group.instance.id", Text, Native("group.instance.id")),
    key("group.protocol", OneOf(&["classic", "consumer"]), Ours),
    key("group.remote.assignor", Text, Native("group.remote.assignor")),
    key("heartbeat.interval.ms", Int(0), Ours),
    key("isolation.level", OneOf(&["read_uncommitted", "read_committed"]), Native("isolation.level")),
    key("key.deserializer", Text, Ignored),
    key("value.deserializer", Text, Ignored),
    key("max.partition.fetch.bytes", Int(0), Clamped("max.partition.fetch.bytes", 1, 1_000_000_000)),
    key("max.poll.interval.ms", Int(1), Clamped("max.poll.interval.ms", 1, 86_400_000)),
    key("max.poll.records", Int(1), Ours),
    key("partition.assignment.strategy", Text, Ours),
    key("session.timeout.ms", Int(0), Ours),
    key("share.acknowledgement.mode", Text, Refused("share groups are not supported")),
    key(REPORT_ENDS, Boolean, Native("enable.partition.eof")),
];

/// Where to start without a committed offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OffsetReset {
    /// At the first record.
    Earliest,
    /// Behind the last record.
    Latest,
    /// Nowhere: that is an error.
    None,
}

/// A consumer's settings.
///
/// Java's defaults for all that can be seen from outside. What is fetched ahead is bounded to 16 MB a consumer and
/// 20 000 records a partition, which keeps a consumer busy at a million small records per second and a hundred idle
/// ones small.
#[derive(Clone, Debug)]
pub struct ConsumerSettings {
    /// librdkafka's properties.
    pub native: NativeConfig,
    /// The client id, possibly empty.
    pub client_id: String,
    /// `auto.offset.reset`.
    pub offset_reset: OffsetReset,
    /// `max.poll.records`.
    pub max_poll_records: usize,
    /// Bytes after which a poll stops taking records: `fetch.max.bytes`.
    pub max_poll_bytes: usize,
    /// `max.poll.interval.ms`.
    pub max_poll_interval: Duration,
    /// `metadata.max.age.ms`: how often patterns are looked up.
    pub metadata_max_age: Duration,
    /// `exclude.internal.topics`.
    pub exclude_internal_topics: bool,
    /// Tokens, with OAUTHBEARER.
    pub token: Option<TokenSource>,
    /// Keys that have no meaning for a consumer.
    pub unused: Vec<String>,
}

impl ConsumerSettings {
    /// Translates Java's properties.
    ///
    /// # Errors
    /// `Config`, in Java's words, naming the key.
    pub fn new(properties: &Properties) -> Result<ConsumerSettings> {
        let mut native = NativeConfig::default();
        let connection = ConnectionSettings::new(properties)?;
        let unused = table::apply(properties, &[CONSUMER, CONNECTION, SECURITY], &mut native)?;
        connection.apply(&mut native);

        let number = |name: &str, default| table::number_or(properties, name, default);
        let fetch_max = number("fetch.max.bytes", 52_428_800)?.clamp(1000, INT_MAX - 512);
        let offset_reset = offset_reset(properties)?;
        native.set(
            "auto.offset.reset",
            match offset_reset {
                OffsetReset::Earliest => "earliest",
                OffsetReset::Latest => "latest",
                OffsetReset::None => "error",
            },
        );
        let group = properties.get("group.id").filter(|group| !group.is_empty()).unwrap_or(NO_GROUP);
        native.set("group.id", group);
        native.set("enable.auto.commit", "false");
        native.set("enable.auto.offset.store", "false");
        native.set_default("allow.auto.create.topics", "true");
        native.set_default("isolation.level", "read_uncommitted");
        native.set("fetch.max.bytes", fetch_max.to_string());
        // Means nothing to a consumer, but librdkafka refuses a smaller fetch.
        native.set("message.max.bytes", fetch_max.min(1_000_000).to_string());
        native.set("receive.message.max.bytes", (fetch_max + 512).max(100_000_000).to_string());
        native.set("queued.min.messages", PREFETCH_RECORDS);
        native.set("queued.max.messages.kbytes", PREFETCH_KB);
        native.set("fetch.queue.backoff.ms", PREFETCH_BACKOFF_MS);
        native.set("fetch.error.backoff.ms", number("retry.backoff.ms", 100)?.clamp(0, 300_000).to_string());
        group_settings(properties, &mut native)?;

        let exclude = properties.get("exclude.internal.topics").unwrap_or("true");
        Ok(ConsumerSettings {
            client_id: connection.client_id,
            offset_reset,
            max_poll_records: usize::try_from(number("max.poll.records", 500)?).unwrap_or(500),
            max_poll_bytes: usize::try_from(fetch_max).unwrap_or(usize::MAX),
            max_poll_interval: Duration::from_millis(
                native.get_number("max.poll.interval.ms").unwrap_or(300_000).unsigned_abs(),
            ),
            metadata_max_age: connection.metadata_max_age,
            exclude_internal_topics: !exclude.eq_ignore_ascii_case("false"),
            token: connection.security.token_source().cloned(),
            unused: complaints(unused),
            native,
        })
    }

    pub(crate) fn log_unused(&self) {
        native::log_unused(&self.client_id, &self.unused);
    }
}

const INT_MAX: i64 = i32::MAX as i64;

fn offset_reset(properties: &Properties) -> Result<OffsetReset> {
    let value = properties.get("auto.offset.reset").unwrap_or("latest");
    match value.to_ascii_lowercase().as_str() {
        "earliest" => Ok(OffsetReset::Earliest),
        "latest" => Ok(OffsetReset::Latest),
        "none" => Ok(OffsetReset::None),
        _ => Err(invalid(
            "auto.offset.reset",
            value,
            &format!(
                "Invalid value `{value}` for configuration auto.offset.reset. The value must be one of: earliest, latest, none"
            ),
        )),
    }
}

/// Timeouts and assignors of the classic protocol; with `group.protocol=consumer` the broker decides them.
fn group_settings(properties: &Properties, native: &mut NativeConfig) -> Result<()> {
    if properties.get("group.protocol").is_some_and(|protocol| protocol.eq_ignore_ascii_case("consumer")) {
        native.set("group.protocol", "consumer");
        return Ok(());
    }
    let number = |name: &str, default| table::number_or(properties, name, default);
    let session = number("session.timeout.ms", 45_000)?;
    let heartbeat = number("heartbeat.interval.ms", 3000)?;
    if heartbeat >= session {
        let reason = "Heartbeat must be set lower than the session timeout";
        return Err(invalid("heartbeat.interval.ms", &heartbeat.to_string(), reason));
    }
    native.set("session.timeout.ms", session.clamp(1, 3_600_000).to_string());
    native.set("heartbeat.interval.ms", heartbeat.clamp(1, 3_600_000).to_string());
    // librdkafka wants the poll interval to be no shorter than the session.
    let poll_interval = native.get_number("max.poll.interval.ms").unwrap_or(300_000);
    native.set("max.poll.interval.ms", poll_interval.max(session).clamp(1, 86_400_000).to_string());
    native.set("partition.assignment.strategy", assignors(properties)?);
    Ok(())
}

/// librdkafka's names of the assignors. It cannot offer eager and cooperative ones at once, which Java does by
/// default; members that do agree on the eager ones, so those are kept.
fn assignors(properties: &Properties) -> Result<String> {
    let name = "partition.assignment.strategy";
    let value = properties.get(name).unwrap_or("RangeAssignor,CooperativeStickyAssignor");
    let (mut eager, mut cooperative) = (Vec::new(), false);
    for class in value::list(value) {
        match class.rsplit('.').next().unwrap_or_default() {
            "RangeAssignor" => eager.push("range"),
            "RoundRobinAssignor" => eager.push("roundrobin"),
            "CooperativeStickyAssignor" => cooperative = true,
            "StickyAssignor" => {
                tracing::warn!(target: "aqueduct::kafka", "{name}: StickyAssignor is not available here and is left out");
            }
            _ => return Err(invalid(name, class, "Java classes cannot be run inside the client")),
        }
    }
    if !eager.is_empty() {
        return Ok(eager.join(","));
    }
    if cooperative {
        return Ok("cooperative-sticky".to_owned());
    }
    Err(invalid(
        name,
        value,
        "none of these assignors is available; use CooperativeStickyAssignor or RangeAssignor",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> std::result::Result<ConsumerSettings, String> {
        let properties = Properties::from_iter(pairs.iter().copied()).with("bootstrap.servers", "b:1");
        ConsumerSettings::new(&properties).map_err(|error| error.to_string())
    }

    #[track_caller]
    fn check(pairs: &[(&str, &str)], expected: &[(&str, &str)]) {
        let settings = settings(pairs).unwrap();
        for (key, value) in expected {
            assert_eq!(settings.native.get(key), Some(*value), "{key}");
        }
        settings.native.to_client_config().create_native_config().unwrap();
    }

    #[test]
    fn defaults() {
        check(
            &[],
            &[
                ("enable.auto.commit", "false"),
                ("auto.offset.reset", "latest"),
                ("isolation.level", "read_uncommitted"),
                ("allow.auto.create.topics", "true"),
                ("session.timeout.ms", "45000"),
                ("partition.assignment.strategy", "range"),
                ("fetch.max.bytes", "52428800"),
            ],
        );
        let settings = settings(&[]).unwrap();
        assert_eq!((settings.max_poll_records, settings.exclude_internal_topics), (500, true));
    }

    #[test]
    fn assignors_by_class_name() {
        let prefix = "org.apache.kafka.clients.consumer.";
        for (classes, expected) in [
            (&["RangeAssignor", "CooperativeStickyAssignor"][..], "range"),
            (&["CooperativeStickyAssignor"][..], "cooperative-sticky"),
            (&["RoundRobinAssignor", "StickyAssignor"][..], "roundrobin"),
        ] {
            let value: Vec<_> = classes.iter().map(|class| format!("{prefix}{class}")).collect();
            check(
                &[("partition.assignment.strategy", &value.join(", "))],
                &[("partition.assignment.strategy", expected)],
            );
        }
        assert!(settings(&[("partition.assignment.strategy", "StickyAssignor")]).is_err());
        assert!(settings(&[("partition.assignment.strategy", "com.acme.Mine")]).is_err());
    }

    #[test]
    fn consumer_protocol_leaves_the_classic_settings_out() {
        check(&[("group.protocol", "CONSUMER"), ("group.id", "g")], &[("group.protocol", "consumer")]);
        let settings = settings(&[("group.protocol", "consumer")]).unwrap();
        assert_eq!(settings.native.get("session.timeout.ms"), None);
    }

    #[test]
    fn refused_values() {
        assert!(settings(&[("auto.offset.reset", "sometimes")]).unwrap_err().contains("auto.offset.reset"));
        assert_eq!(
            settings(&[("max.poll.records", "0")]).unwrap_err(),
            "Invalid value 0 for configuration max.poll.records: Value must be at least 1"
        );
        assert!(settings(&[("session.timeout.ms", "3000")]).unwrap_err().contains("heartbeat.interval.ms"));
    }
}
