//! The brokers that tests run on, and the program under test.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use tempfile::TempDir;
use xtask::oracle::broker::Broker;
use xtask::oracle::process::Server;
use xtask::oracle::worker::Program;
use xtask::oracle::{Oracle, ports, wire};
use xtask::workspace;

/// The program under test: the one named by `AQUEDUCT_BIN`, or the debug build, made when it is missing.
pub(crate) fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if Program::ours().is_err() {
            workspace::run(&mut workspace::cargo(&["build", "--package", "aqueduct"])).unwrap();
        }
        match Program::ours().unwrap() {
            Program::Aqueduct(path) => path,
            Program::Java => unreachable!("our program is not Java's"),
        }
    })
}

pub(crate) fn ours() -> Program {
    Program::Aqueduct(binary().to_owned())
}

/// A running broker.
pub(crate) enum Kafka {
    /// Apache Kafka's, on this port.
    Apache(u16),
    Embedded(Embedded),
}

impl Kafka {
    /// Apache Kafka's broker. All tests share one; it ends with this process, however that ends.
    pub(crate) fn apache() -> Result<Kafka> {
        static SHARED: OnceLock<Result<(u16, EndsWithUs), String>> = OnceLock::new();
        let shared = SHARED.get_or_init(|| start_apache().map_err(|error| format!("{error:#}")));
        shared.as_ref().map(|(port, _)| Kafka::Apache(*port)).map_err(|error| anyhow!("{error}"))
    }

    pub(crate) fn embedded() -> Kafka {
        Kafka::Embedded(Embedded::start())
    }

    pub(crate) fn port(&self) -> u16 {
        match self {
            Kafka::Apache(port) => *port,
            Kafka::Embedded(broker) => broker.port,
        }
    }

    pub(crate) fn bootstrap(&self) -> String {
        format!("127.0.0.1:{}", self.port())
    }

    pub(crate) fn name(&self) -> &'static str {
        match self {
            Kafka::Apache(_) => "Apache Kafka",
            Kafka::Embedded(_) => "the embedded broker",
        }
    }

    pub(crate) fn client(&self) -> wire::Client {
        wire::Client::connect(self.port()).unwrap()
    }
}

fn start_apache() -> Result<(u16, EndsWithUs)> {
    let mut broker = Broker::scratch(&Oracle::open(), Vec::new())?;
    let dir = broker.server().take_scratch().context("a scratch broker has a folder")?;
    let port = broker.port();
    let guard = EndsWithUs::new(broker.server().pid(), &dir)?;
    broker.leave_running();
    Ok((port, guard))
}

/// Ends another process and removes its folder when this process ends, even by a kill: a watching shell notices that
/// its standard input has closed. A value in a static is never dropped, so a guard by `Drop` would not do.
struct EndsWithUs {
    _watcher: Child,
}

impl EndsWithUs {
    fn new(pid: u32, dir: &Path) -> io::Result<EndsWithUs> {
        let script =
            r#"read -r _; kill "$1"; while kill -0 "$1" 2>/dev/null; do sleep 0.1; done; rm -rf "$2""#;
        let watcher = Command::new("sh")
            .args(["-c", script, "watcher"])
            .arg(pid.to_string())
            .arg(dir)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        Ok(EndsWithUs { _watcher: watcher })
    }
}

/// Apache Kafka's broker for one test alone, which may stop it.
pub(crate) struct Own(Broker);

impl Own {
    pub(crate) fn start() -> Result<Own> {
        Ok(Own(Broker::scratch(&Oracle::open(), Vec::new())?))
    }

    pub(crate) fn kafka(&self) -> Kafka {
        Kafka::Apache(self.0.port())
    }

    pub(crate) fn stop(&mut self) {
        self.0.server().stop().unwrap();
    }

    /// On its port and data.
    pub(crate) fn start_again(&mut self) {
        self.0.restart().unwrap();
    }
}

/// `aqueduct broker` with its topics on disk.
pub(crate) struct Embedded {
    port: u16,
    server: Server,
    dir: TempDir,
}

impl Embedded {
    const READY: Duration = Duration::from_secs(30);

    fn start() -> Embedded {
        let dir = folder();
        let (port, server) = ports::retrying(|| {
            let [port] = ports::free()?;
            Ok((port, Embedded::launch(port, dir.path())?))
        })
        .unwrap();
        Embedded { port, server, dir }
    }

    /// The broker on a port that was free a moment ago, with nothing in it yet.
    pub(crate) fn start_on(port: u16) -> Embedded {
        let dir = folder();
        let server = Embedded::launch(port, dir.path()).unwrap();
        Embedded { port, server, dir }
    }

    /// Kills the broker as a crash would, and starts it again on its port and data.
    pub(crate) fn crash(&mut self) {
        self.server.kill().unwrap();
        self.server = Embedded::launch(self.port, self.dir.path()).unwrap();
    }

    /// Stops the broker cleanly and starts it again.
    pub(crate) fn restart(&mut self) {
        self.server.stop().unwrap();
        self.server = Embedded::launch(self.port, self.dir.path()).unwrap();
    }

    fn launch(port: u16, dir: &Path) -> Result<Server> {
        let mut command = Command::new(binary());
        command.env("RUST_LOG", "info");
        command.args(["broker", "--listen", &format!("127.0.0.1:{port}"), "--data-dir"]);
        command.arg(dir.join("data"));
        let mut server = Server::spawn("embedded broker", command, &dir.join("broker.log"))?;
        server.wait_ready(Self::READY, || {
            wire::Client::connect(port).and_then(|mut client| client.is_ready()).unwrap_or(false)
        })?;
        Ok(server)
    }
}

/// A new folder on the disk that holds the build, and goes with the value.
pub(crate) fn folder() -> TempDir {
    let parent = Oracle::open().home().join("run");
    std::fs::create_dir_all(&parent).unwrap();
    TempDir::new_in(parent).unwrap()
}
