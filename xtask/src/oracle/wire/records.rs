//! The records of a partition: read from a broker as it keeps them, and written into it.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Answer, Client, put_string};

const PRODUCE: (i16, i16) = (0, 3);
const FETCH: (i16, i16) = (1, 4);

const FETCH_BYTES_MAX: i32 = 512 * 1024;
/// Base offset and length: what a batch has before the bytes that its length counts.
const BATCH_FRAME: usize = 12;
const MAGIC: u8 = 2;
const COMPRESSION: i16 = 0x07;
const CONTROL: i16 = 0x20;

/// A record as it lies in a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub offset: i64,
    pub timestamp_ms: i64,
    /// Who has written it; -1 for a producer that is not idempotent.
    pub producer_id: i64,
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
}

impl Record {
    /// The key as text, empty when there is none.
    pub fn key_text(&self) -> String {
        text(self.key.as_deref())
    }

    /// The value as text, empty when there is none.
    pub fn value_text(&self) -> String {
        text(self.value.as_deref())
    }
}

fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}

impl Client {
    /// The records of a partition from an offset to where it ends now, also those of aborted transactions; none of a topic
    /// that isn't there. Compressed ones are an error.
    pub fn records(&mut self, topic: &str, partition: i32, from: i64) -> io::Result<Vec<Record>> {
        let end = self.end_offset(topic, partition)?.unwrap_or(0);
        let (mut next, mut records) = (from, Vec::new());
        while next < end {
            let (batches, behind) = decode(&self.fetch(topic, partition, next)?)?;
            if behind <= next {
                return Err(io::Error::other(format!("{topic} gives nothing at offset {next} of {end}")));
            }
            records.extend(batches.into_iter().filter(|record| record.offset >= next));
            next = behind;
        }
        Ok(records)
    }

    fn fetch(&mut self, topic: &str, partition: i32, from: i64) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        body.extend((-1_i32).to_be_bytes()); // not a replica
        body.extend(1_000_i32.to_be_bytes()); // wait for this long
        body.extend(1_i32.to_be_bytes()); // or for this many bytes
        body.extend(FETCH_BYTES_MAX.to_be_bytes());
        body.push(0); // uncommitted ones too
        body.extend(1_i32.to_be_bytes());
        put_string(&mut body, topic);
        body.extend(1_i32.to_be_bytes());
        body.extend(partition.to_be_bytes());
        body.extend(from.to_be_bytes());
        body.extend(FETCH_BYTES_MAX.to_be_bytes());
        let answer = self.call(FETCH, &body)?;
        let mut answer = Answer(&answer);
        answer.int32()?; // throttle
        answer.int32()?; // one topic
        answer.string()?;
        answer.int32()?; // one partition
        answer.int32()?;
        let code = answer.int16()?;
        if code != 0 {
            return Err(io::Error::other(format!("cannot fetch from {topic}: error code {code}")));
        }
        answer.int64()?; // high watermark
        answer.int64()?; // last stable offset
        let aborted = usize::try_from(answer.int32()?).unwrap_or(0);
        answer.take(aborted * 16)?;
        let length = usize::try_from(answer.int32()?).unwrap_or(0);
        Ok(answer.take(length)?.to_vec())
    }

    /// Writes records with these keys and values as one batch, and gives the offset of the first.
    pub fn produce(
        &mut self,
        topic: &str,
        partition: i32,
        records: &[(&str, Option<&str>)],
    ) -> io::Result<i64> {
        let batch = encode(records);
        let mut body = Vec::new();
        body.extend((-1_i16).to_be_bytes()); // no transaction
        body.extend((-1_i16).to_be_bytes()); // all replicas
        body.extend(30_000_i32.to_be_bytes());
        body.extend(1_i32.to_be_bytes());
        put_string(&mut body, topic);
        body.extend(1_i32.to_be_bytes());
        body.extend(partition.to_be_bytes());
        body.extend(int32(batch.len()).to_be_bytes());
        body.extend(batch);
        let answer = self.call(PRODUCE, &body)?;
        let mut answer = Answer(&answer);
        answer.int32()?; // one topic
        answer.string()?;
        answer.int32()?; // one partition
        answer.int32()?;
        match answer.int16()? {
            0 => answer.int64(),
            code => Err(io::Error::other(format!("cannot write to {topic}: error code {code}"))),
        }
    }
}

/// The records of all whole batches, and the offset behind the last batch (-1 without one).
fn decode(bytes: &[u8]) -> io::Result<(Vec<Record>, i64)> {
    let (mut all, mut records, mut behind) = (Answer(bytes), Vec::new(), -1);
    while all.0.len() >= BATCH_FRAME {
        let base = all.int64()?;
        let length = usize::try_from(all.int32()?).map_err(io::Error::other)?;
        // The last batch of an answer may be cut off.
        let Ok(batch) = all.take(length) else { break };
        behind = base + decode_batch(base, Answer(batch), &mut records)? + 1;
    }
    Ok((records, behind))
}

/// Adds the records of a batch, unless they are a transaction's marks, and gives the last one's offset from the base.
fn decode_batch(base: i64, mut batch: Answer<'_>, records: &mut Vec<Record>) -> io::Result<i64> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    batch.int32()?; // leader epoch
    if batch.take(1)? != [MAGIC] {
        return Err(invalid("a batch of an old format"));
    }
    batch.int32()?; // checksum
    let attributes = batch.int16()?;
    let last = i64::from(batch.int32()?);
    let first_timestamp = batch.int64()?;
    batch.int64()?; // greatest timestamp
    let producer_id = batch.int64()?;
    batch.int16()?; // producer epoch
    batch.int32()?; // first sequence
    let count = batch.int32()?;
    if attributes & COMPRESSION != 0 {
        return Err(invalid("a compressed batch"));
    }
    if attributes & CONTROL != 0 {
        return Ok(last);
    }
    for _ in 0..count {
        batch.varint()?; // length
        batch.take(1)?; // attributes
        let timestamp_ms = first_timestamp + batch.varint()?;
        let offset = base + batch.varint()?;
        let (key, value) = (batch.sized()?, batch.sized()?);
        for _ in 0..batch.varint()? {
            batch.sized()?;
            batch.sized()?;
        }
        records.push(Record { offset, timestamp_ms, producer_id, key, value });
    }
    Ok(last)
}

impl Answer<'_> {
    fn varint(&mut self) -> io::Result<i64> {
        let (mut bits, mut shift) = (0_u64, 0);
        loop {
            let byte = self.take(1)?[0];
            bits |= u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok((bits >> 1).cast_signed() ^ -(bits & 1).cast_signed());
            }
            if shift > 63 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a number too long"));
            }
        }
    }

    fn sized(&mut self) -> io::Result<Option<Vec<u8>>> {
        match usize::try_from(self.varint()?) {
            Ok(length) => Ok(Some(self.take(length)?.to_vec())),
            Err(_) => Ok(None),
        }
    }
}

fn encode(records: &[(&str, Option<&str>)]) -> Vec<u8> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
    let now = i64::try_from(now).unwrap_or(0);
    let count = int32(records.len());
    let mut body = Vec::new();
    body.extend(0_i16.to_be_bytes()); // attributes
    body.extend((count - 1).to_be_bytes());
    body.extend(now.to_be_bytes());
    body.extend(now.to_be_bytes());
    body.extend((-1_i64).to_be_bytes()); // no producer id
    body.extend((-1_i16).to_be_bytes());
    body.extend((-1_i32).to_be_bytes());
    body.extend(count.to_be_bytes());
    for (delta, (key, value)) in records.iter().enumerate() {
        let mut record = vec![0]; // attributes
        put_varint(&mut record, 0); // timestamp
        put_varint(&mut record, i64::from(int32(delta)));
        put_sized(&mut record, Some(key));
        put_sized(&mut record, *value);
        put_varint(&mut record, 0); // headers
        put_varint(&mut body, i64::from(int32(record.len())));
        body.extend(record);
    }
    let mut batch = Vec::new();
    batch.extend(0_i64.to_be_bytes());
    batch.extend((int32(body.len()) + 9).to_be_bytes());
    batch.extend((-1_i32).to_be_bytes()); // leader epoch
    batch.push(MAGIC);
    batch.extend(crc32c(&body).to_be_bytes());
    batch.extend(body);
    batch
}

fn put_varint(out: &mut Vec<u8>, number: i64) {
    let mut bits = ((number << 1) ^ (number >> 63)).cast_unsigned();
    while bits >= 0x80 {
        out.push(u8::try_from(bits & 0x7f).unwrap_or(0) | 0x80);
        bits >>= 7;
    }
    out.push(u8::try_from(bits).unwrap_or(0));
}

fn put_sized(out: &mut Vec<u8>, text: Option<&str>) {
    put_varint(out, text.map_or(-1, |text| i64::from(int32(text.len()))));
    out.extend(text.unwrap_or_default().as_bytes());
}

fn int32(length: usize) -> i32 {
    i32::try_from(length).unwrap_or(i32::MAX)
}

/// CRC-32C, bit by bit: the batches that are written here are small.
fn crc32c(bytes: &[u8]) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 },
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_castagnolis() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        let mut bytes = encode(&[("key", Some("value")), ("gone", None)]);
        let whole = bytes.len();
        bytes.extend_from_within(..whole - 1);
        let (records, behind) = decode(&bytes).unwrap();
        assert_eq!(behind, 2, "the batch that is cut off is not counted");
        let seen: Vec<_> =
            records.iter().map(|record| (record.offset, record.key_text(), record.value.clone())).collect();
        assert_eq!(seen, [(0, "key".to_owned(), Some(b"value".to_vec())), (1, "gone".to_owned(), None)]);
    }

    #[test]
    fn numbers_of_every_length() {
        for number in [0, -1, 63, -64, 64, 300, -300, i64::from(i32::MAX), i64::MAX, i64::MIN] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            assert_eq!(Answer(&bytes).varint().unwrap(), number);
        }
        assert!(Answer(&[0xff; 11]).varint().is_err());
    }
}
