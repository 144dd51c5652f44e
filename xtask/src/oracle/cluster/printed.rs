//! What workers log and print: when tasks start, and what the verifiable connectors say of each record.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use serde_json::Value;

use super::Cluster;

/// Both programs log this of a verifiable source's task, and then its name.
const STARTED: &str = "Started VerifiableSourceTask ";

/// How long each worker's log was at some time.
#[derive(Debug, Clone, Default)]
pub struct Marks(Vec<u64>);

/// A line of JSON that a verifiable task has printed.
#[derive(Debug, Clone)]
pub struct Line {
    /// The worker's number.
    pub member: usize,
    pub json: Value,
}

impl Line {
    /// `NAME-NUMBER` of the task that has printed it.
    pub fn task(&self) -> String {
        let task = self.json.get("sinkTask").unwrap_or(&self.json["task"]);
        format!("{}-{}", self.json["name"].as_str().unwrap_or_default(), number(task).unwrap_or(-1))
    }

    /// The number of the record.
    pub fn seqno(&self) -> Option<i64> {
        number(&self.json["seqno"])
    }

    /// When it was printed.
    pub fn time_ms(&self) -> i64 {
        number(&self.json["time_ms"]).unwrap_or(0)
    }

    pub fn is(&self, flag: &str) -> bool {
        self.json[flag] == true
    }
}

/// A number, also one that a string converter has made a text.
fn number(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

impl Cluster {
    /// The present ends of all logs.
    pub fn marks(&self) -> Marks {
        let lengths = (0..self.members.len())
            .map(|index| std::fs::metadata(self.log(index)).map_or(0, |file| file.len()));
        Marks(lengths.collect())
    }

    /// What all workers, also those that have ended, have logged and printed since; by member.
    pub fn logged_since(&self, marks: &Marks) -> Vec<String> {
        (0..self.members.len())
            .map(|index| {
                let from = marks.0.get(index).copied().unwrap_or(0);
                let mut bytes = Vec::new();
                let read = File::open(self.log(index)).and_then(|mut file| {
                    file.seek(SeekFrom::Start(from))?;
                    file.read_to_end(&mut bytes)
                });
                read.map_or_else(|_| String::new(), |_| String::from_utf8_lossy(&bytes).into_owned())
            })
            .collect()
    }

    /// What verifiable tasks have printed since.
    pub fn printed_since(&self, marks: &Marks) -> Vec<Line> {
        let logs = self.logged_since(marks);
        let lines = logs.iter().enumerate().flat_map(|(member, log)| {
            log.lines().filter_map(move |line| {
                let json: Value = serde_json::from_str(line).ok()?;
                json.get("name").is_some().then_some(Line { member, json })
            })
        });
        lines.collect()
    }

    /// How often the tasks of verifiable sources have started since, by `NAME-NUMBER`.
    pub fn starts_since(&self, marks: &Marks) -> BTreeMap<String, usize> {
        count_starts(&self.logged_since(marks))
    }
}

fn count_starts(logs: &[String]) -> BTreeMap<String, usize> {
    let mut starts = BTreeMap::new();
    for line in logs.iter().flat_map(|log| log.lines()) {
        if let Some((_, rest)) = line.split_once(STARTED)
            && let Some(task) = rest.split(' ').next()
        {
            *starts.entry(task.to_owned()).or_default() += 1;
        }
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_counted_by_task() {
        let log = "[x] INFO [a|task-0] Started VerifiableSourceTask a-0 producing to topic t resuming from seqno 0 (x)\n\
                   2026 INFO Started VerifiableSourceTask a-1 producing to topic t resuming from seqno 0\n\
                   Started VerifiableSourceTask a-0 producing to topic t resuming from seqno 7\n";
        let starts = count_starts(&[log.to_owned(), log.to_owned()]);
        assert_eq!(starts, BTreeMap::from([("a-0".to_owned(), 4), ("a-1".to_owned(), 2)]));
    }

    #[test]
    fn a_line_names_its_task() {
        let line = |json: Value| Line { member: 0, json };
        let source = line(serde_json::json!({"task": 1, "seqno": 5, "name": "s"}));
        assert_eq!((source.task().as_str(), source.seqno()), ("s-1", Some(5)));
        let sink =
            line(serde_json::json!({"task": "1", "seqno": "5", "name": "k", "sinkTask": 0, "flushed": true}));
        assert_eq!((sink.task().as_str(), sink.seqno(), sink.is("flushed")), ("k-0", Some(5), true));
    }
}
