//! All workers of a group replaced one by one, under load, by those of the other program, and back.

use xtask::oracle::cluster::Marks;
use xtask::oracle::live;
use xtask::oracle::worker::Program;

use crate::cluster::group::{Group, sink, source};
use crate::cluster::mixed::{no_complaints, same_on_all};
use crate::cluster::stream;
use crate::stage::{Kafka, ours};
use crate::waiting::{found, tell, until};

const SOURCES: usize = 3;
const PER_SECOND: u32 = 100;

/// Java's three workers replaced by ours and back, each stopped cleanly: nothing is lost, and nothing repeated, from the
/// sources and by the sinks.
#[test]
fn javas_workers_are_replaced_by_ours_and_back() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let mut group = loaded(&kafka, "replaced");
    let marks = Marks::default();
    for program in [ours(), Program::Java] {
        for index in 0..3 {
            group.cluster.stop(index).unwrap();
            group.balanced();
            replaced(&mut group, index, &program);
        }
    }
    finish(&mut group);
    for topic in topics("replaced") {
        stream::assert_exact(&mut group.client, &topic);
        let made = stream::numbers(&mut group.client, &topic);
        found("all is flushed once", || {
            let flushed = stream::flushed(&group.cluster, &marks, "replaced-taker", &topic);
            let differs = made.iter().find_map(|(task, numbers)| {
                let flushed = flushed.get(task)?;
                let at = flushed.iter().zip(numbers).position(|(one, other)| one != other);
                let at =
                    at.or((flushed.len() != numbers.len()).then_some(flushed.len().min(numbers.len())))?;
                Some((*task, at, flushed.len(), numbers.len()))
            });
            anyhow::ensure!(differs.is_none() && made.len() == flushed.len(), "{topic}: {differs:?}");
            Ok(())
        });
    }
    same_on_all(&group, &["replaced-taker"]);
    no_complaints(&group);
    let made = stream::numbers(&mut group.client, &topics("replaced")[0]);
    tell(&format!("six replacements: {} numbers of each task, exact", made[&0].len()));
}

/// The same with kills: nothing is lost.
#[test]
fn javas_workers_are_killed_and_replaced_by_ours_and_back() {
    let Some(kafka) = live::or_skip("Apache Kafka", Kafka::apache) else { return };
    let mut group = loaded(&kafka, "overthrown");
    for program in [ours(), Program::Java] {
        for index in 0..3 {
            group.cluster.kill(index).unwrap();
            group.balanced();
            replaced(&mut group, index, &program);
        }
    }
    finish(&mut group);
    let mut repeated = 0;
    for topic in topics("overthrown") {
        repeated += stream::repeated(&mut group.client, &topic);
        let made = stream::numbers(&mut group.client, &topic);
        found("all is flushed", || {
            let mut flushed = stream::flushed(&group.cluster, &Marks::default(), "overthrown-taker", &topic);
            for (task, numbers) in &made {
                let mut numbers = numbers.clone();
                numbers.sort_unstable();
                numbers.dedup();
                let flushed = flushed.entry(*task).or_default();
                flushed.dedup();
                anyhow::ensure!(*flushed == numbers, "{topic}: {} of {}", flushed.len(), numbers.len());
            }
            Ok(())
        });
    }
    tell(&format!("six kills and replacements: nothing lost, {repeated} repeated by the sources"));
}

fn topics(name: &str) -> Vec<String> {
    (0..SOURCES).map(|number| format!("{name}-{number}")).collect()
}

fn loaded(kafka: &Kafka, name: &str) -> Group {
    let mut group = Group::start(kafka, name, &[], &[Program::Java, Program::Java, Program::Java]);
    for (number, topic) in topics(name).iter().enumerate() {
        group.put(number, &format!("maker-{number}"), &source(topic, 2, PER_SECOND));
    }
    let mut config = sink("unused", SOURCES);
    config["topics"] = topics(name).join(",").into();
    let answer = group.ask(0, "PUT", &format!("/connectors/{name}-taker/config"), Some(&config));
    assert_eq!(answer.status, 201, "{answer:?}");
    group.want(&format!("{name}-taker"), SOURCES);
    let layout = group.balanced();
    group.each_once(&layout);
    group
}

fn replaced(group: &mut Group, index: usize, program: &Program) {
    group.cluster.revive(index, program.clone()).unwrap();
    group.cluster.wait_healthy(index).unwrap();
    group.members(3);
    let layout = group.balanced();
    group.each_once(&layout);
    // A new set of tasks, asked for by whoever runs the connector, written by whoever leads.
    let next = (index + 1) % 3;
    let name = format!("maker-{index}");
    let rate = group.get(next, &format!("/connectors/{name}/config"))["throughput"].clone();
    let rate = rate.as_str().unwrap().parse::<u32>().unwrap() + 1;
    let topic = group.get(next, &format!("/connectors/{name}/config"))["topic"].clone();
    group.put(next, &name, &source(topic.as_str().unwrap(), 2, rate));
    group.balanced();
    until("the new rate is everywhere", || {
        let tasks = group.get(index, &format!("/connectors/{name}/tasks"));
        let tasks = tasks.as_array().unwrap();
        tasks.iter().all(|task| task["config"]["throughput"] == rate.to_string().as_str())
    });
}

/// Stops the sources, so that what there is can be counted.
fn finish(group: &mut Group) {
    for number in 0..SOURCES {
        let answer = group.ask(0, "PUT", &format!("/connectors/maker-{number}/stop"), None);
        assert_eq!(answer.status, 204, "{answer:?}");
        until("the source has stopped", || {
            group.get(0, &format!("/connectors/maker-{number}/tasks")) == serde_json::json!([])
        });
    }
}
