//! Callbacks of a consumer, and the partitions in librdkafka's terms.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use rdkafka::client::OAuthToken;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, RebalanceProtocol};
use rdkafka::error::{KafkaError as Native, KafkaResult};
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use super::{Shared, errors, lock};
use crate::config::TokenSource;
use crate::consumer::Offsets;
use crate::error::Result;
use crate::record::TopicPartition;
use crate::statistics::{ClientKind, ClientStatistics};

/// A rebalance as librdkafka told it; it waits for an answer by `assign` or `unassign`.
pub(super) struct Told {
    pub(super) assign: bool,
    pub(super) lost: bool,
    pub(super) cooperative: bool,
    pub(super) partitions: Vec<TopicPartition>,
}

/// Callbacks of one consumer. librdkafka calls them only from inside its poll and its close.
pub(super) struct Callbacks {
    pub(super) shared: Shared,
    pub(super) rebalances: Mutex<VecDeque<Told>>,
    pub(super) commits: Mutex<VecDeque<(Offsets, Result<()>)>>,
    /// From here on rebalances are answered at once: nobody will ask for them any more.
    pub(super) closing: AtomicBool,
    pub(super) statistics: Arc<ClientStatistics>,
    token: Option<TokenSource>,
}

impl Callbacks {
    pub(super) fn new(client_id: &str, read_committed: bool, token: Option<TokenSource>) -> Callbacks {
        Callbacks {
            shared: Shared::new(client_id),
            rebalances: Mutex::default(),
            commits: Mutex::default(),
            closing: AtomicBool::new(false),
            statistics: Arc::new(ClientStatistics::new(ClientKind::Consumer, client_id, read_committed)),
            token,
        }
    }
}

impl ClientContext for Callbacks {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn log(&self, level: RDKafkaLogLevel, facility: &str, text: &str) {
        self.shared.log_line(level, facility, text);
    }

    fn error(&self, error: Native, reason: &str) {
        self.shared.client_error(&error, reason);
    }

    fn stats_raw(&self, json: &[u8]) {
        self.shared.note();
        self.statistics.take(json);
    }

    fn generate_oauth_token(
        &self,
        _config: Option<&str>,
    ) -> std::result::Result<OAuthToken, Box<dyn std::error::Error>> {
        self.shared.note();
        TokenSource::for_librdkafka(self.token.as_ref())
    }
}

impl ConsumerContext for Callbacks {
    fn rebalance(&self, consumer: &BaseConsumer<Self>, code: RDKafkaRespErr, list: &mut TopicPartitionList) {
        self.shared.note();
        let cooperative = matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        let assign = code == RDKafkaRespErr::RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if self.closing.load(Ordering::Acquire) {
            let answered = match (assign, cooperative) {
                (true, _) => consumer.assign(&TopicPartitionList::new()),
                (false, true) => consumer.incremental_unassign(list),
                (false, false) => consumer.unassign(),
            };
            if let Err(error) = answered {
                tracing::debug!(target: "aqueduct::kafka", %error, "a rebalance while closing");
            }
            return;
        }
        let lost = !assign && consumer.assignment_lost();
        lock(&self.rebalances).push_back(Told { assign, lost, cooperative, partitions: partitions_of(list) });
    }

    fn commit_callback(&self, result: KafkaResult<()>, offsets: &TopicPartitionList) {
        self.shared.note();
        let result = result.map_err(|error| errors::from_native(&error)).and_then(|()| first_error(offsets));
        lock(&self.commits).push_back((offsets_of(offsets), result));
    }
}

pub(super) fn list_of(offsets: &Offsets) -> Result<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (partition, offset) in offsets {
        list.add_partition_offset(&partition.topic, partition.partition, Offset::Offset(*offset))
            .map_err(|error| errors::from_native(&error).context(partition))?;
    }
    Ok(list)
}

pub(super) fn bare_list_of<'a>(
    partitions: impl IntoIterator<Item = &'a TopicPartition>,
) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        list.add_partition(&partition.topic, partition.partition);
    }
    list
}

pub(super) fn partitions_of(list: &TopicPartitionList) -> Vec<TopicPartition> {
    list.elements().iter().map(|element| TopicPartition::new(element.topic(), element.partition())).collect()
}

/// The entries that have a real offset.
pub(super) fn offsets_of(list: &TopicPartitionList) -> Offsets {
    list.elements()
        .iter()
        .filter_map(|element| match element.offset() {
            Offset::Offset(offset) => {
                Some((TopicPartition::new(element.topic(), element.partition()), offset))
            }
            _ => None,
        })
        .collect()
}

/// The first error of a single partition, which the overall result does not always tell.
pub(super) fn first_error(list: &TopicPartitionList) -> Result<()> {
    list.elements()
        .iter()
        .try_for_each(|element| element.error().map_err(|error| errors::from_native(&error)))
}
