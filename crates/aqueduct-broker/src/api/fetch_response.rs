//! The fetch response, written by hand: stored batches go out as they are, without a copy into a message.

use bytes::BufMut;
use uuid::Uuid;

use crate::log::Chunks;
use crate::log::aborted::AbortedTransaction;

const FLEXIBLE_FROM: i16 = 12;
const TOPIC_IDS_FROM: i16 = 13;
const PREFERRED_REPLICA_FROM: i16 = 11;
const SESSIONS_FROM: i16 = 7;
const START_OFFSET_FROM: i16 = 5;

#[derive(Debug)]
pub(crate) struct FetchedPartition {
    pub(crate) index: i32,
    pub(crate) error_code: i16,
    pub(crate) high_watermark: i64,
    pub(crate) last_stable_offset: i64,
    pub(crate) start_offset: i64,
    pub(crate) aborted: Option<Vec<AbortedTransaction>>,
    pub(crate) records: Chunks,
}

impl FetchedPartition {
    pub(crate) fn failed(index: i32, error_code: i16) -> FetchedPartition {
        FetchedPartition {
            index,
            error_code,
            high_watermark: -1,
            last_stable_offset: -1,
            start_offset: -1,
            aborted: None,
            records: Chunks::default(),
        }
    }
}

#[derive(Debug)]
pub(crate) struct FetchedTopic {
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) partitions: Vec<FetchedPartition>,
}

/// An answer outside any fetch session: the session id is 0, so that clients ask in full each time (KIP-227).
#[derive(Debug, Default)]
pub(crate) struct FetchAnswer {
    pub(crate) error_code: i16,
    pub(crate) topics: Vec<FetchedTopic>,
}

impl FetchAnswer {
    pub(crate) fn encode(self, version: i16) -> Chunks {
        let mut out = Writer { chunks: Chunks::default(), flexible: version >= FLEXIBLE_FROM };
        out.chunks.put(&0i32.to_be_bytes()); // throttle time
        if version >= SESSIONS_FROM {
            out.chunks.put(&self.error_code.to_be_bytes());
            out.chunks.put(&0i32.to_be_bytes());
        }
        out.array(self.topics.len());
        for topic in self.topics {
            if version >= TOPIC_IDS_FROM {
                out.chunks.put(topic.id.as_bytes());
            } else {
                out.string(&topic.name);
            }
            out.array(topic.partitions.len());
            for partition in topic.partitions {
                out.partition(partition, version);
            }
            out.no_tags();
        }
        out.no_tags();
        out.chunks
    }
}

struct Writer {
    chunks: Chunks,
    flexible: bool,
}

impl Writer {
    fn partition(&mut self, partition: FetchedPartition, version: i16) {
        let mut fixed = Vec::with_capacity(64);
        fixed.put_i32(partition.index);
        fixed.put_i16(partition.error_code);
        fixed.put_i64(partition.high_watermark);
        fixed.put_i64(partition.last_stable_offset);
        if version >= START_OFFSET_FROM {
            fixed.put_i64(partition.start_offset);
        }
        self.chunks.put(&fixed);
        match partition.aborted {
            None => self.null_array(),
            Some(aborted) => {
                self.array(aborted.len());
                for transaction in aborted {
                    self.chunks.put(&transaction.producer_id.to_be_bytes());
                    self.chunks.put(&transaction.first_offset.to_be_bytes());
                    self.no_tags();
                }
            }
        }
        if version >= PREFERRED_REPLICA_FROM {
            self.chunks.put(&(-1i32).to_be_bytes());
        }
        self.array(partition.records.len());
        self.chunks.append(partition.records);
        self.no_tags();
    }

    /// A length, of an array or of bytes.
    fn array(&mut self, length: usize) {
        if self.flexible {
            self.unsigned_varint(length as u64 + 1);
        } else {
            self.chunks.put(&i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
        }
    }

    fn null_array(&mut self) {
        if self.flexible { self.chunks.put(&[0]) } else { self.chunks.put(&(-1i32).to_be_bytes()) }
    }

    fn string(&mut self, text: &str) {
        if self.flexible {
            self.unsigned_varint(text.len() as u64 + 1);
        } else {
            self.chunks.put(&i16::try_from(text.len()).unwrap_or(i16::MAX).to_be_bytes());
        }
        self.chunks.put(text.as_bytes());
    }

    fn no_tags(&mut self) {
        if self.flexible {
            self.chunks.put(&[0]);
        }
    }

    fn unsigned_varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.chunks.put(&[(value as u8) | 0x80]);
            value >>= 7;
        }
        self.chunks.put(&[value as u8]);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use kafka_protocol::messages::FetchResponse;
    use kafka_protocol::protocol::Decodable;

    use super::*;

    #[test]
    fn every_version_reads_back() {
        for version in 4..=18 {
            let big = Bytes::from(vec![7; 10_000]);
            let answer = FetchAnswer {
                error_code: 0,
                topics: vec![FetchedTopic {
                    name: "topic".to_owned(),
                    id: Uuid::from_u128(5),
                    partitions: vec![
                        FetchedPartition {
                            index: 3,
                            error_code: 0,
                            high_watermark: 20,
                            last_stable_offset: 18,
                            start_offset: 2,
                            aborted: Some(vec![AbortedTransaction {
                                producer_id: 1,
                                first_offset: 4,
                                last_offset: 6,
                            }]),
                            records: Chunks::from(big.clone()),
                        },
                        FetchedPartition::failed(4, 1),
                    ],
                }],
            };
            let mut bytes = answer.encode(version).into_bytes();
            let read = FetchResponse::decode(&mut bytes, version).unwrap();
            assert!(bytes.is_empty(), "v{version}");
            let topic = &read.responses[0];
            if version >= 13 {
                assert_eq!(topic.topic_id, Uuid::from_u128(5));
            } else {
                assert_eq!(topic.topic.as_str(), "topic");
            }
            let [first, second] = &topic.partitions[..] else { panic!("v{version}: {topic:?}") };
            assert_eq!((first.partition_index, first.high_watermark, first.last_stable_offset), (3, 20, 18));
            assert_eq!(first.records.as_ref(), Some(&big));
            let aborted = first.aborted_transactions.as_ref().unwrap();
            assert_eq!((aborted[0].producer_id.0, aborted[0].first_offset), (1, 4));
            assert_eq!((second.error_code, second.aborted_transactions.as_ref()), (1, None));
        }
    }
}
