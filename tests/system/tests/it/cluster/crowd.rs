//! A hundred connectors.

use std::time::{Duration, Instant};

use xtask::oracle::live;

use super::group::{Group, source};
use super::stream;
use crate::stage::{Kafka, ours};
use crate::waiting::tell;

const CONNECTORS: usize = 100;

/// A worker added, stopped and killed under a hundred connectors: every task once, balanced within one, and what need not
/// move runs on.
#[test]
fn a_hundred_connectors_follow_the_workers() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let mut group = Group::start(&kafka, "crowd", &[], &[ours(), ours(), ours()]);
    let topic = |connector: usize| format!("crowd-{connector}");
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let begun = Instant::now();
    for connector in 0..CONNECTORS {
        group.put(connector % 3, &format!("c{connector}"), &source(&topic(connector), 1, 2));
    }
    let layout = group.balanced();
    times.push(("created", begun.elapsed()));
    group.each_once(&layout);

    let (before, marks) = (layout, group.cluster.marks());
    let added = group.cluster.add(ours()).unwrap();
    let begun = Instant::now();
    let layout = group.balanced();
    times.push(("added", begun.elapsed()));
    let moved = group.only_moved_ones_started(&before, &marks, &layout);
    assert!((24..=27).contains(&moved), "{moved} of a hundred tasks moved to a fourth worker");
    group.each_once(&layout);

    let (before, marks) = (layout, group.cluster.marks());
    let begun = Instant::now();
    group.cluster.stop(added).unwrap();
    let layout = group.balanced();
    times.push(("stopped", begun.elapsed()));
    group.only_moved_ones_started(&before, &marks, &layout);
    for connector in 0..CONNECTORS {
        stream::assert_exact(&mut group.client, &topic(connector));
    }

    let (before, marks) = (layout, group.cluster.marks());
    let begun = Instant::now();
    group.cluster.kill(group.leader()).unwrap();
    let layout = group.balanced();
    times.push(("killed", begun.elapsed()));
    group.only_moved_ones_started(&before, &marks, &layout);
    group.each_once(&layout);
    for connector in 0..CONNECTORS {
        stream::repeated(&mut group.client, &topic(connector));
    }
    tell(&format!("{CONNECTORS} connectors: {times:?}"));
}
