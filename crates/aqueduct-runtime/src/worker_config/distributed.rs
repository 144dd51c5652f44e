//! What only workers in a group have.

use std::time::Duration;

use aqueduct_api::config::ConfigData;
use aqueduct_api::{ConfigMap, Error, Result};

use super::{millis, optional_usize};

/// What only a worker in a group has.
#[derive(Debug, Clone)]
pub struct DistributedConfig {
    /// The group's name.
    pub group_id: String,
    /// What requests carry; empty: a name is made up.
    pub client_id: String,
    /// After this long without a heartbeat a worker is lost.
    pub session_timeout: Duration,
    /// How long workers get to rejoin, and how long they may go without asking for work.
    pub rebalance_timeout: Duration,
    /// Between two heartbeats.
    pub heartbeat_interval: Duration,
    /// Whether sources can deliver exactly once.
    pub exactly_once: ExactlyOnceSource,
    /// The protocol to share work.
    pub protocol: Protocol,
    /// How long the work of a lost worker waits for its return.
    pub scheduled_rebalance_max_delay: Duration,
    /// How long a worker that is behind may take to catch up.
    pub worker_sync_timeout: Duration,
    /// How long a worker that did not catch up stays away.
    pub worker_unsync_backoff: Duration,
    /// The wait before the first new try of a request, and the longest one.
    pub retry_backoff: (Duration, Duration),
    /// How long to wait for an answer of a broker.
    pub request_timeout: Duration,
    /// The topic of configurations: always one partition.
    pub config_topic: InternalTopic,
    /// The topic of offsets.
    pub offset_topic: InternalTopic,
    /// The topic of states.
    pub status_topic: InternalTopic,
    /// Keys and signatures of requests between workers.
    pub signing: Signing,
}

/// Whether sources can deliver exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExactlyOnceSource {
    /// No.
    Disabled,
    /// Not yet: during a rolling upgrade, workers write to the config topic as they will later.
    Preparing,
    /// Yes.
    Enabled,
}

impl ExactlyOnceSource {
    /// Whether sources deliver exactly once.
    pub fn is_enabled(self) -> bool {
        self == Self::Enabled
    }

    /// Whether the leader writes to the config topic in transactions.
    pub fn uses_transactional_leader(self) -> bool {
        self != Self::Disabled
    }
}

/// The protocol to share work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// All work stops while it is shared.
    Eager,
    /// Work moves step by step.
    Compatible,
    /// As compatible, and requests between workers are signed.
    Sessioned,
}

/// A topic of the runtime's own.
#[derive(Debug, Clone)]
pub struct InternalTopic {
    /// Its name.
    pub name: String,
    /// How many partitions it gets; -1: what the broker says.
    pub partitions: i32,
    /// How many replicas they get; -1: what the broker says.
    pub replication_factor: i16,
    /// Settings of the topic.
    pub settings: ConfigMap,
}

/// Keys and signatures of requests between workers.
#[derive(Debug, Clone)]
pub struct Signing {
    /// How keys are made.
    pub key_generation_algorithm: String,
    /// Bits of a key; `None`: what the algorithm says.
    pub key_size_bits: Option<usize>,
    /// How long a key is used; zero: for ever.
    pub key_ttl: Duration,
    /// How requests are signed.
    pub signature_algorithm: String,
    /// Which signatures are accepted.
    pub verification_algorithms: Vec<String>,
}

impl DistributedConfig {
    pub(super) fn new(config: &ConfigMap, data: &ConfigData) -> Result<Self> {
        let exactly_once = match data.string("exactly.once.source.support")?.to_lowercase().as_str() {
            "enabled" => ExactlyOnceSource::Enabled,
            "preparing" => ExactlyOnceSource::Preparing,
            _ => ExactlyOnceSource::Disabled,
        };
        let protocol = match data.string("connect.protocol")? {
            "eager" => Protocol::Eager,
            "compatible" => Protocol::Compatible,
            _ => Protocol::Sessioned,
        };
        Ok(Self {
            group_id: data.string("group.id")?.to_owned(),
            client_id: data.string("client.id")?.to_owned(),
            session_timeout: millis(data, "session.timeout.ms")?,
            rebalance_timeout: millis(data, "rebalance.timeout.ms")?,
            heartbeat_interval: millis(data, "heartbeat.interval.ms")?,
            exactly_once,
            protocol,
            scheduled_rebalance_max_delay: millis(data, "scheduled.rebalance.max.delay.ms")?,
            worker_sync_timeout: millis(data, "worker.sync.timeout.ms")?,
            worker_unsync_backoff: millis(data, "worker.unsync.backoff.ms")?,
            retry_backoff: (millis(data, "retry.backoff.ms")?, millis(data, "retry.backoff.max.ms")?),
            request_timeout: millis(data, "request.timeout.ms")?,
            config_topic: InternalTopic::new("config.storage.", config, data)?,
            offset_topic: InternalTopic::new("offset.storage.", config, data)?,
            status_topic: InternalTopic::new("status.storage.", config, data)?,
            signing: Signing::new(data)?,
        })
    }
}

impl InternalTopic {
    fn new(prefix: &str, config: &ConfigMap, data: &ConfigData) -> Result<Self> {
        let mut settings = config.with_prefix(prefix);
        settings.remove("topic");
        settings.remove("replication.factor");
        let fixed_partitions = data.get(&format!("{prefix}partitions")).is_null();
        for ignored in ["cleanup.policy", "partitions"] {
            if settings.remove(ignored).is_some() && (ignored != "partitions" || fixed_partitions) {
                tracing::warn!("{prefix}{ignored} has no effect: the topic needs a value of its own");
            }
        }
        let partitions = match data.optional_integer(&format!("{prefix}partitions"))? {
            Some(partitions) => i32::try_from(partitions).unwrap_or(-1),
            None => 1,
        };
        Ok(Self {
            name: data.string(&format!("{prefix}topic"))?.to_owned(),
            partitions,
            replication_factor: i16::try_from(data.integer(&format!("{prefix}replication.factor"))?)
                .unwrap_or(-1),
            settings,
        })
    }
}

impl Signing {
    fn new(data: &ConfigData) -> Result<Self> {
        let key = "inter.worker.signature.algorithm";
        let signature_algorithm = data.string(key)?.to_owned();
        let verification_algorithms = data.list("inter.worker.verification.algorithms")?.to_vec();
        if !verification_algorithms.contains(&signature_algorithm) {
            return Err(Error::config(format!(
                "Invalid value {signature_algorithm} for configuration {key}: Signature algorithm must be present in \
                 inter.worker.verification.algorithms list"
            )));
        }
        Ok(Self {
            key_generation_algorithm: data.string("inter.worker.key.generation.algorithm")?.to_owned(),
            key_size_bits: optional_usize(data, "inter.worker.key.size")?,
            key_ttl: millis(data, "inter.worker.key.ttl.ms")?,
            signature_algorithm,
            verification_algorithms,
        })
    }
}
