//! What a sink task can ask of its loop, and the partitions that it holds.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aqueduct_api::{
    ConfigMap, ErrantRecordReporter, Error, ErrorKind, Offsets, PluginMetrics, Result, SinkTaskContext,
};
use aqueduct_kafka::TopicPartition;
use tokio::sync::Notify;

use crate::task::ConfigSource;

/// The context of one sink task. The task asks from any thread; the loop looks between calls to the task.
pub(crate) struct SinkContext {
    config: ConfigSource,
    errant: Option<Arc<dyn ErrantRecordReporter>>,
    metrics: Arc<dyn PluginMetrics>,
    requests: Mutex<SinkRequests>,
    wake: Notify,
}

/// What the task holds and wants.
#[derive(Default)]
pub(crate) struct SinkRequests {
    assignment: BTreeSet<TopicPartition>,
    /// Kept over rebalances for what stays assigned.
    paused: BTreeSet<TopicPartition>,
    pause_changed: bool,
    rewinds: Vec<(TopicPartition, i64)>,
    timeout: Option<Duration>,
    commit: bool,
}

fn kafka(partition: &aqueduct_api::TopicPartition) -> TopicPartition {
    TopicPartition { topic: Arc::clone(&partition.topic), partition: partition.partition }
}

fn api(partition: &TopicPartition) -> aqueduct_api::TopicPartition {
    aqueduct_api::TopicPartition { topic: Arc::clone(&partition.topic), partition: partition.partition }
}

impl SinkContext {
    pub(crate) fn new(
        config: ConfigSource,
        errant: Option<Arc<dyn ErrantRecordReporter>>,
        metrics: Arc<dyn PluginMetrics>,
    ) -> Self {
        Self { config, errant, metrics, requests: Mutex::default(), wake: Notify::new() }
    }

    fn with<T>(&self, f: impl FnOnce(&mut SinkRequests) -> T) -> T {
        f(&mut self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until the task has asked for something from another thread.
    pub(super) async fn woken(&self) {
        self.wake.notified().await;
    }

    pub(super) fn assignment_kafka(&self) -> Vec<TopicPartition> {
        self.with(|requests| requests.assignment.iter().cloned().collect())
    }

    pub(super) fn len(&self) -> usize {
        self.with(|requests| requests.assignment.len())
    }

    /// Notes new partitions and gives them as the task knows them.
    pub(super) fn assigned(&self, partitions: &[TopicPartition]) -> Vec<aqueduct_api::TopicPartition> {
        self.with(|requests| {
            requests.assignment.extend(partitions.iter().cloned());
            let held = &requests.assignment;
            requests.paused.retain(|partition| held.contains(partition));
        });
        partitions.iter().map(api).collect()
    }

    pub(super) fn revoked(&self, partitions: &[TopicPartition]) {
        self.with(|requests| {
            for partition in partitions {
                requests.assignment.remove(partition);
            }
            requests.rewinds.retain(|(partition, _)| !partitions.contains(partition));
        });
    }

    /// Those of the partitions that the task holds, as it knows them.
    pub(super) fn held(&self, partitions: &[TopicPartition]) -> Vec<aqueduct_api::TopicPartition> {
        self.with(|requests| {
            partitions.iter().filter(|one| requests.assignment.contains(one)).map(api).collect()
        })
    }

    /// The held partitions that the task wants paused, and the others.
    pub(super) fn split_paused(
        &self,
        held: Vec<TopicPartition>,
    ) -> (Vec<TopicPartition>, Vec<TopicPartition>) {
        self.with(|requests| held.into_iter().partition(|partition| requests.paused.contains(partition)))
    }

    pub(super) fn take_rewinds(&self) -> Vec<(TopicPartition, i64)> {
        self.with(|requests| std::mem::take(&mut requests.rewinds))
    }

    pub(super) fn take_timeout(&self) -> Option<Duration> {
        self.with(|requests| requests.timeout.take())
    }

    pub(super) fn take_commit_request(&self) -> bool {
        self.with(|requests| std::mem::take(&mut requests.commit))
    }

    pub(super) fn take_pause_change(&self) -> bool {
        self.with(|requests| std::mem::take(&mut requests.pause_changed))
    }
}

impl SinkTaskContext for SinkContext {
    fn config(&self) -> ConfigMap {
        (self.config)()
    }

    fn rewind(&self, offsets: &Offsets) {
        self.with(|requests| {
            requests.rewinds.extend(offsets.iter().map(|(one, offset)| (kafka(one), *offset)))
        });
        self.wake.notify_one();
    }

    fn set_timeout(&self, timeout: Duration) {
        self.with(|requests| requests.timeout = Some(timeout));
    }

    fn assignment(&self) -> Vec<aqueduct_api::TopicPartition> {
        self.with(|requests| requests.assignment.iter().map(api).collect())
    }

    fn pause(&self, partitions: &[aqueduct_api::TopicPartition]) -> Result<()> {
        self.change_paused(partitions, |paused, partition| {
            paused.insert(partition);
        })
    }

    fn resume(&self, partitions: &[aqueduct_api::TopicPartition]) -> Result<()> {
        self.change_paused(partitions, |paused, partition| {
            paused.remove(&partition);
        })
    }

    fn request_commit(&self) {
        self.with(|requests| requests.commit = true);
        self.wake.notify_one();
    }

    fn errant_record_reporter(&self) -> Option<Arc<dyn ErrantRecordReporter>> {
        self.errant.clone()
    }

    fn plugin_metrics(&self) -> Option<Arc<dyn PluginMetrics>> {
        Some(Arc::clone(&self.metrics))
    }
}

impl SinkContext {
    fn change_paused(
        &self,
        partitions: &[aqueduct_api::TopicPartition],
        change: impl Fn(&mut BTreeSet<TopicPartition>, TopicPartition),
    ) -> Result<()> {
        let done = self.with(|requests| {
            if let Some(foreign) = partitions.iter().find(|one| !requests.assignment.contains(&kafka(one))) {
                return Err(Error::new(
                    ErrorKind::IllegalWorkerState,
                    format!(
                        "SinkTasks may not pause or resume partition {foreign} that is not assigned to them."
                    ),
                ));
            }
            partitions.iter().for_each(|partition| change(&mut requests.paused, kafka(partition)));
            requests.pause_changed = true;
            Ok(())
        });
        self.wake.notify_one();
        done
    }
}
