//! Which Java classes do the work of our modules.

/// The Java logger of a target and of all below it that no longer line names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JavaName {
    /// The begin of targets, up to a `::`.
    pub target: &'static str,
    /// The name of the Java logger.
    pub logger: &'static str,
}

const fn name(target: &'static str, logger: &'static str) -> JavaName {
    JavaName { target, logger }
}

/// The Java loggers of this crate's targets and of the Kafka clients'. Whoever adds crates with plugins adds theirs.
pub const JAVA_NAMES: &[JavaName] = &[
    name("aqueduct_runtime", "org.apache.kafka.connect.runtime"),
    name("aqueduct_runtime::connector_config", "org.apache.kafka.connect.runtime.ConnectorConfig"),
    name("aqueduct_runtime::errors", "org.apache.kafka.connect.runtime.errors"),
    name(
        "aqueduct_runtime::errors::dead_letters",
        "org.apache.kafka.connect.runtime.errors.DeadLetterQueueReporter",
    ),
    name("aqueduct_runtime::errors::log", "org.apache.kafka.connect.runtime.errors.LogReporter"),
    name("aqueduct_runtime::herder", "org.apache.kafka.connect.runtime.AbstractHerder"),
    name(
        "aqueduct_runtime::herder::distributed",
        "org.apache.kafka.connect.runtime.distributed.DistributedHerder",
    ),
    name(
        "aqueduct_runtime::herder::standalone",
        "org.apache.kafka.connect.runtime.standalone.StandaloneHerder",
    ),
    name("aqueduct_runtime::offsets", "org.apache.kafka.connect.storage"),
    name("aqueduct_runtime::offsets::file", "org.apache.kafka.connect.storage.FileOffsetBackingStore"),
    name("aqueduct_runtime::providers", "org.apache.kafka.connect.runtime.WorkerConfigTransformer"),
    name("aqueduct_runtime::registry", "org.apache.kafka.connect.runtime.isolation.Plugins"),
    name("aqueduct_runtime::rest", "org.apache.kafka.connect.runtime.rest"),
    name(
        "aqueduct_runtime::rest::error",
        "org.apache.kafka.connect.runtime.rest.errors.ConnectExceptionMapper",
    ),
    name("aqueduct_runtime::task", "org.apache.kafka.connect.runtime.WorkerTask"),
    name("aqueduct_runtime::task::sink", "org.apache.kafka.connect.runtime.WorkerSinkTask"),
    name("aqueduct_runtime::task::source", "org.apache.kafka.connect.runtime.WorkerSourceTask"),
    name(
        "aqueduct_runtime::task::source::committer",
        "org.apache.kafka.connect.runtime.SourceTaskOffsetCommitter",
    ),
    name("aqueduct_runtime::worker", "org.apache.kafka.connect.runtime.Worker"),
    name("aqueduct_runtime::worker::connector", "org.apache.kafka.connect.runtime.WorkerConnector"),
    name("aqueduct_runtime::worker::report", "org.apache.kafka.connect.runtime.WorkerTask"),
    name("aqueduct_runtime::worker::topics", "org.apache.kafka.connect.util.TopicAdmin"),
    name("aqueduct_runtime::worker_config", "org.apache.kafka.connect.runtime.WorkerConfig"),
    name("aqueduct_kafka", "org.apache.kafka.clients"),
    name("aqueduct_kafka::admin", "org.apache.kafka.clients.admin.KafkaAdminClient"),
    name("aqueduct::kafka", "org.apache.kafka.clients"),
    name("aqueduct", "org.apache.kafka.connect.cli"),
];

/// The Java logger of a target, by the longest begin that is listed.
pub(super) fn java_name(names: &[JavaName], target: &str) -> Option<&'static str> {
    let covers = |name: &&JavaName| {
        target.strip_prefix(name.target).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    names.iter().filter(covers).max_by_key(|name| name.target.len()).map(|name| name.logger)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_begin_gives_the_name() {
        let check = |target: &str, logger: Option<&str>| {
            assert_eq!(java_name(JAVA_NAMES, target), logger, "{target}")
        };
        check("aqueduct_runtime::task::source", Some("org.apache.kafka.connect.runtime.WorkerSourceTask"));
        check(
            "aqueduct_runtime::task::source::dispatch",
            Some("org.apache.kafka.connect.runtime.WorkerSourceTask"),
        );
        check("aqueduct_runtime::task::control", Some("org.apache.kafka.connect.runtime.WorkerTask"));
        check("aqueduct_runtime_x", None);
        check("hyper::proto", None);
    }
}
