//! `aqueduct standalone`: one worker, its connectors named on the command line or created over REST.

use std::path::PathBuf;

use anyhow::Context;
use tokio::runtime::Handle;

use crate::exit::{ExitWith, Failure, Outcome, Status, chain};
use crate::node::{Node, Plan};
use crate::planes::Planes;
use crate::signals::StopSignals;

/// What Kafka's script takes too.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The properties of the worker
    #[arg(value_name = "WORKER.properties")]
    worker: PathBuf,
    /// Connectors to create: properties, a flat JSON object, or the JSON body of a create request
    #[arg(value_name = "CONNECTOR")]
    connectors: Vec<PathBuf>,
}

/// Runs the worker until a signal comes. Then it ends with 0: stopping on request is no failure.
pub fn run(args: &Args) -> Outcome<()> {
    let plan = plan(args)?;
    let planes = Planes::start().exit_with(Status::Start)?;
    let outcome = planes.control.block_on(serve(plan, &args.connectors, planes.data.handle().clone()));
    planes.end();
    outcome
}

fn plan(args: &Args) -> Outcome<Plan> {
    let file = || args.worker.display().to_string();
    let properties =
        aqueduct_runtime::properties::read(&args.worker).with_context(file).exit_with(Status::Start)?;
    Plan::standalone(&properties).with_context(file).exit_with(Status::Start)
}

async fn serve(plan: Plan, connectors: &[PathBuf], data: Handle) -> Outcome<()> {
    let mut signals = StopSignals::listen().exit_with(Status::Start)?;
    let started = tokio::select! {
        node = Node::start(plan, data) => node?,
        signal = signals.next() => {
            tracing::info!("{signal} before the worker had started");
            return Ok(());
        }
    };
    let created = tokio::select! {
        created = create_all(&started, connectors) => created,
        _ = signals.next() => return stop(started.stop(), signals).await,
    };
    if let Err(failure) = created {
        tracing::error!("{}", chain(&failure.error));
        stop(started.stop(), signals).await?;
        return Err(failure);
    }
    started.set_ready();
    let signal = signals.next().await;
    tracing::info!("{signal}");
    stop(started.stop(), signals).await
}

async fn create_all(node: &Node, connectors: &[PathBuf]) -> Outcome<()> {
    for file in connectors {
        node.create(file).await.exit_with(Status::Connect)?;
    }
    Ok(())
}

/// Waits until a worker has stopped; a second signal stops the stopping.
pub(crate) async fn stop(stopping: impl Future<Output = ()>, mut signals: StopSignals) -> Outcome<()> {
    tokio::select! {
        () = stopping => Ok(()),
        signal = signals.next() => {
            Err(Failure::new(Status::Interrupted, format_args!("{signal} while stopping: offsets may not be committed")))
        }
    }
}
