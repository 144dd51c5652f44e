//! One worker's life: from its start until it has moved all records, with a window after the warm-up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::proc;
use super::report::{Direction, Run};
use super::setup::{Setup, Side};
use crate::oracle::http;
use crate::oracle::process::Server;
use crate::oracle::worker::WorkerConfig;
use crate::wait;

const POLL: Duration = Duration::from_millis(5);
const RUN_MAX: Duration = Duration::from_secs(600);

/// One worker's life, measured.
pub(super) struct Measured {
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
    pub(super) fn run(self, side: Side, direction: Direction) -> Run {
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
pub(super) fn follow(
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
