//! A folder with a standalone worker's files, on which workers of both programs run one after another.

use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;
use xtask::oracle::properties::{self, Properties};
use xtask::oracle::worker::{Mode, Program, Worker, WorkerConfig};
use xtask::oracle::{Oracle, http, ports};

use crate::stage::{Kafka, folder};
use crate::waiting::until;

pub(crate) const SOURCE: &str = "org.apache.kafka.connect.file.FileStreamSourceConnector";
pub(crate) const SINK: &str = "org.apache.kafka.connect.file.FileStreamSinkConnector";
const STRING: &str = "org.apache.kafka.connect.storage.StringConverter";
/// How often workers commit offsets: often enough that a kill finds some committed and some not, although a million
/// lines take hardly more than a second.
const FLUSH_MS: u32 = 100;

pub(crate) struct Site {
    oracle: Oracle,
    bootstrap: String,
    dir: TempDir,
}

impl Site {
    pub(crate) fn new(kafka: &Kafka) -> Site {
        Site::at(kafka.bootstrap())
    }

    pub(crate) fn at(bootstrap: impl Into<String>) -> Site {
        Site { oracle: Oracle::open(), bootstrap: bootstrap.into(), dir: folder() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A file source or sink, as a properties file.
    pub(crate) fn connector(&self, name: &str, class: &str, file: &Path, topic: &str) -> PathBuf {
        let topic_key = if class == SOURCE { "topic" } else { "topics" };
        let all = properties::pairs([
            ("name", name.to_owned()),
            ("connector.class", class.to_owned()),
            ("tasks.max", "1".to_owned()),
            ("file", file.display().to_string()),
            (topic_key, topic.to_owned()),
        ]);
        let path = self.path(&format!("{name}.properties"));
        properties::write(&path, &all).unwrap();
        path
    }

    /// What a worker on this folder is started with. Its offsets stay in the folder.
    pub(crate) fn worker(&self, program: Program, connectors: &[&Path]) -> WorkerConfig {
        let connectors = connectors.iter().map(|path| (*path).to_owned()).collect();
        let [port] = ports::free().unwrap();
        let mut config =
            WorkerConfig::new(self.dir.path(), port, self.bootstrap.clone(), Mode::Standalone { connectors });
        config.program = program;
        config.extra = self.properties();
        config
    }

    /// Starts a worker and waits until it is healthy.
    pub(crate) fn start(&self, program: Program, connectors: &[&Path]) -> Worker {
        self.run(|| self.worker(program.clone(), connectors)).1
    }

    /// Starts the only member of a group and waits until it is healthy.
    pub(crate) fn start_member(&self, program: Program, group: &str) -> Worker {
        let mode = Mode::Distributed { group: group.to_owned() };
        self.run(|| WorkerConfig { mode: mode.clone(), ..self.worker(program.clone(), &[]) }).1
    }

    /// Starts a worker of a configuration, which is made anew where its ports have been taken meanwhile.
    pub(crate) fn run(&self, config: impl Fn() -> WorkerConfig) -> (WorkerConfig, Worker) {
        ports::retrying(|| {
            let config = config();
            let worker = Worker::start(&self.oracle, &config)?;
            Ok((config, worker))
        })
        .unwrap()
    }

    /// Starts a worker that has ended once more, on its ports.
    pub(crate) fn run_again(&self, config: &WorkerConfig) -> Worker {
        Worker::start(&self.oracle, config).unwrap()
    }

    /// The file of source offsets.
    pub(crate) fn offsets(&self) -> PathBuf {
        self.path("offsets")
    }

    fn properties(&self) -> Properties {
        properties::pairs([
            ("key.converter", STRING.to_owned()),
            ("value.converter", STRING.to_owned()),
            ("offset.flush.interval.ms", FLUSH_MS.to_string()),
            // The least that brokers allow: after a kill, the next member of a sink's group waits for as long.
            ("consumer.session.timeout.ms", "6000".to_owned()),
            ("consumer.heartbeat.interval.ms", "1000".to_owned()),
            // Java has its test connectors on the class path; ours shows them when it is asked to.
            ("aqueduct.test.plugins", "true".to_owned()),
        ])
    }
}

/// The state of a connector's task 0, `Null` when it has none.
pub(crate) fn task(worker: &Worker, connector: &str) -> Value {
    let path = format!("/connectors/{connector}/status");
    let answer = http::get(worker.rest_port(), &path).map(|answer| answer.json());
    answer.map_or(Value::Null, |status| status["tasks"][0].clone())
}

/// Waits until task 0 has failed, and gives its trace.
pub(crate) fn failure(worker: &Worker, connector: &str) -> String {
    until("the task has failed", || task(worker, connector)["state"] == "FAILED");
    task(worker, connector)["trace"].as_str().unwrap_or_default().to_owned()
}

/// The byte that the file of offsets says a file source has come to: 0 when it says nothing.
pub(crate) fn committed_position(offsets: &Path) -> u64 {
    let bytes = std::fs::read(offsets).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let Some((_, behind)) = text.rsplit_once(r#""position":"#) else { return 0 };
    let digits: String = behind.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap()
}
