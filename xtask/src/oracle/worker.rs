//! One Connect worker: Java's, or Aqueduct from the same configuration.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::jvm::{self, Jvm, Tuning};
use super::process::Server;
use super::properties::{self, Properties};
use super::{Oracle, fetch, http, ports};
use crate::workspace;

const READY: Duration = Duration::from_secs(180);

/// How the worker runs.
#[derive(Debug, Clone)]
pub enum Mode {
    /// One of a group; its topics are `GROUP-configs`, `GROUP-offsets` and `GROUP-status`.
    Distributed { group: String },
    /// Alone, with connectors from these files (`.properties` or `.json`); offsets lie in the worker's folder.
    Standalone { connectors: Vec<PathBuf> },
}

/// Whose worker runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Program {
    /// Apache Kafka's, from the oracle's jars.
    Java,
    /// The `aqueduct` binary at this path.
    Aqueduct(PathBuf),
}

impl Program {
    /// The binary under test: the one named by `AQUEDUCT_BIN`, or the last debug build.
    pub fn ours() -> Result<Program> {
        let named = std::env::var_os("AQUEDUCT_BIN").map(PathBuf::from);
        let binary = named.unwrap_or_else(|| workspace::target().join("debug/aqueduct"));
        if !binary.is_file() {
            bail!("{} is not there: cargo build -p aqueduct", binary.display());
        }
        Ok(Program::Aqueduct(binary))
    }

    fn name(&self) -> &'static str {
        match self {
            Program::Java => "java worker",
            Program::Aqueduct(_) => "aqueduct worker",
        }
    }
}

/// Whom a worker with basic authentication lets in.
#[derive(Debug, Clone)]
pub struct Guard {
    /// The file with the entry `KafkaConnect`. Its path has no blanks.
    pub jaas: PathBuf,
    /// The header of somebody who is let in.
    pub authorization: String,
}

impl Guard {
    fn option(&self) -> String {
        format!("-Djava.security.auth.login.config={}", self.jaas.display())
    }
}

/// A worker on 127.0.0.1 with Kafka's own plugins and, by default, JSON converters with schemas.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    pub program: Program,
    /// Configuration, log and offsets file lie here.
    pub dir: PathBuf,
    pub rest_port: u16,
    pub bootstrap: String,
    pub mode: Mode,
    /// Appended to the worker's properties, so they win.
    pub extra: Properties,
    /// Adds the connectors of Kafka's own integration tests.
    pub test_connectors: bool,
    /// For a worker whose properties name the extension for basic authentication.
    pub guard: Option<Guard>,
    pub jvm: Jvm,
    pub log_level: String,
}

impl WorkerConfig {
    /// A Java worker for tests, small and quick to start. Set `program` for ours.
    pub fn new(
        dir: impl Into<PathBuf>,
        rest_port: u16,
        bootstrap: impl Into<String>,
        mode: Mode,
    ) -> WorkerConfig {
        WorkerConfig {
            program: Program::Java,
            dir: dir.into(),
            rest_port,
            bootstrap: bootstrap.into(),
            mode,
            extra: Properties::new(),
            test_connectors: false,
            guard: None,
            jvm: Jvm { heap_mb_max: 1024, tuning: Tuning::Tests },
            log_level: "INFO".to_owned(),
        }
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join("worker.log")
    }

    /// Writes the worker's properties into its folder, and gives the command that runs it. For Java, the jars are
    /// fetched first.
    pub fn command(&self, oracle: &Oracle) -> Result<Command> {
        std::fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot create {}", self.dir.display()))?;
        let config = WorkerConfig { dir: self.dir.canonicalize()?, ..self.clone() };
        let file = config.dir.join("worker.properties");
        properties::write(&file, &config.properties(oracle))?;
        let mut command = match &self.program {
            Program::Java => config.java(oracle)?,
            Program::Aqueduct(binary) => config.aqueduct(binary),
        };
        command.arg(file);
        if let Mode::Standalone { connectors } = &self.mode {
            command.args(connectors);
        }
        Ok(command)
    }

    /// Starts the worker without waiting for anything.
    pub fn spawn(&self, oracle: &Oracle) -> Result<Server> {
        Server::spawn(self.program.name(), self.command(oracle)?, &self.log())
    }

    fn java(&self, oracle: &Oracle) -> Result<Command> {
        jvm::check()?;
        oracle.fetch(fetch::DEFAULT)?;
        // The test plugins lie in a package that the plugin class loader leaves to its parent, so their tasks load
        // only from the class path.
        let mut classpath = vec![oracle.jars("lib-connect"), oracle.jars("plugins/test-plugins")];
        if self.test_connectors {
            oracle.fetch(&["lib-connect-test"])?;
            classpath.push(oracle.jars("lib-connect-test"));
        }
        if self.guard.is_some() {
            // The login module is looked for by the virtual machine, which knows no plugins.
            classpath.push(oracle.jars("plugins/basic-auth"));
        }
        let main = match self.mode {
            Mode::Distributed { .. } => "org.apache.kafka.connect.cli.ConnectDistributed",
            Mode::Standalone { .. } => "org.apache.kafka.connect.cli.ConnectStandalone",
        };
        let mut command = self.jvm.command(&classpath.join(":"), &self.dir, &self.log_level, main)?;
        command.envs(self.guard.as_ref().map(|guard| ("JDK_JAVA_OPTIONS", guard.option())));
        Ok(command)
    }

    fn aqueduct(&self, binary: &Path) -> Command {
        let mut command = Command::new(binary);
        command.env("RUST_LOG", self.log_level.to_lowercase());
        command.envs(self.guard.as_ref().map(|guard| ("KAFKA_OPTS", guard.option())));
        command.arg(match self.mode {
            Mode::Distributed { .. } => "distributed",
            Mode::Standalone { .. } => "standalone",
        });
        command
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

/// A running worker, stopped when it is dropped.
#[derive(Debug)]
pub struct Worker {
    rest_port: u16,
    server: Server,
}

impl Worker {
    /// Starts a worker and waits until it is healthy: it has read its topics and, in a group, joined it.
    pub fn start(oracle: &Oracle, config: &WorkerConfig) -> Result<Worker> {
        Ok(Worker { rest_port: config.rest_port, server: launch(oracle, config)? })
    }

    /// A worker for a test: a free REST port, a folder of its own that goes with the worker unless the test fails.
    /// `extra` are further worker properties.
    pub fn scratch(
        oracle: &Oracle,
        program: Program,
        bootstrap: &str,
        mode: Mode,
        extra: Properties,
    ) -> Result<Worker> {
        ports::retrying(|| {
            let [rest_port] = ports::free()?;
            let dir = oracle.scratch("worker")?;
            let config = WorkerConfig {
                program: program.clone(),
                extra: extra.clone(),
                ..WorkerConfig::new(&dir, rest_port, bootstrap, mode.clone())
            };
            Ok(Worker { rest_port, server: launch(oracle, &config)?.owning(dir) })
        })
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

fn launch(oracle: &Oracle, config: &WorkerConfig) -> Result<Server> {
    let mut server = config.spawn(oracle)?;
    server.wait_ready(READY, || {
        let authorization = config.guard.as_ref().map(|guard| guard.authorization.as_str());
        http::get_as(authorization, config.rest_port, "/health").is_ok_and(|answer| answer.status == 200)
    })?;
    Ok(server)
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
