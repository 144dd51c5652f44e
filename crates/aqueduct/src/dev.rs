//! `aqueduct dev`: a broker and a worker in one process, for the first minutes and for working on connectors.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use aqueduct_api::ConfigMap;
use aqueduct_broker::{Broker, BrokerConfig};
use tokio::runtime::Handle;

use crate::demo;
use crate::exit::{ExitWith, Outcome, Status};
use crate::node::{Node, Plan};
use crate::output;
use crate::planes::Planes;
use crate::signals::StopSignals;
use crate::standalone::stop;

/// Ports and data.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The port of the REST API; 0 takes a free one
    #[arg(long, default_value_t = 8083, value_name = "PORT")]
    rest_port: u16,
    /// The port of the broker; 0 takes a free one
    #[arg(long, default_value_t = 9092, value_name = "PORT")]
    broker_port: u16,
    /// Where topics and offsets are kept
    #[arg(long, default_value = "aqueduct-data", value_name = "DIR")]
    data_dir: PathBuf,
    /// Show records on their way from a file through Kafka into another file
    #[arg(long)]
    pub demo: bool,
    /// End after the demo
    #[arg(long, requires = "demo")]
    exit: bool,
}

/// Runs both until a signal comes.
pub fn run(args: &Args) -> Outcome<()> {
    let planes = Planes::start().exit_with(Status::Start)?;
    let outcome = planes.control.block_on(serve(args, planes.data.handle().clone()));
    planes.end();
    outcome
}

async fn serve(args: &Args, data: Handle) -> Outcome<()> {
    let mut signals = StopSignals::listen().exit_with(Status::Start)?;
    std::fs::create_dir_all(&args.data_dir)
        .with_context(|| format!("cannot create {}", args.data_dir.display()))
        .exit_with(Status::Start)?;
    let dir = args.data_dir.canonicalize().exit_with(Status::Start)?;
    let broker = start_broker(args, &dir).await?;
    let bootstrap = broker.bootstrap();
    let plan = Plan::new(&worker(args, &dir, &bootstrap)).exit_with(Status::Start)?;
    let node = tokio::select! {
        node = Node::start(plan, data) => node?,
        _ = signals.next() => return Ok(()),
    };
    node.set_ready();
    let url = format!("http://localhost:{}", node.address().port());
    let shown = tokio::select! {
        shown = show(args, &dir, &url, &bootstrap) => shown,
        _ = signals.next() => Ok(()),
    };
    if shown.is_ok() && !args.exit {
        signals.next().await;
    }
    let stopped = stop(node, signals).await;
    broker.shutdown().await;
    shown.and(stopped)
}

async fn start_broker(args: &Args, dir: &Path) -> Outcome<Broker> {
    let config = BrokerConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, args.broker_port)),
        data_dir: Some(dir.join("broker")),
        ..BrokerConfig::default()
    };
    let hint = || "the broker did not start (--broker-port and --data-dir choose others)";
    Broker::start(config).await.with_context(hint).exit_with(Status::Start)
}

/// Plain JSON in topics, and offsets beside the broker's data.
fn worker(args: &Args, dir: &Path, bootstrap: &str) -> ConfigMap {
    const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";
    [
        ("bootstrap.servers", bootstrap),
        ("listeners", &format!("http://127.0.0.1:{}", args.rest_port)),
        ("key.converter", JSON),
        ("key.converter.schemas.enable", "false"),
        ("value.converter", JSON),
        ("value.converter.schemas.enable", "false"),
        ("offset.storage.file.filename", &dir.join("connect.offsets").display().to_string()),
        ("offset.flush.interval.ms", "5000"),
    ]
    .into()
}

async fn show(args: &Args, dir: &Path, url: &str, bootstrap: &str) -> Outcome<()> {
    output::line(format_args!(
        "Aqueduct for development: a worker of Kafka Connect and a broker in one process.\n\n  \
         REST    {url}\n  Kafka   {bootstrap}  (never for production: one node, no replication)\n  Data    {}\n",
        dir.display()
    ))?;
    if args.demo {
        demo::run(dir, url, bootstrap).await?;
    } else {
        output::line(format_args!(
            "Try:  curl -s {url}/connector-plugins\n      aqueduct connector list --url {url}"
        ))?;
    }
    if !args.exit {
        output::line("\nCtrl-C ends it.")?;
    }
    Ok(())
}
