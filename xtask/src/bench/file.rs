//! `bench file`: a file source into a topic, then the topic into a file sink, for both sides in turns.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::report::{Direction, Idle, Report, Run};
use super::setup::{Setup, Side};
use super::{idle, proc};
use crate::oracle::process::Server;
use crate::oracle::worker::WorkerConfig;
use crate::oracle::{http, wire};
use crate::wait;

/// A line with its line feed.
const LINE_BYTES: u64 = 101;
const POLL: Duration = Duration::from_millis(5);
const RUN_MAX: Duration = Duration::from_secs(600);

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How often each side runs
    #[arg(long, default_value_t = 5)]
    pairs: u32,
    /// Records in the measured window, 100 bytes each
    #[arg(long, default_value_t = 1_000_000)]
    records: u64,
    /// Records that each worker moves before the window
    #[arg(long, default_value_t = 500_000)]
    warmup: u64,
    /// Also measure the memory of a worker with this many idle connectors
    #[arg(long, default_value_t = 0)]
    idle: u32,
    /// The Java worker's heap, at most; its start script has 2 GB
    #[arg(long, default_value_t = 2048)]
    java_heap_mb: u32,
    /// Measure this binary instead of a release build
    #[arg(long)]
    aqueduct: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> Result<()> {
    let mut bench = Bench::new(args)?;
    // The first run of all would pay for a cold broker.
    let mut report = Report::new("file", bench.setup.binary());
    println!("warming the broker");
    bench.source(Side::Java, "warm")?;
    bench.client.delete_topic(&topic("warm", Side::Java))?;
    for pair in 0..args.pairs {
        let sides = Side::in_turns(pair);
        let name = pair.to_string();
        for side in sides {
            report.add(bench.source(side, &name)?);
        }
        for side in sides {
            report.add(bench.sink(side, &name, &topic(&name, sides[0]))?);
        }
        for side in sides {
            bench.client.delete_topic(&topic(&name, side))?;
        }
        let loads = if args.idle == 0 { vec![0] } else { vec![0, args.idle] };
        for connectors in loads {
            for side in sides {
                let run = format!("idle{connectors}-{name}");
                let rss_kb = idle::rss_kb(&bench.setup, side, connectors, &run)?;
                report.add_idle(Idle { side, connectors, rss_kb });
            }
        }
    }
    bench.setup.clear()?;
    report.finish(&super::setup::results())
}

fn topic(run: &str, side: Side) -> String {
    format!("bench-{run}-{}", side.name())
}

struct Bench {
    setup: Setup,
    client: wire::Client,
    input: PathBuf,
    warmup: u64,
    total: u64,
}

impl Bench {
    fn new(args: &Args) -> Result<Bench> {
        if args.pairs == 0 || args.records == 0 {
            bail!("there is nothing to measure");
        }
        let setup = Setup::new("file", args.aqueduct.as_deref(), args.java_heap_mb)?;
        let input = setup.path("input.txt");
        let total = args.warmup + args.records;
        write_lines(&input, total)?;
        let client = wire::Client::connect(setup.broker_port)?;
        Ok(Bench { setup, client, input, warmup: args.warmup, total })
    }

    fn source(&mut self, side: Side, run: &str) -> Result<Run> {
        let topic = topic(run, side);
        self.client.create_topic(&topic, 1)?;
        let connector = self.setup.connector(
            &format!("source-{run}-{}", side.name()),
            "org.apache.kafka.connect.file.FileStreamSourceConnector",
            &[("file", self.input.display().to_string()), ("topic", topic.clone())],
        )?;
        let config = self.setup.worker(side, &format!("source-{run}"), vec![connector])?;
        let client = &mut self.client;
        let mut end = || Ok(u64::try_from(client.end_offset(&topic, 0)?.unwrap_or(0))?);
        let measured = follow(&mut self.setup, &config, self.warmup, self.total, &mut end)?;
        if end()? != self.total {
            bail!("{topic} holds {} records instead of {}", end()?, self.total);
        }
        Ok(measured.run(side, Direction::Source))
    }

    fn sink(&mut self, side: Side, run: &str, topic: &str) -> Result<Run> {
        let output = self.setup.path(&format!("output-{run}-{}.txt", side.name()));
        let connector = self.setup.connector(
            &format!("sink-{run}-{}", side.name()),
            "org.apache.kafka.connect.file.FileStreamSinkConnector",
            &[("file", output.display().to_string()), ("topics", topic.to_owned())],
        )?;
        let config = self.setup.worker(side, &format!("sink-{run}"), vec![connector])?;
        let mut lines = || Ok(fs::metadata(&output).map_or(0, |file| file.len()) / LINE_BYTES);
        let measured = follow(&mut self.setup, &config, self.warmup, self.total, &mut lines)?;
        if !same(&self.input, &output)? {
            bail!("{} is not what went into {topic}", output.display());
        }
        fs::remove_file(&output)?;
        Ok(measured.run(side, Direction::Sink))
    }
}

/// One worker's life, measured.
struct Measured {
    http_s: f64,
    first_s: f64,
    window_s: f64,
    window_records: u64,
    window_cpu_s: f64,
    total_records: u64,
    total_cpu_s: f64,
    broker_cpu_s: f64,
    peak_rss_kb: u64,
}

impl Measured {
    fn run(self, side: Side, direction: Direction) -> Run {
        let millions = |records: u64| records as f64 / 1e6;
        Run {
            side,
            direction,
            records_per_s: self.window_records as f64 / self.window_s,
            cpu_s_per_million: self.window_cpu_s / millions(self.window_records),
            whole_cpu_s_per_million: self.total_cpu_s / millions(self.total_records),
            broker_cpu_s_per_million: self.broker_cpu_s / millions(self.window_records),
            peak_rss_mb: self.peak_rss_kb as f64 / 1024.0,
            http_s: self.http_s,
            first_record_s: self.first_s,
        }
    }
}

/// The state of the run when the window began.
struct Window {
    at: Instant,
    done: u64,
    cpu_s: f64,
    broker_cpu_s: f64,
}

/// Starts the worker and follows `progress`, a count of records, until `total`. The window begins at the first look
/// that sees more than `warmup` records. The REST API is asked by a thread of its own, so that a slow answer delays
/// nothing.
fn follow(
    setup: &mut Setup,
    config: &WorkerConfig,
    warmup: u64,
    total: u64,
    progress: &mut dyn FnMut() -> Result<u64>,
) -> Result<Measured> {
    let broker = setup.broker.server().pid();
    // Preparing the command looks at the Java version and the jars, which is not the worker's time.
    let command = config.command(setup.oracle())?;
    let start = Instant::now();
    let mut server = Server::spawn("worker", command, &config.log())?;
    let pid = server.pid();
    let stop = AtomicBool::new(false);
    let outcome = std::thread::scope(|scope| {
        let rest = scope.spawn(|| first_answer(config.rest_port, start, &stop));
        let mut first = None;
        let mut window: Option<Window> = None;
        let followed = wait::poll(RUN_MAX, POLL, || {
            let done = progress()?;
            let now = Instant::now();
            if done > 0 && first.is_none() {
                first = Some(now - start);
            }
            if done > warmup && window.is_none() {
                let (cpu_s, broker_cpu_s) = (proc::cpu_s(pid)?, proc::cpu_s(broker)?);
                window = Some(Window { at: now, done, cpu_s, broker_cpu_s });
            }
            Ok((done >= total).then_some(now))
        });
        stop.store(true, Ordering::Relaxed);
        let http = rest.join().unwrap_or_default();
        let end = followed?.context("the run took too long")?;
        let (Some(first), Some(window)) = (first, window) else { bail!("nothing was measured") };
        if window.done >= total {
            bail!("the window is too short to measure: give more records");
        }
        let (cpu_s, broker_cpu_s) = (proc::cpu_s(pid)?, proc::cpu_s(broker)?);
        Ok(Measured {
            http_s: http.map_or(f64::NAN, |time| time.as_secs_f64()),
            first_s: first.as_secs_f64(),
            window_s: (end - window.at).as_secs_f64(),
            window_records: total - window.done,
            window_cpu_s: cpu_s - window.cpu_s,
            total_records: total,
            total_cpu_s: cpu_s,
            broker_cpu_s: broker_cpu_s - window.broker_cpu_s,
            peak_rss_kb: proc::memory_kb(pid, "VmHWM")?,
        })
    });
    let measured = outcome.with_context(|| format!("the worker's log ends:\n{}", server.log_tail()))?;
    server.stop()?;
    Ok(measured)
}

/// Time from `start` to the first 200 on `/`, unless `stop` comes first.
fn first_answer(port: u16, start: Instant, stop: &AtomicBool) -> Option<Duration> {
    let answered = wait::poll(RUN_MAX, POLL, || {
        let ok = http::get(port, "/").is_ok_and(|answer| answer.status == 200);
        if ok {
            return Ok(Some(Some(start.elapsed())));
        }
        Ok(stop.load(Ordering::Relaxed).then_some(None))
    });
    answered.ok().flatten().flatten()
}

fn write_lines(path: &Path, count: u64) -> Result<()> {
    let mut out = BufWriter::with_capacity(1 << 20, File::create(path)?);
    for number in 0..count {
        // Digits that differ from line to line, so that no side gains from repetition.
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(
            out,
            "{number:020}-{mixed:020}-{:020}-{:020}-{:016x}",
            !mixed,
            mixed.rotate_left(17),
            mixed
        )?;
    }
    out.flush()?;
    Ok(())
}

fn same(a: &Path, b: &Path) -> Result<bool> {
    let (mut a, mut b) = (File::open(a)?, File::open(b)?);
    let (mut left, mut right) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    loop {
        let count = a.read(&mut left)?;
        if count == 0 {
            return Ok(b.read(&mut right)? == 0);
        }
        if b.read_exact(&mut right[..count]).is_err() || left[..count] != right[..count] {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_stated_length_and_files_are_compared() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        write_lines(&a, 1_000).unwrap();
        assert_eq!(fs::metadata(&a).unwrap().len(), 1_000 * LINE_BYTES);
        write_lines(&b, 1_000).unwrap();
        assert!(same(&a, &b).unwrap());
        write_lines(&b, 1_001).unwrap();
        assert!(!same(&a, &b).unwrap());
        assert!(!same(&b, &a).unwrap());
    }
}
