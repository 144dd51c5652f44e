//! A few requests of the Kafka protocol, by hand: enough to see a broker's readiness, make and delete a topic, read and
//! write its records, and follow its end offset and a group many times a second without a client library's own threads
//! and caches.

mod groups;
mod records;
mod topics;

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::Duration;

pub use groups::{Group, GroupMember};
pub use records::Record;
pub use topics::Topic;

use crate::wait;

const LIST_OFFSETS: (i16, i16) = (2, 1);
const METADATA: (i16, i16) = (3, 1);
const OFFSET_FETCH: (i16, i16) = (9, 1);
const CREATE_TOPICS: (i16, i16) = (19, 2);
const DELETE_TOPICS: (i16, i16) = (20, 1);

const LATEST: i64 = -1;
const UNKNOWN_TOPIC: i16 = 3;
const LEADER_NOT_AVAILABLE: i16 = 5;
const NOT_LEADER: i16 = 6;
const TOPIC_EXISTS: i16 = 36;
const LEADER_WAIT: Duration = Duration::from_secs(30);
const LEADER_POLL: Duration = Duration::from_millis(10);
/// Larger than the largest batch that a broker takes.
const ANSWER_BYTES_MAX: usize = 1 << 22;

/// One connection to a broker on 127.0.0.1. Every call waits for its answer, up to 30 s.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    correlation: i32,
}

impl Client {
    pub fn connect(port: u16) -> io::Result<Client> {
        let stream = TcpStream::connect_timeout(&(Ipv4Addr::LOCALHOST, port).into(), Duration::from_secs(5))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        stream.set_write_timeout(Some(Duration::from_secs(30)))?;
        Ok(Client { stream, correlation: 0 })
    }

    /// Whether the broker lists at least itself: it has registered and is unfenced.
    pub fn is_ready(&mut self) -> io::Result<bool> {
        let no_topics = 0_i32.to_be_bytes();
        let answer = self.call(METADATA, &no_topics)?;
        Ok(Answer(&answer).int32()? > 0)
    }

    /// Creates a topic with one replica, and returns once every partition has a leader. An existing topic is left as it
    /// is.
    pub fn create_topic(&mut self, topic: &str, partitions: i32) -> io::Result<()> {
        let mut body = Vec::new();
        body.extend(1_i32.to_be_bytes());
        put_string(&mut body, topic);
        body.extend(partitions.to_be_bytes());
        body.extend(1_i16.to_be_bytes());
        body.extend(0_i32.to_be_bytes()); // no assignments
        body.extend(0_i32.to_be_bytes()); // no configs
        body.extend(30_000_i32.to_be_bytes());
        body.push(0); // not only validated
        let answer = self.call(CREATE_TOPICS, &body)?;
        let mut answer = Answer(&answer);
        answer.int32()?; // throttle
        answer.int32()?; // one topic
        answer.string()?;
        match answer.int16()? {
            0 | TOPIC_EXISTS => {}
            code => return Err(io::Error::other(format!("cannot create topic {topic}: error code {code}"))),
        }
        for partition in 0..partitions {
            let found = wait::poll(LEADER_WAIT, LEADER_POLL, || Ok(self.end_offset(topic, partition)?));
            found.map_err(io::Error::other)?.ok_or(io::ErrorKind::TimedOut)?;
        }
        Ok(())
    }

    /// Deletes a topic. One that is not there is no error.
    pub fn delete_topic(&mut self, topic: &str) -> io::Result<()> {
        let mut body = Vec::new();
        body.extend(1_i32.to_be_bytes());
        put_string(&mut body, topic);
        body.extend(30_000_i32.to_be_bytes());
        let answer = self.call(DELETE_TOPICS, &body)?;
        let mut answer = Answer(&answer);
        answer.int32()?; // throttle
        answer.int32()?; // one topic
        answer.string()?;
        match answer.int16()? {
            0 | UNKNOWN_TOPIC => Ok(()),
            code => Err(io::Error::other(format!("cannot delete topic {topic}: error code {code}"))),
        }
    }

    /// The offset after the last record of a partition; `None` while the topic or its leader is not known.
    pub fn end_offset(&mut self, topic: &str, partition: i32) -> io::Result<Option<i64>> {
        let mut body = Vec::new();
        body.extend((-1_i32).to_be_bytes()); // not a replica
        body.extend(1_i32.to_be_bytes());
        put_string(&mut body, topic);
        body.extend(1_i32.to_be_bytes());
        body.extend(partition.to_be_bytes());
        body.extend(LATEST.to_be_bytes());
        let answer = self.call(LIST_OFFSETS, &body)?;
        let mut answer = Answer(&answer);
        answer.int32()?; // one topic
        answer.string()?;
        answer.int32()?; // one partition
        answer.int32()?;
        match answer.int16()? {
            0 => {
                answer.int64()?; // timestamp
                answer.int64().map(Some)
            }
            UNKNOWN_TOPIC | LEADER_NOT_AVAILABLE | NOT_LEADER => Ok(None),
            code => Err(io::Error::other(format!("no end offset of {topic}: error code {code}"))),
        }
    }

    /// The offset that a group has committed for a partition, if it has.
    pub fn committed(&mut self, group: &str, topic: &str, partition: i32) -> io::Result<Option<i64>> {
        let mut body = Vec::new();
        put_string(&mut body, group);
        body.extend(1_i32.to_be_bytes());
        put_string(&mut body, topic);
        body.extend(1_i32.to_be_bytes());
        body.extend(partition.to_be_bytes());
        let answer = self.call(OFFSET_FETCH, &body)?;
        let mut answer = Answer(&answer);
        answer.int32()?; // one topic
        answer.string()?;
        answer.int32()?; // one partition
        answer.int32()?;
        let offset = answer.int64()?;
        answer.string()?; // metadata
        match answer.int16()? {
            0 => Ok(u64::try_from(offset).is_ok().then_some(offset)),
            code => Err(io::Error::other(format!("no offsets of group {group}: error code {code}"))),
        }
    }

    fn call(&mut self, (key, version): (i16, i16), body: &[u8]) -> io::Result<Vec<u8>> {
        self.correlation = self.correlation.wrapping_add(1);
        let mut request = Vec::new();
        request.extend(key.to_be_bytes());
        request.extend(version.to_be_bytes());
        request.extend(self.correlation.to_be_bytes());
        put_string(&mut request, "xtask");
        request.extend(body);
        let size = i32::try_from(request.len()).map_err(io::Error::other)?;
        self.stream.write_all(&size.to_be_bytes())?;
        self.stream.write_all(&request)?;

        let mut head = [0; 8];
        self.stream.read_exact(&mut head)?;
        let mut answer = Answer(&head);
        let size = usize::try_from(answer.int32()?).map_err(io::Error::other)?;
        if answer.int32()? != self.correlation || !(4..ANSWER_BYTES_MAX).contains(&size) {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not the answer to this request"));
        }
        let mut rest = vec![0; size - 4];
        self.stream.read_exact(&mut rest)?;
        Ok(rest)
    }
}

fn put_string(out: &mut Vec<u8>, text: &str) {
    // Topic names have at most 249 characters.
    let length = i16::try_from(text.len()).unwrap_or(i16::MAX);
    out.extend(length.to_be_bytes());
    out.extend(text.as_bytes());
}

/// The part of an answer that is not read yet.
struct Answer<'a>(&'a [u8]);

impl<'a> Answer<'a> {
    fn take(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        self.take(N)?.try_into().map_err(io::Error::other)
    }

    fn int16(&mut self) -> io::Result<i16> {
        self.array().map(i16::from_be_bytes)
    }

    fn int32(&mut self) -> io::Result<i32> {
        self.array().map(i32::from_be_bytes)
    }

    fn int64(&mut self) -> io::Result<i64> {
        self.array().map(i64::from_be_bytes)
    }

    fn string(&mut self) -> io::Result<&'a [u8]> {
        let length = usize::try_from(self.int16()?).unwrap_or(0);
        self.take(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end_and_not_beyond() {
        let bytes = [0, 0, 0, 7, 0, 2, b'h', b'i', 0xff, 0xff];
        let mut answer = Answer(&bytes);
        assert_eq!(answer.int32().unwrap(), 7);
        assert_eq!(answer.string().unwrap(), b"hi");
        assert_eq!(answer.int16().unwrap(), -1);
        assert_eq!(answer.int16().unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
