//! One log file for each connector, cut when it is large.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, ensure};
use aqueduct_api::ConfigMap;

/// Where the files are. Without it there are none.
const DIR: &str = "aqueduct.log.connector.dir";
/// How large a file becomes before the next one is begun.
const BYTES_MAX: &str = "aqueduct.log.connector.max.bytes";
/// How many full files are kept besides the one at hand.
const FILES_MAX: &str = "aqueduct.log.connector.max.files";

const DEFAULT_BYTES_MAX: u64 = 10 << 20;
const DEFAULT_FILES_MAX: u32 = 5;
/// Files that are open at a time.
const OPEN_MAX: usize = 256;

/// What the worker's properties say of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    dir: PathBuf,
    bytes_max: u64,
    files_max: u32,
}

impl Settings {
    /// `None`: no files are wanted.
    pub(super) fn of(properties: &ConfigMap) -> Result<Option<Self>> {
        let text = |name: &str| properties.get(name).map(str::trim).filter(|value| !value.is_empty());
        let Some(dir) = text(DIR) else { return Ok(None) };
        let number = |name: &str, default: u64| match text(name) {
            Some(value) => {
                value.parse().with_context(|| format!("Invalid value {value} for configuration {name}"))
            }
            None => Ok(default),
        };
        let bytes_max = number(BYTES_MAX, DEFAULT_BYTES_MAX)?;
        ensure!(bytes_max >= 1024, "Invalid value {bytes_max} for configuration {BYTES_MAX}: at least 1024");
        let files_max = u32::try_from(number(FILES_MAX, DEFAULT_FILES_MAX.into())?).unwrap_or(u32::MAX);
        Ok(Some(Self { dir: dir.into(), bytes_max, files_max }))
    }
}

/// The files. Lines are written as they come, by the thread that has something to say.
pub(super) struct Files {
    settings: Settings,
    open: Mutex<HashMap<String, Open>>,
}

/// One file. It stays closed if it cannot be opened, and is tried again with the next line.
struct Open {
    file: Option<File>,
    bytes: u64,
    /// Whether somebody has heard that it cannot be written.
    told: bool,
}

impl Files {
    /// Makes the folder if it is not there.
    pub(super) fn open(settings: Settings) -> Result<Self> {
        fs::create_dir_all(&settings.dir).with_context(|| format!("{DIR} {}", settings.dir.display()))?;
        Ok(Self { settings, open: Mutex::default() })
    }

    /// Writes a line to the file of a connector. An error is a line for the other log, and told once.
    pub(super) fn write(&self, connector: &str, line: &str) -> Result<(), String> {
        let mut files = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() >= OPEN_MAX && !files.contains_key(connector) {
            files.clear();
        }
        let open = files.entry(connector.to_owned()).or_insert(Open { file: None, bytes: 0, told: false });
        match self.append(open, connector, line) {
            Ok(()) => {
                open.told = false;
                Ok(())
            }
            Err(error) => {
                open.file = None;
                if std::mem::replace(&mut open.told, true) {
                    return Ok(());
                }
                Err(format!("The log file of connector {connector} cannot be written: {error}\n"))
            }
        }
    }

    fn path(&self, connector: &str, number: u32) -> PathBuf {
        let name = file_name(connector);
        let name = if number == 0 { format!("{name}.log") } else { format!("{name}.log.{number}") };
        self.settings.dir.join(name)
    }

    fn append(&self, open: &mut Open, connector: &str, line: &str) -> io::Result<()> {
        let length = line.len() as u64;
        if open.file.is_none() {
            self.reopen(open, connector)?;
        }
        if open.bytes > 0 && open.bytes + length > self.settings.bytes_max {
            open.file = None;
            self.rotate(connector)?;
            self.reopen(open, connector)?;
        }
        if let Some(file) = &mut open.file {
            file.write_all(line.as_bytes())?;
            open.bytes += length;
        }
        Ok(())
    }

    fn reopen(&self, open: &mut Open, connector: &str) -> io::Result<()> {
        let file = OpenOptions::new().create(true).append(true).open(self.path(connector, 0))?;
        open.bytes = file.metadata()?.len();
        open.file = Some(file);
        Ok(())
    }

    /// Makes room for a new file: the oldest one goes, the others become one older.
    fn rotate(&self, connector: &str) -> io::Result<()> {
        let kept = self.settings.files_max;
        if kept == 0 {
            return fs::remove_file(self.path(connector, 0));
        }
        for number in (0..kept).rev() {
            match fs::rename(self.path(connector, number), self.path(connector, number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// The name of a connector with what does not belong into a file name written as URLs do.
fn file_name(connector: &str) -> String {
    let mut name = String::with_capacity(connector.len());
    for (at, byte) in connector.bytes().enumerate() {
        match byte {
            b'.' if at > 0 => name.push('.'),
            b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => name.push(byte.into()),
            // Writing to a string cannot fail.
            _ => drop(write!(name, "%{byte:02X}")),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Option<Settings>> {
        Settings::of(&pairs.iter().copied().collect())
    }

    #[test]
    fn properties_say_where_and_how_much() {
        assert_eq!(settings(&[(BYTES_MAX, "1")]).expect("not looked at"), None);
        let found = settings(&[(DIR, "d")]).expect("good").expect("wanted");
        assert_eq!(found, Settings { dir: "d".into(), bytes_max: 10 << 20, files_max: 5 });
        for (name, value) in [(BYTES_MAX, "many"), (BYTES_MAX, "10"), (FILES_MAX, "-1")] {
            let error = settings(&[(DIR, "d"), (name, value)]).expect_err(name);
            assert!(error.to_string().contains(name), "{error}");
        }
    }

    #[test]
    fn names_stay_in_the_folder() {
        let check = |connector: &str, expected: &str| assert_eq!(file_name(connector), expected);
        check("orders-1.eu_A", "orders-1.eu_A");
        check("../etc/x", "%2E.%2Fetc%2Fx");
        check("ü", "%C3%BC");
    }

    #[test]
    fn a_full_file_makes_room() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings { dir: dir.path().join("logs"), bytes_max: 10, files_max: 2 };
        let files = Files::open(settings.clone()).expect("a folder");
        for line in ["one 1\n", "two\n", "three\n", "four 4\n", "longer than a file\n"] {
            assert_eq!(files.write("c", line), Ok(()));
        }
        let read = |name: &str| fs::read_to_string(dir.path().join("logs").join(name)).ok();
        assert_eq!(read("c.log").as_deref(), Some("longer than a file\n"));
        assert_eq!(read("c.log.1").as_deref(), Some("four 4\n"));
        assert_eq!(read("c.log.2").as_deref(), Some("three\n"));
        assert_eq!(read("c.log.3"), None);
        // A new process goes on where the old one was.
        let again = Files::open(Settings { bytes_max: 100, ..settings }).expect("a folder");
        assert_eq!(again.write("c", "more\n"), Ok(()));
        assert_eq!(read("c.log").as_deref(), Some("longer than a file\nmore\n"));
    }

    #[test]
    fn what_cannot_be_written_is_told_once() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let settings = Settings { dir: dir.path().into(), bytes_max: 1024, files_max: 1 };
        let files = Files::open(settings).expect("a folder");
        fs::create_dir(dir.path().join("c.log")).expect("made");
        assert!(files.write("c", "a\n").is_err_and(|told| told.contains("connector c")));
        assert_eq!(files.write("c", "b\n"), Ok(()));
        assert_eq!(files.write("d", "a\n"), Ok(()));
        fs::remove_dir(dir.path().join("c.log")).expect("removed");
        assert_eq!(files.write("c", "c\n"), Ok(()));
        assert_eq!(fs::read_to_string(dir.path().join("c.log")).expect("written"), "c\n");
    }
}
