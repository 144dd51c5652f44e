use std::collections::BTreeSet;

use aqueduct_proto::config_log::Record;
use aqueduct_proto::state::{State, TaskId};
use aqueduct_proto::status_log::{Status, StatusLog, StatusOf, TopicStatus};
use aqueduct_vectors::{Case, Deviation, Expect, Failure, Json, check, optional_text, text};
use serde_json::json;

#[test]
fn histories_go_as_javas() {
    let deviations = [
        Deviation::when(
            |case| steps(case).any(|step| step["op"] == "putSafe" && step["state"] == "DESTROYED"),
            "a safe removal, which nobody does: we have none",
        ),
        Deviation::when(
            |case| reads(case, |_, value| value.contains("DESTROYED")),
            "a record that says DESTROYED, which nobody writes: Java keeps it, we skip it",
        ),
        Deviation::when(
            |case| {
                reads(case, |key, value| key.starts_with("status-connector-") && value.contains("UNASSIGNED"))
            },
            "a connector's late UNASSIGNED of another worker: Java lets it replace RUNNING, we don't",
        ),
    ];
    check("statusrec", &deviations, |case| {
        let mut log = StatusLog::default();
        let mut results = Vec::new();
        for (at, step) in case.get("steps").as_array().expect("steps").iter().enumerate() {
            let records = run(&mut log, step)?;
            let sent: Vec<Json> = records
                .iter()
                .enumerate()
                .map(|(record_at, record)| sent(record, &expected(case)["results"][at]["sent"][record_at]))
                .collect();
            results.push(json!({ "sent": sent }));
        }
        Ok(json!({ "results": results, "state": described(&log) }))
    });
}

fn steps(case: &Case) -> impl Iterator<Item = &Json> {
    case.get("steps").as_array().into_iter().flatten()
}

fn reads(case: &Case, is_it: impl Fn(&str, &str) -> bool) -> bool {
    steps(case).any(|step| {
        step["op"] == "read"
            && is_it(step["key"].as_str().unwrap_or_default(), step["value"].as_str().unwrap_or_default())
    })
}

fn run(log: &mut StatusLog, step: &Json) -> Result<Vec<Record>, Failure> {
    let op = text(&step["op"])?;
    if op == "read" {
        let value = optional_text(&step["value"])?;
        // What is garbage shows in the state.
        let _skipped = log.apply(&text(&step["key"])?, value.as_ref().map(String::as_bytes));
        return Ok(Vec::new());
    }
    let connector = text(&step["connector"])?;
    let task = step["task"].as_i64().map(|task| TaskId::new(connector.clone(), task as i32));
    match op.as_str() {
        "putTopic" => {
            let discovered_ms = text(&step["discovered"])?.parse().expect("a number");
            let task = task.expect("a task");
            return Ok(vec![TopicStatus { topic: text(&step["topic"])?, task, discovered_ms }.record()]);
        }
        "deleteTopic" => return Ok(vec![TopicStatus::tombstone(&connector, &text(&step["topic"])?)]),
        _ => {}
    }
    let of = task.map_or(StatusOf::Connector(connector), StatusOf::Task);
    let Some(state) = State::from_name(&text(&step["state"])?) else {
        return Ok(vec![log.remove(of).record]);
    };
    let status = Status {
        state,
        trace: optional_text(&step["trace"])?,
        worker_id: text(&step["worker"])?,
        generation: step["generation"].as_i64().expect("a number") as i32,
        version: optional_text(&step["version"])?,
    };
    let write = if op == "put" { Some(log.put(of, &status)) } else { log.put_safely(of, &status) };
    Ok(write.into_iter().map(|write| write.record).collect())
}

fn expected(case: &Case) -> &Json {
    match &case.expect {
        Expect::Out(out) => out,
        Expect::Err { .. } => &Json::Null,
    }
}

/// Values are compared as documents: Java escapes more characters than must be.
fn sent(record: &Record, expected: &Json) -> Json {
    let text = record.value.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let document = |text: &str| serde_json::from_str::<Json>(text).ok();
    if expected["key"] == record.key
        && expected["text"].as_str().and_then(document) == text.as_deref().and_then(document)
    {
        return expected.clone();
    }
    json!({ "key": record.key, "text": text })
}

fn described(log: &StatusLog) -> Json {
    let listed: BTreeSet<&str> = log.connectors().collect();
    let mut connectors = Vec::new();
    for name in listed.iter().copied().chain(["c", "a-1-2", "日本", "w", ""]).collect::<BTreeSet<_>>() {
        let status = log.get(&StatusOf::Connector(name.to_owned())).map(|status| one(status, None));
        let tasks: Vec<Json> =
            log.tasks(name).into_iter().map(|(task, status)| one(status, Some(task))).collect();
        let topics: Vec<Json> = log
            .topics(name)
            .map(|topic| {
                json!({
                    "topic": topic.topic,
                    "connector": topic.task.connector,
                    "task": topic.task.task,
                    "discovered": topic.discovered_ms.to_string(),
                })
            })
            .collect();
        if status.is_some() || !tasks.is_empty() || !topics.is_empty() {
            connectors.push(json!({ "connector": name, "status": status, "tasks": tasks, "topics": topics }));
        }
    }
    json!({ "listed": listed, "connectors": connectors })
}

fn one(status: &Status, task: Option<i32>) -> Json {
    let mut json = json!({
        "state": status.state.name(),
        "trace": status.trace,
        "worker": status.worker_id,
        "generation": status.generation,
        "version": status.version,
    });
    if let Some(task) = task {
        json["task"] = json!(task);
    }
    json
}
