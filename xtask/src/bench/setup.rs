//! What every measurement shares: the two sides, the broker between them, and the folder for all files.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::oracle::broker::{Broker, BrokerConfig};
use crate::oracle::cluster::Cluster;
use crate::oracle::jvm::{Jvm, Tuning};
use crate::oracle::properties::{self, Properties};
use crate::oracle::worker::{Mode, Program, WorkerConfig};
use crate::oracle::{Oracle, ports};
use crate::workspace;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Java,
    Aqueduct,
}

impl Side {
    /// Both, and who begins changes with every pair, so that neither always finds the machine as the other left it.
    pub(super) fn in_turns(pair: u32) -> [Side; 2] {
        if pair.is_multiple_of(2) { [Side::Java, Side::Aqueduct] } else { [Side::Aqueduct, Side::Java] }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Side::Java => "java",
            Side::Aqueduct => "aqueduct",
        }
    }
}

pub(super) struct Setup {
    oracle: Oracle,
    binary: PathBuf,
    dir: PathBuf,
    java_heap_mb_max: u32,
    pub(super) broker: Broker,
    pub(super) broker_port: u16,
}

impl Setup {
    /// Builds Aqueduct for release unless a binary is given, empties the benchmark's folder, and starts a broker.
    pub(super) fn new(name: &str, binary: Option<&Path>, java_heap_mb_max: u32) -> Result<Setup> {
        let binary = match binary {
            Some(path) => path.canonicalize()?,
            None => {
                workspace::run(&mut workspace::cargo(&["build", "--release", "--package", "aqueduct"]))?;
                workspace::target().join("release/aqueduct")
            }
        };
        if !binary.exists() {
            bail!("there is no {}", binary.display());
        }
        let dir = results().join(name);
        if dir.exists() {
            std::fs::remove_dir_all(&dir)?;
        }
        std::fs::create_dir_all(&dir)?;
        let oracle = Oracle::open();
        let [port, controller] = ports::free()?;
        let mut config = BrokerConfig::new(dir.join("broker"), port, controller);
        config.jvm.tuning = Tuning::Stock;
        let broker = Broker::start(&oracle, config)?;
        Ok(Setup { oracle, binary, dir, java_heap_mb_max, broker, broker_port: port })
    }

    pub(super) fn oracle(&self) -> &Oracle {
        &self.oracle
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Stops the broker and removes all files. Without this call they stay, for whoever looks into a failure.
    pub(super) fn clear(mut self) -> Result<()> {
        self.broker.server().stop()?;
        std::fs::remove_dir_all(&self.dir)?;
        Ok(())
    }

    /// A standalone worker of one side, with string converters and a free REST port. Both sides get the same
    /// properties; only the files' names differ.
    pub(super) fn worker(&self, side: Side, run: &str, connectors: Vec<PathBuf>) -> Result<WorkerConfig> {
        let string = "org.apache.kafka.connect.storage.StringConverter";
        let [port] = ports::free()?;
        let dir = self.dir.join(format!("{run}-{}", side.name()));
        let mut config =
            WorkerConfig::new(dir, port, self.broker.bootstrap(), Mode::Standalone { connectors });
        config.extra = properties::pairs([
            ("key.converter", string.to_owned()),
            ("value.converter", string.to_owned()),
            ("offset.flush.interval.ms", "10000".to_owned()),
        ]);
        config.jvm = Jvm { heap_mb_max: self.java_heap_mb_max, tuning: Tuning::Stock };
        config.log_level = "WARN".to_owned();
        config.program = self.program(side);
        Ok(config)
    }

    /// A group of one side without workers yet, that logs when tasks start. Both sides get the same properties.
    pub(super) fn cluster(&self, side: Side, run: &str) -> Result<Cluster> {
        let extra = properties::pairs([
            ("session.timeout.ms", "10000".to_owned()),
            ("heartbeat.interval.ms", "3000".to_owned()),
            ("scheduled.rebalance.max.delay.ms", "0".to_owned()),
            ("aqueduct.test.plugins", "true".to_owned()),
        ]);
        let group = format!("{run}-{}", side.name());
        let jvm = Jvm { heap_mb_max: self.java_heap_mb_max, tuning: Tuning::Stock };
        Ok(Cluster::new(&self.oracle, self.broker_port, &group, extra)?.with_jvm(jvm))
    }

    /// What runs a worker of a side.
    pub(super) fn program(&self, side: Side) -> Program {
        match side {
            Side::Java => Program::Java,
            Side::Aqueduct => Program::Aqueduct(self.binary.clone()),
        }
    }

    /// Writes a connector's properties file.
    pub(super) fn connector(&self, name: &str, class: &str, more: &[(&str, String)]) -> Result<PathBuf> {
        let mut all: Properties = properties::pairs([
            ("name", name.to_owned()),
            ("connector.class", class.to_owned()),
            ("tasks.max", "1".to_owned()),
        ]);
        all.extend(properties::pairs(more.iter().cloned()));
        let path = self.path(&format!("{name}.properties"));
        properties::write(&path, &all)?;
        Ok(path)
    }
}

/// Where results and the files of the last run lie.
pub(super) fn results() -> PathBuf {
    workspace::target().join("bench")
}
