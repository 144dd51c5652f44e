//! `cargo xtask bench`: Aqueduct beside the Java worker, on the same machine and the same broker, in turns.

use anyhow::Result;

#[derive(Debug, clap::Subcommand)]
pub enum Task {}

pub fn run(task: Task) -> Result<()> {
    match task {}
}
