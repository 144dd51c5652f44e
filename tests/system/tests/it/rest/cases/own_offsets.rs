//! A source with an offsets topic of its own: both topics tell the same, and what is removed is removed from both.

use serde_json::{Value, json};

use super::{Step, bare, create, delete, get, last_of, patch, post, put, settle, source, wait_for, with};

const OWN: &str = "rest-own-offsets";
const CONNECTOR: &str = "/connectors/rest-own";
const OFFSETS: &str = "/connectors/rest-own/offsets";
const STATUS: &str = "/connectors/rest-own/status";

pub(super) fn steps() -> Vec<Step> {
    let config = with(&source("rest-own"), json!({"offsets.storage.topic": OWN}));
    let mut steps = vec![post("/connectors", create(&config))];
    steps.extend(settle("rest-own", "RUNNING"));
    steps.extend([at(14), get(OFFSETS), Step::Topic(OWN)]);
    steps.extend(both());
    steps.extend([
        bare("PUT", format!("{CONNECTOR}/stop")),
        wait_for(STATUS, "/tasks", json!([])),
        patch(OFFSETS, pair(json!({"position": 4}))),
        get(OFFSETS).note("altered").calm(),
    ]);
    steps.extend(both());
    steps.extend([delete(OFFSETS), get(OFFSETS).note("reset").calm()]);
    steps.extend(both());
    steps.extend([patch(OFFSETS, pair(json!({"position": 8}))).note("to go on"), resume()]);
    steps.extend(settle("rest-own", "RUNNING"));
    steps.push(at(14));
    // Without its own topic it goes on with what the worker's has.
    steps.extend([
        bare("PUT", format!("{CONNECTOR}/stop")).note("with its own"),
        wait_for(STATUS, "/tasks", json!([])),
        put(format!("{CONNECTOR}/config"), source("rest-own")),
        get(OFFSETS).note("the worker's").calm(),
        resume().note("without its own"),
    ]);
    steps.extend(settle("rest-own", "RUNNING"));
    steps.extend([at(14), delete(CONNECTOR)]);
    steps
}

fn at(position: u64) -> Step {
    wait_for(OFFSETS, "/offsets/0/offset/position", json!(position))
}

fn resume() -> Step {
    bare("PUT", format!("{CONNECTOR}/resume"))
}

fn both() -> [Step; 2] {
    [last_of(OWN, "rest-own", 1), last_of("offsets", "rest-own", 1)]
}

fn pair(offset: Value) -> Value {
    json!({"offsets": [{"partition": {"filename": "{dir}/input"}, "offset": offset}]})
}
