//! Playing the steps of a case, and writing down what comes back.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use serde_json::{Map, Value, json};
use xtask::oracle::wire::{Record, Topic};
use xtask::wait;

use super::asked::Asked;
use super::cases::{Step, View, Written};
use super::exchange::{Request, Response};
use super::sameness::{KnownKeys, Sameness};

/// How long a state may take to come.
const PATIENCE: Duration = Duration::from_secs(30);
const EVERY: Duration = Duration::from_millis(10);
/// How long a group may be busy with a change. An answer that lasts longer is the answer.
const PASSING_MAX: Duration = Duration::from_secs(10);
/// How often a topic is looked at, and how often it must have looked the same: whoever writes to it has come to rest.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
const CALM: u32 = 5;
/// Headers that are part of an answer.
const HEADERS: [&str; 11] = [
    "Content-Type",
    "Allow",
    "Location",
    "WWW-Authenticate",
    "X-Added",
    "Cache-Control",
    "Vary",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",
];

/// Plays the steps. `{dir}` in a request stands for the worker's folder. What doesn't come ends the transcript, with an
/// entry that says so.
pub(super) fn play(asked: &mut Asked<'_>, steps: &[Step]) -> Value {
    let mut entries = Vec::new();
    let mut keys = KnownKeys::default();
    let dir = asked.dir();
    for step in steps {
        let came = match step {
            Step::Ask { request, note, admin, calm } => {
                let filled = Request {
                    path: request.path.replace("{dir}", &dir),
                    body: request.body.as_ref().map(|body| body.replace("{dir}", &dir)),
                    ..request.clone()
                };
                let ask = if *calm { calmed } else { settled };
                let response = ask(asked, &filled, *admin)
                    .unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.path));
                let mut entry = entry(request, note, &response, &Sameness { port: asked.port(), dir: &dir });
                keys.shorten(&request.path, &mut entry);
                Ok(Some(entry))
            }
            Step::Await { path, pointer, value } => awaited(asked, path, pointer, value).map(|()| None),
            Step::Gone { path } => gone(asked, path).map(|()| None),
            Step::Write { file, text } => {
                asked.write(file, text.map(|text| text.replace("{dir}", &dir)).as_deref());
                Ok(None)
            }
            Step::Restart => {
                asked.restart();
                Ok(None)
            }
            Step::Records(written) => {
                records(asked, written, &Sameness { port: asked.port(), dir: &dir }).map(Some)
            }
            Step::Topic(topic) => made(asked, topic).map(Some),
        };
        match came {
            Ok(entry) => entries.extend(entry),
            Err(never) => {
                entries.push(never);
                break;
            }
        }
    }
    Value::Array(entries)
}

/// What a member of a group answers while its group takes a change in.
const PASSING: [&str; 4] = [
    "momentarily due to stale configuration",
    "momentarily due to no known leader URL",
    "because of a conflicting operation",
    "because a rebalance is expected",
];

/// The answer, asked for again while it is one that passes.
fn settled(asked: &Asked<'_>, request: &Request, admin: bool) -> io::Result<Response> {
    let mut last = asked.send(request, admin)?;
    let passes = |response: &Response| {
        matches!(response.status, 409 | 500) && PASSING.iter().any(|text| response.body.contains(text))
    };
    if passes(&last) {
        let _ = wait::poll(PASSING_MAX, EVERY, || {
            last = asked.send(request, admin)?;
            Ok((!passes(&last)).then_some(()))
        });
    }
    Ok(last)
}

/// The answer that comes again and again.
fn calmed(asked: &Asked<'_>, request: &Request, admin: bool) -> io::Result<Response> {
    let mut last = settled(asked, request, admin)?;
    let mut calm = 0;
    let _ = wait::poll(PATIENCE, LOOK_AGAIN, || {
        let now = settled(asked, request, admin)?;
        calm = if now.body == last.body { calm + 1 } else { 0 };
        last = now;
        Ok((calm >= CALM).then_some(()))
    });
    Ok(last)
}

fn awaited(asked: &Asked<'_>, path: &str, pointer: &str, value: &Value) -> Result<(), Value> {
    let mut last = String::new();
    let held = wait::poll(PATIENCE, EVERY, || {
        let answer = asked.look(path)?;
        last = answer.body;
        let body = serde_json::from_str::<Value>(&last).unwrap_or_default();
        // A null stands for what is not there.
        let found = body.pointer(pointer).unwrap_or(&Value::Null);
        Ok((answer.status == 200 && found == value).then_some(()))
    });
    if matches!(held, Ok(Some(()))) {
        return Ok(());
    }
    Err(json!({"step": format!("{path} should come to say {value} at {pointer}"), "never": last}))
}

fn gone(asked: &Asked<'_>, path: &str) -> Result<(), Value> {
    let mut last = String::new();
    let held = wait::poll(PATIENCE, EVERY, || {
        let answer = asked.look(path)?;
        last = answer.body;
        Ok((answer.status == 404).then_some(()))
    });
    match held {
        Ok(Some(())) => Ok(()),
        _ => Err(json!({"step": format!("{path} should be gone"), "never": last})),
    }
}

/// Writes down what a topic was made with, once it is there.
fn made(asked: &Asked<'_>, topic: &str) -> Result<Value, Value> {
    let step = format!("the topic {topic}");
    match wait::poll(PATIENCE, EVERY, || Ok(asked.topic(topic)?)) {
        Ok(Some(found)) => {
            let Topic { partitions, replicas, settings } = found;
            Ok(json!({"step": step, "partitions": partitions, "replicas": replicas, "settings": settings}))
        }
        never => Err(json!({"step": step, "never": format!("{never:?}")})),
    }
}

/// Writes down the records, once they are as many as there should be at least and no more come.
fn records(asked: &Asked<'_>, written: &Written, sameness: &Sameness<'_>) -> Result<Value, Value> {
    let mut step = format!("records of {}", written.topic);
    if !written.about.is_empty() {
        step.push_str(&format!(" about {}", written.about));
    }
    let (mut last, mut calm) = (Vec::new(), 0);
    let came = wait::poll(PATIENCE, LOOK_AGAIN, || {
        let now = asked.records(written.topic, written.about)?;
        calm = if now == last { calm + 1 } else { 0 };
        last = now;
        Ok((last.len() >= written.count_min && calm >= CALM).then_some(()))
    });
    let shown = shown(&last, written, sameness);
    match came {
        Ok(Some(())) => Ok(json!({"step": step, "records": shown})),
        _ => Err(json!({"step": format!("{step} should be {}", written.count_min), "never": shown})),
    }
}

fn shown(records: &[Record], written: &Written, sameness: &Sameness<'_>) -> Value {
    let value = |record: &Record| match &record.value {
        None => Value::Null,
        Some(_) => sameness.record(&record.value_text()),
    };
    let key = |record: &Record| sameness.text(&record.key_text());
    if written.view == View::Log {
        return records.iter().map(|record| json!([key(record), value(record)])).collect();
    }
    let mut keys: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for record in records {
        let values = keys.entry(key(record)).or_default();
        if written.view == View::Compacted {
            values.clear();
        }
        values.push(value(record));
        values.dedup();
    }
    json!(keys)
}

fn entry(request: &Request, note: &str, response: &Response, sameness: &Sameness<'_>) -> Value {
    let mut entry = Map::new();
    let mut step = format!("{} {}", request.method, request.path);
    if !note.is_empty() {
        step.push_str(&format!(" ({note})"));
    }
    entry.insert("step".to_owned(), json!(step));
    if let Some(body) = &request.body {
        entry.insert("sent".to_owned(), json!(body));
    }
    entry.insert("status".to_owned(), json!(response.status));
    for name in HEADERS {
        if let Some(value) = response.header(name) {
            entry.insert(name.to_lowercase(), json!(sameness.text(value)));
        }
    }
    let is_html = response.header("Content-Type").is_some_and(|kind| kind.starts_with("text/html"));
    // The pages of Java's HTTP layer are not part of the API.
    if !response.body.is_empty() && !is_html {
        let mut answer =
            serde_json::from_str(&response.body).unwrap_or_else(|_| json!(response.body.clone()));
        sameness.apply(&mut answer);
        entry.insert("answer".to_owned(), answer);
    }
    Value::Object(entry)
}
