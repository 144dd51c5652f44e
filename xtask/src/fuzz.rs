//! `cargo xtask fuzz`: the fuzz targets of `tests/fuzz`, for as long as you like.

use std::fs;

use anyhow::{Result, bail};

use crate::workspace;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Build with optimisation: many more cases in the same time
    #[arg(long)]
    pub release: bool,
    /// Targets and options of the program: --seconds N, --seed N, --cases N, --list
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub rest: Vec<String>,
}

/// Runs them, and tells which case it was when one takes the process along: a stack that is full, memory that is used up.
pub fn run(args: &Args) -> Result<()> {
    let folder = workspace::target().join("fuzz");
    let running = folder.join("running");
    if running.exists() {
        fs::remove_file(&running)?;
    }
    let mut command = workspace::cargo(&["run", "--quiet", "--package", "aqueduct-fuzz"]);
    if args.release {
        command.arg("--release");
    }
    let status = command.args(["--", "--out"]).arg(&folder).args(&args.rest).status()?;
    if status.success() {
        return Ok(());
    }
    match fs::read_to_string(&running) {
        Ok(case) => bail!("fuzz failed; again with: cargo xtask fuzz {} --cases 1", case.trim_end()),
        Err(_) => bail!("fuzz failed"),
    }
}
