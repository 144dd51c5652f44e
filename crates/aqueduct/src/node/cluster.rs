//! The first words with Kafka: what the cluster is called.

use std::time::Duration;

use anyhow::{Result, bail};
use aqueduct_kafka::{Admin, ErrorKind, KafkaError, Properties};
use aqueduct_runtime::worker_config::WorkerConfig;
use tokio::time::sleep;

/// How long one try may take. Java's default of a minute would leave the log silent for that long.
const TRY_MS: &str = "5000";
const PAUSE_MIN: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// Beginnings of the worker's keys that its own connections to Kafka take.
const CONNECTION_KEYS: &[&str] = &[
    "bootstrap.servers",
    "client.dns.lookup",
    "security.",
    "sasl.",
    "ssl.",
    "request.timeout.ms",
    "default.api.timeout.ms",
];

/// Asks for the id of the cluster until there is an answer. `None` from a cluster without one.
///
/// # Errors
/// Properties that no client can be made of, and credentials that Kafka refuses: asking again can't help.
pub(super) async fn wait_for_id(config: &WorkerConfig) -> Result<Option<String>> {
    let admin = Admin::new(&properties(config))?;
    let servers = config.bootstrap_servers.join(",");
    let mut pause = PAUSE_MIN;
    loop {
        match admin.describe_cluster().await {
            Ok(cluster) => {
                tracing::info!("Kafka cluster ID: {}", cluster.cluster_id.as_deref().unwrap_or("unknown"));
                return Ok(cluster.cluster_id);
            }
            Err(error) if is_final(&error) => bail!("Kafka at {servers} refuses this worker: {error}"),
            Err(error) => {
                tracing::warn!(
                    "Kafka cannot be reached at {servers} (bootstrap.servers): {error}. Trying again in {} s",
                    pause.as_secs()
                );
                sleep(pause).await;
                pause = (pause * 2).min(PAUSE_MAX);
            }
        }
    }
}

fn is_final(error: &KafkaError) -> bool {
    matches!(error.kind(), ErrorKind::Authentication | ErrorKind::Config)
}

fn properties(config: &WorkerConfig) -> Properties {
    let mut properties =
        Properties::new().with("request.timeout.ms", TRY_MS).with("default.api.timeout.ms", TRY_MS);
    for (key, value) in config.properties.iter() {
        if let Some(value) = value
            && CONNECTION_KEYS.iter().any(|begin| key.starts_with(begin))
        {
            properties.set(key, value);
        }
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_connection_takes_the_workers_own_security() {
        let config = WorkerConfig::standalone(
            [
                ("bootstrap.servers", "h:1"),
                ("key.converter", "K"),
                ("value.converter", "V"),
                ("offset.storage.file.filename", "offsets"),
                ("security.protocol", "SSL"),
                ("ssl.truststore.type", "PEM"),
                ("request.timeout.ms", "1"),
                ("producer.acks", "1"),
            ]
            .into(),
        );
        let properties = properties(&config.expect("good"));
        let all: Vec<(&str, &str)> = properties.iter().collect();
        assert_eq!(
            all,
            [
                ("bootstrap.servers", "h:1"),
                ("default.api.timeout.ms", TRY_MS),
                ("request.timeout.ms", "1"),
                ("security.protocol", "SSL"),
                ("ssl.truststore.type", "PEM"),
            ]
        );
    }
}
