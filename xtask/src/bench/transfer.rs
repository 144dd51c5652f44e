//! Records through a worker of one side: a file into a topic, or a topic into a file.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::life::follow;
use super::report::{Direction, Run};
use super::setup::{Setup, Side};
use crate::oracle::wire;

const SOURCE: &str = "org.apache.kafka.connect.file.FileStreamSourceConnector";
const SINK: &str = "org.apache.kafka.connect.file.FileStreamSinkConnector";

/// What a connector is configured with besides its class, its file and its topic.
pub(super) type More = [(&'static str, &'static str)];

/// Both sides, and how many records each worker moves.
pub(super) struct Transfer {
    pub(super) setup: Setup,
    client: wire::Client,
    warmup: u64,
    total: u64,
}

impl Transfer {
    /// `warmup` records come before the window that is measured.
    pub(super) fn new(setup: Setup, warmup: u64, records: u64) -> Result<Transfer> {
        let client = wire::Client::connect(setup.broker_port)?;
        Ok(Transfer { setup, client, warmup, total: warmup + records })
    }

    /// How many lines or records one worker moves.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Lets a new worker write a file of [`Transfer::total`] lines into a new topic.
    pub(super) fn source(
        &mut self,
        side: Side,
        name: &str,
        file: &Path,
        topic: &str,
        more: &More,
    ) -> Result<Run> {
        self.client.create_topic(topic, 1)?;
        let own = [("file", file.display().to_string()), ("topic", topic.to_owned())];
        let config = self.setup.worker(side, name, vec![self.connector(side, name, SOURCE, own, more)?])?;
        let client = &mut self.client;
        let mut end = || Ok(u64::try_from(client.end_offset(topic, 0)?.unwrap_or(0))?);
        let measured = follow(&mut self.setup, &config, self.warmup, self.total, &mut end)?;
        if end()? != self.total {
            bail!("{topic} holds {} records instead of {}", end()?, self.total);
        }
        Ok(measured.run(side, Direction::Source))
    }

    /// Lets a new worker write a topic of [`Transfer::total`] records into a new file, as lines of one length. Gives the
    /// file too.
    pub(super) fn sink(
        &mut self,
        side: Side,
        name: &str,
        topic: &str,
        more: &More,
    ) -> Result<(Run, PathBuf)> {
        let output = self.setup.path(&format!("output-{name}-{}.txt", side.name()));
        let own = [("file", output.display().to_string()), ("topics", topic.to_owned())];
        let config = self.setup.worker(side, name, vec![self.connector(side, name, SINK, own, more)?])?;
        let mut lines = Lines::new(&output);
        let measured = follow(&mut self.setup, &config, self.warmup, self.total, &mut || lines.count())?;
        Ok((measured.run(side, Direction::Sink), output))
    }

    pub(super) fn delete_topic(&mut self, topic: &str) -> Result<()> {
        Ok(self.client.delete_topic(topic)?)
    }

    fn connector(
        &self,
        side: Side,
        name: &str,
        class: &str,
        own: [(&str, String); 2],
        more: &More,
    ) -> Result<PathBuf> {
        let mut all = Vec::from(own);
        all.extend(more.iter().map(|(key, value)| (*key, (*value).to_owned())));
        self.setup.connector(&format!("{name}-{}", side.name()), class, &all)
    }
}

/// Counts the lines of a file that grows, by its length: all are as long as the first.
struct Lines<'a> {
    file: &'a Path,
    length: Option<u64>,
}

impl<'a> Lines<'a> {
    fn new(file: &'a Path) -> Lines<'a> {
        Lines { file, length: None }
    }

    fn count(&mut self) -> Result<u64> {
        let Ok(found) = fs::metadata(self.file) else { return Ok(0) };
        if self.length.is_none() {
            let mut first = Vec::new();
            BufReader::new(File::open(self.file)?).read_until(b'\n', &mut first)?;
            self.length = first.ends_with(b"\n").then_some(first.len() as u64);
        }
        Ok(self.length.map_or(0, |length| found.len() / length))
    }
}

/// Whether two files hold the same.
pub(super) fn same(a: &Path, b: &Path) -> Result<bool> {
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let count = a.read(&mut left)?;
        if count == 0 {
            return Ok(b.read(&mut right)? == 0);
        }
        if b.read_exact(&mut right[..count]).is_err() || left[..count] != right[..count] {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_compared_and_their_lines_counted() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::write(&a, "one\ntwo\n").unwrap();
        fs::write(&b, "one\ntwo\nsix\n").unwrap();
        assert!(!same(&a, &b).unwrap());
        assert!(!same(&b, &a).unwrap());
        assert!(same(&a, &a).unwrap());

        let file = dir.path().join("c");
        let mut lines = Lines::new(&file);
        assert_eq!(lines.count().unwrap(), 0);
        fs::write(&file, "on").unwrap();
        assert_eq!(lines.count().unwrap(), 0);
        fs::write(&file, "one\ntwo\nth").unwrap();
        assert_eq!(lines.count().unwrap(), 2);
    }
}
