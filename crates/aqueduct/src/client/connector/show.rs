//! Answers about connectors, for people. What an answer lacks is shown as nothing: workers of all releases are asked.

use serde_json::Value as Json;

use crate::client::table::Table;

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or_default()
}

fn tasks(status: &Json) -> &[Json] {
    status["tasks"].as_array().map_or(&[], Vec::as_slice)
}

/// `2/3 running, 1 failed`
fn task_summary(status: &Json) -> String {
    let tasks = tasks(status);
    let count = |state: &str| tasks.iter().filter(|task| text(&task["state"]) == state).count();
    let mut summary = format!("{}/{} running", count("RUNNING"), tasks.len());
    if count("FAILED") > 0 {
        summary.push_str(&format!(", {} failed", count("FAILED")));
    }
    summary
}

/// The answer of `GET /connectors?expand=info&expand=status`.
pub(super) fn list(all: &Json) -> String {
    let mut table = Table::new(["NAME", "TYPE", "STATE", "TASKS", "WORKER", "CLASS"]);
    let mut connectors: Vec<_> = all.as_object().into_iter().flatten().collect();
    connectors.sort_by_key(|(name, _)| *name);
    for (name, connector) in connectors {
        let (status, info) = (&connector["status"], &connector["info"]);
        let class = text(&info["config"]["connector.class"]);
        table.row([
            name,
            text(&info["type"]),
            text(&status["connector"]["state"]),
            &task_summary(status),
            text(&status["connector"]["worker_id"]),
            class.rsplit('.').next().unwrap_or(class),
        ]);
    }
    if table.is_empty() { "There are no connectors.".to_owned() } else { table.to_string() }
}

/// The configuration in the answer of `GET /connectors/NAME`, as properties.
pub(super) fn config(info: &Json) -> String {
    let mut lines: Vec<String> = info["config"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", text(value).replace('\\', "\\\\").replace('\n', "\\n")))
        .collect();
    lines.sort();
    lines.join("\n")
}

/// The answer of `GET /connectors/NAME/status`, with the traces of what has failed below.
pub(super) fn status(status: &Json) -> String {
    let connector = &status["connector"];
    let mut table = Table::new(["", "STATE", "WORKER", "VERSION"]);
    let mut traces = String::new();
    let mut add = |what: &str, state: &Json| {
        table.row([what, text(&state["state"]), text(&state["worker_id"]), text(&state["version"])]);
        if let Some(trace) = state["trace"].as_str() {
            traces.push_str(&format!("\n\n{what}: {}", trace.trim_end()));
        }
    };
    add(text(&status["name"]), connector);
    for task in tasks(status) {
        add(&format!("task {}", task["id"]), task);
    }
    format!("{table}{traces}")
}

/// What the validate endpoint found.
pub(super) fn validation(found: &Json) -> String {
    let mut table = Table::new(["KEY", "VALUE", "ERROR"]);
    for value in found["configs"].as_array().into_iter().flatten().map(|config| &config["value"]) {
        for error in value["errors"].as_array().into_iter().flatten() {
            table.row([text(&value["name"]), text(&value["value"]), text(error)]);
        }
    }
    if table.is_empty() { "The configuration is valid.".to_owned() } else { table.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn failed() -> Json {
        json!({"name": "c", "type": "source",
            "connector": {"state": "RUNNING", "worker_id": "h:1", "version": "4.3.1"},
            "tasks": [
                {"id": 0, "state": "RUNNING", "worker_id": "h:1", "version": null},
                {"id": 1, "state": "FAILED", "worker_id": "h:2", "trace": "it\n\tbroke\n"}]})
    }

    #[test]
    fn lists_say_how_tasks_are() {
        let all = json!({
            "d": {"status": {"connector": {}, "tasks": []}, "info": {"type": "sink", "config": {}}},
            "c": {"status": failed(), "info": {"type": "source", "config": {"connector.class": "a.b.Cls"}}}});
        let shown = list(&all);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0], "NAME  TYPE    STATE    TASKS                  WORKER  CLASS");
        assert_eq!(lines[1], "c     source  RUNNING  1/2 running, 1 failed  h:1     Cls");
        assert_eq!(lines[2], "d     sink             0/0 running");
        assert_eq!(list(&json!({})), "There are no connectors.");
        // An answer of another shape shows nothing, and harms nobody.
        assert_eq!(list(&json!(["c"])), "There are no connectors.");
    }

    #[test]
    fn a_status_ends_with_the_traces() {
        let shown = status(&failed());
        assert!(
            shown.starts_with("        STATE    WORKER  VERSION\nc       RUNNING  h:1     4.3.1\n"),
            "{shown}"
        );
        assert!(shown.ends_with("\n\ntask 1: it\n\tbroke"), "{shown}");
    }

    #[test]
    fn configurations_are_shown_as_properties() {
        let info = json!({"config": {"b": "2\\\n3", "a": "1"}});
        assert_eq!(config(&info), "a=1\nb=2\\\\\\n3");
    }

    #[test]
    fn every_error_of_a_validation_has_a_row() {
        let value = |name: &str, errors: &[&str]| json!({"definition": {}, "value": {"name": name, "value": null, "errors": errors}});
        let found = json!({"configs": [value("a", &[]), value("b", &["no", "never"])]});
        assert_eq!(validation(&found), "KEY  VALUE  ERROR\nb           no\nb           never");
        assert_eq!(validation(&json!({"configs": [value("a", &[])]})), "The configuration is valid.");
    }
}
