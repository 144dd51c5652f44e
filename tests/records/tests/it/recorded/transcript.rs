//! What is there when a connector is through, as JSON, without what differs from run to run.

use std::time::{SystemTime, UNIX_EPOCH};

use aqueduct_testkit::TopicRecord;
use serde_json::{Map, Value, json};
use xtask::oracle::{http, wire};

use super::flow::{End, Flow};
use super::play::{ends, status};
use super::stages::Place;

/// Runs of one character longer than this are told by their length.
const RUN_MAX: usize = 100;
const DAY_MS: i64 = 86_400_000;
/// Digits of a time in milliseconds, from 2001 to 2286.
const TIME_DIGITS: usize = 13;

/// The transcript of a flow that has ended.
pub(super) async fn of(place: &Place<'_>, flow: &Flow) -> Value {
    let mut entry = Map::new();
    let status = status(place, flow);
    let task = &status["tasks"][0];
    entry.insert("state".to_owned(), task["state"].clone());
    if let Some(trace) = task["trace"].as_str().or(status["connector"]["trace"].as_str()) {
        entry.insert("trace".to_owned(), causes(place, trace).into());
    }
    let mut topics = Map::new();
    for topic in &flow.topics {
        let mut client = wire::Client::connect(place.broker_port).expect("a connection");
        let partitions = ends(&mut client, topic).expect("offsets").len();
        let mut records = place.kafka.records(topic).await;
        if let End::Written(count) = flow.end {
            // The test connectors don't stop of themselves.
            records.truncate(count);
        }
        let records: Vec<Value> = records.iter().map(|record| shown(place, flow, record)).collect();
        topics.insert(topic.clone(), json!({"partitions": partitions, "records": records}));
    }
    if !topics.is_empty() {
        entry.insert("topics".to_owned(), topics.into());
    }
    if flow.is_sink() {
        let mut lines = std::fs::read(place.output(flow.name)).map_or(Value::Null, |bytes| lines(&bytes));
        if let Some(lines) = lines.as_array_mut().filter(|_| flow.is_unordered()) {
            lines.sort_by_key(Value::to_string);
        }
        entry.insert("lines".to_owned(), lines);
        if let Some(source) = flow.repeats {
            let file = |path| std::fs::read(path).expect("a file");
            let same = file(place.input(source)) == file(place.output(flow.name));
            entry.insert("repeats its input".to_owned(), same.into());
        }
        entry.insert("committed".to_owned(), committed(place, flow).await);
    }
    entry.insert("active topics".to_owned(), active_topics(place, flow));
    Value::Object(entry)
}

/// A trace without the lines that say where in the code.
fn causes(place: &Place<'_>, trace: &str) -> Vec<Value> {
    let is_place = |line: &&str| {
        let bare = line.trim_start();
        line.len() > bare.len() && (bare.starts_with("at ") || bare.starts_with("... "))
    };
    let dir = place.dir.display().to_string();
    trace
        .lines()
        .filter(|line| !is_place(line))
        .map(|line| text(&line.replace(&dir, "{dir}")).into())
        .collect()
}

fn lines(bytes: &[u8]) -> Value {
    let text = String::from_utf8_lossy(bytes);
    text.lines().map(self::text).collect::<Vec<String>>().into()
}

/// The offsets that a sink's group has committed, by topic and partition.
async fn committed(place: &Place<'_>, flow: &Flow) -> Value {
    let mut all = Map::new();
    let topics = flow.config.iter().filter(|(key, _)| key == "topics").flat_map(|(_, list)| list.split(','));
    for topic in topics.chain(flow.topics.iter().map(String::as_str)) {
        for (partition, offset) in place.kafka.committed(&format!("connect-{}", flow.name), topic).await {
            all.insert(format!("{topic}-{partition}"), offset.into());
        }
    }
    all.into()
}

fn active_topics(place: &Place<'_>, flow: &Flow) -> Value {
    let answer = http::get(place.rest_port, &format!("/connectors/{}/topics", flow.name)).expect("an answer");
    let mut topics = answer.json()[flow.name]["topics"].clone();
    if let Some(topics) = topics.as_array_mut() {
        topics.sort_by_key(Value::to_string);
    }
    topics
}

fn shown(place: &Place<'_>, flow: &Flow, record: &TopicRecord) -> Value {
    let mut entry = Map::new();
    // Records without a key go anywhere.
    if record.partition > 0 && record.key.is_some() {
        entry.insert("partition".to_owned(), record.partition.into());
    }
    entry.insert(
        "timestamp".to_owned(),
        match record.timestamp {
            Some(timestamp) if is_now(timestamp) => "{now}".into(),
            other => json!(other),
        },
    );
    let stamp = record.timestamp.filter(|_| flow.is_stamped).map(|timestamp| timestamp.to_string());
    let bytes = |bytes: &Option<Vec<u8>>| {
        bytes.as_ref().map_or(Value::Null, |bytes| self::bytes(bytes, stamp.as_deref()))
    };
    entry.insert("key".to_owned(), bytes(&record.key));
    entry.insert("value".to_owned(), bytes(&record.value));
    if !record.headers.is_empty() {
        let header = |(key, value): &(String, Option<Vec<u8>>)| match value {
            Some(trace) if key == "__connect.errors.exception.stacktrace" => {
                json!([key, causes(place, &String::from_utf8_lossy(trace))])
            }
            value => json!([key, bytes(value)]),
        };
        entry.insert("headers".to_owned(), record.headers.iter().map(header).collect::<Vec<_>>().into());
    }
    Value::Object(entry)
}

/// Bytes as text where they are one, else in hexadecimal digits. The stamp in a text is called so.
fn bytes(bytes: &[u8], stamp: Option<&str>) -> Value {
    match (std::str::from_utf8(bytes), stamp) {
        (Ok(text), Some(stamp)) => self::text(&text.replace(stamp, "{timestamp}")).into(),
        (Ok(text), None) => self::text(text).into(),
        (Err(_), _) => json!({"hex": bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()}),
    }
}

/// A text in which times of today, addresses of Java's arrays and long runs of a character are told in short.
fn text(text: &str) -> String {
    shortened(&without_addresses(&without_times(text)))
}

fn without_times(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, behind) = from.split_at(length);
        out.push_str(before);
        let is_time = length == TIME_DIGITS && digits.parse().is_ok_and(is_now);
        out.push_str(if is_time { "{now}" } else { digits });
        rest = behind;
    }
    out + rest
}

fn without_addresses(text: &str) -> String {
    const ARRAY: &str = "[B@";
    let mut parts = text.split(ARRAY);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(ARRAY);
        out.push_str("{address}");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    out
}

fn shortened(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = rest.find(|c| c != first).unwrap_or(rest.len());
        let (run, behind) = rest.split_at(length);
        match run.len() / first.len_utf8() {
            count if count > RUN_MAX => out.push_str(&format!("{{{count} times {first}}}")),
            _ => out.push_str(run),
        }
        rest = behind;
    }
    out
}

fn is_now(time_ms: i64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_millis());
    i64::try_from(now).is_ok_and(|now| now.abs_diff(time_ms) < DAY_MS.unsigned_abs())
}

#[test]
fn what_differs_from_run_to_run_is_told_in_short() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis();
    for (given, expected) in [
        (format!("a {now},1600000000000 {now}0"), format!("a {{now}},1600000000000 {now}0")),
        ("x[B@1f2e3d] y".to_owned(), "x[B@{address}] y".to_owned()),
        (format!("<{}>", "é".repeat(300)), "<{300 times é}>".to_owned()),
    ] {
        assert_eq!(text(&given), expected);
    }
    let own = now.to_string();
    assert_eq!(bytes(own.as_bytes(), Some(&own)), json!("{timestamp}"));
    assert_eq!(bytes(&[0xff, 0], None), json!({"hex": "ff00"}));
}
