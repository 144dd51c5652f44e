//! Fetch: reads, and waits for more if there is too little.

use std::sync::Arc;
use std::time::Duration;

use kafka_protocol::ResponseError;
use kafka_protocol::messages::FetchRequest;
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::check_leader_epoch;
use super::fetch_response::{FetchAnswer, FetchedPartition, FetchedTopic};
use crate::dispatch::Context;
use crate::log::Partition;
use crate::topic::Topic;

const TOPIC_IDS_FROM: i16 = 13;
const READ_COMMITTED: i8 = 1;
/// `max_wait_ms` is the client's; this only bounds nonsense.
const WAIT_MAX: Duration = Duration::from_secs(600);

/// Waits up to `max_wait_ms` for `min_bytes`, unless a partition has an error to tell.
pub(crate) async fn handle(context: &Context, request: FetchRequest) -> FetchAnswer {
    let deadline = Instant::now() + Duration::from_millis(request.max_wait_ms.max(0) as u64).min(WAIT_MAX);
    let fetch = Fetch::resolve(context, &request);
    let first = fetch.read();
    if fetch.suffices(&first) || request.max_wait_ms <= 0 {
        return first.answer;
    }
    drop(first);
    let waiting = Waiting::new(&fetch);
    loop {
        // Registered before reading: an append in between wakes at once.
        waiting.register();
        let read = fetch.read();
        if fetch.suffices(&read) {
            return read.answer;
        }
        drop(read);
        if timeout_at(deadline, waiting.notify.notified()).await.is_err() {
            return fetch.read().answer;
        }
    }
}

/// The answer to an injected failure.
pub(crate) fn failed(request: &FetchRequest, error: ResponseError) -> FetchAnswer {
    let fail = |topic: &FetchTopic| FetchedTopic {
        name: topic.topic.to_string(),
        id: topic.topic_id,
        partitions: topic
            .partitions
            .iter()
            .map(|partition| FetchedPartition::failed(partition.partition, error.code()))
            .collect(),
    };
    FetchAnswer { error_code: 0, topics: request.topics.iter().map(fail).collect() }
}

struct Fetch<'a> {
    topics: Vec<Asked<'a>>,
    bytes_min: usize,
    bytes_max: usize,
    committed: bool,
}

struct Asked<'a> {
    request: &'a FetchTopic,
    name: String,
    partitions: Vec<(&'a FetchPartition, Result<Arc<Partition>, ResponseError>)>,
}

struct Outcome {
    answer: FetchAnswer,
    bytes: usize,
    failed: bool,
}

impl<'a> Fetch<'a> {
    fn resolve(context: &Context, request: &'a FetchRequest) -> Fetch<'a> {
        let by_id = context.version >= TOPIC_IDS_FROM;
        let topics = &context.node.topics;
        let ask = |request: &'a FetchTopic| {
            let topic = if by_id {
                topics.by_id(request.topic_id).ok_or(ResponseError::UnknownTopicId)
            } else {
                topics.get(&request.topic).ok_or(ResponseError::UnknownTopicOrPartition)
            };
            let name =
                topic.as_ref().map_or_else(|_| request.topic.to_string(), |topic| topic.name.to_string());
            let find = |asked: &FetchPartition| {
                check_leader_epoch(asked.current_leader_epoch)?;
                let topic: &Arc<Topic> = topic.as_ref().map_err(|error| *error)?;
                topic.partition(asked.partition).ok_or(ResponseError::UnknownTopicOrPartition)
            };
            let partitions = request.partitions.iter().map(|asked| (asked, find(asked))).collect();
            Asked { request, name, partitions }
        };
        Fetch {
            topics: request.topics.iter().map(ask).collect(),
            bytes_min: usize::try_from(request.min_bytes).unwrap_or(0),
            bytes_max: usize::try_from(request.max_bytes).unwrap_or(usize::MAX),
            committed: request.isolation_level == READ_COMMITTED,
        }
    }

    fn suffices(&self, outcome: &Outcome) -> bool {
        outcome.failed || outcome.bytes >= self.bytes_min
    }

    /// Reads each partition once. The first batch of the whole answer passes whatever its size (KIP-74).
    fn read(&self) -> Outcome {
        let mut bytes = 0;
        let mut failed = false;
        let mut read_partition = |asked: &FetchPartition, partition: &Arc<Partition>| {
            let room = self.bytes_max.saturating_sub(bytes);
            let bytes_max = usize::try_from(asked.partition_max_bytes).unwrap_or(0).min(room);
            let read = partition.read(asked.fetch_offset, bytes_max, bytes == 0, self.committed)?;
            bytes += read.chunks.len();
            Ok(FetchedPartition {
                index: asked.partition,
                error_code: 0,
                high_watermark: read.high_watermark,
                last_stable_offset: read.last_stable_offset,
                start_offset: read.start_offset,
                aborted: read.aborted,
                records: read.chunks,
            })
        };
        let mut topics = Vec::with_capacity(self.topics.len());
        for topic in &self.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for (asked, partition) in &topic.partitions {
                let result =
                    partition.as_ref().map_err(|error| *error).and_then(|found| read_partition(asked, found));
                partitions.push(result.unwrap_or_else(|error: ResponseError| {
                    failed = true;
                    FetchedPartition::failed(asked.partition, error.code())
                }));
            }
            topics.push(FetchedTopic { name: topic.name.clone(), id: topic.request.topic_id, partitions });
        }
        Outcome { answer: FetchAnswer { error_code: 0, topics }, bytes, failed }
    }
}

/// A fetch among the waiters of its partitions, until it is dropped.
struct Waiting<'a> {
    partitions: Vec<&'a Arc<Partition>>,
    notify: Arc<Notify>,
}

impl<'a> Waiting<'a> {
    fn new(fetch: &'a Fetch<'_>) -> Waiting<'a> {
        let partitions = fetch.topics.iter().flat_map(|topic| &topic.partitions);
        Waiting {
            partitions: partitions.filter_map(|(_, partition)| partition.as_ref().ok()).collect(),
            notify: Arc::new(Notify::new()),
        }
    }

    fn register(&self) {
        for partition in &self.partitions {
            partition.add_waiter(&self.notify);
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        for partition in &self.partitions {
            partition.remove_waiter(&self.notify);
        }
    }
}
