//! Runs the built program and looks at what it does.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(60);

/// Polls until there is something, for a minute at most.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < DEADLINE, "{what}: not within {DEADLINE:?}");
        #[expect(clippy::disallowed_methods, reason = "the pause of the one polling loop; no runtime here")]
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A run of the program, with its output in files. It is killed when this is dropped.
pub(crate) struct Program {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// Starts the program in a folder, where `NAME.out` and `NAME.err` take its output.
    pub(crate) fn spawn(dir: &Path, name: &str, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aqueduct"));
        command.args(args);
        Self::spawn_command(dir, name, command)
    }

    pub(crate) fn spawn_command(dir: &Path, name: &str, mut command: Command) -> Self {
        let (stdout, stderr) = (dir.join(format!("{name}.out")), dir.join(format!("{name}.err")));
        let open = |path: &Path| File::create(path).expect("a file for the output");
        let child = command
            .env_remove("RUST_LOG")
            .current_dir(dir)
            .stdin(Stdio::null())
            .stdout(open(&stdout))
            .stderr(open(&stderr))
            .spawn()
            .expect("the program starts");
        Self { child, stdout, stderr }
    }

    pub(crate) fn stdout(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap_or_default()
    }

    /// The text between `begin` and the next white space, as soon as it is printed.
    pub(crate) fn printed(&mut self, begin: &str) -> String {
        wait_for(begin, || {
            let text = self.stdout();
            let rest = text.split_once(begin).map(|(_, rest)| rest.to_owned());
            let word =
                rest.as_deref().and_then(|rest| rest.split_once(|c: char| c.is_whitespace() || c == ','));
            if word.is_none() {
                let ended = self.child.try_wait().expect("a child of ours");
                assert!(ended.is_none(), "ended without `{begin}`: {ended:?}\n{}", self.all());
            }
            word.map(|(word, _)| word.to_owned())
        })
    }

    fn all(&self) -> String {
        format!("{}{}", self.stdout(), fs::read_to_string(&self.stderr).unwrap_or_default())
    }

    /// Asks the program to stop.
    pub(crate) fn terminate(&self) {
        let status = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(status.expect("kill is there").success());
    }

    /// Waits for the end.
    pub(crate) fn ended(mut self) -> Ended {
        let status = wait_for("the end", || self.child.try_wait().expect("a child of ours"));
        Ended {
            code: status.code(),
            stdout: self.stdout(),
            stderr: fs::read_to_string(&self.stderr).unwrap_or_default(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the program to its end.
pub(crate) fn run(dir: &Path, args: &[&str]) -> Ended {
    Program::spawn(dir, "run", args).ended()
}

impl Ended {
    /// Checks the exit code, and that the standard error holds these texts.
    #[track_caller]
    pub(crate) fn check(&self, code: i32, texts: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for text in texts {
            assert!(self.stderr.contains(text), "no `{text}` in {self:?}");
        }
    }
}

/// The code and body of a GET; `None` if nobody listens.
pub(crate) fn get(address: &str, path: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
}

/// A broker in memory, and its address.
pub(crate) fn broker(dir: &Path) -> (Program, String) {
    let mut broker = Program::spawn(dir, "broker", &["broker", "--listen", "127.0.0.1:0"]);
    let address = broker.printed("bootstrap.servers=");
    (broker, address)
}

/// Writes the properties of a worker on a free port.
pub(crate) fn worker_file(dir: &Path, bootstrap: &str, more: &str) -> String {
    let path = dir.join("worker.properties");
    let text = format!(
        "bootstrap.servers={bootstrap}\nlisteners=http://127.0.0.1:0\n\
         key.converter=org.apache.kafka.connect.storage.StringConverter\n\
         value.converter=org.apache.kafka.connect.storage.StringConverter\n\
         offset.storage.file.filename={}\n{more}\n",
        dir.join("offsets").display()
    );
    fs::write(&path, text).expect("written");
    path.display().to_string()
}
