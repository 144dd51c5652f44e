//! Where reading starts.

use std::time::Duration;

use rdkafka::consumer::Consumer;

use super::{Client, NativeConsumer};
use crate::config::OffsetReset;
use crate::consumer::Offsets;
use crate::error::{ErrorKind, KafkaError, Result};
use crate::native::rebalance::{bare_list_of, first_error, offsets_of};
use crate::native::{blocking, errors};
use crate::record::TopicPartition;

impl NativeConsumer {
    /// Positions of partitions that nothing was read from yet.
    pub(super) async fn start_offsets(
        &self,
        partitions: Vec<TopicPartition>,
        limit: Duration,
    ) -> Result<Offsets> {
        let client = self.client()?;
        let (reset, manual) = (self.settings.offset_reset, self.manual);
        blocking(move || {
            let mut offsets = Offsets::new();
            if !manual {
                let list = client
                    .committed_offsets(bare_list_of(&partitions), limit)
                    .map_err(|error| errors::from_native(&error))?;
                first_error(&list)?;
                offsets = offsets_of(&list);
            }
            for partition in partitions {
                if offsets.contains_key(&partition) {
                    continue;
                }
                let (low, high) = watermarks(&client, &partition, limit)?;
                let start = match reset {
                    OffsetReset::Earliest => low,
                    OffsetReset::Latest => high,
                    OffsetReset::None => {
                        let message =
                            format!("Undefined offset with no reset policy for partitions: [{partition}]");
                        return Err(KafkaError::new(ErrorKind::NoOffset, message));
                    }
                };
                offsets.insert(partition, start);
            }
            Ok(offsets)
        })
        .await?
    }
}

pub(super) fn watermarks(client: &Client, partition: &TopicPartition, limit: Duration) -> Result<(i64, i64)> {
    client
        .fetch_watermarks(&partition.topic, partition.partition, limit)
        .map_err(|error| errors::from_native(&error).context(partition))
}
