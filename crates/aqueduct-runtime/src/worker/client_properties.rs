//! The properties of a worker's Kafka clients: built-in ones, under those of the worker, under those of the connector
//! (spec: client settings).

use std::time::Duration;

use aqueduct_api::ConfigMap;
use aqueduct_kafka::Properties;
use aqueduct_kafka::config::STATISTICS_INTERVAL;
use aqueduct_proto::state::TaskId;

use crate::worker_config::WorkerConfig;

/// How often clients tell what they have done in a window of `metrics.sample.window.ms`.
const STATISTICS_PER_SAMPLE: u32 = 2;
/// They tell it no more often than this.
const STATISTICS_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// What a client is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClientRole {
    /// A source task's producer.
    SourceProducer,
    /// A sink task's consumer.
    SinkConsumer,
    /// A sink task's dead letter queue.
    DeadLetterProducer,
    /// A connector's administrative calls.
    Admin,
    /// The same for its dead letter queue.
    DeadLetterAdmin,
    /// Writes a source's offsets to its own topic.
    OffsetsProducer,
    /// Reads them there.
    OffsetsConsumer,
    /// Makes that topic.
    OffsetsAdmin,
}

impl ClientRole {
    /// The prefix of connector keys.
    const fn override_prefix(self) -> &'static str {
        match self {
            Self::SourceProducer | Self::DeadLetterProducer | Self::OffsetsProducer => "producer.override.",
            Self::SinkConsumer | Self::OffsetsConsumer => "consumer.override.",
            Self::Admin | Self::DeadLetterAdmin | Self::OffsetsAdmin => "admin.override.",
        }
    }

    fn client_id(self, task: &TaskId) -> String {
        match self {
            Self::SourceProducer => format!("connector-producer-{task}"),
            Self::SinkConsumer => format!("connector-consumer-{task}"),
            Self::DeadLetterProducer => format!("connector-dlq-producer-{task}"),
            Self::Admin => format!("connector-adminclient-{task}"),
            Self::DeadLetterAdmin => format!("connector-dlq-adminclient-{task}"),
            Self::OffsetsProducer => format!("connector-producer-{}", task.connector),
            Self::OffsetsConsumer => format!("connector-consumer-{}", task.connector),
            Self::OffsetsAdmin => format!("connector-adminclient-{}", task.connector),
        }
    }
}

/// Whether a worker key says how to connect.
fn is_connection_key(name: &str) -> bool {
    const PREFIXES: [&str; 7] = [
        "security.",
        "sasl.",
        "ssl.",
        "reconnect.backoff.",
        "socket.connection.",
        "metadata.",
        "retry.backoff.",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || matches!(name, "client.dns.lookup" | "request.timeout.ms")
}

/// The properties with which the worker itself connects, for calls that are for no connector.
pub fn worker_admin_properties(worker: &WorkerConfig) -> Properties {
    let mut properties = Properties::new();
    properties.set("bootstrap.servers", worker.bootstrap_servers.join(","));
    for (name, value) in worker.properties.iter().filter(|(name, _)| is_connection_key(name)) {
        properties.set(name, value.unwrap_or_default());
    }
    properties
}

/// The properties of a client of one task, or of the connector, whichever its task. `connector` is the connector's resolved
/// configuration.
pub(crate) fn client_properties(
    role: ClientRole,
    worker: &WorkerConfig,
    connector: &ConfigMap,
    task: &TaskId,
) -> Properties {
    let mut properties = Properties::new();
    if matches!(role, ClientRole::SourceProducer | ClientRole::SinkConsumer) {
        let interval = worker.metrics.sample_window / STATISTICS_PER_SAMPLE;
        properties.set(STATISTICS_INTERVAL, interval.max(STATISTICS_INTERVAL_MIN).as_millis().to_string());
    }
    let mut set = |name: &str, value: &str| {
        properties.set(name, value);
    };
    set("bootstrap.servers", &worker.bootstrap_servers.join(","));
    set("client.id", &role.client_id(task));
    match role {
        ClientRole::SourceProducer | ClientRole::DeadLetterProducer | ClientRole::OffsetsProducer => {
            set("max.block.ms", &i64::MAX.to_string());
            set("enable.idempotence", "false");
            set("acks", "all");
            set("max.in.flight.requests.per.connection", "1");
            set("delivery.timeout.ms", &i32::MAX.to_string());
        }
        ClientRole::SinkConsumer => {
            set("group.id", &format!("connect-{}", task.connector));
            set("enable.auto.commit", "false");
            set("auto.offset.reset", "earliest");
        }
        ClientRole::OffsetsConsumer => {
            set("auto.offset.reset", "earliest");
            set("isolation.level", "read_committed");
        }
        // Unlike the other clients, administrative ones connect as the worker itself does.
        ClientRole::Admin | ClientRole::DeadLetterAdmin | ClientRole::OffsetsAdmin => {
            for (name, value) in worker.properties.iter().filter(|(name, _)| is_connection_key(name)) {
                set(name, value.unwrap_or_default());
            }
        }
    }
    let workers = match role {
        ClientRole::SourceProducer | ClientRole::DeadLetterProducer | ClientRole::OffsetsProducer => {
            worker.producer()
        }
        ClientRole::SinkConsumer | ClientRole::OffsetsConsumer => worker.consumer(),
        ClientRole::Admin | ClientRole::DeadLetterAdmin | ClientRole::OffsetsAdmin => worker.admin(),
    };
    for source in [workers, connector.with_prefix(role.override_prefix())] {
        for (name, value) in source.iter() {
            if let Some(value) = value {
                set(name, value);
            }
        }
    }
    properties
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_in_a_topic_of_their_own_are_read_and_written_as_the_connector_says() {
        let worker = WorkerConfig::distributed_worker(ConfigMap::from([
            ("bootstrap.servers", "127.0.0.1:1"),
            ("group.id", "g"),
            ("key.converter", "test.Converter"),
            ("value.converter", "test.Converter"),
            ("config.storage.topic", "configs"),
            ("offset.storage.topic", "offsets"),
            ("status.storage.topic", "statuses"),
            ("producer.acks", "1"),
            ("request.timeout.ms", "1234"),
        ]));
        let worker = worker.expect("settings of a worker");
        let check = |role, connector: &[(&'static str, &'static str)], expected: &[(&str, Option<&str>)]| {
            let connector: ConfigMap = connector.iter().copied().collect();
            let properties = client_properties(role, &worker, &connector, &TaskId::new("c", 3));
            for (name, value) in expected {
                assert_eq!(properties.get(name), *value, "{role:?} {name}");
            }
        };
        check(
            ClientRole::OffsetsConsumer,
            &[("consumer.override.client.rack", "r"), ("producer.override.acks", "0")],
            &[
                ("client.id", Some("connector-consumer-c")),
                ("client.rack", Some("r")),
                ("isolation.level", Some("read_committed")),
                ("group.id", None),
                ("acks", None),
            ],
        );
        check(
            ClientRole::OffsetsConsumer,
            &[("consumer.override.isolation.level", "read_uncommitted")],
            &[("isolation.level", Some("read_uncommitted"))],
        );
        check(
            ClientRole::OffsetsProducer,
            &[("producer.override.bootstrap.servers", "b:1")],
            &[
                ("client.id", Some("connector-producer-c")),
                ("bootstrap.servers", Some("b:1")),
                ("acks", Some("1")),
                ("enable.idempotence", Some("false")),
            ],
        );
        check(
            ClientRole::OffsetsAdmin,
            &[("admin.override.retries", "7")],
            &[
                ("client.id", Some("connector-adminclient-c")),
                ("retries", Some("7")),
                ("request.timeout.ms", Some("1234")),
            ],
        );
    }
}
