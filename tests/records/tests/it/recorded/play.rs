//! Playing flows: all connectors are created, and then looked at one after the other.

use std::time::Duration;

use futures::stream::{self, StreamExt};
use serde_json::{Map, Value};
use xtask::oracle::{http, wire};
use xtask::wait;

use super::flow::{End, Flow, Given};
use super::stages::Place;
use super::transcript;

/// Long enough for a Java worker that has all connectors to start on two slow cores.
const PATIENCE: Duration = Duration::from_secs(180);
/// How many flows are prepared or looked at together.
const AT_ONCE: usize = 16;
const EVERY: Duration = Duration::from_millis(10);

/// What has become of a flow.
pub(super) struct Played {
    pub(super) case: &'static str,
    pub(super) name: &'static str,
    pub(super) transcript: Value,
}

/// Plays the flows on a worker that has no connectors.
pub(super) async fn play(place: &Place<'_>, flows: &[Flow]) -> Vec<Played> {
    // Clients take their time to come and go.
    stream::iter(flows).map(|flow| prepare(place, flow)).buffered(AT_ONCE).collect::<()>().await;
    flows.iter().for_each(|flow| create(place, flow));
    flows.iter().for_each(|flow| await_end(place, flow));
    let transcripts = stream::iter(flows).map(|flow| transcript::of(place, flow)).buffered(AT_ONCE);
    let transcripts: Vec<Value> = transcripts.collect().await;
    let played = flows.iter().zip(transcripts);
    played.map(|(flow, transcript)| Played { case: flow.case, name: flow.name, transcript }).collect()
}

async fn prepare(place: &Place<'_>, flow: &Flow) {
    match &flow.given {
        Given::Nothing => {}
        Given::File(text) => std::fs::write(place.input(flow.name), text).expect("a file can be written"),
        Given::Records(partitions, records) => {
            place.kafka.create_topic(flow.name, *partitions).await;
            place.kafka.produce(flow.name, records.iter().cloned()).await;
        }
    }
}

fn create(place: &Place<'_>, flow: &Flow) {
    let dir = place.dir.display().to_string();
    let config: Map<String, Value> =
        flow.config.iter().map(|(key, value)| (key.clone(), value.replace("{dir}", &dir).into())).collect();
    let body = Value::Object(config).to_string();
    let path = format!("/connectors/{}/config", flow.name);
    let answer = http::request("PUT", place.rest_port, &path, Some(&body)).expect("an answer");
    assert_eq!(answer.status, 201, "{}: {}", flow.name, answer.body);
}

/// What a worker says of a connector.
pub(super) fn status(place: &Place<'_>, flow: &Flow) -> Value {
    let path = format!("/connectors/{}/status", flow.name);
    http::get(place.rest_port, &path).map(|answer| answer.json()).unwrap_or_default()
}

fn await_end(place: &Place<'_>, flow: &Flow) {
    let mut client = wire::Client::connect(place.broker_port).expect("a connection");
    let mut last = Value::Null;
    let ended = wait::poll(PATIENCE, EVERY, || {
        last = status(place, flow);
        let failed = last["tasks"][0]["state"] == "FAILED" || last["connector"]["state"] == "FAILED";
        let ended = match &flow.end {
            End::Failed => failed,
            // One that should not have failed shows that in its transcript.
            _ if failed => true,
            End::Written(wanted) => written(&mut client, flow)? >= *wanted,
            End::Consumed(topic, wanted) => is_consumed(&mut client, flow.name, topic, *wanted)?,
        };
        Ok(ended.then_some(()))
    });
    assert!(matches!(ended, Ok(Some(()))), "{} does not end: {ended:?} {last:#}", flow.name);
}

fn written(client: &mut wire::Client, flow: &Flow) -> anyhow::Result<usize> {
    let mut found = 0;
    for topic in &flow.topics {
        found += ends(client, topic)?.iter().sum::<i64>();
    }
    Ok(usize::try_from(found)?)
}

fn is_consumed(client: &mut wire::Client, name: &str, topic: &str, wanted: usize) -> anyhow::Result<bool> {
    let ends = ends(client, topic)?;
    if usize::try_from(ends.iter().sum::<i64>())? < wanted {
        return Ok(false);
    }
    for (partition, end) in (0..).zip(ends) {
        let committed = client.committed(&format!("connect-{name}"), topic, partition)?;
        if end > 0 && committed != Some(end) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The ends of a topic's partitions; none while it is not there.
pub(super) fn ends(client: &mut wire::Client, topic: &str) -> anyhow::Result<Vec<i64>> {
    let mut ends = Vec::new();
    for partition in 0.. {
        match client.end_offset(topic, partition)? {
            Some(end) => ends.push(end),
            None => break,
        }
    }
    Ok(ends)
}
