//! The Kafka clients of tasks, with the names of Java's client metrics.
//!
//! Shown is what librdkafka's statistics measure as Java does. What they don't have, or count otherwise, is left out
//! rather than estimated; docs/guide/metrics.md lists it.

use aqueduct_kafka::ClientStatistics;
use aqueduct_kafka::statistics::{ClientFigures, ClientKind, PartitionFigures};

use super::{Bean, TaskMetrics};

/// The beans of one client of a task; none before its first statistics.
pub(super) fn beans(client: &ClientStatistics, task: &TaskMetrics) -> Vec<Bean> {
    let Some(figures) = client.figures() else { return Vec::new() };
    let id = client.client_id();
    match client.kind() {
        ClientKind::Producer => producer(id, client, &figures),
        ClientKind::Consumer => consumer(id, &figures, task),
    }
}

/// What every client does with the network.
fn network(bean: Bean, figures: &ClientFigures) -> Bean {
    bean.with("connection-count", figures.connections)
        .with_counted(["connection-close-total", "connection-close-rate"], figures.connections_closed)
        .with_counted(["request-total", "request-rate"], figures.requests)
        .with_counted(["response-total", "response-rate"], figures.responses)
        .with_counted(["outgoing-byte-total", "outgoing-byte-rate"], figures.bytes_out)
        .with_counted(["incoming-byte-total", "incoming-byte-rate"], figures.bytes_in)
}

fn nodes<'a>(
    group: &'static str,
    id: &'a str,
    figures: &'a ClientFigures,
) -> impl Iterator<Item = Bean> + use<'a> {
    figures.nodes.iter().map(move |node| {
        Bean::new(group, &[("client-id", id), ("node-id", &node.name)])
            .with_counted(["request-total", "request-rate"], node.requests)
            .with_counted(["response-total", "response-rate"], node.responses)
            .with_counted(["outgoing-byte-total", "outgoing-byte-rate"], node.bytes_out)
            .with_counted(["incoming-byte-total", "incoming-byte-rate"], node.bytes_in)
            .with_spread(["request-latency-avg", "request-latency-max"], node.latency_ms)
    })
}

fn producer(id: &str, client: &ClientStatistics, figures: &ClientFigures) -> Vec<Bean> {
    let bean = network(Bean::new("producer-metrics", &[("client-id", id)]), figures)
        .with_counted(["record-send-total", "record-send-rate"], figures.records_sent)
        .with("record-error-total", client.failed_records())
        .with_spread(["batch-size-avg", "batch-size-max"], figures.batch_bytes)
        .with("records-per-request-avg", figures.batch_records.mean)
        .with_spread(["record-queue-time-avg", "record-queue-time-max"], figures.queue_ms)
        .with_spread(["request-latency-avg", "request-latency-max"], figures.latency_ms)
        .with("requests-in-flight", figures.requests_in_flight)
        .with_spread(["produce-throttle-time-avg", "produce-throttle-time-max"], figures.throttle_ms)
        .with("buffer-total-bytes", figures.buffer_bytes)
        .with("buffer-available-bytes", figures.buffer_bytes.saturating_sub(figures.buffered_bytes));
    let topics = figures.topics.iter().map(|topic| {
        Bean::new("producer-topic-metrics", &[("client-id", id), ("topic", &topic.topic)])
            .with_counted(["record-send-total", "record-send-rate"], topic.records_sent)
    });
    std::iter::once(bean).chain(topics).chain(nodes("producer-node-metrics", id, figures)).collect()
}

fn consumer(id: &str, figures: &ClientFigures, task: &TaskMetrics) -> Vec<Bean> {
    let tags = [("client-id", id)];
    let lag_max = figures.partitions.iter().map(|partition| partition.lag).max();
    let lead_min = figures.partitions.iter().filter_map(|partition| partition.lead).min();
    let number = |found: Option<u64>| found.map_or(f64::NAN, |number| number as f64);
    let mut beans = vec![
        network(Bean::new("consumer-metrics", &tags), figures),
        Bean::new("consumer-fetch-manager-metrics", &tags)
            // librdkafka counts what it has fetched; consumed is what the task's loop has taken.
            .with("records-consumed-total", &task.records_read)
            .with("records-consumed-rate", task.lately.read.lately().rate)
            .with("records-lag-max", number(lag_max))
            .with("records-lead-min", number(lead_min))
            .with_counted(["fetch-total", "fetch-rate"], figures.fetches)
            .with_spread(["fetch-throttle-time-avg", "fetch-throttle-time-max"], figures.throttle_ms),
    ];
    if let Some(group) = &figures.group {
        let coordinator = Bean::new("consumer-coordinator-metrics", &tags)
            .with("assigned-partitions", group.partitions)
            .with("last-rebalance-seconds-ago", group.last_rebalance_s.floor())
            .with_counted(["heartbeat-total", "heartbeat-rate"], figures.heartbeats);
        beans.push(coordinator);
    }
    beans.extend(figures.partitions.iter().map(|partition| partition_bean(id, partition)));
    beans.extend(nodes("consumer-node-metrics", id, figures));
    beans
}

fn partition_bean(id: &str, figures: &PartitionFigures) -> Bean {
    let partition = figures.partition.to_string();
    let tags = [("client-id", id), ("topic", figures.topic.as_str()), ("partition", &partition)];
    let bean = Bean::new("consumer-fetch-manager-metrics", &tags).with("records-lag", figures.lag);
    match figures.lead {
        Some(lead) => bean.with("records-lead", lead),
        None => bean,
    }
}
