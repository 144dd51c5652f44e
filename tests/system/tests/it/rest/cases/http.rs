//! The root, and what the HTTP layer makes of requests that fit no resource.

use super::{Step, bare, get, put};

const JSON: (&str, &str) = ("Accept", "application/json");

pub(super) fn steps() -> Vec<Step> {
    let mut steps = vec![
        get("/"),
        get("/health"),
        bare("HEAD", "/"),
        bare("HEAD", "/connectors"),
        bare("OPTIONS", "/"),
        bare("OPTIONS", "/connectors"),
        bare("OPTIONS", "/connectors").headers(&[]).note("any answer"),
        bare("OPTIONS", "/connectors/x"),
        bare("OPTIONS", "/connectors/x/config"),
        bare("OPTIONS", "/connectors/x/status"),
        bare("OPTIONS", "/connectors/x/restart"),
        bare("OPTIONS", "/connectors/x/pause"),
        bare("OPTIONS", "/connectors/x/tasks"),
        bare("OPTIONS", "/connectors/x/offsets"),
        bare("OPTIONS", "/connectors/x/topics/reset"),
        bare("OPTIONS", "/connector-plugins"),
        bare("OPTIONS", "/connector-plugins/x/config/validate"),
        get("/nothing"),
        get("/connectors/x/nothing"),
        get("/connectors/x/tasks/y/status"),
        get("/connectors/"),
        get("/connectors;v=1"),
        get("//connectors"),
        get("/connectors/a%2Fb"),
        get("/connectors/a%25b"),
        get("/connectors/{a}"),
        get("/connectors/a%07b"),
        get("/connectors/a%0Ab/config"),
        get("/connectors/a%7Fb"),
        get("/connectors/a%C2%85b"),
        get("/connectors?unknown=1"),
        bare("PUT", "/connectors"),
        bare("DELETE", "/connectors"),
        bare("POST", "/connectors/x"),
        bare("DELETE", "/"),
        bare("POST", "/connector-plugins"),
        bare("GET", "/connectors/x/pause"),
        bare("GET", "/connectors/x/restart"),
    ];
    for accept in ["text/html", "*/*", "application/*", "text/html,*/*;q=0.1", "application/json;q=0"] {
        steps.push(get("/connectors").headers(&[("Accept", accept)]).note(accept));
    }
    steps.push(get("/connectors").headers(&[]).note("no Accept"));
    for kind in
        ["text/plain", "application/json", "application/json; charset=utf-8", "application/*", "garbage"]
    {
        steps.push(get("/connectors").headers(&[JSON, ("Content-Type", kind)]).note(kind));
    }
    let validate = "/connector-plugins/FileStreamSource/config/validate";
    let text = put(validate, "{}").headers(&[JSON, ("Content-Type", "text/plain")]);
    steps.push(text.note("text"));
    steps.push(put(validate, "{}").headers(&[JSON]).note("no type"));
    steps.push(bare("PUT", "/connectors/x/topics/reset").headers(&[JSON, ("Content-Type", "text/plain")]));
    steps
}
