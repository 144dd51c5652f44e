//! `aqueduct distributed`: one worker of a group.

use std::path::PathBuf;

use anyhow::Context;
use tokio::runtime::Handle;

use crate::exit::{ExitWith, Failure, Outcome, Status};
use crate::node::{MemberNode, Plan};
use crate::planes::Planes;
use crate::signals::StopSignals;
use crate::standalone::stop;

/// What Kafka's script takes too.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The properties of the worker
    #[arg(value_name = "WORKER.properties")]
    worker: PathBuf,
}

/// Runs the worker until a signal comes. Then it ends with 0: stopping on request is no failure.
pub fn run(args: &Args) -> Outcome<()> {
    let file = || args.worker.display().to_string();
    let properties =
        aqueduct_runtime::properties::read(&args.worker).with_context(file).exit_with(Status::Start)?;
    let plan = Plan::distributed(&properties).with_context(file).exit_with(Status::Start)?;
    let planes = Planes::start().exit_with(Status::Start)?;
    let outcome = planes.control.block_on(serve(plan, planes.data.handle().clone()));
    planes.end();
    outcome
}

async fn serve(plan: Plan, data: Handle) -> Outcome<()> {
    let mut signals = StopSignals::listen().exit_with(Status::Start)?;
    let node = tokio::select! {
        node = MemberNode::start(plan, data) => node?,
        signal = signals.next() => {
            tracing::info!("{signal} before the worker had started");
            return Ok(());
        }
    };
    let failed = tokio::select! {
        reason = node.failed() => Some(Failure::new(Status::Failed, reason)),
        signal = signals.next() => {
            tracing::info!("{signal}");
            None
        }
    };
    stop(node.stop(), signals).await?;
    failed.map_or(Ok(()), Err)
}
