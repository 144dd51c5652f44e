//! The figures of a group of workers, and of this one's place in it.

use std::sync::Arc;

use aqueduct_kafka::group::{GroupMetrics, Timings};
use aqueduct_kafka::sampled::Lately;
use tokio::time::Instant;

use super::Bean;

/// Where a worker stands in its group.
#[derive(Debug, Clone)]
pub struct GroupSnapshot {
    /// `group.id`
    pub group_id: String,
    /// The client id of the group's connection.
    pub client_id: String,
    /// The subprotocol as Java's metrics spell it: `EAGER`, `COMPATIBLE` or `SESSIONED`.
    pub connect_protocol: String,
    /// The URL of the leader, once there is one.
    pub leader_name: Option<String>,
    /// The generation.
    pub epoch: i32,
    /// Whether a rebalance is under way.
    pub rebalancing: bool,
    /// Connectors that the leader has given to this worker.
    pub assigned_connectors: usize,
    /// Tasks that the leader has given to this worker.
    pub assigned_tasks: usize,
    /// What the member's requests came to: [`GroupLink::metrics`](aqueduct_kafka::group::GroupLink::metrics).
    pub metrics: Arc<GroupMetrics>,
}

/// What Java says in place of a time that has not been.
const NEVER: f64 = -1.0;

fn seconds_since(timings: &Timings) -> Option<f64> {
    timings.last.map(|last| Instant::now().saturating_duration_since(last).as_secs_f64())
}

pub(super) fn beans(group: &GroupSnapshot) -> [Bean; 2] {
    let (counters, lately) = (group.metrics.counters(), group.metrics.lately());
    let since = seconds_since(&counters.rebalances);
    let rebalances = Bean::new("connect-worker-rebalance-metrics", &[])
        .with("connect-protocol", group.connect_protocol.as_str())
        .with("leader-name", group.leader_name.as_deref().unwrap_or_default())
        .with("epoch", f64::from(group.epoch))
        .with("completed-rebalances-total", counters.rebalances.count)
        .with("rebalancing", if group.rebalancing { 1.0 } else { 0.0 })
        .with("rebalance-max-time-ms", lately.rebalances.most)
        .with("rebalance-avg-time-ms", lately.rebalances.mean)
        .with("time-since-last-rebalance-ms", since.map_or(f64::INFINITY, |seconds| seconds * 1000.0));
    let per_hour = |lately: Lately| lately.frequency * 3600.0;
    let coordinator = Bean::new("connect-coordinator-metrics", &[("client-id", &group.client_id)])
        .with("assigned-connectors", group.assigned_connectors as u64)
        .with("assigned-tasks", group.assigned_tasks as u64)
        .with("heartbeat-rate", lately.heartbeats.frequency)
        .with("heartbeat-total", counters.heartbeats.count)
        .with("heartbeat-response-time-max", lately.heartbeats.most)
        .with("join-rate", lately.joins.frequency)
        .with("join-total", counters.joins.count)
        .with("join-time-avg", lately.joins.mean)
        .with("join-time-max", lately.joins.most)
        .with("sync-rate", lately.syncs.frequency)
        .with("sync-total", counters.syncs.count)
        .with("sync-time-avg", lately.syncs.mean)
        .with("sync-time-max", lately.syncs.most)
        .with("rebalance-rate-per-hour", per_hour(lately.rebalances))
        .with("rebalance-total", counters.rebalances.count)
        .with("rebalance-latency-avg", lately.rebalances.mean)
        .with("rebalance-latency-max", lately.rebalances.most)
        .with("rebalance-latency-total", counters.rebalances.total.as_millis() as f64)
        .with("failed-rebalance-rate-per-hour", per_hour(lately.failed_rebalances))
        .with("failed-rebalance-total", counters.failed_rebalances)
        .with("last-rebalance-seconds-ago", since.map_or(NEVER, f64::floor))
        .with("last-heartbeat-seconds-ago", seconds_since(&counters.heartbeats).map_or(NEVER, f64::floor));
    [rebalances, coordinator]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Value;

    #[test]
    fn a_worker_that_has_not_joined_says_so() {
        let group = GroupSnapshot {
            group_id: "g".to_owned(),
            client_id: "connect-1".to_owned(),
            connect_protocol: "SESSIONED".to_owned(),
            leader_name: None,
            epoch: -1,
            rebalancing: true,
            assigned_connectors: 0,
            assigned_tasks: 3,
            metrics: Arc::default(),
        };
        let [rebalances, coordinator] = beans(&group);
        let value = |bean: &Bean, name: &str| {
            bean.attributes.iter().find(|(found, _)| found == name).map(|(_, value)| value.clone())
        };
        assert_eq!(value(&rebalances, "rebalancing"), Some(Value::Number(1.0)));
        assert_eq!(value(&rebalances, "leader-name"), Some(Value::Text(String::new())));
        assert_eq!(value(&rebalances, "time-since-last-rebalance-ms"), Some(Value::Number(f64::INFINITY)));
        assert_eq!(value(&coordinator, "assigned-tasks"), Some(Value::Number(3.0)));
        assert_eq!(value(&coordinator, "last-heartbeat-seconds-ago"), Some(Value::Number(-1.0)));
        assert_eq!(coordinator.tags, [("client-id".into(), "connect-1".to_owned())]);
    }
}
