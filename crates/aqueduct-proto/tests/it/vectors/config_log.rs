use std::collections::BTreeMap;

use aqueduct_api::ConfigMap;
use aqueduct_proto::config_log::key::Key;
use aqueduct_proto::config_log::{
    ConfigLog, ConfigState, Event, Record, Step, put_connector, put_logger_level, put_restart_request,
    put_session_key, put_target_state, put_task_count, put_tasks, remove_connector,
};
use aqueduct_proto::restart::RestartRequest;
use aqueduct_proto::session::SessionKey;
use aqueduct_proto::state::{TargetState, TaskId};
use aqueduct_vectors::{Case, Deviation, Expect, Failure, Json, check, hex, optional_text, text};
use serde_json::json;

#[test]
fn records_are_javas() {
    let deviations = [Deviation::when(
        |case| case.op() == "removeTaskConfigs",
        "Java has the call and throws: we don't have it",
    )];
    check("cfgrec", &deviations, |case| {
        if case.op() == "keys" {
            return keys(case);
        }
        Ok(json!({ "sent": written(case)?.iter().map(sent).collect::<Vec<_>>() }))
    });
}

fn keys(case: &Case) -> Result<Json, Failure> {
    let name = case.text("connector")?;
    let task = case.get("task").as_i64().expect("a number") as i32;
    Ok(json!({
        "connector": Key::Connector(name.clone()).to_string(),
        "task": Key::Task(TaskId::new(name.clone(), task)).to_string(),
        "commit": Key::Commit(name.clone()).to_string(),
        "targetState": Key::TargetState(name.clone()).to_string(),
        "taskCount": Key::TaskCount(name.clone()).to_string(),
        "restart": Key::Restart(name.clone()).to_string(),
        "logger": Key::LoggerLevel(name).to_string(),
        "session": Key::SessionKey.to_string(),
    }))
}

fn written(case: &Case) -> Result<Vec<Record>, Failure> {
    let name = || case.text("connector");
    Ok(match case.op() {
        "putConnectorConfig" => {
            put_connector(&name()?, &config(case.get("properties"))?, target(case.get("targetState")))
        }
        "removeConnectorConfig" => remove_connector(&name()?),
        "putTaskConfigs" => {
            let tasks = case.get("tasks").as_array().expect("tasks").iter().map(config);
            let steps = put_tasks(&name()?, &tasks.collect::<Result<Vec<_>, _>>()?);
            let records = |step| match step {
                Step::Write(records) => records,
                Step::ReadToEnd => Vec::new(),
            };
            steps.into_iter().flat_map(records).collect()
        }
        "putTargetState" => {
            vec![put_target_state(&name()?, target(case.get("targetState")).expect("a state"))]
        }
        "putTaskCountRecord" => {
            vec![put_task_count(&name()?, case.get("count").as_i64().expect("a number") as i32)]
        }
        "putSessionKey" => vec![put_session_key(&SessionKey {
            key: case.hex("keyHex").expect("bytes"),
            algorithm: case.text("algorithm")?,
            created_ms: case.text("creationTimestamp")?.parse().expect("a number"),
        })],
        "putRestartRequest" => {
            let flag = |key: &str| case.get(key) == true;
            let request =
                RestartRequest { only_failed: flag("onlyFailed"), include_tasks: flag("includeTasks") };
            vec![put_restart_request(&name()?, request)]
        }
        "putLoggerLevel" => vec![put_logger_level(&case.text("namespace")?, &case.text("level")?)],
        other => return Err(Failure::Unrepresentable(other.to_owned())),
    })
}

fn config(json: &Json) -> Result<ConfigMap, Failure> {
    let entries = json.as_object().expect("an object").iter();
    entries.map(|(name, value)| Ok((name.clone(), optional_text(value)?))).collect()
}

fn target(json: &Json) -> Option<TargetState> {
    json.as_str().map(|name| match name {
        "STARTED" => TargetState::Started,
        "PAUSED" => TargetState::Paused,
        "STOPPED" => TargetState::Stopped,
        other => panic!("{other}"),
    })
}

fn sent(record: &Record) -> Json {
    let text = record.value.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    json!({ "key": record.key, "hex": record.value.as_ref().map(|bytes| hex(bytes)), "text": text })
}

#[test]
fn logs_are_read_as_java_reads_them() {
    let deviations = [
        Deviation::when(
            |case| matches!(case.expect, Expect::Err { .. }),
            "a number that is no integer or a negative task count: Java throws out of the log's callback, we skip it",
        ),
        Deviation::mentioning(
            r#"{\"properties\":{\"a\":1}}"#,
            "a property that is no text: Java keeps a number, we keep its text",
        ),
    ];
    check("cfgrestore", &deviations, |case| {
        let mut log = ConfigLog::default();
        let mut events = Vec::new();
        let started_after = case.get("startedAfter").as_u64().expect("a number") as usize;
        for (at, record) in case.get("records").as_array().expect("records").iter().enumerate() {
            if at == started_after {
                log.start();
            }
            let value = optional_text(&record["value"])?;
            let offset = record["offset"].as_i64().expect("an offset");
            events.extend(log.apply(offset, &text(&record["key"])?, value.as_ref().map(String::as_bytes)));
        }
        let events: Vec<Json> = events.iter().filter_map(described).collect();
        Ok(json!({ "snapshot": snapshot(&log.snapshot()), "events": events }))
    });
}

fn described(event: &Event) -> Option<Json> {
    Some(match event {
        Event::ConnectorRemoved(name) => json!({ "event": "connector-remove", "connector": name }),
        Event::ConnectorUpdated(name) => json!({ "event": "connector-update", "connector": name }),
        Event::TasksUpdated { tasks, .. } => {
            let mut tasks: Vec<String> = tasks.iter().map(ToString::to_string).collect();
            tasks.sort();
            json!({ "event": "tasks-update", "tasks": tasks })
        }
        Event::TargetState(name) => json!({ "event": "target-state", "connector": name }),
        Event::SessionKey(key) => json!({ "event": "session-key", "keyHex": hex(&key.key) }),
        Event::Restart { connector, request } => json!({
            "event": "restart",
            "connector": connector,
            "onlyFailed": request.only_failed,
            "includeTasks": request.include_tasks,
        }),
        Event::LoggerLevel { namespace, level } => {
            json!({ "event": "logger", "namespace": namespace, "level": level })
        }
        Event::Garbage { .. } => return None,
    })
}

fn snapshot(state: &ConfigState) -> Json {
    let mut connectors = Vec::new();
    let mut tasks = BTreeMap::new();
    for (name, entry) in state.entries() {
        let names_something = entry.config().is_some()
            || entry.task_count().is_some()
            || entry.target_state().is_some()
            || entry.task_count_record().is_some()
            || entry.task_generation().is_some()
            || entry.is_inconsistent();
        for (task, config) in entry.task_configs() {
            let id = TaskId::new(name, *task).to_string();
            tasks.insert(id.clone(), json!({ "id": id, "config": sorted(Some(config)) }));
        }
        if names_something {
            let usable: Vec<String> = state.tasks(name).iter().map(ToString::to_string).collect();
            connectors.push(json!({
                "name": name,
                "known": entry.config().is_some(),
                "config": sorted(entry.config().map(AsRef::as_ref)),
                "taskCount": entry.task_count(),
                "tasksUsable": usable,
                "targetState": entry.target_state().map(TargetState::name),
                "taskCountRecord": entry.task_count_record(),
                "generation": entry.task_generation(),
                "pendingFencing": entry.is_pending_fencing(),
                "inconsistent": entry.is_inconsistent(),
                "applied": sorted(entry.applied().map(AsRef::as_ref)),
            }));
        }
    }
    let key = state.session_key().map(|key| {
        json!({
            "keyHex": hex(&key.key),
            "algorithm": key.algorithm,
            "creationTimestamp": key.created_ms.to_string(),
        })
    });
    json!({
        "offset": state.offset(),
        "connectors": connectors,
        "taskConfigs": tasks.into_values().collect::<Vec<_>>(),
        "sessionKey": key,
    })
}

fn sorted(config: Option<&ConfigMap>) -> Json {
    let Some(config) = config else { return Json::Null };
    let entries: BTreeMap<&str, Option<&str>> = config.iter().collect();
    json!(entries)
}
