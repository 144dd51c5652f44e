//! What a topic was made with.

use std::collections::BTreeMap;
use std::io;

use super::{Answer, Client, METADATA, put_string};

const DESCRIBE_CONFIGS: (i16, i16) = (32, 1);

const TOPIC: u8 = 2;
/// Of a setting that the topic has of its own.
const OWN: u8 = 1;

/// A topic, as whoever made it wanted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    pub partitions: usize,
    /// Of the first partition.
    pub replicas: usize,
    /// Those that differ from what topics of this broker have by themselves.
    pub settings: BTreeMap<String, String>,
}

impl Client {
    /// A topic; `None` if there is none.
    pub fn topic(&mut self, topic: &str) -> io::Result<Option<Topic>> {
        // Asking for what a topic consists of would make it.
        if self.end_offset(topic, 0)?.is_none() {
            return Ok(None);
        }
        let mut body = Vec::new();
        body.extend(1_i32.to_be_bytes());
        put_string(&mut body, topic);
        let answer = self.call(METADATA, &body)?;
        let (partitions, replicas) = shape(&mut Answer(&answer))?;

        let mut body = Vec::new();
        body.extend(1_i32.to_be_bytes());
        body.push(TOPIC);
        put_string(&mut body, topic);
        body.extend((-1_i32).to_be_bytes()); // all settings
        body.push(0); // no synonyms
        let answer = self.call(DESCRIBE_CONFIGS, &body)?;
        let settings = settings(&mut Answer(&answer))?;
        Ok(Some(Topic { partitions, replicas, settings }))
    }
}

/// How many partitions, and replicas of the first.
fn shape(answer: &mut Answer<'_>) -> io::Result<(usize, usize)> {
    for _ in 0..answer.int32()? {
        answer.int32()?; // broker
        answer.string()?; // host
        answer.int32()?; // port
        answer.string()?; // rack
    }
    answer.int32()?; // controller
    answer.int32()?; // one topic
    succeeded(answer.int16()?)?;
    answer.string()?;
    answer.take(1)?; // internal
    let partitions = answer.int32()?;
    answer.int16()?; // error
    answer.int32()?; // partition
    answer.int32()?; // leader
    let count = |count: i32| usize::try_from(count).map_err(io::Error::other);
    Ok((count(partitions)?, count(answer.int32()?)?))
}

fn settings(answer: &mut Answer<'_>) -> io::Result<BTreeMap<String, String>> {
    answer.int32()?; // throttle
    answer.int32()?; // one topic
    succeeded(answer.int16()?)?;
    answer.string()?; // what went wrong
    answer.take(1)?; // type
    answer.string()?;
    let mut own = BTreeMap::new();
    for _ in 0..answer.int32()? {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (name, value) = (text(answer.string()?), text(answer.string()?));
        answer.take(1)?; // read only
        let source = answer.take(1)?;
        answer.take(1)?; // secret
        answer.int32()?; // no synonyms
        if source == [OWN] {
            own.insert(name, value);
        }
    }
    Ok(own)
}

fn succeeded(code: i16) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::other(format!("error code {code}"))) }
}
