//! `bench start`: how long a worker takes to begin with a full config topic.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::figures::{self, Figures};
use super::proc;
use super::setup::{Setup, Side};
use crate::oracle::cluster::{Cluster, Wanted};
use crate::oracle::wire::Client;
use crate::wait;

const POLL: Duration = Duration::from_millis(10);
const START_MAX: Duration = Duration::from_secs(300);
/// Records that are written at once: far below the greatest batch that a broker takes.
const BATCH: usize = 200;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each side runs
    #[arg(long, default_value_t = 3)]
    pairs: u32,
    /// Stopped connectors in the config topic
    #[arg(long, default_value_t = 500)]
    connectors: usize,
    /// How many configurations each has had, all of them still in the topic
    #[arg(long, default_value_t = 10)]
    versions: usize,
    /// Connectors that are not stopped: file sources at the end of an empty file
    #[arg(long, default_value_t = 100)]
    running: usize,
    /// The Java worker's heap, at most
    #[arg(long, default_value_t = 2048)]
    java_heap_mb: u32,
    /// Measure this binary instead of a release build
    #[arg(long)]
    aqueduct: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let setup = Setup::new("start", args.aqueduct.as_deref(), args.java_heap_mb)?;
    std::fs::write(setup.path("empty.txt"), "")?;
    figures::in_turns(setup, "start", args.pairs, |setup, side, pair, figures| {
        side_of_a_pair(setup, side, pair, args, figures)
    })
}

fn side_of_a_pair(setup: &Setup, side: Side, pair: u32, args: &Args, figures: &mut Figures) -> Result<()> {
    let mut cluster = setup.cluster(side, &format!("start-{pair}"))?;
    // The first worker makes the topics.
    let ready_s = started(&mut cluster, setup, side, &Wanted::new(), 0)?.0;
    figures.add("Nothing in the topics", "healthy, s", 2, side, ready_s);

    let file = setup.path("empty.txt").display().to_string();
    let mut client = cluster.client()?;
    let stopped = format!("{} stopped connectors, {} versions each", args.connectors, args.versions);
    fill(&mut client, &cluster.topic("configs"), "stopped", args.connectors, args.versions, &file, false)?;
    let (healthy_s, _, rss_kb) = started(&mut cluster, setup, side, &Wanted::new(), args.connectors)?;
    figures.add(&stopped, "healthy, s", 2, side, healthy_s);
    figures.add(&stopped, "RSS at rest, MB", 1, side, rss_kb as f64 / 1024.0);

    fill(&mut client, &cluster.topic("configs"), "running", args.running, 1, &file, true)?;
    let running = format!("… and {} that run", args.running);
    let wanted = (0..args.running).map(|number| (format!("running-{number}"), 1)).collect();
    let (healthy_s, running_s, rss_kb) =
        started(&mut cluster, setup, side, &wanted, args.connectors + args.running)?;
    figures.add(&running, "healthy, s", 2, side, healthy_s);
    figures.add(&running, "all run, s", 2, side, running_s);
    figures.add(&running, "RSS at rest, MB", 1, side, rss_kb as f64 / 1024.0);
    Ok(())
}

/// Starts a worker and stops it again. Seconds from its start until it is healthy and lists so many connectors, and until the
/// wanted ones run; and its resident memory at rest, in kB.
fn started(
    cluster: &mut Cluster,
    setup: &Setup,
    side: Side,
    wanted: &Wanted,
    connectors: usize,
) -> Result<(f64, f64, u64)> {
    let begun = Instant::now();
    let index = cluster.spawn(setup.program(side))?;
    let healthy = wait::poll(START_MAX, POLL, || Ok(cluster.is_healthy(index).then_some(())))?;
    let healthy_s = begun.elapsed().as_secs_f64();
    healthy.with_context(|| format!("not healthy: {}", cluster.log_text(index)))?;
    let listed = cluster.ask(index, "GET", "/connectors", None)?.json();
    let count = listed.as_array().map_or(0, Vec::len);
    ensure!(count == connectors, "{count} connectors instead of {connectors}");
    let all = wait::poll(START_MAX, POLL, || {
        let shown = cluster.request(index, "GET", "/connectors?expand=status", None)?.json();
        Ok(wanted.keys().all(|name| runs(&shown[name]["status"])).then_some(()))
    })?;
    let running_s = begun.elapsed().as_secs_f64();
    all.context("not all connectors run")?;
    let rss_kb = proc::resting_rss_kb(cluster.pid(index))?;
    cluster.stop(index)?;
    Ok((healthy_s, running_s, rss_kb))
}

fn runs(status: &Value) -> bool {
    status["connector"]["state"] == "RUNNING" && status["tasks"][0]["state"] == "RUNNING"
}

/// Writes what a cluster writes for connectors of one task that have been reconfigured.
pub(super) fn fill(
    client: &mut Client,
    topic: &str,
    prefix: &str,
    connectors: usize,
    versions: usize,
    file: &str,
    running: bool,
) -> Result<()> {
    let mut records = Vec::new();
    for version in 0..versions {
        for number in 0..connectors {
            let name = format!("{prefix}-{number}");
            records.extend(configuration(&name, version, file));
            if !running {
                let state = json!({"state": "PAUSED", "state.v2": "STOPPED"});
                records.push((format!("target-state-{name}"), state.to_string()));
                records.push((format!("commit-{name}"), json!({"tasks": 0}).to_string()));
            }
        }
    }
    for batch in records.chunks(BATCH) {
        let batch: Vec<(&str, Option<&str>)> =
            batch.iter().map(|(key, value)| (key.as_str(), Some(value.as_str()))).collect();
        client.produce(topic, 0, &batch)?;
    }
    Ok(())
}

/// The records of a connector and its only task.
fn configuration(name: &str, version: usize, file: &str) -> [(String, String); 3] {
    let connector = json!({"properties": {
        "name": name, "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
        "tasks.max": "1", "file": file, "topic": "idle", "version": version.to_string(),
    }});
    let task = json!({"properties": {
        "task.class": "org.apache.kafka.connect.file.FileStreamSourceTask",
        "name": name, "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
        "tasks.max": "1", "file": file, "topic": "idle", "version": version.to_string(),
    }});
    [
        (format!("connector-{name}"), connector.to_string()),
        (format!("task-{name}-0"), task.to_string()),
        (format!("commit-{name}"), json!({"tasks": 1}).to_string()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_runs() {
        let status = |connector: &str, task: &str| json!({"connector": {"state": connector}, "tasks": [{"state": task}]});
        assert!(runs(&status("RUNNING", "RUNNING")));
        assert!(!runs(&status("RUNNING", "UNASSIGNED")));
        assert!(!runs(&Value::Null));
    }
}
