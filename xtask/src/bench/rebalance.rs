//! `bench rebalance`: how long work stands still when workers come and go.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::figures::{self, Figures};
use super::setup::{Setup, Side};
use crate::oracle::cluster::{Cluster, Layout, Marks, Wanted};
use crate::wait;

const POLL: Duration = Duration::from_millis(20);
const BALANCE_MAX: Duration = Duration::from_secs(300);
const WORKERS: usize = 3;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each side runs
    #[arg(long, default_value_t = 1)]
    pairs: u32,
    /// Connectors of one task
    #[arg(long, default_value_t = 100)]
    connectors: usize,
    /// Records that each task makes a second: what a gap is measured against
    #[arg(long, default_value_t = 10)]
    per_second: u32,
    /// Each Java worker's heap, at most
    #[arg(long, default_value_t = 1024)]
    java_heap_mb: u32,
    /// Measure this binary instead of a release build
    #[arg(long)]
    aqueduct: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    ensure!(args.connectors > 0 && args.per_second > 0, "there is nothing to measure");
    let setup = Setup::new("rebalance", args.aqueduct.as_deref(), args.java_heap_mb)?;
    figures::in_turns(setup, "rebalance", args.pairs, |setup, side, pair, figures| {
        Bench::start(setup, side, args, &format!("rebalance-{pair}"))?.figures(setup, figures)
    })
}

struct Bench {
    side: Side,
    cluster: Cluster,
    wanted: Wanted,
    created_s: f64,
    layout: Layout,
}

impl Bench {
    /// Three workers, and all connectors running on them.
    fn start(setup: &Setup, side: Side, args: &Args, run: &str) -> Result<Bench> {
        let mut cluster = setup.cluster(side, run)?;
        let programs: Vec<_> = (0..WORKERS).map(|_| setup.program(side)).collect();
        cluster.start(&programs)?;
        let string = "org.apache.kafka.connect.storage.StringConverter";
        let mut client = cluster.client()?;
        let topic = format!("{run}-{}", side.name());
        client.create_topic(&topic, 1)?;
        let config = json!({
            "connector.class": "org.apache.kafka.connect.tools.VerifiableSourceConnector", "tasks.max": "1",
            "topic": topic, "throughput": args.per_second.to_string(),
            "key.converter": string, "value.converter": string,
        });
        let begun = Instant::now();
        let mut wanted = Wanted::new();
        for number in 0..args.connectors {
            let name = format!("c{number}");
            let path = format!("/connectors/{name}/config");
            let answer = cluster.ask(number % WORKERS, "PUT", &path, Some(&config))?;
            ensure!(answer.status == 201, "{answer:?}");
            wanted.insert(name, 1);
        }
        let layout = balanced(&cluster, &wanted)?;
        let created_s = begun.elapsed().as_secs_f64();
        Ok(Bench { side, cluster, wanted, created_s, layout })
    }

    fn figures(&mut self, setup: &Setup, figures: &mut Figures) -> Result<()> {
        figures.add("Connectors created", "all run and balanced, s", 1, self.side, self.created_s);

        let marks = self.flowing()?;
        let added = self.cluster.add(setup.program(self.side))?;
        self.event("A worker added", &marks, Instant::now(), figures)?;

        let marks = self.flowing()?;
        let begun = Instant::now();
        self.cluster.stop(added)?;
        self.event("A worker stopped", &marks, begun, figures)?;

        let marks = self.flowing()?;
        let begun = Instant::now();
        self.cluster.kill(WORKERS - 1)?;
        self.event("A worker killed", &marks, begun, figures)
    }

    /// Marks of the logs, behind which every task has made a record.
    fn flowing(&self) -> Result<Marks> {
        let marks = self.cluster.marks();
        self.every_task_prints(&marks)?;
        Ok(marks)
    }

    fn every_task_prints(&self, marks: &Marks) -> Result<()> {
        let tasks: usize = self.wanted.values().sum();
        let all = || {
            let printed = self.times(marks).len() == tasks;
            Ok(printed.then_some(()))
        };
        wait::poll(BALANCE_MAX, Duration::from_millis(200), all)?.context("not every task makes records")
    }

    /// When each task has made its records since, in order.
    fn times(&self, marks: &Marks) -> BTreeMap<String, Vec<i64>> {
        let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        for line in self.cluster.printed_since(marks) {
            if !line.is("committed") {
                times.entry(line.task()).or_default().push(line.time_ms());
            }
        }
        times.values_mut().for_each(|times| times.sort_unstable());
        times
    }

    /// Waits for the balance after what began then, and tells what it has cost.
    fn event(&mut self, what: &str, marks: &Marks, begun: Instant, figures: &mut Figures) -> Result<()> {
        let layout = balanced(&self.cluster, &self.wanted)?;
        let balanced_s = begun.elapsed().as_secs_f64();
        self.every_task_prints(&self.cluster.marks())?;
        let starts = self.cluster.starts_since(marks);
        let unmoved = layout.unmoved(&self.layout);
        let (mut moved_gaps, mut unmoved_gaps, mut restarts) = (Vec::new(), Vec::new(), 0);
        for (task, times) in self.times(marks) {
            let gap_s = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0) as f64 / 1000.0;
            if unmoved.contains(&task.as_str()) {
                restarts += starts.get(&task).copied().unwrap_or(0);
                unmoved_gaps.push(gap_s);
            } else {
                moved_gaps.push(gap_s);
            }
        }
        let mut add = |name: &str, decimals, value| figures.add(what, name, decimals, self.side, value);
        add("until balanced, s", 2, balanced_s);
        add("tasks moved", 0, moved_gaps.len() as f64);
        add("gap of a moved task, median s", 2, share(&mut moved_gaps, 0.5));
        add("gap of a moved task, longest s", 2, share(&mut moved_gaps, 1.0));
        add("gap of one that stayed, 99 % s", 2, share(&mut unmoved_gaps, 0.99));
        add("restarts of tasks that stayed", 0, restarts as f64);
        self.layout = layout;
        Ok(())
    }
}

fn balanced(cluster: &Cluster, wanted: &Wanted) -> Result<Layout> {
    let mut last = None;
    let found = wait::poll(BALANCE_MAX, POLL, || match cluster.balanced(wanted) {
        Ok(layout) => Ok(Some(layout)),
        Err(error) => {
            last = Some(error);
            Ok(None)
        }
    })?;
    found.with_context(|| format!("no balance: {last:?}"))
}

/// The value below which this share of all lies.
fn share(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * share).ceil() as usize;
    values.get(at.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_one_of_the_values() {
        let mut values = [4.0, 1.0, 3.0, 2.0];
        assert_eq!(share(&mut values, 0.5), 2.0);
        assert_eq!(share(&mut values, 0.99), 4.0);
        assert_eq!(share(&mut values, 1.0), 4.0);
        assert!(share(&mut [], 0.5).is_nan());
    }
}
