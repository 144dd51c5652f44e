//! `cargo xtask bench`: Aqueduct beside the Java worker, on the same machine and the same broker, in turns.

mod figures;
mod file;
mod idle;
mod life;
mod lines;
mod proc;
mod rebalance;
mod report;
mod rest;
mod setup;
mod start;
mod transfer;
mod transforms;
mod workers;

use anyhow::Result;

#[derive(Debug, clap::Subcommand)]
pub enum Task {
    /// A file into a topic, and the topic into a file
    File(file::Args),
    /// A worker added, stopped and killed under many connectors
    Rebalance(rebalance::Args),
    /// Requests to a worker with many connectors
    Rest(rest::Args),
    /// A worker that begins with many connectors in the config topic
    Start(start::Args),
    /// One record through each converter and transformation, and workers that transform
    Transforms(transforms::Args),
}

pub fn run(task: Task) -> Result<()> {
    match task {
        Task::File(args) => file::run(&args),
        Task::Rebalance(args) => rebalance::run(&args),
        Task::Rest(args) => rest::run(&args),
        Task::Start(args) => start::run(&args),
        Task::Transforms(args) => transforms::run(&args),
    }
}
