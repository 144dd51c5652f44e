//! One Apache Kafka broker in KRaft mode.

use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::jvm::{self, Jvm, Tuning};
use super::process::Server;
use super::properties::{self, Properties};
use super::{Oracle, ports, wire};

const READY: Duration = Duration::from_secs(120);

/// A broker that is also its own controller, all on 127.0.0.1.
#[derive(Debug, Clone)]
pub struct BrokerConfig {
    /// Data, configuration and log lie here; formatted when it is new.
    pub dir: PathBuf,
    pub port: u16,
    pub controller_port: u16,
    /// Appended to the broker's properties, so they win.
    pub extra: Properties,
    pub jvm: Jvm,
    pub log_level: String,
}

impl BrokerConfig {
    /// A broker for tests, small and quick to start.
    pub fn new(dir: impl Into<PathBuf>, port: u16, controller_port: u16) -> BrokerConfig {
        BrokerConfig {
            dir: dir.into(),
            port,
            controller_port,
            extra: Properties::new(),
            jvm: Jvm { heap_mb_max: 1024, tuning: Tuning::Tests },
            log_level: "WARN".to_owned(),
        }
    }

    pub fn log(&self) -> PathBuf {
        self.dir.join("broker.log")
    }

    /// Fetches the jars, writes the configuration, formats the folder if it is new, and gives the command to run.
    pub fn command(&self, oracle: &Oracle) -> Result<Command> {
        jvm::check()?;
        oracle.fetch(&["lib-broker"])?;
        std::fs::create_dir_all(&self.dir)
            .with_context(|| format!("cannot create {}", self.dir.display()))?;
        let dir = self.dir.canonicalize()?;
        let file = dir.join("broker.properties");
        properties::write(&file, &self.properties(&dir))?;
        let classpath = oracle.jars("lib-broker");
        if !dir.join("logs/meta.properties").exists() {
            let mut format =
                self.jvm.command(&classpath, &dir, &self.log_level, "kafka.tools.StorageTool")?;
            let output = format.args(["format", "-t", &cluster_id(), "-c"]).arg(&file).output()?;
            if !output.status.success() {
                bail!("cannot format the broker's folder: {}", String::from_utf8_lossy(&output.stderr));
            }
        }
        let mut command = self.jvm.command(&classpath, &dir, &self.log_level, "kafka.Kafka")?;
        command.arg(file);
        Ok(command)
    }

    fn properties(&self, dir: &Path) -> Properties {
        let (port, controller) = (self.port, self.controller_port);
        let mut all = properties::pairs([
            ("process.roles", "broker,controller".to_owned()),
            ("node.id", "1".to_owned()),
            ("controller.quorum.voters", format!("1@127.0.0.1:{controller}")),
            ("listeners", format!("PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}")),
            ("advertised.listeners", format!("PLAINTEXT://127.0.0.1:{port}")),
            ("controller.listener.names", "CONTROLLER".to_owned()),
            ("log.dirs", dir.join("logs").display().to_string()),
            ("offsets.topic.replication.factor", "1".to_owned()),
            ("offsets.topic.num.partitions", "4".to_owned()),
            ("transaction.state.log.replication.factor", "1".to_owned()),
            ("transaction.state.log.min.isr", "1".to_owned()),
            ("transaction.state.log.num.partitions", "4".to_owned()),
            ("share.coordinator.state.topic.replication.factor", "1".to_owned()),
            ("share.coordinator.state.topic.min.isr", "1".to_owned()),
            ("group.initial.rebalance.delay.ms", "0".to_owned()),
        ]);
        all.extend(self.extra.iter().cloned());
        all
    }
}

/// A running broker, stopped when it is dropped.
#[derive(Debug)]
pub struct Broker {
    config: BrokerConfig,
    oracle: Oracle,
    server: Server,
}

impl Broker {
    /// Starts a broker and waits until it answers requests.
    pub fn start(oracle: &Oracle, config: BrokerConfig) -> Result<Broker> {
        let server = launch(oracle, &config)?;
        Ok(Broker { config, oracle: oracle.clone(), server })
    }

    /// A broker for a test: free ports, a folder of its own that goes with the broker unless the test fails.
    /// `extra` are further broker properties.
    pub fn scratch(oracle: &Oracle, extra: Properties) -> Result<Broker> {
        ports::retrying(|| {
            let [port, controller] = ports::free()?;
            let dir = oracle.scratch("broker")?;
            let config = BrokerConfig { extra: extra.clone(), ..BrokerConfig::new(&dir, port, controller) };
            let server = launch(oracle, &config)?.owning(dir);
            Ok(Broker { config, oracle: oracle.clone(), server })
        })
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.config.port
    }

    /// `host:port` for `bootstrap.servers`.
    pub fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.config.port)
    }

    /// The process, for its id, its log, and signals.
    pub fn server(&mut self) -> &mut Server {
        &mut self.server
    }

    /// Starts the broker again on its port and data, after a stop or a kill.
    pub fn restart(&mut self) -> Result<()> {
        self.server.stop()?;
        let fresh = launch(&self.oracle, &self.config)?;
        let scratch = self.server.take_scratch();
        self.server = match scratch {
            Some(dir) => fresh.owning(dir),
            None => fresh,
        };
        Ok(())
    }

    /// See [`Server::leave_running`].
    pub fn leave_running(self) -> u32 {
        self.server.leave_running()
    }
}

fn launch(oracle: &Oracle, config: &BrokerConfig) -> Result<Server> {
    let mut server = Server::spawn("broker", config.command(oracle)?, &config.log())?;
    server.wait_ready(READY, || {
        wire::Client::connect(config.port).and_then(|mut client| client.is_ready()).unwrap_or(false)
    })?;
    Ok(server)
}

/// A random id in Kafka's form: 16 bytes in URL-safe base64, which never starts with a dash here.
fn cluster_id() -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut id = String::from("A");
    for _ in 0..20 {
        let random = RandomState::new().hash_one(&id);
        id.push(char::from(ALPHABET[usize::try_from(random % 64).unwrap_or(0)]));
    }
    // 16 bytes leave two bits for the last character.
    id.push('A');
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cluster_ids_have_kafkas_form() {
        let (a, b) = (cluster_id(), cluster_id());
        assert_ne!(a, b);
        assert_eq!(a.len(), 22);
        assert!(a.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'), "{a}");
    }

    #[test]
    fn extra_properties_come_last() {
        let mut config = BrokerConfig::new("d", 1, 2);
        config.extra = vec![("node.id".to_owned(), "7".to_owned())];
        let properties = config.properties(Path::new("d"));
        assert_eq!(properties.last(), Some(&("node.id".to_owned(), "7".to_owned())));
        assert!(
            properties.contains(&("advertised.listeners".to_owned(), "PLAINTEXT://127.0.0.1:1".to_owned()))
        );
    }
}
