//! `aqueduct dev`: a broker and a worker, or several in a group, in one process: for the first minutes, for working on
//! connectors, and to see how a group shares its work.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use aqueduct_api::ConfigMap;
use aqueduct_broker::{Broker, BrokerConfig};
use tokio::runtime::Handle;

use crate::demo;
use crate::exit::{ExitWith, Outcome, Status};
use crate::node::{MemberNode, Node, Plan};
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
    /// How many workers; more than one form a group, and each further one has the next REST port
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=16))]
    workers: u16,
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
    let started = tokio::select! {
        workers = Workers::start(args, &dir, &bootstrap, data) => workers,
        _ = signals.next() => return Ok(()),
    };
    let workers = started?;
    let urls = workers.urls();
    let shown = tokio::select! {
        shown = show(args, &dir, &urls, &bootstrap) => shown,
        _ = signals.next() => Ok(()),
    };
    if shown.is_ok() && !args.exit {
        signals.next().await;
    }
    let stopped = stop(workers.stop(), signals).await;
    broker.shutdown().await;
    shown.and(stopped)
}

/// The workers of this process.
enum Workers {
    One(Box<Node>),
    Group(Vec<MemberNode>),
}

impl Workers {
    async fn start(args: &Args, dir: &Path, bootstrap: &str, data: Handle) -> Outcome<Self> {
        if args.workers == 1 {
            let properties = standalone(args.rest_port, dir, bootstrap);
            let plan = Plan::standalone(&properties).exit_with(Status::Start)?;
            let node = Node::start(plan, data).await?;
            node.set_ready();
            return Ok(Self::One(Box::new(node)));
        }
        let mut nodes = Vec::new();
        for number in 0..args.workers {
            let port = if args.rest_port == 0 { 0 } else { args.rest_port.saturating_add(number) };
            let plan = Plan::distributed(&member(port, bootstrap)).exit_with(Status::Start)?;
            nodes.push(MemberNode::start(plan, data.clone()).await?);
        }
        futures::future::join_all(nodes.iter().map(MemberNode::joined)).await;
        Ok(Self::Group(nodes))
    }

    /// Where their REST APIs are.
    fn urls(&self) -> Vec<String> {
        let addresses = match self {
            Self::One(node) => vec![node.address()],
            Self::Group(nodes) => nodes.iter().map(MemberNode::address).collect(),
        };
        addresses.iter().map(|address| format!("http://localhost:{}", address.port())).collect()
    }

    /// Stops all at the same time.
    async fn stop(self) {
        match self {
            Self::One(node) => node.stop().await,
            Self::Group(nodes) => {
                futures::future::join_all(nodes.into_iter().map(MemberNode::stop)).await;
            }
        }
    }
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
fn standalone(rest_port: u16, dir: &Path, bootstrap: &str) -> ConfigMap {
    let mut properties = worker(rest_port, bootstrap);
    properties.insert("offset.storage.file.filename", dir.join("connect.offsets").display().to_string());
    properties
}

/// A worker of the group, which notices soon when another one is gone.
fn member(rest_port: u16, bootstrap: &str) -> ConfigMap {
    let mut properties = worker(rest_port, bootstrap);
    properties.extend_with(
        &[
            ("group.id", "aqueduct-dev"),
            ("config.storage.topic", "connect-configs"),
            ("config.storage.replication.factor", "1"),
            ("offset.storage.topic", "connect-offsets"),
            ("offset.storage.replication.factor", "1"),
            ("offset.storage.partitions", "5"),
            ("status.storage.topic", "connect-status"),
            ("status.storage.replication.factor", "1"),
            ("status.storage.partitions", "1"),
            ("scheduled.rebalance.max.delay.ms", "10000"),
        ]
        .into(),
    );
    properties
}

fn worker(rest_port: u16, bootstrap: &str) -> ConfigMap {
    const JSON: &str = "org.apache.kafka.connect.json.JsonConverter";
    [
        ("bootstrap.servers", bootstrap),
        ("listeners", &format!("http://127.0.0.1:{rest_port}")),
        ("key.converter", JSON),
        ("key.converter.schemas.enable", "false"),
        ("value.converter", JSON),
        ("value.converter.schemas.enable", "false"),
        ("offset.flush.interval.ms", "5000"),
    ]
    .into()
}

async fn show(args: &Args, dir: &Path, urls: &[String], bootstrap: &str) -> Outcome<()> {
    let (first, title) = match urls {
        [one] => (one.as_str(), "a worker of Kafka Connect and a broker in one process".to_owned()),
        [first, ..] => (
            first.as_str(),
            format!(
                "{} workers of Kafka Connect, which share their work, and a broker in one process",
                urls.len()
            ),
        ),
        [] => return Ok(()),
    };
    output::line(format_args!(
        "Aqueduct for development: {title}.\n\n  \
         REST    {}\n  Kafka   {bootstrap}  (never for production: one node, no replication)\n  Data    {}\n",
        urls.join("\n          "),
        dir.display()
    ))?;
    if args.demo {
        demo::run(dir, first, bootstrap).await?;
    } else {
        output::line(format_args!(
            "Try:  curl -s {first}/connector-plugins\n      aqueduct connector list --url {first}"
        ))?;
    }
    if !args.exit {
        output::line("\nCtrl-C ends it.")?;
    }
    Ok(())
}
