//! What a worker knows after it has been started again: a member its group's connectors and their states, a standalone
//! worker its offsets, and neither its levels.

use serde_json::{Value, json};

use super::{Step, bare, create, create_in, delete, get, post, put, settle, source, wait_for, with};

pub(super) fn steps() -> Vec<Step> {
    let named = |name: &str| with(&source(name), json!({"file": format!("{{dir}}/{name}")}));
    let status = |name: &str| format!("/connectors/{name}/status");
    let running = source("rest-run");
    let mut steps = vec![
        post("/connectors", create_in("PAUSED", &named("rest-pause"))),
        post("/connectors", create_in("STOPPED", &named("rest-stop"))),
        post("/connectors", create(&running)),
        wait_for(status("rest-pause"), "/connector/state", json!("PAUSED")),
        wait_for(status("rest-stop"), "/connector/state", json!("STOPPED")),
    ];
    steps.extend(settle("rest-run", "RUNNING"));
    steps.extend([
        wait_for("/connectors/rest-run/offsets", "/offsets/0/offset/position", json!(14)),
        put("/admin/loggers/org.example.again?scope=cluster", json!({"level": "DEBUG"})),
        wait_for("/admin/loggers/org.example.again", "/level", json!("DEBUG")),
        Step::Restart,
        get("/admin/loggers/org.example.again").note("started again"),
        get("/connectors?expand=info").note("started again"),
        // Standalone workers have forgotten it.
        put("/connectors/rest-run/config", &running).note("started again"),
    ]);
    steps.extend(settle("rest-run", "RUNNING"));
    steps.extend([
        get("/connectors/rest-run/offsets").note("started again"),
        get("/connectors/rest-run/status").note("started again"),
    ]);
    for name in ["rest-pause", "rest-stop"] {
        steps.push(get(format!("/connectors/{name}")).note("started again"));
        steps.push(get(status(name)).note("started again"));
        steps.push(bare("PUT", format!("/connectors/{name}/resume")).note("started again"));
    }
    for name in ["rest-pause", "rest-stop", "rest-run"] {
        steps.push(delete(format!("/connectors/{name}")).note("started again"));
    }
    steps.push(wait_for("/connectors", "", Value::Array(Vec::new())));
    steps
}
