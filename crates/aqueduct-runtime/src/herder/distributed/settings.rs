//! What the driver needs of the worker's configuration.

use std::time::Duration;

use aqueduct_api::{Error, Result};
use aqueduct_proto::herder::Settings;
use aqueduct_proto::member;
use aqueduct_proto::session::{Algorithm, KeyPolicy, VerificationPolicy};
use aqueduct_proto::subprotocol::Subprotocol;

use crate::worker_config::{DistributedConfig, Protocol};

/// What the driver needs of the worker's configuration.
pub(super) struct DriverSettings {
    pub(super) herder: Settings,
    pub(super) group_id: String,
    pub(super) client_id: String,
    pub(super) heartbeat_interval: Duration,
    pub(super) sync_timeout: Duration,
    pub(super) signature_algorithm: Algorithm,
    pub(super) verification: VerificationPolicy,
    pub(super) exactly_once: bool,
}

fn whole_ms(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

fn algorithm(name: &str, key: &str) -> Result<Algorithm> {
    Algorithm::from_name(name).ok_or_else(|| {
        let known: Vec<&str> = Algorithm::ALL.iter().map(|one| one.name()).collect();
        Error::config(format!("Invalid value {name} for configuration {key}: known are {}", known.join(", ")))
    })
}

impl DriverSettings {
    pub(super) fn new(group: &DistributedConfig, worker_id: &str, url: String) -> Result<Self> {
        let signing = &group.signing;
        let subprotocol = match group.protocol {
            Protocol::Eager => Subprotocol::Eager,
            Protocol::Compatible => Subprotocol::Compatible,
            Protocol::Sessioned => Subprotocol::Sessioned,
        };
        let size_bits = signing.key_size_bits.map(u32::try_from).transpose();
        let keys = KeyPolicy {
            algorithm: algorithm(&signing.key_generation_algorithm, "inter.worker.key.generation.algorithm")?,
            size_bits: size_bits.map_err(|_| Error::config("inter.worker.key.size is too large"))?,
            ttl_ms: i64::try_from(signing.key_ttl.as_millis()).unwrap_or(i64::MAX),
        };
        let herder = Settings {
            url,
            member: member::Settings {
                session_timeout_ms: whole_ms(group.session_timeout),
                rebalance_timeout_ms: whole_ms(group.rebalance_timeout),
                heartbeat_interval_ms: whole_ms(group.heartbeat_interval),
                request_timeout_ms: whole_ms(group.request_timeout),
                retry_backoff_ms: whole_ms(group.retry_backoff.0),
                subprotocol,
            },
            max_delay_ms: whole_ms(group.scheduled_rebalance_max_delay),
            unsync_backoff_ms: whole_ms(group.worker_unsync_backoff),
            transactional: group.exactly_once.uses_transactional_leader(),
            keys,
        };
        Ok(Self {
            herder,
            group_id: group.group_id.clone(),
            client_id: match group.client_id.trim() {
                "" => format!("connect-{worker_id}"),
                named => named.to_owned(),
            },
            heartbeat_interval: group.heartbeat_interval.max(Duration::from_millis(1)),
            sync_timeout: group.worker_sync_timeout,
            signature_algorithm: algorithm(&signing.signature_algorithm, "inter.worker.signature.algorithm")?,
            verification: VerificationPolicy { algorithms: signing.verification_algorithms.clone() },
            exactly_once: group.exactly_once.is_enabled(),
        })
    }
}
