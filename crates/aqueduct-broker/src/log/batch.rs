//! The record batch, magic 2: header fields, checksum, and the 16 bytes that a broker may patch.
//!
//! ```text
//!  0 base offset i64        21 attributes i16          43 producer id i64
//!  8 length i32             23 last offset delta i32   51 producer epoch i16
//! 12 leader epoch i32       27 base timestamp i64      53 base sequence i32
//! 16 magic i8               35 max timestamp i64       57 record count i32
//! 17 crc32c u32 (of all that follows)                  61 records
//! ```

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// Bytes before the first record.
pub(crate) const HEADER_BYTES: usize = 61;
/// Bytes that the checksum does not cover and a broker rewrites: base offset, length, leader epoch.
pub(crate) const PREFIX_BYTES: usize = 16;
const LENGTH_OVERHEAD: usize = 12;
const CRC_AT: usize = 17;
const CRC_FROM: usize = 21;
const MAGIC_V2: i8 = 2;

const CODEC_MASK: i16 = 0x07;
const LOG_APPEND_TIME: i16 = 0x08;
const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x20;

/// Why bytes are not a batch that this broker stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BatchError {
    #[error("the batch is cut short")]
    Truncated,
    #[error("magic {0} is not 2")]
    Magic(i8),
    #[error("checksum mismatch")]
    Checksum,
    #[error("inconsistent batch header")]
    Header,
    #[error("the records cannot be read")]
    Records,
}

/// The fields of a batch header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    pub(crate) base_offset: i64,
    /// The whole batch, header included.
    pub(crate) size: usize,
    pub(crate) leader_epoch: i32,
    pub(crate) crc: u32,
    pub(crate) attributes: i16,
    pub(crate) last_offset_delta: i32,
    pub(crate) base_timestamp: i64,
    pub(crate) max_timestamp: i64,
    pub(crate) producer_id: i64,
    pub(crate) producer_epoch: i16,
    pub(crate) base_sequence: i32,
    pub(crate) record_count: i32,
}

impl BatchHeader {
    /// Reads a header from the first [`HEADER_BYTES`] of `bytes`; the records need not be there.
    pub(crate) fn parse(bytes: &[u8]) -> Result<BatchHeader, BatchError> {
        if let Some(&magic) = bytes.get(PREFIX_BYTES)
            && magic as i8 != MAGIC_V2
        {
            return Err(BatchError::Magic(magic as i8));
        }
        let Some(mut rest) = bytes.get(..HEADER_BYTES) else { return Err(BatchError::Truncated) };
        let base_offset = rest.get_i64();
        let length = usize::try_from(rest.get_i32()).map_err(|_| BatchError::Header)?;
        let leader_epoch = rest.get_i32();
        let _magic = rest.get_i8();
        let header = BatchHeader {
            base_offset,
            size: length + LENGTH_OVERHEAD,
            leader_epoch,
            crc: rest.get_u32(),
            attributes: rest.get_i16(),
            last_offset_delta: rest.get_i32(),
            base_timestamp: rest.get_i64(),
            max_timestamp: rest.get_i64(),
            producer_id: rest.get_i64(),
            producer_epoch: rest.get_i16(),
            base_sequence: rest.get_i32(),
            record_count: rest.get_i32(),
        };
        if header.size < HEADER_BYTES || header.last_offset_delta < 0 || header.record_count < 0 {
            return Err(BatchError::Header);
        }
        Ok(header)
    }

    pub(crate) fn last_offset(&self) -> i64 {
        self.base_offset + i64::from(self.last_offset_delta)
    }

    /// The sequence number of the last record, which wraps to 0 after `i32::MAX`.
    pub(crate) fn last_sequence(&self) -> i32 {
        add_sequence(self.base_sequence, self.last_offset_delta)
    }

    pub(crate) fn codec(&self) -> i16 {
        self.attributes & CODEC_MASK
    }

    pub(crate) fn is_transactional(&self) -> bool {
        self.attributes & TRANSACTIONAL != 0
    }

    pub(crate) fn is_control(&self) -> bool {
        self.attributes & CONTROL != 0
    }

    pub(crate) fn is_log_append_time(&self) -> bool {
        self.attributes & LOG_APPEND_TIME != 0
    }

    pub(crate) fn has_producer(&self) -> bool {
        self.producer_id >= 0
    }

    /// The 16 bytes outside the checksum.
    pub(crate) fn prefix(&self) -> [u8; PREFIX_BYTES] {
        let mut prefix = [0; PREFIX_BYTES];
        let mut out = &mut prefix[..];
        out.put_i64(self.base_offset);
        out.put_i32(wire_length(self.size));
        out.put_i32(self.leader_epoch);
        prefix
    }

    /// A whole batch of this header and `records` (already encoded, and compressed if the codec says so): size and
    /// checksum are computed here.
    pub(crate) fn encode(&self, records: &[u8]) -> Bytes {
        let size = HEADER_BYTES + records.len();
        let mut out = BytesMut::with_capacity(size);
        out.put_i64(self.base_offset);
        out.put_i32(wire_length(size));
        out.put_i32(self.leader_epoch);
        out.put_i8(MAGIC_V2);
        out.put_u32(0);
        out.put_i16(self.attributes);
        out.put_i32(self.last_offset_delta);
        out.put_i64(self.base_timestamp);
        out.put_i64(self.max_timestamp);
        out.put_i64(self.producer_id);
        out.put_i16(self.producer_epoch);
        out.put_i32(self.base_sequence);
        out.put_i32(self.record_count);
        out.put_slice(records);
        let crc = crc32c::crc32c(&out[CRC_FROM..]);
        out[CRC_AT..CRC_FROM].copy_from_slice(&crc.to_be_bytes());
        out.freeze()
    }
}

fn wire_length(size: usize) -> i32 {
    i32::try_from(size - LENGTH_OVERHEAD).unwrap_or(i32::MAX)
}

/// Sequence arithmetic of idempotent producers: after `i32::MAX` comes 0.
pub(crate) fn add_sequence(sequence: i32, delta: i32) -> i32 {
    let sum = i64::from(sequence) + i64::from(delta);
    let wrapped = if sum > i64::from(i32::MAX) { sum - (i64::from(i32::MAX) + 1) } else { sum };
    wrapped as i32
}

/// A batch as received or as stored: header and all bytes of it. The prefix inside `bytes` may be stale; the header's
/// base offset and leader epoch are what holds.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) header: BatchHeader,
    pub(crate) bytes: Bytes,
}

impl Batch {
    /// Takes one batch off the front of `bytes` and checks its checksum.
    pub(crate) fn split_from(bytes: &mut Bytes) -> Result<Batch, BatchError> {
        let header = BatchHeader::parse(bytes)?;
        if bytes.len() < header.size {
            return Err(BatchError::Truncated);
        }
        let bytes = bytes.split_to(header.size);
        if crc32c::crc32c(&bytes[CRC_FROM..]) != header.crc {
            return Err(BatchError::Checksum);
        }
        Ok(Batch { header, bytes })
    }

    /// The bytes after the header.
    pub(crate) fn records(&self) -> Bytes {
        self.bytes.slice(HEADER_BYTES..)
    }

    /// The same records under append time: attributes, maximum and checksum change, the records stay as they are.
    pub(crate) fn stamped(&self, now_ms: i64) -> Batch {
        let mut header = self.header;
        header.attributes |= LOG_APPEND_TIME;
        header.max_timestamp = now_ms;
        let bytes = header.encode(&self.bytes[HEADER_BYTES..]);
        header.crc = u32::from_be_bytes([bytes[17], bytes[18], bytes[19], bytes[20]]);
        Batch { header, bytes }
    }
}

/// A commit or abort marker of a transaction: one control record.
pub(crate) fn transaction_marker(
    base_offset: i64,
    producer_id: i64,
    producer_epoch: i16,
    committed: bool,
    now_ms: i64,
) -> Batch {
    let mut record = BytesMut::new();
    record.put_u8(0); // attributes
    record.put_u8(0); // timestamp delta
    record.put_u8(0); // offset delta
    record.put_u8(4 << 1); // key length, zigzag
    record.put_i16(0);
    record.put_i16(i16::from(committed));
    record.put_u8(6 << 1); // value length, zigzag
    record.put_i16(0);
    record.put_i32(0); // coordinator epoch
    record.put_u8(0); // headers
    let mut records = BytesMut::with_capacity(record.len() + 1);
    records.put_u8((record.len() as u8) << 1);
    records.put_slice(&record);
    let mut header = BatchHeader {
        base_offset,
        size: HEADER_BYTES + records.len(),
        leader_epoch: 0,
        crc: 0,
        attributes: TRANSACTIONAL | CONTROL,
        last_offset_delta: 0,
        base_timestamp: now_ms,
        max_timestamp: now_ms,
        producer_id,
        producer_epoch,
        base_sequence: -1,
        record_count: 1,
    };
    let bytes = header.encode(&records);
    header.crc = u32::from_be_bytes([bytes[17], bytes[18], bytes[19], bytes[20]]);
    Batch { header, bytes }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_reads_back_and_its_checksum_holds() {
        let marker = transaction_marker(7, 42, 3, true, 1000);
        let mut bytes = marker.bytes.clone();
        let read = Batch::split_from(&mut bytes).unwrap();
        assert!(bytes.is_empty());
        assert_eq!(read.header, marker.header);
        assert!(read.header.is_control() && read.header.is_transactional());
        assert_eq!(read.header.last_offset(), 7);
    }

    #[test]
    fn damage_is_found() {
        let whole = transaction_marker(0, 1, 0, false, 5).bytes;
        let check = |edit: &dyn Fn(&mut Vec<u8>), expected: BatchError| {
            let mut bytes = whole.to_vec();
            edit(&mut bytes);
            assert_eq!(Batch::split_from(&mut Bytes::from(bytes)).unwrap_err(), expected);
        };
        check(&|bytes| bytes.truncate(70), BatchError::Truncated);
        check(&|bytes| bytes.truncate(10), BatchError::Truncated);
        check(&|bytes| bytes[16] = 1, BatchError::Magic(1));
        check(&|bytes| bytes[65] ^= 1, BatchError::Checksum);
        check(&|bytes| bytes[8..12].copy_from_slice(&(-5i32).to_be_bytes()), BatchError::Header);
        check(&|bytes| bytes[8..12].copy_from_slice(&3i32.to_be_bytes()), BatchError::Header);
    }

    #[test]
    fn sequences_wrap_to_zero() {
        assert_eq!(add_sequence(5, 2), 7);
        assert_eq!(add_sequence(i32::MAX, 1), 0);
        assert_eq!(add_sequence(i32::MAX - 1, 3), 1);
    }

    #[test]
    fn stamping_changes_the_type_and_keeps_the_records() {
        let marker = transaction_marker(3, 1, 0, false, 5);
        let stamped = marker.stamped(99);
        let read = Batch::split_from(&mut stamped.bytes.clone()).unwrap();
        assert!(read.header.is_log_append_time());
        assert_eq!(read.header.max_timestamp, 99);
        assert_eq!(read.records(), marker.records());
    }
}
