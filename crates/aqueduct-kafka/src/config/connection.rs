//! Keys that all clients share.

use std::time::Duration;

use super::native::{self, NativeConfig};
use super::properties::Properties;
use super::security::{SECURITY, SecurityConfig};
use super::table::{self, Key, Use, key};
use super::value::{self, Type, invalid};
use crate::error::{KafkaError, Result};

use Type::{Boolean, Int, Long, OneOf, Text};
use Use::{Clamped, Ignored, Native, Ours, Refused};

/// The longest time that librdkafka takes for most settings in milliseconds.
const INT_MAX: i64 = i32::MAX as i64;

const JVM_ONLY: &str = "Java classes cannot be run inside the client";

/// How often a native client gives its [statistics](crate::statistics), in milliseconds (not a property of Java's): not
/// at all if it is not set. An owner that sets it must poll the client now and then, or what was given piles up.
pub const STATISTICS_INTERVAL: &str = "aqueduct.statistics.interval.ms";

/// Connection keys. Security keys are in [`super::security`].
pub(super) const CONNECTION: &[Key] = &[
    key("bootstrap.servers", Text, Ours),
    key("client.id", Text, Native("client.id")),
    key("client.rack", Text, Native("client.rack")),
    key(
        "client.dns.lookup",
        OneOf(&["use_all_dns_ips", "resolve_canonical_bootstrap_servers_only"]),
        Native("client.dns.lookup"),
    ),
    key("metadata.max.age.ms", Long(0), Clamped("metadata.max.age.ms", 1, 86_400_000)),
    key("metadata.recovery.strategy", OneOf(&["none", "rebootstrap"]), Native("metadata.recovery.strategy")),
    key(
        "metadata.recovery.rebootstrap.trigger.ms",
        Long(0),
        Clamped("metadata.recovery.rebootstrap.trigger.ms", 0, INT_MAX),
    ),
    key("metadata.cluster.check.enable", Boolean, Ignored),
    key("bootstrap.resolve.timeout.ms", Long(0), Ignored),
    key("reconnect.backoff.ms", Long(0), Clamped("reconnect.backoff.ms", 0, 3_600_000)),
    key("reconnect.backoff.max.ms", Long(0), Clamped("reconnect.backoff.max.ms", 0, 3_600_000)),
    key("retry.backoff.ms", Long(0), Clamped("retry.backoff.ms", 1, 300_000)),
    key("retry.backoff.max.ms", Long(0), Clamped("retry.backoff.max.ms", 1, 300_000)),
    key("request.timeout.ms", Int(0), Clamped("socket.timeout.ms", 10, 300_000)),
    key("default.api.timeout.ms", Int(0), Ours),
    key("connections.max.idle.ms", Long(-1), Ours),
    key(
        "socket.connection.setup.timeout.ms",
        Long(0),
        Clamped("socket.connection.setup.timeout.ms", 1000, INT_MAX),
    ),
    key("socket.connection.setup.timeout.max.ms", Long(0), Ignored),
    key("send.buffer.bytes", Int(-1), Clamped("socket.send.buffer.bytes", 0, 100_000_000)),
    key("receive.buffer.bytes", Int(-1), Clamped("socket.receive.buffer.bytes", 0, 100_000_000)),
    key(STATISTICS_INTERVAL, Long(0), Clamped("statistics.interval.ms", 0, 86_400_000)),
    key("enable.metrics.push", Boolean, Ignored),
    key("metric.reporters", Text, Ignored),
    key("metrics.num.samples", Int(1), Ignored),
    key("metrics.sample.window.ms", Long(0), Ignored),
    key("metrics.recording.level", Text, Ignored),
    key("auto.include.jmx.reporter", Boolean, Ignored),
    key("config.providers", Text, Ignored),
    key("interceptor.classes", Text, Refused(JVM_ONLY)),
];

/// Keys that only the administrative client has.
const ADMIN: &[Key] = &[
    key("retries", Int(0), Ignored),
    key("bootstrap.controllers", Text, Refused("the control plane talks to brokers; set bootstrap.servers")),
];

/// Labels and other prefixes that Java's clients take without a word.
const IGNORED_PREFIXES: [&str; 3] = ["metrics.context.", "connect.", "config.providers."];

/// Settings that producers, consumers and the administrative client share.
#[derive(Clone, Debug)]
pub struct ConnectionSettings {
    /// `host:port` of each bootstrap server.
    pub bootstrap: Vec<(String, u16)>,
    /// The name under which brokers know the client; may be empty.
    pub client_id: String,
    /// How long a single request may take.
    pub request_timeout: Duration,
    /// How long a call may take, with all its retries.
    pub api_timeout: Duration,
    /// Wait before the first retry of a request.
    pub retry_backoff: Duration,
    /// Longest wait before a retry.
    pub retry_backoff_max: Duration,
    /// Wait before connecting again to a server that did not answer.
    pub reconnect_backoff: Duration,
    /// Longest wait before connecting again.
    pub reconnect_backoff_max: Duration,
    /// How long setting up a connection may take.
    pub connect_timeout: Duration,
    /// Age at which the cluster's layout is asked for again.
    pub metadata_max_age: Duration,
    /// Idle time after which a connection is closed; `None` never.
    pub connections_max_idle: Option<Duration>,
    /// TLS and SASL.
    pub security: SecurityConfig,
}

impl ConnectionSettings {
    /// Reads the shared keys; others are left alone.
    pub fn new(properties: &Properties) -> Result<ConnectionSettings> {
        let ms = |name: &str, default: i64| {
            let text = table::checked_or(properties, CONNECTION, name, &default.to_string())?;
            Ok(Duration::from_millis(text.parse().unwrap_or_default()))
        };
        let idle = table::number_or(properties, "connections.max.idle.ms", 540_000)?;
        Ok(ConnectionSettings {
            bootstrap: bootstrap(properties)?,
            client_id: properties.get("client.id").unwrap_or_default().to_owned(),
            request_timeout: ms("request.timeout.ms", 30_000)?,
            api_timeout: ms("default.api.timeout.ms", 60_000)?,
            retry_backoff: ms("retry.backoff.ms", 100)?,
            retry_backoff_max: ms("retry.backoff.max.ms", 1000)?,
            reconnect_backoff: ms("reconnect.backoff.ms", 50)?,
            reconnect_backoff_max: ms("reconnect.backoff.max.ms", 1000)?,
            connect_timeout: ms("socket.connection.setup.timeout.ms", 10_000)?,
            metadata_max_age: ms("metadata.max.age.ms", 300_000)?,
            connections_max_idle: u64::try_from(idle).ok().map(Duration::from_millis),
            security: SecurityConfig::new(properties)?,
        })
    }

    /// Says which properties an administrative client has no use for.
    pub(crate) fn log_unused(properties: &Properties) -> Result<()> {
        let unused = table::apply(properties, &[CONNECTION, SECURITY, ADMIN], &mut NativeConfig::default())?;
        native::log_unused(properties.get("client.id").unwrap_or_default(), &complaints(unused));
        Ok(())
    }

    /// Sets what librdkafka needs of these, with Java's defaults.
    pub(super) fn apply(&self, native: &mut NativeConfig) {
        let servers: Vec<_> = self.bootstrap.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        native.set("bootstrap.servers", servers.join(","));
        for (name, default) in [
            ("metadata.max.age.ms", "300000"),
            ("topic.metadata.refresh.interval.ms", "300000"),
            ("reconnect.backoff.ms", "50"),
            ("reconnect.backoff.max.ms", "1000"),
            ("socket.timeout.ms", "30000"),
            ("socket.connection.setup.timeout.ms", "10000"),
            // Idle connections come and go; that is not worth a line each.
            ("log.connection.close", "false"),
            ("enable.metrics.push", "false"),
        ] {
            native.set_default(name, default);
        }
        let idle_ms = self.connections_max_idle.map_or(0, |idle| idle.as_millis().min(INT_MAX as u128));
        native.set("connections.max.idle.ms", idle_ms.to_string());
        self.security.apply(native);
    }
}

/// Leaves out of `unused` what Java's clients would not complain about either.
pub(super) fn complaints(unused: Vec<String>) -> Vec<String> {
    let known = |name: &String| !IGNORED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    unused.into_iter().filter(known).collect()
}

fn bootstrap(properties: &Properties) -> Result<Vec<(String, u16)>> {
    let name = "bootstrap.servers";
    let Some(value) = properties.get(name) else {
        let message = format!("Missing required configuration \"{name}\" which has no default value.");
        return Err(KafkaError::config(message));
    };
    let servers = value::list(value)
        .map(|server| {
            // An optional protocol, as in PLAINTEXT://host:9092, and IPv6 in brackets, as Java allows.
            let address = server.rsplit_once("//").map_or(server, |(_, address)| address);
            let parsed = address
                .rsplit_once(':')
                .and_then(|(host, port)| Some((host, port.parse().ok()?)))
                .filter(|(host, _)| !host.is_empty());
            match parsed {
                Some((host, port)) => Ok((host.to_owned(), port)),
                None => Err(KafkaError::config(format!("Invalid url in {name}: {server}"))),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    if servers.is_empty() {
        return Err(invalid(name, value, "No bootstrap urls given"));
    }
    Ok(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(value: &str) -> std::result::Result<Vec<(String, u16)>, String> {
        bootstrap(&Properties::new().with("bootstrap.servers", value)).map_err(|error| error.to_string())
    }

    #[test]
    fn bootstrap_servers() {
        assert_eq!(
            servers("a:1, SSL://b:2,[::1]:3").unwrap(),
            [("a".to_owned(), 1), ("b".to_owned(), 2), ("[::1]".to_owned(), 3)]
        );
        assert_eq!(servers("a").unwrap_err(), "Invalid url in bootstrap.servers: a");
        assert_eq!(servers("a:99999").unwrap_err(), "Invalid url in bootstrap.servers: a:99999");
        assert!(servers(" , ").is_err());
        assert_eq!(
            bootstrap(&Properties::new()).unwrap_err().to_string(),
            "Missing required configuration \"bootstrap.servers\" which has no default value."
        );
    }

    #[test]
    fn javas_defaults() {
        let settings = ConnectionSettings::new(&Properties::new().with("bootstrap.servers", "a:1")).unwrap();
        assert_eq!(settings.request_timeout, Duration::from_secs(30));
        assert_eq!(settings.reconnect_backoff, Duration::from_millis(50));
        let mut native = NativeConfig::default();
        settings.apply(&mut native);
        assert_eq!(native.get("connections.max.idle.ms"), Some("540000"));
        assert_eq!(native.get("security.protocol"), Some("plaintext"));
    }
}
