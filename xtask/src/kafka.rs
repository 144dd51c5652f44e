//! `cargo xtask kafka`: a real broker and a Java worker by hand.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::oracle::broker::{Broker, BrokerConfig};
use crate::oracle::jvm::Tuning;
use crate::oracle::process::{self, Server};
use crate::oracle::worker::{Mode, Worker, WorkerConfig};
use crate::oracle::{Oracle, fetch, ports, properties, python};
use crate::{wait, workspace};

type Pair = (String, String);

#[derive(Debug, clap::Subcommand)]
pub enum Task {
    /// Fetches jar sets into target/oracle (by default those of the broker and the worker)
    Fetch {
        /// Names of sets; see --list
        sets: Vec<String>,
        /// Only name every set, and whether it is there
        #[arg(long)]
        list: bool,
    },
    /// Starts one KRaft broker in the background and waits until it answers
    Start(BrokerArgs),
    /// Stops the broker that `start` started
    Stop {
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Says whether the broker runs
    Status {
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// Installs packages into a Python environment in target/oracle, and prints its interpreter
    Python { packages: Vec<String> },
    /// Runs one Java Connect worker, in the foreground unless told otherwise
    JavaWorker(WorkerArgs),
}

#[derive(Debug, clap::Args)]
pub struct BrokerArgs {
    /// Port on 127.0.0.1; the controller takes the next one
    #[arg(long, default_value_t = 9092)]
    port: u16,
    /// Data, log and process id [default: target/kafka]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Forget the data of earlier runs
    #[arg(long)]
    fresh: bool,
    /// Broker properties, which win over the built-in ones
    #[arg(value_name = "KEY=VALUE", value_parser = properties::parse_pair)]
    extra: Vec<Pair>,
}

#[derive(Debug, clap::Args)]
pub struct WorkerArgs {
    /// Run standalone with this connector file; may be given again
    #[arg(long, value_name = "FILE")]
    standalone: Vec<PathBuf>,
    /// Port of the REST API on 127.0.0.1
    #[arg(long, default_value_t = 8083)]
    port: u16,
    #[arg(long, default_value = "127.0.0.1:9092")]
    bootstrap: String,
    /// Name of the group, and of its topics
    #[arg(long, default_value = "connect")]
    group: String,
    /// Configuration, log and offsets [default: target/java-worker-PORT]
    #[arg(long)]
    dir: Option<PathBuf>,
    /// Leave the worker running, once it is healthy, and print its process id
    #[arg(long)]
    background: bool,
    /// Add the connectors of Kafka's own integration tests
    #[arg(long)]
    test_connectors: bool,
    /// Worker properties, which win over the built-in ones
    #[arg(value_name = "KEY=VALUE", value_parser = properties::parse_pair)]
    extra: Vec<Pair>,
}

pub fn run(task: Task) -> Result<()> {
    match task {
        Task::Fetch { sets, list } => fetch_sets(&sets, list),
        Task::Start(args) => start(args),
        Task::Stop { dir } => stop(&dir.unwrap_or_else(default_dir)),
        Task::Status { dir } => status(&dir.unwrap_or_else(default_dir)),
        Task::Python { packages } => python_environment(&packages),
        Task::JavaWorker(args) => java_worker(args),
    }
}

fn default_dir() -> PathBuf {
    workspace::target().join("kafka")
}

fn fetch_sets(sets: &[String], list: bool) -> Result<()> {
    let oracle = Oracle::open();
    if list {
        for set in fetch::SETS {
            println!("{:<22} {}", set.name, if fetch::is_there(oracle.home(), set) { "there" } else { "-" });
        }
        return Ok(());
    }
    let names: Vec<&str> = sets.iter().map(String::as_str).collect();
    oracle.fetch(if names.is_empty() { fetch::DEFAULT } else { &names })?;
    println!("{}", oracle.home().display());
    Ok(())
}

fn start(args: BrokerArgs) -> Result<()> {
    let dir = args.dir.unwrap_or_else(default_dir);
    if let Some(pid) = running(&dir) {
        bail!("already running as process {pid}");
    }
    if ports::accepts(args.port) {
        bail!("something else listens on port {}", args.port);
    }
    if args.fresh && dir.exists() {
        std::fs::remove_dir_all(&dir).with_context(|| format!("cannot remove {}", dir.display()))?;
    }
    let mut config = BrokerConfig::new(&dir, args.port, args.port.checked_add(1).context("no port is left")?);
    config.extra = args.extra;
    config.jvm.tuning = Tuning::Stock;
    let broker = Broker::start(&Oracle::open(), config)?;
    let bootstrap = broker.bootstrap();
    let pid = broker.leave_running();
    std::fs::write(pidfile(&dir), pid.to_string())?;
    println!("broker {bootstrap}, process {pid}, log {}", dir.join("broker.log").display());
    Ok(())
}

fn stop(dir: &Path) -> Result<()> {
    let Some(pid) = running(dir) else {
        println!("not running");
        return Ok(());
    };
    process::send(pid, "TERM")?;
    let ended =
        wait::poll(Server::GRACE, Duration::from_millis(100), || Ok(running(dir).is_none().then_some(())))?;
    if ended.is_none() {
        process::send(pid, "KILL")?;
    }
    std::fs::remove_file(pidfile(dir))?;
    println!("stopped process {pid}");
    Ok(())
}

fn status(dir: &Path) -> Result<()> {
    match running(dir) {
        Some(pid) => println!("running as process {pid}, log {}", dir.join("broker.log").display()),
        None => println!("not running"),
    }
    Ok(())
}

fn pidfile(dir: &Path) -> PathBuf {
    dir.join("broker.pid")
}

/// The broker's process id, if the process with that id is the broker of this folder: ids are used again.
fn running(dir: &Path) -> Option<u32> {
    let pid: u32 = std::fs::read_to_string(pidfile(dir)).ok()?.trim().parse().ok()?;
    let arguments = std::fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let properties = dir.canonicalize().ok()?.join("broker.properties");
    String::from_utf8_lossy(&arguments).contains(&*properties.to_string_lossy()).then_some(pid)
}

fn python_environment(packages: &[String]) -> Result<()> {
    let names: Vec<&str> = packages.iter().map(String::as_str).collect();
    println!("{}", python::venv(&Oracle::open(), &names)?.display());
    Ok(())
}

fn java_worker(args: WorkerArgs) -> Result<()> {
    let dir = args.dir.unwrap_or_else(|| workspace::target().join(format!("java-worker-{}", args.port)));
    let mode = if args.standalone.is_empty() {
        Mode::Distributed { group: args.group }
    } else {
        Mode::Standalone { connectors: args.standalone }
    };
    let mut config = WorkerConfig::new(dir, args.port, args.bootstrap, mode);
    config.extra = args.extra;
    config.test_connectors = args.test_connectors;
    config.jvm.tuning = Tuning::Stock;
    config.jvm.heap_mb_max = 2048;
    let oracle = Oracle::open();
    if args.background {
        let worker = Worker::start(&oracle, &config)?;
        let url = worker.url();
        println!("java worker {url}, process {}, log {}", worker.leave_running(), config.log().display());
        return Ok(());
    }
    Err(config.command(&oracle)?.exec()).context("cannot start java")
}
