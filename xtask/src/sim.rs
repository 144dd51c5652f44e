//! `cargo xtask sim`: the seeded simulation of a group of workers, for more seeds than the tests have time for.

use anyhow::{Result, ensure};

use crate::workspace;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many seeds, from 0 on
    #[arg(default_value_t = 20_000, value_name = "N")]
    pub seeds: u64,
    /// Run this one seed alone, and tell what happens in it
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// Runs it, built with optimisation. A seed that fails is named.
pub fn run(args: &Args) -> Result<()> {
    let mut command = workspace::cargo(&[
        "test",
        "--release",
        "--quiet",
        "--package",
        "aqueduct-proto",
        "--test",
        "it",
        "sim::",
    ]);
    match args.seed {
        Some(seed) => command.env("AQUEDUCT_SIM_SEED", seed.to_string()).args(["--", "--nocapture"]),
        None => command.env("AQUEDUCT_SIM_SEEDS", args.seeds.to_string()),
    };
    ensure!(command.status()?.success(), "the simulation failed");
    Ok(())
}
