//! `bench rest`: how long a worker with many connectors takes to answer.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::figures::{self, Figures};
use super::setup::{Setup, Side};
use super::start::fill;
use crate::oracle::cluster::{self, Cluster};
use crate::oracle::http;
use crate::oracle::worker::Program;
use crate::wait;

const LISTED_MAX: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(50);
/// How soon a client asks again that a rebalance has kept waiting.
const AGAIN: Duration = Duration::from_millis(5);
const SERVED_MAX: Duration = Duration::from_secs(60);
const CLASS: &str = "org.apache.kafka.connect.file.FileStreamSourceConnector";

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each side runs
    #[arg(long, default_value_t = 1)]
    pairs: u32,
    /// Stopped connectors in the group
    #[arg(long, default_value_t = 500)]
    connectors: usize,
    /// Requests of each kind that reads
    #[arg(long, default_value_t = 300)]
    reads: usize,
    /// Requests of each kind that changes something
    #[arg(long, default_value_t = 100)]
    changes: usize,
    /// Requests of each kind before those that are measured
    #[arg(long, default_value_t = 30)]
    warm_up: usize,
    /// The Java worker's heap, at most
    #[arg(long, default_value_t = 2048)]
    java_heap_mb: u32,
    /// Measure this binary instead of a release build
    #[arg(long)]
    aqueduct: Option<PathBuf>,
}

/// One kind of request. The number tells the requests of a kind apart.
struct Kind {
    name: &'static str,
    changes: bool,
    request: fn(usize, &str) -> (&'static str, String, Option<Value>),
}

/// In the order in which they are sent: what is deleted has been created.
const KINDS: &[Kind] = &[
    Kind { name: "list", changes: false, request: |_, _| ("GET", "/connectors".to_owned(), None) },
    Kind {
        name: "list, expand=status",
        changes: false,
        request: |_, _| ("GET", "/connectors?expand=status".to_owned(), None),
    },
    Kind {
        name: "list, expand=info",
        changes: false,
        request: |_, _| ("GET", "/connectors?expand=info".to_owned(), None),
    },
    Kind {
        name: "status",
        changes: false,
        request: |number, _| ("GET", format!("/connectors/stopped-{}/status", number % 10), None),
    },
    Kind {
        name: "validate",
        changes: false,
        request: |number, file| {
            let path = format!("/connector-plugins/{CLASS}/config/validate");
            ("PUT", path, Some(config(&format!("new-{number}"), file)))
        },
    },
    Kind {
        name: "create",
        changes: true,
        request: |number, file| {
            let name = format!("new-{number}");
            let body = json!({"name": name, "config": config(&name, file), "initial_state": "STOPPED"});
            ("POST", "/connectors".to_owned(), Some(body))
        },
    },
    Kind {
        name: "config put",
        changes: true,
        request: |number, file| {
            let name = format!("new-{number}");
            let mut config = config(&name, file);
            config["batch.size"] = json!("7");
            ("PUT", format!("/connectors/{name}/config"), Some(config))
        },
    },
    Kind {
        name: "delete",
        changes: true,
        request: |number, _| ("DELETE", format!("/connectors/new-{number}"), None),
    },
];

pub(super) fn run(args: &Args) -> Result<()> {
    let setup = Setup::new("rest", args.aqueduct.as_deref(), args.java_heap_mb)?;
    std::fs::write(setup.path("empty.txt"), "")?;
    figures::in_turns(setup, "rest", args.pairs, |setup, side, pair, figures| {
        side_of_a_pair(setup, side, pair, args, figures)
    })
}

fn side_of_a_pair(setup: &Setup, side: Side, pair: u32, args: &Args, figures: &mut Figures) -> Result<()> {
    let mut cluster = setup.cluster(side, &format!("rest-{pair}"))?;
    let file = setup.path("empty.txt").display().to_string();
    started_with(&mut cluster, setup.program(side), args.connectors, &file)?;
    let mut measured = Vec::new();
    for kind in KINDS {
        let count = if kind.changes { args.changes } else { args.reads };
        let mut times_ms = Vec::with_capacity(count);
        let mut refused = 0;
        for number in 0..args.warm_up + count {
            let (time, refusals) = timed(cluster.port(0), (kind.request)(number, &file))?;
            if number >= args.warm_up {
                times_ms.push(time.as_secs_f64() * 1000.0);
                refused += refusals;
            }
        }
        times_ms.sort_by(f64::total_cmp);
        measured.push((kind, times_ms, f64::from(refused)));
    }
    // One table for each section, so all of a section come together.
    for percent in [50, 99] {
        for (kind, times_ms, _) in &measured {
            figures.add(&format!("p{percent}, ms"), kind.name, 2, side, quantile(times_ms, percent));
        }
    }
    for (kind, _, refused) in measured.iter().filter(|(kind, ..)| kind.changes) {
        figures.add("refused and asked again", kind.name, 0, side, *refused);
    }
    cluster.stop(0)?;
    Ok(())
}

/// Starts the only worker of a group that has so many stopped connectors.
fn started_with(cluster: &mut Cluster, program: Program, connectors: usize, file: &str) -> Result<()> {
    // The first start makes the topics.
    cluster.add(program.clone())?;
    cluster.stop(0)?;
    fill(&mut cluster.client()?, &cluster.topic("configs"), "stopped", connectors, 1, file, false)?;
    cluster.revive(0, program)?;
    cluster.wait_healthy(0)?;
    let listed = wait::poll(LISTED_MAX, POLL, || {
        let shown = cluster.request(0, "GET", "/connectors?expand=status", None)?.json();
        Ok((shown.as_object().map_or(0, serde_json::Map::len) == connectors).then_some(()))
    })?;
    listed.with_context(|| format!("{connectors} connectors are not listed"))
}

fn config(name: &str, file: &str) -> Value {
    json!({"name": name, "connector.class": CLASS, "tasks.max": "1", "file": file, "topic": "idle"})
}

/// The time until the request is served, which may take several attempts, and how many were refused for a rebalance.
fn timed(port: u16, request: (&str, String, Option<Value>)) -> Result<(Duration, u32)> {
    let (method, path, body) = request;
    let body = body.map(|body| body.to_string());
    let begun = Instant::now();
    let mut refused = 0;
    let served = wait::poll(SERVED_MAX, AGAIN, || {
        let answer = http::request(method, port, &path, body.as_deref())?;
        if (200..300).contains(&answer.status) {
            return Ok(Some(begun.elapsed()));
        }
        ensure!(cluster::is_rebalance(&answer), "{method} {path}: {answer:?}");
        refused += 1;
        Ok(None)
    })?;
    Ok((served.with_context(|| format!("{method} {path} is not served"))?, refused))
}

/// The value below which so many of a hundred lie, of values in order.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!((quantile(&hundred, 50), quantile(&hundred, 99)), (50.0, 99.0));
        assert_eq!((quantile(&[3.0], 50), quantile(&[3.0], 99)), (3.0, 3.0));
        assert!(quantile(&[], 99).is_nan());
    }
}
