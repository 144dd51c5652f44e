//! `bench transforms`: what one record costs in each converter and transformation, beside the Java classes; then what
//! whole [`workers`] cost that transform.
//!
//! Ours run under criterion, in `tests/records`; theirs in `java/RecordBench.java`, which the JDK compiles as it starts it.
//! The figure of a job is the one that a tenth of its rounds is faster than: other programs on the machine only ever add
//! to a round. It is for a loop that does nothing else; a worker's caches and branches are never as warm.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::{setup, workers};
use crate::oracle::Oracle;
use crate::workspace;

const PROGRAM: &str = "xtask/java/RecordBench.java";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only the jobs whose names hold this
    filter: Option<String>,
    /// Leave the Java classes out, and the workers
    #[arg(long)]
    no_java: bool,
    /// Measure only the workers
    #[arg(long, conflicts_with_all = ["filter", "no_java"])]
    workers_only: bool,
    /// How many seconds each Java job runs before it is measured
    #[arg(long, default_value_t = 3)]
    java_warmup: u32,
    /// How many seconds each Java job is measured
    #[arg(long, default_value_t = 1)]
    java_seconds: u32,
    #[command(flatten)]
    workers: workers::Workers,
}

/// What is known of a job, by its name.
#[derive(Debug, Default, Clone, PartialEq)]
struct Figures {
    ns: Option<f64>,
    allocations: Option<u64>,
    bytes: Option<u64>,
    java_ns: Option<f64>,
    java_bytes: Option<f64>,
}

type Jobs = BTreeMap<String, Figures>;

pub(super) fn run(args: &Args) -> Result<()> {
    if !args.workers_only {
        alone(args)?;
    }
    // Who asks for some of the jobs has no use for all of them together.
    if args.no_java || args.filter.is_some() { Ok(()) } else { workers::run(&args.workers) }
}

/// Each converter and transformation by itself.
fn alone(args: &Args) -> Result<()> {
    let mut jobs = ours(args)?;
    if !args.no_java {
        java(args, &mut jobs)?;
    }
    let wanted = args.filter.as_deref().unwrap_or_default();
    jobs.retain(|name, figures| name.contains(wanted) && figures.ns.is_some());
    println!("\n{}", table(&jobs));
    Ok(())
}

fn ours(args: &Args) -> Result<Jobs> {
    let folder = setup::results();
    fs::create_dir_all(&folder)?;
    let usage = folder.join("transforms-usage.tsv");
    let mut command = workspace::cargo(&["bench", "--package", "aqueduct-records", "--bench", "cost", "--"]);
    command.args(["--warm-up-time", "1", "--measurement-time", "2"]).args(&args.filter);
    workspace::run(command.env("AQUEDUCT_BENCH_USAGE", &usage))?;

    let mut jobs = Jobs::new();
    for line in fs::read_to_string(&usage)?.lines() {
        let (name, figures) = usage_line(line).with_context(|| format!("not a usage: {line}"))?;
        jobs.insert(name, figures);
    }
    let measured = workspace::target().join("criterion/records");
    for entry in fs::read_dir(&measured).with_context(|| format!("cannot list {}", measured.display()))? {
        let folder = entry?.path().join("new");
        let Some((name, ns)) = estimate(&folder)? else { continue };
        // Jobs of earlier runs that are no more have left their folders.
        if let Some(job) = jobs.get_mut(&name) {
            job.ns = Some(ns);
        }
    }
    Ok(jobs)
}

fn usage_line(line: &str) -> Option<(String, Figures)> {
    let mut parts = line.split('\t');
    let name = parts.next()?.to_owned();
    let mut number = || parts.next()?.parse().ok();
    let (allocations, bytes) = (number()?, number()?);
    Some((name, Figures { allocations: Some(allocations), bytes: Some(bytes), ..Figures::default() }))
}

/// The name and the time of a job, in one of criterion's folders; `None` if it is none.
fn estimate(folder: &Path) -> Result<Option<(String, f64)>> {
    let read = |name: &str| -> Result<Value> {
        let path = folder.join(name);
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(serde_json::from_str(&text)?)
    };
    if !folder.join("sample.json").exists() {
        return Ok(None);
    }
    let (about, sample) = (read("benchmark.json")?, read("sample.json")?);
    let name = about["function_id"].as_str().map(str::to_owned);
    let numbers = |of: &str| sample[of].as_array().into_iter().flatten().filter_map(Value::as_f64);
    let rounds = numbers("times").zip(numbers("iters")).map(|(time, times)| time / times).collect();
    Ok(name.zip(fast_tenth(rounds)))
}

fn fast_tenth(mut rounds: Vec<f64>) -> Option<f64> {
    rounds.sort_by(f64::total_cmp);
    rounds.get(rounds.len() / 10).copied()
}

fn java(args: &Args, jobs: &mut Jobs) -> Result<()> {
    let oracle = Oracle::open();
    let sets = ["lib-connect", "lib-debezium"];
    oracle.fetch(&sets)?;
    let class_path = sets.map(|set| oracle.jars(set)).join(":");
    let mut command = Command::new("java");
    command.current_dir(workspace::root()).args([
        "-Xmx1g",
        "-Duser.timezone=UTC",
        "-cp",
        &class_path,
        PROGRAM,
    ]);
    command.args([args.java_warmup.to_string(), args.java_seconds.to_string()]).args(&args.filter);
    let output = command.stderr(Stdio::inherit()).output().context("cannot start java")?;
    if !output.status.success() {
        bail!("{PROGRAM} failed: {}", output.status);
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let mut parts = line.split('\t');
        let job = parts.next().and_then(|name| jobs.get_mut(name));
        let mut number = || parts.next().and_then(|part| part.parse().ok());
        let (ns, bytes) = (number(), number());
        match job {
            Some(job) => (job.java_ns, job.java_bytes) = (ns, bytes),
            None => println!("no such job of ours: {line}"),
        }
    }
    Ok(())
}

fn table(jobs: &Jobs) -> String {
    let mut text = String::from(
        "| job | ns/record | allocations | bytes | Java ns/record | Java bytes | Java / Aqueduct |\n|---|---|---|---|---|---|---|\n",
    );
    let shown = |number: Option<f64>| number.map_or_else(String::new, |number| format!("{number:.0}"));
    let count = |number: Option<u64>| number.map_or_else(String::new, |number| number.to_string());
    for (name, job) in jobs {
        let ratio =
            job.java_ns.zip(job.ns).map_or_else(String::new, |(java, ns)| format!("{:.1}", java / ns));
        let ns = job.ns.map_or_else(String::new, |ns| format!("{ns:.1}"));
        let columns =
            [ns, count(job.allocations), count(job.bytes), shown(job.java_ns), shown(job.java_bytes), ratio];
        text.push_str(&format!("| {name} | {} |\n", columns.join(" | ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_a_line_of_the_table() {
        let (name, mut figures) = usage_line("Cast$Value\t3\t120").unwrap();
        figures.ns = Some(50.0);
        let mut jobs = Jobs::from([(name, figures.clone())]);
        assert!(table(&jobs).ends_with("| Cast$Value | 50.0 | 3 | 120 |  |  |  |\n"), "{}", table(&jobs));
        figures.java_ns = Some(500.4);
        figures.java_bytes = Some(1024.0);
        jobs.insert("Cast$Value".to_owned(), figures);
        assert!(table(&jobs).ends_with("| Cast$Value | 50.0 | 3 | 120 | 500 | 1024 | 10.0 |\n"));
        assert_eq!(usage_line("Cast$Value\t3"), None);
    }

    #[test]
    fn criterions_files_give_name_and_time() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(estimate(dir.path()).unwrap(), None);
        fs::write(dir.path().join("benchmark.json"), r#"{"group_id":"records","function_id":"a b"}"#)
            .unwrap();
        let sample = r#"{"sampling_mode":"Linear","iters":[10.0,20.0,10.0],"times":[125.0,300.0,900.0]}"#;
        fs::write(dir.path().join("sample.json"), sample).unwrap();
        assert_eq!(estimate(dir.path()).unwrap(), Some(("a b".to_owned(), 12.5)));
    }
}
