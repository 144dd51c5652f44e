//! A server process and the guard that owns it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::wait;

const POLL: Duration = Duration::from_millis(50);
const TAIL_LINES: usize = 40;
const TAIL_BYTES_MAX: u64 = 64 * 1024;

/// A running server. Dropping it asks the process to end (SIGTERM), kills it when it doesn't within [`Server::GRACE`],
/// and waits for it; when the test is failing, the end of its log is shown first.
#[derive(Debug)]
pub struct Server {
    name: String,
    child: Option<Child>,
    log: PathBuf,
    scratch: Option<PathBuf>,
}

impl Server {
    /// How long a process may take to end after SIGTERM.
    pub const GRACE: Duration = Duration::from_secs(20);

    /// Starts the command with its output in `log` (appended).
    pub fn spawn(name: impl Into<String>, mut command: Command, log: &Path) -> Result<Server> {
        let name = name.into();
        let out = File::options()
            .create(true)
            .append(true)
            .open(log)
            .with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stderr(out.try_clone()?).stdout(out);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Server { name, child: Some(child), log: log.to_owned(), scratch: None })
    }

    /// Gives the server a folder that goes when the server does, unless the test is failing.
    pub fn owning(mut self, scratch: PathBuf) -> Server {
        self.scratch = Some(scratch);
        self
    }

    /// Takes the folder back, so that the next process on the same data can own it.
    pub fn take_scratch(&mut self) -> Option<PathBuf> {
        self.scratch.take()
    }

    /// The process id, 0 once the process has ended.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }

    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The last lines of the log.
    pub fn log_tail(&self) -> String {
        tail(&self.log).unwrap_or_else(|error| format!("(no log: {error})"))
    }

    /// Waits until `ready` says so. Fails when the process ends first or `limit` passes, with the end of the log.
    pub fn wait_ready(&mut self, limit: Duration, mut ready: impl FnMut() -> bool) -> Result<()> {
        let Some(child) = &mut self.child else { bail!("{} is not running", self.name) };
        let outcome = wait::poll(limit, POLL, || {
            Ok(match child.try_wait()? {
                Some(status) => Some(Err(status)),
                None => ready().then_some(Ok(())),
            })
        })?;
        match outcome {
            Some(Ok(())) => Ok(()),
            Some(Err(status)) => {
                self.child = None;
                bail!("{} ended before it was ready: {status}\n{}", self.name, self.log_tail())
            }
            None => bail!("{} was not ready after {limit:?}\n{}", self.name, self.log_tail()),
        }
    }

    /// Sends a signal by name (`TERM`, `STOP`, `CONT`). The child has not been waited for, so its id is still its own.
    pub fn signal(&self, signal: &str) -> Result<()> {
        let Some(child) = &self.child else { bail!("{} is not running", self.name) };
        send(child.id(), signal)
    }

    /// Asks the process to end and waits for it. `None` when it had ended before.
    pub fn stop(&mut self) -> Result<Option<ExitStatus>> {
        let Some(child) = &mut self.child else { return Ok(None) };
        send(child.id(), "TERM")?;
        let ended = wait::poll(Self::GRACE, POLL, || Ok(child.try_wait()?))?;
        let status = match ended {
            Some(status) => status,
            None => {
                child.kill()?;
                child.wait()?
            }
        };
        self.child = None;
        Ok(Some(status))
    }

    /// Kills the process at once (SIGKILL), as a crash would, and waits for it.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Gives the process up: it goes on running after this value, and even after this program.
    pub fn leave_running(mut self) -> u32 {
        self.scratch = None;
        self.child.take().map_or(0, |child| child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let failing = std::thread::panicking();
        if failing {
            println!("--- end of {} ({})\n{}", self.name, self.log.display(), self.log_tail());
        }
        let stopped = self.stop();
        if let (Some(scratch), false, Ok(_)) = (&self.scratch, failing, stopped) {
            // Only disk space is lost when this fails, and a drop has no one to tell.
            let _ = std::fs::remove_dir_all(scratch);
        }
    }
}

/// Sends a signal through `kill`, which spares this crate the unsafe call.
pub fn send(pid: u32, signal: &str) -> Result<()> {
    let status = Command::new("kill").arg(format!("-{signal}")).arg(pid.to_string()).status()?;
    if !status.success() {
        bail!("cannot send {signal} to process {pid}");
    }
    Ok(())
}

/// The last [`TAIL_LINES`] lines of a file.
pub fn tail(path: &Path) -> Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES_MAX)))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    fn alive(pid: u32) -> bool {
        Path::new("/proc").join(pid.to_string()).exists()
    }

    #[test]
    fn dropping_ends_the_process_and_its_folder() {
        let dir = tempfile::tempdir().unwrap();
        let scratch = dir.path().join("scratch");
        std::fs::create_dir(&scratch).unwrap();
        let mut server = Server::spawn("sleeper", sh("echo up; exec sleep 600"), &scratch.join("log"))
            .unwrap()
            .owning(scratch.clone());
        let log = server.log().to_owned();
        server.wait_ready(Duration::from_secs(10), || tail(&log).is_ok_and(|text| text == "up")).unwrap();
        let pid = server.pid();
        assert!(alive(pid));
        drop(server);
        assert!(!alive(pid));
        assert!(!scratch.exists());
    }

    #[test]
    fn a_server_that_dies_early_shows_its_log() {
        let dir = tempfile::tempdir().unwrap();
        let mut server = Server::spawn("dud", sh("echo no port; exit 3"), &dir.path().join("log")).unwrap();
        let error = server.wait_ready(Duration::from_secs(10), || false).unwrap_err().to_string();
        assert!(error.contains("dud ended before it was ready"), "{error}");
        assert!(error.contains("no port"), "{error}");
        assert_eq!(server.pid(), 0);
    }

    #[test]
    fn the_tail_is_the_last_lines() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        let lines: Vec<String> = (0..20_000).map(|number| number.to_string()).collect();
        std::fs::write(&path, lines.join("\n")).unwrap();
        assert_eq!(tail(&path).unwrap(), lines[20_000 - TAIL_LINES..].join("\n"));
    }
}
