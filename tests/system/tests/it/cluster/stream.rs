//! What verifiable sources have put into topics, and what verifiable sinks have got.

use std::collections::{BTreeMap, BTreeSet};

use xtask::oracle::cluster::{Cluster, Marks};
use xtask::oracle::wire::Client;

/// Numbers by task, in the order of the topic.
pub(super) type Numbers = BTreeMap<i64, Vec<i64>>;

/// What the tasks of a source have put into a topic of one partition.
pub(super) fn numbers(client: &mut Client, topic: &str) -> Numbers {
    let mut numbers = Numbers::new();
    for record in client.records(topic, 0, 0).unwrap() {
        let (task, number) = (record.key_text().parse().unwrap(), record.value_text().parse().unwrap());
        numbers.entry(task).or_default().push(number);
    }
    numbers
}

/// Looks that no number is missing, and gives how many came more than once.
#[track_caller]
pub(super) fn repeated(client: &mut Client, topic: &str) -> usize {
    let mut repeated = 0;
    for (task, numbers) in numbers(client, topic) {
        let different: BTreeSet<i64> = numbers.iter().copied().collect();
        let expected: BTreeSet<i64> = (0..=different.last().copied().unwrap_or(-1)).collect();
        let missing: Vec<_> = expected.difference(&different).collect();
        assert!(missing.is_empty(), "{topic}, task {task}: {missing:?} of {} are missing", expected.len());
        repeated += numbers.len() - different.len();
    }
    repeated
}

/// Looks that every number is there once, in order.
#[track_caller]
pub(super) fn assert_exact(client: &mut Client, topic: &str) {
    for (task, numbers) in numbers(client, topic) {
        let broken = numbers.iter().zip(0..).find(|(number, expected)| *number != expected);
        assert_eq!(broken, None, "{topic}, task {task}: not the number that is due, of {}", numbers.len());
    }
}

/// What a sink has said that it has flushed since: by task of the source, in the order of the numbers. One that was
/// flushed twice is there twice.
pub(super) fn flushed(cluster: &Cluster, marks: &Marks, sink: &str, topic: &str) -> Numbers {
    let mut numbers = Numbers::new();
    for line in cluster.printed_since(marks) {
        if line.is("flushed") && line.json["name"] == sink && line.json["topic"] == topic {
            let task = &line.json["task"];
            let task = task.as_i64().or_else(|| task.as_str()?.parse().ok()).unwrap();
            numbers.entry(task).or_default().push(line.seqno().unwrap());
        }
    }
    numbers.values_mut().for_each(|numbers| numbers.sort_unstable());
    numbers
}
