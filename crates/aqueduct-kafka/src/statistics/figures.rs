//! Figures from librdkafka's statistics.

use std::collections::HashMap;
use std::time::Duration;

use rdkafka::statistics::{Broker, Partition, Statistics, Window};

/// A counter and its rate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// Since the client was made.
    pub total: f64,
    /// By second, over the last interval; not a number in the first.
    pub rate: f64,
}

/// Mean and maximum of the last interval; not numbers where there was nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The maximum.
    pub max: f64,
}

/// What a client has done. Fields that only one kind of client has say so; in the other they are zero or no numbers.
#[derive(Clone, Debug)]
pub struct ClientFigures {
    /// Requests sent.
    pub requests: Counted,
    /// Responses received.
    pub responses: Counted,
    /// Bytes sent.
    pub bytes_out: Counted,
    /// Bytes received.
    pub bytes_in: Counted,
    /// Connections that are up.
    pub connections: u64,
    /// Connections that were closed, by whichever side.
    pub connections_closed: Counted,
    /// Requests that wait for their response.
    pub requests_in_flight: u64,
    /// From request to response, in milliseconds.
    pub latency_ms: Spread,
    /// How long the brokers told the client to wait, in milliseconds.
    pub throttle_ms: Spread,
    /// Records sent (producer).
    pub records_sent: Counted,
    /// The size of batches in bytes (producer).
    pub batch_bytes: Spread,
    /// Records in a request, which takes one batch (producer).
    pub batch_records: Spread,
    /// How long records waited to be put into a batch, in milliseconds (producer).
    pub queue_ms: Spread,
    /// What the buffer can hold, in bytes (producer).
    pub buffer_bytes: u64,
    /// What it holds (producer).
    pub buffered_bytes: u64,
    /// Fetch requests (consumer).
    pub fetches: Counted,
    /// Heartbeats (consumer).
    pub heartbeats: Counted,
    /// Its place in its group (consumer).
    pub group: Option<GroupFigures>,
    /// By broker, sorted.
    pub nodes: Vec<NodeFigures>,
    /// By topic, sorted (producer).
    pub topics: Vec<TopicFigures>,
    /// By partition, sorted: those that it reads (consumer).
    pub partitions: Vec<PartitionFigures>,
}

/// What was exchanged with one broker.
#[derive(Clone, Debug)]
pub struct NodeFigures {
    /// `node-1`; connections to coordinators have names of their own, as in Java.
    pub name: String,
    /// Requests sent.
    pub requests: Counted,
    /// Responses received.
    pub responses: Counted,
    /// Bytes sent.
    pub bytes_out: Counted,
    /// Bytes received.
    pub bytes_in: Counted,
    /// From request to response, in milliseconds.
    pub latency_ms: Spread,
}

/// What was sent to one topic.
#[derive(Clone, Debug)]
pub struct TopicFigures {
    /// The topic.
    pub topic: String,
    /// Records sent.
    pub records_sent: Counted,
}

/// How far a partition has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartitionFigures {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Records behind the one returned last that the consumer may read: up to the last stable offset, if it reads
    /// committed records only, else to the high watermark.
    pub lag: u64,
    /// Records before the next one that are still there, once that is known.
    pub lead: Option<u64>,
}

/// A consumer's place in its group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupFigures {
    /// Partitions held.
    pub partitions: u64,
    /// Seconds since partitions were last given or taken.
    pub last_rebalance_s: f64,
}

/// The statistics before, and how long before.
type Before = (Statistics, Duration);

impl ClientFigures {
    pub(super) fn new(now: &Statistics, before: Option<&Before>, read_committed: bool) -> ClientFigures {
        let counted = |count: &dyn Fn(&Statistics) -> f64| {
            let rate = |(earlier, time): &Before| per_second(count(now) - count(earlier), *time);
            Counted { total: count(now), rate: before.map_or(f64::NAN, rate) }
        };
        let brokers = || now.brokers.values();
        let requests_of = |name: &'static str| {
            counted(&move |statistics: &Statistics| {
                statistics.brokers.values().filter_map(|broker| broker.req.get(name)).sum::<i64>() as f64
            })
        };
        ClientFigures {
            requests: counted(&|statistics| statistics.tx as f64),
            responses: counted(&|statistics| statistics.rx as f64),
            bytes_out: counted(&|statistics| statistics.tx_bytes as f64),
            bytes_in: counted(&|statistics| statistics.rx_bytes as f64),
            connections: brokers().filter(|broker| broker.state == "UP").count() as u64,
            connections_closed: counted(&|statistics| {
                statistics.brokers.values().filter_map(|broker| broker.disconnects).sum::<i64>() as f64
            }),
            requests_in_flight: natural(brokers().map(|broker| broker.waitresp_cnt).sum()),
            latency_ms: spread(brokers().filter_map(|broker| broker.rtt.as_ref()), 0.001),
            throttle_ms: spread(brokers().filter_map(|broker| broker.throttle.as_ref()), 1.0),
            records_sent: counted(&|statistics| statistics.txmsgs as f64),
            batch_bytes: spread(now.topics.values().map(|topic| &topic.batchsize), 1.0),
            batch_records: spread(now.topics.values().map(|topic| &topic.batchcnt), 1.0),
            queue_ms: spread(brokers().filter_map(|broker| broker.int_latency.as_ref()), 0.001),
            buffer_bytes: now.msg_size_max,
            buffered_bytes: now.msg_size,
            fetches: requests_of("Fetch"),
            heartbeats: requests_of("Heartbeat"),
            group: now.cgrp.as_ref().map(|group| GroupFigures {
                partitions: natural(group.assignment_size.into()),
                last_rebalance_s: group.rebalance_age as f64 / 1000.0,
            }),
            nodes: nodes(now, before),
            topics: topics(now, before),
            partitions: partitions(now, read_committed),
        }
    }
}

fn nodes(now: &Statistics, before: Option<&Before>) -> Vec<NodeFigures> {
    let figures = |(key, broker): (&String, &Broker)| {
        let counted = |count: fn(&Broker) -> u64| {
            let earlier = |(statistics, _): &Before| statistics.brokers.get(key).map_or(0, count);
            counted(count(broker), before.map(|before| (earlier(before), before.1)))
        };
        Some(NodeFigures {
            name: node_name(broker)?,
            requests: counted(|broker| broker.tx),
            responses: counted(|broker| broker.rx),
            bytes_out: counted(|broker| broker.txbytes),
            bytes_in: counted(|broker| broker.rxbytes),
            latency_ms: spread(broker.rtt.as_ref(), 0.001),
        })
    };
    let mut nodes: Vec<_> = now.brokers.iter().filter_map(figures).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    nodes
}

/// Bootstrap connections have no id, and are not shown. The connection to a coordinator is another one than that for
/// data, and has the number that Java gives it.
fn node_name(broker: &Broker) -> Option<String> {
    match broker.nodeid {
        ..0 => None,
        id if broker.source == "logical" => Some(format!("node-{}", i32::MAX - id)),
        id => Some(format!("node-{id}")),
    }
}

fn topics(now: &Statistics, before: Option<&Before>) -> Vec<TopicFigures> {
    let sent = |partitions: &HashMap<i32, Partition>| partitions.values().map(|one| one.txmsgs).sum::<u64>();
    let mut topics: Vec<_> = now
        .topics
        .iter()
        .map(|(name, topic)| {
            let earlier = |(statistics, _): &Before| {
                statistics.topics.get(name).map_or(0, |topic| sent(&topic.partitions))
            };
            let records_sent =
                counted(sent(&topic.partitions), before.map(|before| (earlier(before), before.1)));
            TopicFigures { topic: name.clone(), records_sent }
        })
        .collect();
    topics.sort_by(|a, b| a.topic.cmp(&b.topic));
    topics
}

fn partitions(now: &Statistics, read_committed: bool) -> Vec<PartitionFigures> {
    let figures = |topic: &str, found: &Partition| {
        // librdkafka's own lag is behind what is committed; Java's is behind what was returned.
        let end = if read_committed && found.ls_offset >= 0 { found.ls_offset } else { found.hi_offset };
        let read = found.app_offset;
        (found.partition >= 0 && read >= 0 && end >= 0).then(|| PartitionFigures {
            topic: topic.to_owned(),
            partition: found.partition,
            lag: natural(end - read),
            lead: (found.lo_offset >= 0).then(|| natural(read - found.lo_offset)),
        })
    };
    let mut partitions: Vec<_> = now
        .topics
        .iter()
        .flat_map(|(topic, found)| found.partitions.values().filter_map(move |one| figures(topic, one)))
        .collect();
    partitions.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    partitions
}

fn counted(total: u64, before: Option<(u64, Duration)>) -> Counted {
    let rate = |(earlier, time): (u64, Duration)| per_second(total.saturating_sub(earlier) as f64, time);
    Counted { total: total as f64, rate: before.map_or(f64::NAN, rate) }
}

fn per_second(count: f64, time: Duration) -> f64 {
    count / time.as_secs_f64().max(0.001)
}

/// Mean and maximum over several windows, times `scale`.
fn spread<'a>(windows: impl IntoIterator<Item = &'a Window>, scale: f64) -> Spread {
    let (count, sum, max) =
        windows.into_iter().filter(|window| window.cnt > 0).fold((0, 0, 0), |(count, sum, max), window| {
            (count + window.cnt, sum + window.sum, window.max.max(max))
        });
    if count == 0 {
        return Spread { mean: f64::NAN, max: f64::NAN };
    }
    Spread { mean: sum as f64 / count as f64 * scale, max: max as f64 * scale }
}

fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(cnt: i64, sum: i64, max: i64) -> Window {
        Window { cnt, sum, max, ..Window::default() }
    }

    fn partition(partition: i32, app_offset: i64, ls_offset: i64) -> Partition {
        Partition { partition, app_offset, lo_offset: 2, ls_offset, hi_offset: 30, ..Partition::default() }
    }

    #[test]
    fn rates_are_differences() {
        let at = |tx, txbytes| {
            let broker = Broker { nodeid: 1, state: "UP".to_owned(), tx, txbytes, ..Broker::default() };
            let brokers = [("b".to_owned(), broker)].into();
            Statistics { tx: tx as i64, brokers, ..Statistics::default() }
        };
        let first = ClientFigures::new(&at(10, 100), None, false);
        assert!(first.requests.total == 10.0 && first.requests.rate.is_nan());
        let later = ClientFigures::new(&at(30, 400), Some(&(at(10, 100), Duration::from_secs(10))), false);
        assert_eq!(later.requests, Counted { total: 30.0, rate: 2.0 });
        assert_eq!(later.connections, 1);
        let [node] = &later.nodes[..] else { panic!("one broker: {:?}", later.nodes) };
        assert_eq!((node.name.as_str(), node.bytes_out.rate), ("node-1", 30.0));
    }

    #[test]
    fn coordinators_and_bootstrap_servers_are_no_plain_nodes() {
        let check = |nodeid, source: &str, expected: Option<&str>| {
            let broker = Broker { nodeid, source: source.to_owned(), ..Broker::default() };
            assert_eq!(node_name(&broker).as_deref(), expected, "{nodeid} {source}");
        };
        check(-1, "configured", None);
        check(2, "learned", Some("node-2"));
        check(2, "logical", Some("node-2147483645"));
    }

    #[test]
    fn windows_are_put_together() {
        assert!(spread([&window(0, 0, 0)], 1.0).mean.is_nan());
        let both = spread([&window(1, 4000, 4000), &window(3, 8000, 6000)], 0.001);
        assert_eq!(both, Spread { mean: 3.0, max: 6.0 });
    }

    #[test]
    fn lag_is_behind_what_was_returned() {
        let read = |found: Partition, read_committed| {
            let topic = rdkafka::statistics::Topic {
                partitions: [(found.partition, found)].into(),
                ..Default::default()
            };
            let now = Statistics { topics: [("t".to_owned(), topic)].into(), ..Statistics::default() };
            partitions(&now, read_committed).first().map(|one| (one.lag, one.lead))
        };
        assert_eq!(read(partition(0, 10, 25), true), Some((15, Some(8))));
        assert_eq!(read(partition(0, 10, 25), false), Some((20, Some(8))));
        assert_eq!(read(partition(0, 10, -1001), true), Some((20, Some(8))));
        assert_eq!(read(partition(0, 26, 25), true), Some((0, Some(24))));
        // Nothing was returned yet, and the partition that stands for all that have no leader.
        assert_eq!(read(partition(0, -1001, 25), true), None);
        assert_eq!(read(partition(-1, 10, 25), true), None);
    }
}
