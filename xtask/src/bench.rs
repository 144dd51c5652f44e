//! `cargo xtask bench`: Aqueduct beside the Java worker, on the same machine and the same broker, in turns.

mod file;
mod idle;
mod proc;
mod report;
mod setup;

use anyhow::Result;

#[derive(Debug, clap::Subcommand)]
pub enum Task {
    /// A file into a topic, and the topic into a file
    File(file::Args),
}

pub fn run(task: Task) -> Result<()> {
    match task {
        Task::File(args) => file::run(&args),
    }
}
