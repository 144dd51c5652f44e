//! Figures of many runs as a table, and as JSON with every single run.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::setup::Side;
use crate::oracle::fetch::KAFKA_VERSION;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    Source,
    Sink,
}

/// One run's figures.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) side: Side,
    pub(super) direction: Direction,
    /// In the window after the warm-up.
    pub(super) records_per_s: f64,
    /// The worker's, in the window.
    pub(super) cpu_s_per_million: f64,
    /// The worker's from its start, warm-up and all.
    pub(super) whole_cpu_s_per_million: f64,
    pub(super) broker_cpu_s_per_million: f64,
    pub(super) peak_rss_mb: f64,
    /// From the start of the process to the first 200 on `/`.
    pub(super) http_s: f64,
    /// From the start of the process to the first record in the topic or the file.
    pub(super) first_record_s: f64,
}

/// Memory of a worker at rest.
#[derive(Debug, Clone)]
pub(super) struct Idle {
    pub(super) side: Side,
    pub(super) connectors: u32,
    pub(super) rss_kb: u64,
}

type Figure = (&'static str, usize, fn(&Run) -> f64);

/// Name, decimals, and where it is in a run.
const FIGURES: &[Figure] = &[
    ("records/s", 0, |run| run.records_per_s),
    ("worker CPU s per million", 2, |run| run.cpu_s_per_million),
    ("… from process start", 2, |run| run.whole_cpu_s_per_million),
    ("broker CPU s per million", 2, |run| run.broker_cpu_s_per_million),
    ("peak RSS, MB", 1, |run| run.peak_rss_mb),
    ("start to first 200 on /, s", 3, |run| run.http_s),
    ("start to first record, s", 3, |run| run.first_record_s),
];

pub(super) struct Report {
    name: &'static str,
    /// What a source does, and what a sink does.
    titles: [&'static str; 2],
    binary: String,
    runs: Vec<Run>,
    idle: Vec<Idle>,
}

impl Report {
    /// `titles` say what the source and the sink of the runs do.
    pub(super) fn new(name: &'static str, binary: &Path, titles: [&'static str; 2]) -> Report {
        let binary = binary.display().to_string();
        Report { name, titles, binary, runs: Vec::new(), idle: Vec::new() }
    }

    pub(super) fn add(&mut self, run: Run) {
        println!(
            "{:?} {}: {:.0} records/s, {:.2} CPU s per million, {:.0} MB",
            run.direction,
            run.side.name(),
            run.records_per_s,
            run.cpu_s_per_million,
            run.peak_rss_mb
        );
        self.runs.push(run);
    }

    pub(super) fn add_idle(&mut self, idle: Idle) {
        println!("{} idle connectors {}: {} kB", idle.connectors, idle.side.name(), idle.rss_kb);
        self.idle.push(idle);
    }

    /// Prints the tables and writes `NAME.json` into the folder.
    pub(super) fn finish(&self, folder: &Path) -> Result<()> {
        println!("\n{}", self.tables());
        let path = folder.join(format!("{}.json", self.name));
        std::fs::write(&path, serde_json::to_string_pretty(&self.json())?)
            .with_context(|| format!("cannot write {}", path.display()))?;
        println!("{} cores, load {}; every run: {}", cores(), load(), path.display());
        Ok(())
    }

    fn tables(&self) -> String {
        let mut text = String::new();
        for (direction, title) in [Direction::Source, Direction::Sink].into_iter().zip(self.titles) {
            text.push_str(&heading(title));
            for (name, decimals, figure) in FIGURES {
                let of = |side| self.of(direction, side).map(figure).collect::<Vec<f64>>();
                text.push_str(&row(name, *decimals, of(Side::Java), of(Side::Aqueduct)));
            }
            text.push('\n');
        }
        if !self.idle.is_empty() {
            text.push_str(&heading("At rest"));
        }
        let mut loads: Vec<u32> = self.idle.iter().map(|idle| idle.connectors).collect();
        loads.sort_unstable();
        loads.dedup();
        for load in loads {
            let of = |side| {
                let these = self.idle.iter().filter(|idle| idle.side == side && idle.connectors == load);
                these.map(|idle| idle.rss_kb as f64 / 1024.0).collect::<Vec<f64>>()
            };
            let name = format!("RSS with {load} connectors, MB");
            text.push_str(&row(&name, 1, of(Side::Java), of(Side::Aqueduct)));
        }
        text
    }

    fn of(&self, direction: Direction, side: Side) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.direction == direction && run.side == side)
    }

    fn json(&self) -> Value {
        let run = |run: &Run| {
            let mut entry = json!({"side": run.side.name(), "direction": format!("{:?}", run.direction)});
            for (name, _, figure) in FIGURES {
                entry[*name] = json!(figure(run));
            }
            entry
        };
        let idle = |idle: &Idle| json!({"side": idle.side.name(), "connectors": idle.connectors, "rss_kb": idle.rss_kb});
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        json!({
            "time": time,
            "kafka": KAFKA_VERSION,
            "binary": self.binary,
            "cores": cores(),
            "loadavg": load(),
            "runs": self.runs.iter().map(run).collect::<Vec<_>>(),
            "idle": self.idle.iter().map(idle).collect::<Vec<_>>(),
        })
    }
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

/// The load averages of the last 1, 5 and 15 minutes: figures taken beside other work say so.
pub(super) fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

pub(super) fn heading(title: &str) -> String {
    format!("| {title} | Java | Aqueduct | Java / Aqueduct |\n|---|---|---|---|\n")
}

/// Median and range of both sides, and the ratio of the medians.
pub(super) fn row(name: &str, decimals: usize, java: Vec<f64>, aqueduct: Vec<f64>) -> String {
    let (java, aqueduct) = (Spread::of(java), Spread::of(aqueduct));
    let ratio = java.median / aqueduct.median;
    format!("| {name} | {} | {} | {ratio:.2} |\n", java.show(decimals), aqueduct.show(decimals))
}

#[derive(Debug, PartialEq)]
struct Spread {
    median: f64,
    min: f64,
    max: f64,
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Spread {
        values.sort_by(f64::total_cmp);
        let middle = values.len() / 2;
        let median = match (values.get(middle), values.len() % 2) {
            (Some(value), 1) => *value,
            (Some(value), _) => f64::midpoint(*value, values[middle - 1]),
            (None, _) => f64::NAN,
        };
        let nan = || f64::NAN;
        Spread {
            median,
            min: values.first().copied().unwrap_or_else(nan),
            max: values.last().copied().unwrap_or_else(nan),
        }
    }

    fn show(&self, decimals: usize) -> String {
        format!("{:.decimals$} ({:.decimals$}..{:.decimals$})", self.median, self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ranges() {
        let check = |values: &[f64], median, min, max| {
            assert_eq!(Spread::of(values.to_vec()), Spread { median, min, max });
        };
        check(&[3.0, 1.0, 2.0], 2.0, 1.0, 3.0);
        check(&[4.0, 1.0, 2.0, 3.0], 2.5, 1.0, 4.0);
        check(&[5.0], 5.0, 5.0, 5.0);
        assert!(Spread::of(Vec::new()).median.is_nan());
    }

    #[test]
    fn a_row_compares_medians() {
        let line = row("x", 1, vec![4.0, 6.0, 5.0], vec![2.0]);
        assert_eq!(line, "| x | 5.0 (4.0..6.0) | 2.0 (2.0..2.0) | 2.50 |\n");
    }
}
