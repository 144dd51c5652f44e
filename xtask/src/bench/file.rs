//! `bench file`: a file source into a topic, then the topic into a file sink, for both sides in turns.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

use super::idle;
use super::lines::{self, number};
use super::report::{Idle, Report};
use super::setup::{Setup, Side, results};
use super::transfer::{Transfer, same};

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
    if args.pairs == 0 || args.records == 0 {
        bail!("there is nothing to measure");
    }
    let setup = Setup::new("file", args.aqueduct.as_deref(), args.java_heap_mb)?;
    let mut transfer = Transfer::new(setup, args.warmup, args.records)?;
    let input = transfer.setup.path("input.txt");
    lines::write(&input, transfer.total(), number)?;
    let titles = ["File to topic (FileStreamSource)", "Topic to file (FileStreamSink)"];
    let mut report = Report::new("file", transfer.setup.binary(), titles);
    // The first run of all would pay for a cold broker.
    println!("warming the broker");
    transfer.source(Side::Java, "source-warm", &input, &topic("warm", Side::Java), &[])?;
    transfer.delete_topic(&topic("warm", Side::Java))?;
    for pair in 0..args.pairs {
        let sides = Side::in_turns(pair);
        let name = pair.to_string();
        for side in sides {
            report.add(transfer.source(side, &format!("source-{name}"), &input, &topic(&name, side), &[])?);
        }
        for side in sides {
            let from = topic(&name, sides[0]);
            let (run, output) = transfer.sink(side, &format!("sink-{name}"), &from, &[])?;
            if !same(&input, &output)? {
                bail!("{} is not what went into {from}", output.display());
            }
            fs::remove_file(output)?;
            report.add(run);
        }
        for side in sides {
            transfer.delete_topic(&topic(&name, side))?;
        }
        let loads = if args.idle == 0 { vec![0] } else { vec![0, args.idle] };
        for connectors in loads {
            for side in sides {
                let run = format!("idle{connectors}-{name}");
                let rss_kb = idle::rss_kb(&transfer.setup, side, connectors, &run)?;
                report.add_idle(Idle { side, connectors, rss_kb });
            }
        }
    }
    transfer.setup.clear()?;
    report.finish(&results())
}

fn topic(run: &str, side: Side) -> String {
    format!("bench-{run}-{}", side.name())
}
