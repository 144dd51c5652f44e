//! One Java Connect worker.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};

use super::jvm::{self, Jvm, Tuning};
use super::process::Server;
use super::properties::{self, Properties};
use super::{Oracle, fetch, http};

const READY: Duration = Duration::from_secs(180);

/// How the worker runs.
#[derive(Debug, Clone)]
pub enum Mode {
    /// One of a group; its topics are `GROUP-configs`, `GROUP-offsets` and `GROUP-status`.
    Distributed { group: String },
    /// Alone, with connectors from these files (`.properties` or `.json`); offsets lie in the worker's folder.
    Standalone { connectors: Vec<PathBuf> },
}

/// A worker on 127.0.0.1 with Kafka's own plugins and, by default, JSON converters with schemas.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Configuration, log and offsets file lie here.
    pub dir: PathBuf,
    pub rest_port: u16,
    pub bootstrap: String,
    pub mode: Mode,
    /// Appended to the worker's properties, so they win.
    pub extra: Properties,
    /// Adds the connectors of Kafka's own integration tests.
    pub test_connectors: bool,
    pub jvm: Jvm,
    pub log_level: String,
}

impl WorkerConfig {
    /// A worker for tests, small and quick to start.
    pub fn new(
        dir: impl Into<PathBuf>,
        rest_port: u16,
        bootstrap: impl Into<String>,
        mode: Mode,
    ) -> WorkerConfig {
        WorkerConfig {
            dir: dir.into(),
            rest_port,
            bootstrap: bootstrap.into(),
            mode,
            extra: Properties::new(),
            test_connectors: false,
            jvm: Jvm { heap_mb_max: 1024, tuning: Tuning::Tests },
            log_level: "INFO".to_owned(),
        }
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join("worker.log")
    }

    /// Fetches the jars, writes the configuration, and gives the command to run.
    pub fn command(&self, oracle: &Oracle) -> Result<Command> {
        jvm::check()?;
        oracle.fetch(fetch::DEFAULT)?;
        std::fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot create {}", self.dir.display()))?;
        let dir = self.dir.canonicalize()?;
        let file = dir.join("worker.properties");
        let config = WorkerConfig { dir: dir.clone(), ..self.clone() };
        properties::write(&file, &config.properties(oracle))?;

        // The test plugins lie in a package that the plugin class loader leaves to its parent, so their tasks load
        // only from the class path.
        let mut classpath = vec![oracle.jars("lib-connect"), oracle.jars("plugins/test-plugins")];
        if self.test_connectors {
            oracle.fetch(&["lib-connect-test"])?;
            classpath.push(oracle.jars("lib-connect-test"));
        }
        let (main, files): (_, &[PathBuf]) = match &self.mode {
            Mode::Distributed { .. } => ("ConnectDistributed", &[]),
            Mode::Standalone { connectors } => ("ConnectStandalone", connectors),
        };
        let main = format!("org.apache.kafka.connect.cli.{main}");
        let mut command = self.jvm.command(&classpath.join(":"), &dir, &self.log_level, &main)?;
        command.arg(file).args(files);
        Ok(command)
    }

    fn properties(&self, oracle: &Oracle) -> Properties {
        let json = "org.apache.kafka.connect.json.JsonConverter";
        let mut all = properties::pairs([
            ("bootstrap.servers", self.bootstrap.clone()),
            ("key.converter", json.to_owned()),
            ("value.converter", json.to_owned()),
            ("key.converter.schemas.enable", "true".to_owned()),
            ("value.converter.schemas.enable", "true".to_owned()),
            ("listeners", format!("http://127.0.0.1:{}", self.rest_port)),
            ("plugin.path", oracle.home().join("plugins").display().to_string()),
        ]);
        all.extend(match &self.mode {
            Mode::Standalone { .. } => properties::pairs([(
                "offset.storage.file.filename",
                self.dir.join("offsets").display().to_string(),
            )]),
            Mode::Distributed { group } => properties::pairs([
                ("group.id", group.clone()),
                ("config.storage.topic", format!("{group}-configs")),
                ("offset.storage.topic", format!("{group}-offsets")),
                ("status.storage.topic", format!("{group}-status")),
                ("config.storage.replication.factor", "1".to_owned()),
                ("offset.storage.replication.factor", "1".to_owned()),
                ("status.storage.replication.factor", "1".to_owned()),
                ("offset.storage.partitions", "5".to_owned()),
                ("status.storage.partitions", "2".to_owned()),
            ]),
        });
        all.extend(self.extra.iter().cloned());
        all
    }
}

/// A running Java worker, stopped when it is dropped.
#[derive(Debug)]
pub struct Worker {
    rest_port: u16,
    server: Server,
}

impl Worker {
    /// Starts a worker and waits until it is healthy: it has read its topics and, in a group, joined it.
    pub fn start(oracle: &Oracle, config: &WorkerConfig) -> Result<Worker> {
        let mut server = Server::spawn("java worker", config.command(oracle)?, &config.log())?;
        server.wait_ready(READY, || {
            http::get(config.rest_port, "/health").is_ok_and(|answer| answer.status == 200)
        })?;
        Ok(Worker { rest_port: config.rest_port, server })
    }

    /// The port of its REST API on 127.0.0.1.
    pub fn rest_port(&self) -> u16 {
        self.rest_port
    }

    /// The root of its REST API.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.rest_port)
    }

    /// The process, for its id, its log, and signals.
    pub fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    /// See [`Server::leave_running`].
    pub fn leave_running(self) -> u32 {
        self.server.leave_running()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(properties: &'a Properties, key: &str) -> Option<&'a str> {
        properties.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_group_names_its_topics_and_extras_win() {
        let mode = Mode::Distributed { group: "g".to_owned() };
        let mut config = WorkerConfig::new("d", 8083, "b:1", mode);
        config.extra = vec![("offset.storage.partitions".to_owned(), "1".to_owned())];
        let properties = config.properties(&Oracle::at("o"));
        assert_eq!(value(&properties, "config.storage.topic"), Some("g-configs"));
        assert_eq!(value(&properties, "offset.storage.partitions"), Some("1"));
        assert_eq!(value(&properties, "offset.storage.file.filename"), None);
        assert_eq!(value(&properties, "plugin.path"), Some("o/plugins"));
    }

    #[test]
    fn a_standalone_worker_keeps_offsets_in_its_folder() {
        let config = WorkerConfig::new("d", 8083, "b:1", Mode::Standalone { connectors: Vec::new() });
        let properties = config.properties(&Oracle::at("o"));
        assert_eq!(value(&properties, "offset.storage.file.filename"), Some("d/offsets"));
        assert_eq!(value(&properties, "group.id"), None);
    }
}
