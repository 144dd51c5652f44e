//! Workers that share one group, of either program, each with a folder and a REST port of its own.

mod layout;
mod printed;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

pub use layout::{Layout, Wanted};
pub use printed::{Line, Marks};

use super::jvm::Jvm;
use super::process::Server;
use super::properties::Properties;
use super::wire::{self, Group};
use super::worker::{Mode, Program, WorkerConfig};
use super::{Oracle, http, ports};
use crate::wait;

const READY: Duration = Duration::from_secs(180);
/// How long a rebalance may keep a request from being served.
const ANSWER: Duration = Duration::from_secs(120);
const WARNINGS_SHOWN: usize = 25;
const ANSWER_POLL: Duration = Duration::from_millis(50);

/// A group of workers. Members are known by their number, in the order in which they were added; one that has ended
/// keeps its number, its folder, its port and its log. Dropping the cluster kills all of them.
#[derive(Debug)]
pub struct Cluster {
    oracle: Oracle,
    broker_port: u16,
    group: String,
    extra: Properties,
    jvm: Option<Jvm>,
    log_level: String,
    dir: PathBuf,
    members: Vec<Member>,
}

/// One worker of the group, running or not.
#[derive(Debug)]
struct Member {
    config: WorkerConfig,
    server: Server,
    is_paused: bool,
}

impl Member {
    fn is_healthy(&self) -> bool {
        is_healthy(self.config.rest_port)
    }
}

fn is_healthy(port: u16) -> bool {
    http::get(port, "/health").is_ok_and(|answer| answer.status == 200)
}

impl Cluster {
    /// A group without workers on the broker at this port. `extra` are properties of every worker.
    pub fn new(oracle: &Oracle, broker_port: u16, group: &str, extra: Properties) -> Result<Cluster> {
        Ok(Cluster {
            oracle: oracle.clone(),
            broker_port,
            group: group.to_owned(),
            extra,
            jvm: None,
            log_level: "INFO".to_owned(),
            dir: oracle.scratch("cluster")?,
            members: Vec::new(),
        })
    }

    /// How Java's workers run, where it isn't as in tests.
    pub fn with_jvm(mut self, jvm: Jvm) -> Cluster {
        self.jvm = Some(jvm);
        self
    }

    /// What workers log: a level by Log4j's name.
    pub fn with_log_level(mut self, level: &str) -> Cluster {
        level.clone_into(&mut self.log_level);
        self
    }

    /// The name of an internal topic: `configs`, `offsets` or `status`.
    pub fn topic(&self, kind: &str) -> String {
        format!("{}-{kind}", self.group)
    }

    /// A path in the cluster's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// A new connection to the broker.
    pub fn client(&self) -> io::Result<wire::Client> {
        wire::Client::connect(self.broker_port)
    }

    /// Sets a property of the workers that are started from now on.
    pub fn set(&mut self, key: &str, value: &str) {
        self.extra.push((key.to_owned(), value.to_owned()));
    }

    /// Adds a worker for each program, and waits until all are healthy. The first worker of a group is alone until it is,
    /// so that it leads; the others start together.
    pub fn start(&mut self, programs: &[Program]) -> Result<()> {
        let mut programs = programs;
        if self.running().is_empty()
            && let Some((first, others)) = programs.split_first()
        {
            self.add(first.clone())?;
            programs = others;
        }
        let first = self.members.len();
        for program in programs {
            self.spawn(program.clone())?;
        }
        (first..self.members.len()).try_for_each(|index| self.wait_healthy(index))
    }

    /// Adds a worker, and gives its number once it is healthy.
    pub fn add(&mut self, program: Program) -> Result<usize> {
        ports::retrying(|| {
            let index = self.spawn(program.clone())?;
            self.wait_healthy(index).inspect_err(|_| self.members.truncate(index))?;
            Ok(index)
        })
    }

    /// Adds a worker without waiting for anything.
    pub fn spawn(&mut self, program: Program) -> Result<usize> {
        let index = self.members.len();
        let [port] = ports::free()?;
        let config = self.config(program, index, port);
        let server = config.spawn(&self.oracle)?;
        self.members.push(Member { config, server, is_paused: false });
        Ok(index)
    }

    fn config(&self, program: Program, index: usize, port: u16) -> WorkerConfig {
        let bootstrap = format!("127.0.0.1:{}", self.broker_port);
        let mode = Mode::Distributed { group: self.group.clone() };
        let dir = self.dir.join(format!("worker-{index}"));
        let mut config = WorkerConfig::new(dir, port, bootstrap, mode);
        config.program = program;
        config.extra = self.extra.clone();
        config.log_level.clone_from(&self.log_level);
        if let Some(jvm) = &self.jvm {
            config.jvm = jvm.clone();
        }
        config
    }

    pub fn wait_healthy(&mut self, index: usize) -> Result<()> {
        let member = &mut self.members[index];
        let port = member.config.rest_port;
        member.server.wait_ready(READY, || is_healthy(port))
    }

    /// Starts a worker that has ended once more, as this program, in its folder and on its port, without waiting for it.
    pub fn revive(&mut self, index: usize, program: Program) -> Result<()> {
        let port = self.members[index].config.rest_port;
        let config = self.config(program, index, port);
        let server = config.spawn(&self.oracle)?;
        self.members[index] = Member { config, server, is_paused: false };
        Ok(())
    }

    /// Asks a worker to end, and waits for it.
    pub fn stop(&mut self, index: usize) -> Result<ExitStatus> {
        self.members[index].server.stop()?.context("the worker had ended before")
    }

    /// Ends a worker as a crash would.
    pub fn kill(&mut self, index: usize) -> Result<()> {
        self.members[index].server.kill()
    }

    /// Lets a worker do nothing until [`Cluster::resume`].
    pub fn pause(&mut self, index: usize) -> Result<()> {
        self.members[index].is_paused = true;
        self.members[index].server.signal("STOP")
    }

    pub fn resume(&mut self, index: usize) -> Result<()> {
        self.members[index].is_paused = false;
        self.members[index].server.signal("CONT")
    }

    /// The workers that run, and are not paused.
    pub fn running(&self) -> Vec<usize> {
        let runs = |member: &Member| member.server.pid() != 0 && !member.is_paused;
        let members = self.members.iter().enumerate();
        members.filter(|(_, member)| runs(member)).map(|(index, _)| index).collect()
    }

    pub fn is_healthy(&self, index: usize) -> bool {
        self.members[index].is_healthy()
    }

    /// The process of a worker, 0 once it has ended.
    pub fn pid(&self, index: usize) -> u32 {
        self.members[index].server.pid()
    }

    pub fn program(&self, index: usize) -> &Program {
        &self.members[index].config.program
    }

    pub fn port(&self, index: usize) -> u16 {
        self.members[index].config.rest_port
    }

    /// A worker as statuses name it.
    pub fn worker_id(&self, index: usize) -> String {
        format!("127.0.0.1:{}", self.port(index))
    }

    pub fn log(&self, index: usize) -> &Path {
        self.members[index].server.log()
    }

    /// Everything that a worker has logged and printed.
    pub fn log_text(&self, index: usize) -> String {
        std::fs::read(self.log(index)).map_or_else(
            |error| format!("(no log: {error})"),
            |bytes| String::from_utf8_lossy(&bytes).into_owned(),
        )
    }

    /// The last warnings and errors in a worker's log. Its end alone is often nothing but what verifiable tasks print.
    fn warnings(&self, index: usize) -> String {
        let text = self.log_text(index);
        let is_warning =
            |line: &&str| !line.starts_with('{') && (line.contains("WARN") || line.contains("ERROR"));
        let warnings: Vec<&str> = text.lines().filter(is_warning).collect();
        warnings[warnings.len().saturating_sub(WARNINGS_SHOWN)..].join("\n")
    }

    /// What the coordinator knows of the group.
    pub fn describe(&self) -> Result<Group> {
        Ok(self.client()?.group(&self.group)?)
    }

    /// The worker that leads, if all members of the group agree on it.
    pub fn leader(&self) -> Result<Option<usize>> {
        let group = self.describe()?;
        let Some(first) = group.members.first().filter(|_| group.state == "Stable") else { return Ok(None) };
        if group.members.iter().any(|member| member.leader_url != first.leader_url) {
            return Ok(None);
        }
        let is_leader = |index: &usize| first.leader_url.contains(&self.worker_id(*index));
        Ok(self.running().into_iter().find(is_leader))
    }

    /// Sends a request to a worker, once.
    pub fn request(
        &self,
        index: usize,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> io::Result<http::Response> {
        let body = body.map(Value::to_string);
        http::request(method, self.port(index), path, body.as_deref())
    }

    /// Sends a request to a worker until no rebalance keeps it from being served.
    pub fn ask(
        &self,
        index: usize,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<http::Response> {
        let mut last = None;
        let answer = wait::poll(ANSWER, ANSWER_POLL, || {
            let answer = self.request(index, method, path, body)?;
            let served = !is_rebalance(&answer);
            last = Some(answer);
            Ok(if served { last.take() } else { None })
        });
        match answer.with_context(|| format!("{method} {path}"))? {
            Some(answer) => Ok(answer),
            None => bail!("{method} {path} is not served: {last:?}"),
        }
    }
}

/// Whether a worker says that it can't answer because its group has something else to do.
pub fn is_rebalance(answer: &http::Response) -> bool {
    match answer.status {
        409 => !answer.body.contains("already exists"),
        500 => answer.body.contains("rebalance is expected"),
        _ => false,
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for index in 0..self.members.len() {
                println!("--- worker {index} warned\n{}", self.warnings(index));
            }
        }
        for member in &mut self.members {
            // A drop has no one to tell; a process that is left over is seen in the list of processes.
            let _ = member.server.kill();
        }
        if !std::thread::panicking() {
            // Only disk space is lost when this fails.
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}
