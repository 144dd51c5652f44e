//! `cargo xtask`: see `cargo xtask help`.

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "The project's tasks", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Runs every layer of checks and tests, in order
    Test(xtask::suite::Args),
    /// Checks the house rules
    Tidy(xtask::tidy::Args),
    /// Writes docs/generated from the plugin registry
    Docs(xtask::docs::Args),
    /// Fetches, starts and stops a real Kafka broker and a Java Connect worker
    #[command(subcommand)]
    Kafka(xtask::kafka::Task),
    /// Writes a new plugin's folder, and its lines in the workspace
    NewPlugin(xtask::new_plugin::Args),
    /// Tries spoilt inputs on all that reads, until the time is over or one does harm
    Fuzz(xtask::fuzz::Args),
    /// Simulates groups of workers in which all goes wrong that can, seed by seed
    Sim(xtask::sim::Args),
    /// Measures Aqueduct beside the Java implementation
    #[command(subcommand)]
    Bench(xtask::bench::Task),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Test(args) => xtask::suite::run(&args),
        Task::Tidy(args) => xtask::tidy::run(&args),
        Task::Docs(args) => xtask::docs::run(&args),
        Task::Kafka(task) => xtask::kafka::run(task),
        Task::NewPlugin(args) => xtask::new_plugin::run(&args),
        Task::Fuzz(args) => xtask::fuzz::run(&args),
        Task::Sim(args) => xtask::sim::run(&args),
        Task::Bench(task) => xtask::bench::run(task),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed standard error leaves nobody to tell.
            let _ = writeln!(std::io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
