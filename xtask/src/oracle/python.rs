//! A Python environment with the clients that tests need as an independent second opinion.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::{Oracle, fetch};

/// The interpreter of a virtual environment that has at least these packages (as `pip install` takes them). Packages
/// that an earlier call installed stay; nothing is done when all are there.
pub fn venv(oracle: &Oracle, packages: &[&str]) -> Result<PathBuf> {
    let dir = oracle.home().join("venv");
    let python = dir.join("bin/python");
    if missing(&dir, packages).is_empty() && python.exists() {
        return Ok(python);
    }
    let _lock = fetch::lock(oracle.home())?;
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&dir))?;
    }
    let wanted = missing(&dir, packages);
    if !wanted.is_empty() {
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(&wanted))?;
        let all: BTreeSet<String> = installed(&dir).into_iter().chain(wanted).collect();
        fs::write(stamp(&dir), all.into_iter().map(|name| name + "\n").collect::<String>())?;
    }
    Ok(python)
}

fn stamp(dir: &Path) -> PathBuf {
    dir.join(".packages")
}

fn installed(dir: &Path) -> BTreeSet<String> {
    fs::read_to_string(stamp(dir)).unwrap_or_default().lines().map(str::to_owned).collect()
}

fn missing(dir: &Path, packages: &[&str]) -> Vec<String> {
    let there = installed(dir);
    packages.iter().filter(|name| !there.contains(**name)).map(|name| (*name).to_owned()).collect()
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{program} can't be run"))?;
    if !output.status.success() {
        bail!("{program} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_stamp_lacks_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(missing(dir.path(), &["a", "b"]), ["a", "b"]);
        fs::write(stamp(dir.path()), "b\nc\n").unwrap();
        assert_eq!(missing(dir.path(), &["a", "b"]), ["a"]);
        assert!(missing(dir.path(), &["c"]).is_empty());
    }
}
