//! What every source must do.

use std::collections::HashSet;
use std::ops::Range;
use std::time::{Duration, Instant};

use aqueduct_api::{ConfigMap, Plugin, async_trait};
use aqueduct_broker::{ApiKey, Fault, ResponseError};
use aqueduct_proto::state::State;

use super::{Invalid, PROMPT, check_validation};
use crate::client::values;
use crate::cluster::{EmbeddedCluster, Ending};

const NAME: &str = "subject";
const TOPIC: &str = "contract";
/// Long enough for a task that moves records though it should not.
const SILENCE: Duration = Duration::from_millis(300);

/// A source under test. Its external system holds numbered items; each becomes one record with one source partition for
/// all, in their order.
#[async_trait]
pub trait SourceSubject: Send + Sync {
    /// The plugins that the worker needs.
    fn plugins(&self) -> Vec<Plugin>;

    /// A configuration with one task that writes to this topic. Small batches let more happen between them.
    fn config(&self, topic: &str) -> ConfigMap;

    /// Puts items into the external system.
    async fn add(&self, items: Range<usize>);

    /// The value of the record of an item, as text.
    fn value(&self, item: usize) -> String;

    /// Settings that validation must refuse.
    fn invalid(&self) -> Vec<Invalid>;
}

fn expected(subject: &impl SourceSubject, items: Range<usize>) -> Vec<String> {
    items.map(|item| subject.value(item)).collect()
}

/// The values in the order in which each came first.
fn first_occurrences(values: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    values.into_iter().filter(|value| seen.insert(value.clone())).collect()
}

async fn start(subject: &impl SourceSubject) -> EmbeddedCluster {
    let cluster = EmbeddedCluster::start(subject.plugins()).await;
    cluster.create_running(NAME, subject.config(TOPIC)).await;
    cluster
}

async fn expect_exactly(cluster: &EmbeddedCluster, subject: &impl SourceSubject, items: Range<usize>) {
    let found = cluster.kafka().expect_records(TOPIC, items.len()).await;
    assert_eq!(values(&found), expected(subject, items));
}

/// Items become records in their order, those that come later too.
pub async fn delivers_in_order(subject: &impl SourceSubject) {
    subject.add(0..50).await;
    let cluster = start(subject).await;
    expect_exactly(&cluster, subject, 0..50).await;
    subject.add(50..80).await;
    expect_exactly(&cluster, subject, 0..80).await;
    cluster.shutdown().await;
}

/// Nothing is repeated and nothing lost when the connector is stopped, or the worker, in the middle of its work.
pub async fn clean_stop_repeats_nothing(subject: &impl SourceSubject) {
    subject.add(0..300).await;
    let mut cluster = start(subject).await;
    cluster.kafka().expect_records(TOPIC, 1).await;
    cluster.stop(NAME).await;
    subject.add(300..400).await;
    cluster.resume(NAME).await;
    cluster.kafka().expect_records(TOPIC, 301).await;
    cluster.restart_worker(Ending::Clean).await;
    subject.add(400..410).await;
    expect_exactly(&cluster, subject, 0..410).await;
    cluster.shutdown().await;
}

/// Nothing is lost when the worker dies; what comes again comes in order.
pub async fn kill_loses_nothing(subject: &impl SourceSubject) {
    subject.add(0..300).await;
    let mut cluster = start(subject).await;
    cluster.kafka().expect_records(TOPIC, 1).await;
    cluster.restart_worker(Ending::Killed).await;
    subject.add(300..310).await;
    expect_all_once_or_more(&cluster, subject, 310).await;
    cluster.shutdown().await;
}

/// Nothing is lost when requests to the broker fail, get lost, or take effect without an answer.
pub async fn lossy_producer_loses_nothing(subject: &impl SourceSubject) {
    let cluster = EmbeddedCluster::start(subject.plugins()).await;
    cluster.kafka().create_topic(TOPIC, 1).await;
    let faults = [
        Fault::fail(ApiKey::Produce, ResponseError::NotLeaderOrFollower).times(1),
        Fault::drop_connection(ApiKey::Produce).after(1).times(1),
        Fault::drop_response(ApiKey::Produce).after(1).times(1),
        Fault::fail(ApiKey::Produce, ResponseError::RequestTimedOut).after(1).times(1),
    ];
    let hits: Vec<_> = faults.into_iter().map(|fault| cluster.faults().inject(fault)).collect();
    cluster.create_running(NAME, subject.config(TOPIC)).await;
    // One request at least for each round, so that every fault finds one.
    for round in 0..20 {
        subject.add(round * 10..(round + 1) * 10).await;
        cluster.kafka().expect_records(TOPIC, (round + 1) * 10).await;
    }
    expect_all_once_or_more(&cluster, subject, 200).await;
    let hits: Vec<u64> = hits.iter().map(|hits| hits.count()).collect();
    assert_eq!(hits, [1; 4], "each fault has hit");
    cluster.shutdown().await;
}

async fn expect_all_once_or_more(cluster: &EmbeddedCluster, subject: &impl SourceSubject, count: usize) {
    let last = subject.value(count - 1);
    let deadline = Instant::now() + crate::PATIENCE;
    let found = loop {
        let found = values(&cluster.kafka().records(TOPIC).await);
        if found.contains(&last) || Instant::now() >= deadline {
            break found;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(first_occurrences(found), expected(subject, 0..count), "{}", cluster.status_text().await);
}

/// A paused source gives nothing, and goes on where it was.
pub async fn pauses_and_resumes(subject: &impl SourceSubject) {
    subject.add(0..20).await;
    let cluster = start(subject).await;
    expect_exactly(&cluster, subject, 0..20).await;
    cluster.pause(NAME).await;
    subject.add(20..40).await;
    cluster.expect_silence(TOPIC, SILENCE).await;
    cluster.resume(NAME).await;
    expect_exactly(&cluster, subject, 0..40).await;
    cluster.shutdown().await;
}

/// A source that waits for data can be stopped at once.
pub async fn stops_promptly_while_polling(subject: &impl SourceSubject) {
    subject.add(0..5).await;
    let cluster = start(subject).await;
    expect_exactly(&cluster, subject, 0..5).await;
    let since = Instant::now();
    cluster.stop(NAME).await;
    assert!(since.elapsed() < PROMPT, "it took {:?}", since.elapsed());
    cluster.shutdown().await;
}

/// A task that is restarted goes on where it was.
pub async fn restarted_task_repeats_nothing(subject: &impl SourceSubject) {
    subject.add(0..30).await;
    let cluster = start(subject).await;
    cluster.kafka().expect_records(TOPIC, 1).await;
    cluster.restart_task(NAME, 0).await;
    subject.add(30..40).await;
    expect_exactly(&cluster, subject, 0..40).await;
    cluster.expect_task(NAME, 0, State::Running).await;
    cluster.shutdown().await;
}

/// Validation accepts the configuration, and refuses each of the invalid settings by its key.
pub async fn validates_its_configuration(subject: &impl SourceSubject) {
    let cluster = EmbeddedCluster::start(subject.plugins()).await;
    check_validation(&cluster, subject.config(TOPIC), &subject.invalid()).await;
}
