//! The command line: what it takes, and which command it starts.

use std::future::Future;
use std::process::ExitCode;
use std::sync::LazyLock;

use aqueduct_api::KAFKA_VERSION;
use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::client::{self, Target};
use crate::exit::{Failure, Outcome, Status};
use crate::logging::{self, LogFormat, LogStream};
use crate::{broker, dev, distributed, docs, planes, standalone};

static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} (Kafka Connect {KAFKA_VERSION})", env!("CARGO_PKG_VERSION")));

/// Kafka Connect in Rust: the same properties, connectors and REST API.
#[derive(Debug, Parser)]
#[command(name = "aqueduct", version = VERSION.as_str(), arg_required_else_help = true)]
#[command(after_help = "RUST_LOG sets log levels, as in RUST_LOG=info,aqueduct_kafka=debug.\n\
    Exit codes: 0 done, or stopped by a signal; 1 usage, or a client command failed; 2 the worker could not begin; \
    3 its offsets or a connector could not be loaded.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// How log lines look
    #[arg(long, value_enum, default_value_t, global = true)]
    log_format: LogFormat,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a worker that stands alone, with connectors from files
    Standalone(standalone::Args),
    /// Run a worker of a group, which share their work
    Distributed(distributed::Args),
    /// Run workers and a broker in one process, for development
    Dev(dev::Args),
    /// Run the embedded broker alone, for development and tests
    Broker(broker::Args),
    /// Look at connectors of any Connect worker, and change them
    Connector {
        #[command(subcommand)]
        command: client::connector::Command,
        #[command(flatten)]
        target: Target,
    },
    /// Show what a worker can run
    Plugins(client::plugins::Args),
    /// Look into topics
    Topic {
        #[command(subcommand)]
        command: client::topic::Command,
    },
    /// Write the reference pages
    #[command(hide = true)]
    Docs(docs::Args),
}

/// Runs the program with the arguments of the process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return refuse(&error),
    };
    match run(&cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// Prints help where it was asked for, and what is wrong otherwise: with 1, where clap would end with 2.
fn refuse(error: &clap::Error) -> ExitCode {
    // If the stream is gone there is nobody left to tell.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => ExitCode::SUCCESS,
        _ => ExitCode::from(Status::Failed as u8),
    }
}

fn run(cli: &Cli) -> Outcome<()> {
    let (stream, level) = match &cli.command {
        Command::Standalone(_) | Command::Distributed(_) => (LogStream::Stdout, "info"),
        Command::Dev(args) if args.demo => (LogStream::Stderr, "warn"),
        Command::Dev(_) | Command::Broker(_) => (LogStream::Stderr, "info"),
        _ => (LogStream::Stderr, "off"),
    };
    logging::start(cli.log_format, stream, level);
    match &cli.command {
        Command::Standalone(args) => standalone::run(args),
        Command::Distributed(args) => distributed::run(args),
        Command::Dev(args) => dev::run(args),
        Command::Broker(args) => broker::run(args),
        Command::Connector { command, target } => wait_for(client::connector::run(command, target)),
        Command::Plugins(args) => wait_for(client::plugins::run(args)),
        Command::Topic { command } => wait_for(client::topic::run(command)),
        Command::Docs(args) => docs::run(args),
    }
}

fn wait_for(command: impl Future<Output = Outcome<()>>) -> Outcome<()> {
    planes::single().map_err(Failure::from)?.block_on(command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn arguments_are_understood() {
        let check = |line: &str, good: bool| {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert_eq!(parsed.is_ok(), good, "{line}: {parsed:?}");
        };
        check("aqueduct standalone worker.properties a.json b.properties", true);
        check("aqueduct standalone", false);
        check("aqueduct dev --demo --exit --rest-port 0", true);
        check("aqueduct dev --exit", false);
        check("aqueduct connector list --url http://h:1 --output json", true);
        check("aqueduct connector --output json status c", true);
        check("aqueduct connector restart c --task 1 --only-failed", false);
        check("aqueduct connector restart c --include-tasks --only-failed", true);
        check("aqueduct plugins --log-format json", true);
        check("aqueduct topic tail t --bootstrap h:1 -n 3", true);
        check("aqueduct nonsense", false);
    }
}
