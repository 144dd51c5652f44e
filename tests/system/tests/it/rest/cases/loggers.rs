//! Levels of loggers. Those of the worker itself are left alone: which there are differs from program to program.

use serde_json::{Value, json};

use super::{Step, bare, get, put};

pub(super) fn steps() -> Vec<Step> {
    let parent = "/admin/loggers/org.example.rest";
    let child = "/admin/loggers/org.example.rest.inner";
    let level = |text: &str| json!({"level": text});
    let mut steps = vec![
        get("/admin/loggers/root"),
        get("/admin/loggers/ROOT"),
        get(parent).note("unknown"),
        put(child, level("DEBUG")),
        get(child).note("debug"),
        put(parent, level("WARN")).note("with a child"),
        get(child).note("follows"),
        put(parent, level("WARN")).note("again"),
        put(parent, level("trace")).note("small letters"),
        put(child, level("FATAL")),
        get(child).note("fatal"),
        put(child, level("OFF")),
        put(child, level("ALL")),
    ];
    for body in
        [level("bogus"), level(""), json!({}), json!({"level": null}), json!({"level": 1}), Value::Null]
    {
        steps.push(put(parent, body));
    }
    for scope in ["worker", "WORKER", "cluster", "Cluster", "bogus", ""] {
        steps.push(put(format!("{parent}?scope={scope}"), level("ERROR")));
    }
    steps.extend([
        put(format!("{parent}?scope=cluster"), level("bogus")),
        put(format!("{parent}?scope=bogus"), level("bogus")),
        put(parent, json!([])).note("malformed"),
        bare("PUT", parent).note("no body"),
        bare("DELETE", parent),
        bare("OPTIONS", parent),
        bare("POST", "/admin/loggers"),
        get("/admin"),
    ]);
    steps
}
