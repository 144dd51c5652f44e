//! Creating, reading, changing and deleting connectors.

use serde_json::{Value, json};

use super::{Step, bare, create, delete, get, patch, post, put, settle, sink, source, wait_for, with};

pub(super) fn steps() -> Vec<Step> {
    let (a, b) = (source("rest-a"), sink("rest-b"));
    let mut steps = vec![get("/connectors"), post("/connectors", create(&a))];
    steps.extend(settle("rest-a", "RUNNING"));
    steps.extend([
        post("/connectors", create(&a)).note("again"),
        get("/connectors"),
        get("/connectors/rest-a"),
        get("/connectors/rest-a/config"),
        get("/connectors/rest-a/tasks"),
        get("/connectors/rest-a/status"),
        get("/connectors/rest-a/tasks/0/status"),
        get("/connectors/rest-a/tasks/1/status"),
        get("/connectors/rest-a/tasks/-1/status"),
        get("/connectors/rest-a/tasks-config"),
        wait_for("/connectors/rest-a/topics", "/rest-a/topics/0", json!("rest-in")),
        get("/connectors/rest-a/topics"),
        put("/connectors/rest-b/config", &b),
    ]);
    steps.extend(settle("rest-b", "RUNNING"));
    steps.extend([
        put("/connectors/rest-b/config", &b).note("again"),
        put("/connectors/rest-b/config", with(&b, json!({"name": "other"}))),
        get("/connectors/rest-b"),
        get("/connectors?expand=info"),
        get("/connectors?expand=bogus"),
        get("/connectors?expand="),
        get("/connectors/rest-b/tasks"),
    ]);
    steps.extend(settle("rest-b", "RUNNING"));
    steps.extend(settle("rest-a", "RUNNING"));
    steps.extend([
        get("/connectors?expand=status"),
        get("/connectors?expand=status&expand=info"),
        get("/connectors?expand=status&expand=bogus"),
        patch("/connectors/rest-a/config", json!({"batch.size": "10", "file": "{dir}/other", "extra": "1"})),
        get("/connectors/rest-a/config").note("patched"),
        patch("/connectors/rest-a/config", json!({"extra": null})),
        patch("/connectors/rest-a/config", json!({"tasks.max": "x"})),
        patch("/connectors/rest-a/config", json!({"name": null})),
        patch("/connectors/none/config", json!({"a": "b"})),
        patch("/connectors/none/config", Value::Null).note("malformed"),
        get("/connectors/rest-a/config").note("patched twice"),
        bare("PUT", "/connectors/rest-a/topics/reset"),
        bare("PUT", "/connectors/none/topics/reset"),
    ]);
    steps.extend(unknown());
    steps.extend([
        delete("/connectors/rest-a"),
        delete("/connectors/rest-a").note("again"),
        get("/connectors/rest-a").note("deleted"),
        Step::Gone { path: "/connectors/rest-a/status".to_owned() },
        get("/connectors/rest-a/status").note("deleted"),
        delete("/connectors/rest-b"),
        get("/connectors").note("all deleted"),
    ]);
    steps.extend(names());
    steps.extend(bodies());
    steps.extend(by_mode());
    steps
}

/// What standalone workers and members of a group answer differently.
fn by_mode() -> Vec<Step> {
    let config = source("rest-mode");
    let exactly_once = with(&config, json!({"exactly.once.support": "required"}));
    let no_batch = with(&config, json!({"batch.size": "0"}));
    let no_interval = with(&config, json!({"transaction.boundary.interval.ms": "0"}));
    // A group of consumers that would be that of the workers, by its name and by an override.
    let (taken, taken_too) =
        (sink("rest"), with(&sink("rest-mode"), json!({"consumer.override.group.id": "connect-rest"})));
    let mut steps = vec![put("/connector-plugins/FileStreamSource/config/validate", exactly_once)];
    for config in [no_batch, no_interval] {
        steps.extend([post("/connectors", create(&config)), delete("/connectors/rest-mode")]);
    }
    let another = with(&taken_too, json!({"consumer.override.group.id": "another"}));
    for config in [taken, taken_too, another] {
        steps.push(put("/connector-plugins/FileStreamSink/config/validate", &config));
        steps.push(post("/connectors", create(&config)));
        steps.push(delete(format!("/connectors/{}", config["name"].as_str().unwrap_or_default())));
    }
    steps
}

fn unknown() -> Vec<Step> {
    let mut steps = Vec::new();
    for part in ["", "/config", "/tasks", "/status", "/offsets", "/topics", "/tasks/0/status"] {
        steps.push(get(format!("/connectors/none{part}")));
    }
    for part in ["/pause", "/resume", "/stop"] {
        steps.push(bare("PUT", format!("/connectors/none{part}")));
    }
    steps.push(delete("/connectors/none"));
    steps.push(delete("/connectors/none/offsets"));
    steps.push(patch("/connectors/none/offsets", json!({"offsets": [{"partition": {}, "offset": {}}]})));
    for query in ["", "?includeTasks=true", "?onlyFailed=true", "?includeTasks=true&onlyFailed=true"] {
        steps.push(bare("POST", format!("/connectors/none/restart{query}")));
    }
    steps.push(bare("POST", "/connectors/none/tasks/0/restart"));
    steps
}

fn names() -> Vec<Step> {
    let named = |name: Value| {
        let mut config = source("x");
        config.as_object_mut().map(|config| config.remove("name"));
        post("/connectors", json!({"name": name, "config": config, "initial_state": "STOPPED"}))
    };
    vec![
        named(json!("  rest-blank \t")),
        delete("/connectors/rest-blank"),
        named(json!("rest-bell\u{7}")),
        delete("/connectors/rest-bell"),
        named(json!("   ")),
        named(json!("")),
        named(Value::Null),
        named(json!("a\u{7}b")),
        named(json!("a\nb")),
        named(json!("a\u{7f}b")),
        named(json!("rest <a>?b#c=\u{fe}&+,'()*!:;@$[]~")),
        delete("/connectors/rest%20%3Ca%3E%3Fb%23c=%C3%BE&+,'()*!:%3B@$%5B%5D~"),
        post("/connectors", json!({"name": "rest-c", "config": source("rest-d")})),
        post("/connectors", json!({"config": {}})),
        post("/connectors", json!({"name": "rest-c", "config": {}})),
        post("/connectors", json!({"name": "rest-c", "config": {"connector.class": "NoSuch"}})),
        post("/connectors", json!({"name": "rest-c", "config": {"connector.class": ""}})),
        put("/connectors/rest-e/config", json!({"connector.class": "FileStreamSource"})),
        put("/connectors/rest-e/config", json!({})),
        get("/connectors").note("no bad name"),
    ]
}

fn bodies() -> Vec<Step> {
    let mut steps = Vec::new();
    for body in [
        "",
        "[]",
        "\"x\"",
        "{",
        "null",
        "{\"name\":1,\"config\":{}}",
        "{\"name\":\"rest-c\",\"config\":[]}",
        "{\"name\":\"rest-c\",\"config\":{\"a\":{}}}",
        "{\"name\":\"rest-c\",\"config\":{},\"other\":1}",
        "{\"name\":\"rest-c\"}",
        "{\"name\":\"rest-c\",\"config\":null}",
    ] {
        steps.push(post("/connectors", body).note("malformed"));
    }
    for body in ["", "[]", "null", "{", "{\"a\":[]}"] {
        steps.push(put("/connectors/rest-c/config", body).note("malformed"));
    }
    for state in ["bogus", "running", ""] {
        let body = json!({"name": "rest-f", "config": source("rest-f"), "initial_state": state});
        steps.push(post("/connectors", body).note("malformed"));
        steps.push(delete("/connectors/rest-f").note(if state == "running" {
            "lower case"
        } else {
            "bad state"
        }));
    }
    let numbers = json!({"name": "rest-g", "initial_state": "STOPPED", "config": {
        "connector.class": "FileStreamSource", "topic": "rest-in", "tasks.max": 1, "batch.size": 20,
        "errors.log.enable": true,
    }});
    steps.push(post("/connectors", numbers));
    steps.push(get("/connectors/rest-g/config"));
    steps.push(delete("/connectors/rest-g"));
    steps
}
