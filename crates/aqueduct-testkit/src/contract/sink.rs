//! What every sink must do.

use std::collections::HashSet;
use std::ops::Range;
use std::time::{Duration, Instant};

use aqueduct_api::{ConfigMap, Plugin, async_trait};
use aqueduct_proto::state::State;

use super::{Invalid, PROMPT, check_validation};
use crate::client::NewRecord;
use crate::cluster::{EmbeddedCluster, Ending};

const NAME: &str = "subject";
const GROUP: &str = "connect-subject";
const TOPIC: &str = "contract";
/// Long enough for a task that writes records though it should not.
const SILENCE: Duration = Duration::from_millis(300);

/// A sink under test. It gets records with texts as values.
#[async_trait]
pub trait SinkSubject: Send + Sync {
    /// The plugins that the worker needs.
    fn plugins(&self) -> Vec<Plugin>;

    /// A configuration with one task, without topics.
    fn config(&self) -> ConfigMap;

    /// The values that the external system has got, in their order.
    async fn written(&self) -> Vec<String>;

    /// Settings that validation must refuse.
    fn invalid(&self) -> Vec<Invalid>;

    /// Makes writing impossible until [`SinkSubject::mend`]; `false` if that can't be done.
    async fn break_target(&self) -> bool {
        false
    }

    /// Makes writing possible again.
    async fn mend(&self) {}
}

fn text(item: usize) -> String {
    format!("item-{item}")
}

async fn add(cluster: &EmbeddedCluster, items: Range<usize>) {
    cluster.kafka().produce(TOPIC, items.map(|item| NewRecord::value(text(item)))).await;
}

fn config(subject: &impl SinkSubject) -> ConfigMap {
    let mut config = subject.config();
    config.insert("topics", TOPIC);
    config
}

async fn start(subject: &impl SinkSubject, items: Range<usize>) -> EmbeddedCluster {
    let cluster = EmbeddedCluster::start(subject.plugins()).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    add(&cluster, items).await;
    cluster.create_running(NAME, config(subject)).await;
    cluster
}

/// Waits until the external system has the item, and gives all that it has.
async fn expect_item(cluster: &EmbeddedCluster, subject: &impl SinkSubject, item: usize) -> Vec<String> {
    let (deadline, wanted) = (Instant::now() + crate::PATIENCE, text(item));
    loop {
        let written = subject.written().await;
        if written.contains(&wanted) {
            return written;
        }
        if Instant::now() >= deadline {
            panic!("{wanted} was not written; there are {written:?}\n{}", cluster.status_text().await);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn expect_exactly(cluster: &EmbeddedCluster, subject: &impl SinkSubject, count: usize) {
    let written = expect_item(cluster, subject, count - 1).await;
    assert_eq!(written, (0..count).map(text).collect::<Vec<_>>());
}

async fn expect_all_once_or_more(cluster: &EmbeddedCluster, subject: &impl SinkSubject, count: usize) {
    let written = expect_item(cluster, subject, count - 1).await;
    let mut seen = HashSet::new();
    let first: Vec<String> = written.into_iter().filter(|value| seen.insert(value.clone())).collect();
    assert_eq!(first, (0..count).map(text).collect::<Vec<_>>());
}

/// Every record is written once, those of one partition in order.
pub async fn delivers_every_record(subject: &impl SinkSubject) {
    let cluster = EmbeddedCluster::start(subject.plugins()).await;
    cluster.kafka().create_topic(TOPIC, 3).await;
    let records =
        |items: Range<usize>| items.map(|item| NewRecord::value(text(item)).partition(item as i32 % 3));
    cluster.kafka().produce(TOPIC, records(0..60)).await;
    cluster.create_running(NAME, config(subject)).await;
    cluster.kafka().produce(TOPIC, records(60..90)).await;
    let mut written = Vec::new();
    for last in [87, 88, 89] {
        written = expect_item(&cluster, subject, last).await;
    }
    let number = |value: &String| value.trim_start_matches("item-").parse::<usize>().expect("a number");
    let numbers: Vec<usize> = written.iter().map(number).collect();
    for partition in 0..3 {
        let own: Vec<usize> = numbers.iter().copied().filter(|item| item % 3 == partition).collect();
        assert_eq!(
            own,
            (0..90).filter(|item| item % 3 == partition).collect::<Vec<_>>(),
            "partition {partition}"
        );
    }
    cluster.shutdown().await;
}

/// A stop writes and commits what was read, so that nothing is repeated afterwards.
pub async fn clean_stop_repeats_nothing(subject: &impl SinkSubject) {
    let mut cluster = start(subject, 0..50).await;
    expect_item(&cluster, subject, 49).await;
    cluster.stop(NAME).await;
    assert_eq!(cluster.kafka().committed(GROUP, TOPIC).await, [(0, 50)].into());
    add(&cluster, 50..60).await;
    cluster.resume(NAME).await;
    expect_exactly(&cluster, subject, 60).await;
    cluster.restart_worker(Ending::Clean).await;
    add(&cluster, 60..70).await;
    expect_exactly(&cluster, subject, 70).await;
    cluster.shutdown().await;
}

/// Nothing is lost when the worker dies.
pub async fn kill_loses_nothing(subject: &impl SinkSubject) {
    let mut cluster = start(subject, 0..50).await;
    expect_item(&cluster, subject, 0).await;
    cluster.restart_worker(Ending::Killed).await;
    add(&cluster, 50..60).await;
    expect_all_once_or_more(&cluster, subject, 60).await;
    cluster.shutdown().await;
}

/// A paused sink writes nothing, and goes on where it was.
pub async fn pauses_and_resumes(subject: &impl SinkSubject) {
    let cluster = start(subject, 0..10).await;
    expect_exactly(&cluster, subject, 10).await;
    cluster.pause(NAME).await;
    add(&cluster, 10..20).await;
    let deadline = Instant::now() + SILENCE;
    while Instant::now() < deadline {
        assert_eq!(subject.written().await.len(), 10);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    cluster.resume(NAME).await;
    expect_exactly(&cluster, subject, 20).await;
    cluster.shutdown().await;
}

/// A sink that waits for records can be stopped at once.
pub async fn stops_promptly(subject: &impl SinkSubject) {
    let cluster = start(subject, 0..5).await;
    expect_exactly(&cluster, subject, 5).await;
    let since = Instant::now();
    cluster.stop(NAME).await;
    assert!(since.elapsed() < PROMPT, "it took {:?}", since.elapsed());
    cluster.shutdown().await;
}

/// What could not be written is written once the target works again: by the task itself, or after a restart of the
/// task that has failed. Does nothing for a subject that can't be broken.
pub async fn failed_writes_come_again(subject: &impl SinkSubject) {
    let cluster = start(subject, 0..10).await;
    expect_exactly(&cluster, subject, 10).await;
    if !subject.break_target().await {
        return cluster.shutdown().await;
    }
    add(&cluster, 10..20).await;
    cluster.kafka().expect_records(TOPIC, 20).await;
    let deadline = Instant::now() + SILENCE;
    let failed = State::Failed.name();
    let has_failed =
        || cluster.status(NAME).is_some_and(|info| info.tasks.iter().any(|task| task.state == failed));
    while Instant::now() < deadline && !has_failed() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    subject.mend().await;
    if has_failed() {
        cluster.restart_task(NAME, 0).await;
    }
    expect_all_once_or_more(&cluster, subject, 20).await;
    cluster.shutdown().await;
}

/// Validation accepts the configuration, and refuses each of the invalid settings by its key.
pub async fn validates_its_configuration(subject: &impl SinkSubject) {
    let cluster = EmbeddedCluster::start(subject.plugins()).await;
    check_validation(&cluster, config(subject), &subject.invalid()).await;
}
