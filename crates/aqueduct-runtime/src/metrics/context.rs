//! Where the worker stands, for its figures: its cluster and group, and the user's labels.

use super::{Bean, GroupSnapshot};
use crate::worker_config::WorkerConfig;

/// What a herder knows and its worker does not.
#[derive(Debug, Clone, Default)]
pub struct Cluster {
    /// The id of the Kafka cluster, once it is known.
    pub kafka_cluster_id: Option<String>,
    /// The group and this worker's place in it, in distributed mode.
    pub group: Option<GroupSnapshot>,
}

/// The only reporter of Java's that needs no class of its own: what it shows is at `/metrics`.
const JMX_REPORTER: &str = "org.apache.kafka.common.metrics.JmxReporter";

/// The reporters of a `metric.reporters` that cannot run here.
fn foreign_reporters(reporters: &str) -> Vec<&str> {
    reporters.split(',').map(str::trim).filter(|name| !name.is_empty() && *name != JMX_REPORTER).collect()
}

/// Says that reporters, which are Java classes, do not run.
pub(crate) fn warn_of_reporters(config: &WorkerConfig) {
    let foreign = foreign_reporters(config.properties.get("metric.reporters").unwrap_or_default());
    if !foreign.is_empty() {
        tracing::warn!(
            "metric.reporters names Java classes, which do not run here: {}. The same figures are at /metrics of the REST API",
            foreign.join(", ")
        );
    }
}

/// The labels of `metrics.context.`, by name.
pub(super) fn labels(config: &WorkerConfig) -> Vec<(String, String)> {
    let labels = config.metrics.context.iter();
    labels.map(|(label, value)| (label.to_owned(), value.unwrap_or_default().to_owned())).collect()
}

/// The whole context, as Java gives it to reporters (KIP-606).
pub(super) fn bean(config: &WorkerConfig, cluster: &Cluster) -> Bean {
    let mut bean = Bean::new("aqueduct-metrics-context", &[]);
    let mut tag = |name: String, value: String| bean.tags.push((name.into(), value));
    if let Some(id) = &cluster.kafka_cluster_id {
        tag("connect.kafka.cluster.id".to_owned(), id.clone());
    }
    if let Some(group) = &cluster.group {
        tag("connect.group.id".to_owned(), group.group_id.clone());
    }
    for (label, value) in labels(config) {
        tag(label, value);
    }
    bean.with("info", 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_javas_own_reporter_goes_without_a_word() {
        let check = |reporters: &str, expected: &[&str]| {
            assert_eq!(foreign_reporters(reporters), expected, "{reporters}");
        };
        check("", &[]);
        check(JMX_REPORTER, &[]);
        check("a.B, org.apache.kafka.common.metrics.JmxReporter ,c.D", &["a.B", "c.D"]);
    }
}
