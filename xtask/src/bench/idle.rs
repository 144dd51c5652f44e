//! What a worker holds while nothing happens.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::proc;
use super::setup::{Setup, Side};
use crate::oracle::http;
use crate::wait;

const READY: Duration = Duration::from_secs(300);

/// Resident memory in kB of a worker with this many connectors, each a file source at the end of an empty file.
pub(super) fn rss_kb(setup: &Setup, side: Side, connectors: u32, run: &str) -> Result<u64> {
    let empty = setup.path("empty.txt");
    std::fs::write(&empty, "")?;
    let mut files = Vec::new();
    for number in 0..connectors {
        let more = [("file", empty.display().to_string()), ("topic", "idle".to_owned())];
        files.push(setup.connector(
            &format!("idle-{number}"),
            "org.apache.kafka.connect.file.FileStreamSourceConnector",
            &more,
        )?);
    }
    let config = setup.worker(side, run, files)?;
    let port = config.rest_port;
    let mut server = config.spawn(setup.oracle())?;
    server.wait_ready(READY, || http::get(port, "/").is_ok_and(|answer| answer.status == 200))?;
    let all =
        wait::poll(READY, Duration::from_millis(200), || Ok(all_running(port, connectors)?.then_some(())))?;
    if all.is_none() {
        bail!("not all of {connectors} connectors run\n{}", server.log_tail());
    }
    proc::resting_rss_kb(server.pid())
}

fn all_running(port: u16, connectors: u32) -> Result<bool> {
    if connectors == 0 {
        return Ok(true);
    }
    let answer = http::get(port, "/connectors?expand=status").context("the worker went away")?.json();
    let Some(answer) = answer.as_object() else { return Ok(false) };
    let running = |connector: &&Value| {
        let tasks = connector["status"]["tasks"].as_array();
        tasks.is_some_and(|tasks| !tasks.is_empty() && tasks.iter().all(|task| task["state"] == "RUNNING"))
    };
    Ok(answer.values().filter(running).count() == usize::try_from(connectors)?)
}
