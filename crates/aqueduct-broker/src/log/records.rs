//! The records inside a batch: decompression, and a walk that borrows instead of decoding.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use kafka_protocol::compression::{Compressor, Decompressor, Gzip, Lz4, Snappy, Zstd};

use super::batch::{Batch, BatchError};

/// One record of an uncompressed body. All ranges index into that body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordView {
    /// The record with its length: it can be copied into another batch of the same base offset and timestamp.
    pub(crate) whole: Range<usize>,
    pub(crate) timestamp_delta: i64,
    pub(crate) offset_delta: i32,
    /// `None` is the null key.
    pub(crate) key: Option<Range<usize>>,
    pub(crate) is_tombstone: bool,
}

/// The records of `batch`, uncompressed.
pub(crate) fn uncompressed(batch: &Batch) -> Result<Bytes, BatchError> {
    let mut body = batch.records();
    if body.is_empty() {
        return Ok(body);
    }
    let plain = match batch.header.codec() {
        0 => return Ok(body),
        1 => Gzip::decompress(&mut body, |plain| Ok(std::mem::take(plain))),
        2 => Snappy::decompress(&mut body, |plain| Ok(std::mem::take(plain))),
        3 => Lz4::decompress(&mut body, |plain| Ok(std::mem::take(plain))),
        4 => Zstd::decompress(&mut body, |plain| Ok(std::mem::take(plain))),
        _ => return Err(BatchError::Header),
    };
    plain.map_err(|_| BatchError::Records)
}

/// `plain` compressed with the codec of a batch's attributes.
pub(crate) fn compressed(codec: i16, plain: &[u8]) -> Result<Bytes, BatchError> {
    let mut out = BytesMut::new();
    let fill = |buf: &mut BytesMut| {
        buf.extend_from_slice(plain);
        Ok(())
    };
    let result = match codec {
        0 => return Ok(Bytes::copy_from_slice(plain)),
        1 => Gzip::compress(&mut out, fill),
        2 => Snappy::compress(&mut out, fill),
        3 => Lz4::compress(&mut out, fill),
        4 => Zstd::compress(&mut out, fill),
        _ => return Err(BatchError::Header),
    };
    result.map_err(|_| BatchError::Records)?;
    Ok(out.freeze())
}

/// Walks all records of an uncompressed body.
pub(crate) fn walk(body: &[u8]) -> impl Iterator<Item = Result<RecordView, BatchError>> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= body.len() {
            return None;
        }
        let record = read_record(body, at);
        at = record.as_ref().map_or(body.len(), |record| record.whole.end);
        Some(record)
    })
}

fn read_record(body: &[u8], start: usize) -> Result<RecordView, BatchError> {
    let mut reader = Reader { body, at: start };
    let length = usize::try_from(reader.varint()?).map_err(|_| BatchError::Records)?;
    let end = reader.at.checked_add(length).filter(|end| *end <= body.len()).ok_or(BatchError::Records)?;
    reader.skip(1)?; // attributes
    let timestamp_delta = reader.varint()?;
    let offset_delta = i32::try_from(reader.varint()?).map_err(|_| BatchError::Records)?;
    let key = reader.nullable_bytes()?;
    let is_tombstone = reader.nullable_bytes()?.is_none();
    if reader.at > end {
        return Err(BatchError::Records);
    }
    Ok(RecordView { whole: start..end, timestamp_delta, offset_delta, key, is_tombstone })
}

struct Reader<'a> {
    body: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn byte(&mut self) -> Result<u8, BatchError> {
        let byte = *self.body.get(self.at).ok_or(BatchError::Records)?;
        self.at += 1;
        Ok(byte)
    }

    fn skip(&mut self, count: usize) -> Result<(), BatchError> {
        self.at =
            self.at.checked_add(count).filter(|at| *at <= self.body.len()).ok_or(BatchError::Records)?;
        Ok(())
    }

    /// A zigzag varint of up to 64 bits.
    fn varint(&mut self) -> Result<i64, BatchError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1) as i64 ^ -((value & 1) as i64));
            }
        }
        Err(BatchError::Records)
    }

    fn nullable_bytes(&mut self) -> Result<Option<Range<usize>>, BatchError> {
        let length = self.varint()?;
        let Ok(length) = usize::try_from(length) else { return Ok(None) };
        let start = self.at;
        self.skip(length)?;
        Ok(Some(start..self.at))
    }
}

#[cfg(test)]
mod tests {
    use kafka_protocol::records::{
        Compression, Record, RecordBatchEncoder, RecordEncodeOptions, TimestampType,
    };

    use super::*;

    fn batch(compression: Compression, pairs: &[(Option<&'static str>, Option<&'static str>)]) -> Batch {
        let records: Vec<Record> = (0..)
            .zip(pairs)
            .map(|(offset, (key, value))| Record {
                transactional: false,
                control: false,
                delete_horizon: false,
                partition_leader_epoch: 0,
                producer_id: -1,
                producer_epoch: -1,
                timestamp_type: TimestampType::Creation,
                offset,
                sequence: offset as i32 - 1,
                timestamp: 1000 + offset * 10,
                key: key.map(Bytes::from),
                value: value.map(Bytes::from),
                headers: Default::default(),
            })
            .collect();
        let mut out = BytesMut::new();
        RecordBatchEncoder::encode(&mut out, &records, &RecordEncodeOptions { version: 2, compression })
            .unwrap();
        Batch::split_from(&mut out.freeze()).unwrap()
    }

    #[test]
    fn every_codec_opens_walks_and_closes() {
        for compression in
            [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd]
        {
            let batch = batch(compression, &[(Some("a"), Some("1")), (None, Some("2")), (Some("b"), None)]);
            let body = uncompressed(&batch).unwrap();
            let views: Vec<RecordView> = walk(&body).collect::<Result<_, _>>().unwrap();
            assert_eq!(views.len(), 3, "{compression:?}");
            assert_eq!(views[0].key.clone().map(|key| &body[key]), Some(&b"a"[..]));
            assert_eq!((&views[1].key, views[1].is_tombstone), (&None, false));
            assert_eq!(
                (views[2].offset_delta, views[2].timestamp_delta, views[2].is_tombstone),
                (2, 20, true)
            );
            let again = batch.header.encode(&compressed(batch.header.codec(), &body).unwrap());
            let again = Batch::split_from(&mut again.clone()).unwrap();
            assert_eq!(uncompressed(&again).unwrap(), body, "{compression:?}");
        }
    }

    #[test]
    fn broken_bodies_are_errors_and_end_the_walk() {
        for body in [&[0x80u8][..], &[20, 0, 0, 0], &[2, 0], &[0xff; 11]] {
            let views: Vec<_> = walk(body).collect();
            assert_eq!(views, vec![Err(BatchError::Records)], "{body:?}");
        }
    }
}
