//! `cargo xtask test`: every layer of checks and tests, cheapest first.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::oracle::{Oracle, live};
use crate::{docs, tidy, workspace};

const SYSTEM: &str = "aqueduct-system-tests";
/// What the paths of long system tests hold, and no others.
const LONG: &str = "::long::";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Leave out the live and system tests
    #[arg(long)]
    pub no_live: bool,
    /// Run the long system tests, and nothing else
    #[arg(long, conflicts_with = "no_live")]
    pub long: bool,
    /// Run only tests whose name holds one of these; the checks that are not tests are left out
    pub filter: Vec<String>,
}

/// Runs all layers, also after one has failed, so that one run shows everything; then fails if any did.
pub fn run(args: &Args) -> Result<()> {
    let mut layers: Vec<(&str, Layer<'_>)> = Vec::new();
    if args.filter.is_empty() && !args.long {
        layers.push(("format", Box::new(format)));
        layers.push(("clippy", Box::new(clippy)));
        layers.push(("tidy", Box::new(|| tidy::run(&tidy::Args::default()))));
        layers.push(("docs", Box::new(|| docs::run(&docs::Args { check: true }))));
    }
    if !args.long {
        layers.push(("tests", Box::new(|| tests(args))));
        println!("SKIP long system tests: they have a command of their own, --long");
    }
    if args.no_live {
        println!("SKIP {SYSTEM}: --no-live");
    } else {
        layers.push(("live", Box::new(|| live_tests(args))));
    }

    let results: Vec<_> = layers.into_iter().map(|(name, layer)| timed(name, layer)).collect();
    println!();
    for (name, outcome, time) in &results {
        let word = if outcome.is_ok() { "ok" } else { "FAILED" };
        println!("{name:<8} {word:<6} {:>6.1} s", time.as_secs_f64());
    }
    let failed: Vec<_> =
        results.iter().filter_map(|(name, outcome, _)| outcome.is_err().then_some(*name)).collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

type Layer<'a> = Box<dyn Fn() -> Result<()> + 'a>;

fn timed<'a>(name: &'a str, layer: Layer<'_>) -> (&'a str, Result<()>, Duration) {
    println!("\n== {name}");
    let start = Instant::now();
    let outcome = layer();
    if let Err(error) = &outcome {
        println!("{name}: {error:#}");
    }
    (name, outcome, start.elapsed())
}

fn format() -> Result<()> {
    workspace::run(&mut workspace::cargo(&["fmt", "--all", "--check"]))
}

fn clippy() -> Result<()> {
    workspace::run(&mut workspace::cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// Everything but the system tests. nextest runs a binary's tests in parallel processes where it is installed.
fn tests(args: &Args) -> Result<()> {
    let selection = ["--workspace", "--exclude", SYSTEM, "--no-fail-fast"];
    let call = |words: &[&str]| {
        let mut command = workspace::cargo(words);
        live_environment(&mut command);
        if args.no_live {
            command.env(live::NO_LIVE, "1").env_remove(live::REQUIRE_LIVE);
        }
        command.args(selection);
        command
    };
    let has_nextest = workspace::cargo(&["nextest", "--version"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !has_nextest {
        return workspace::run(call(&["test"]).arg("--").args(&args.filter));
    }
    workspace::run(call(&["nextest", "run", "--no-tests=pass"]).args(&args.filter))?;
    workspace::run(call(&["test", "--doc"]).arg("--").args(&args.filter))
}

/// The system tests own real servers, so one runs at a time. The long ones have a command of their own.
fn live_tests(args: &Args) -> Result<()> {
    workspace::run(&mut workspace::cargo(&["build", "--package", "aqueduct"]))?;
    let mut command =
        workspace::cargo(&["test", "--package", SYSTEM, "--no-fail-fast", "--", "--test-threads=1"]);
    if !args.long {
        command.args(["--skip", LONG]);
    } else if args.filter.is_empty() {
        command.arg(LONG);
    }
    workspace::run(live_environment(&mut command).args(&args.filter))
}

/// What live tests are told: the program under test, and the oracle's home.
fn live_environment(command: &mut Command) -> &mut Command {
    command
        .env("AQUEDUCT_BIN", workspace::target().join("debug/aqueduct"))
        .env("AQUEDUCT_ORACLE", Oracle::open().home())
}
