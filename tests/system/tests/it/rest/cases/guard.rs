//! A worker that asks for passwords, lets pages of other origins in, and adds headers to its answers.

use serde_json::json;

use super::super::setting::ANNA;
use super::{Step, bare, get, post, put};

pub(super) fn steps() -> Vec<Step> {
    let mut steps = Vec::new();
    for (note, credentials) in [
        ("nobody", None),
        ("wrong password", Some("Basic YW5uYTpz")),
        ("wrong user", Some("Basic Ym9iOnMgZQ==")),
        ("no password", Some("Basic YW5uYQ==")),
        ("no base64", Some("Basic !!!")),
        ("no scheme", Some("YW5uYTpzIGU=")),
        ("another scheme", Some("Bearer YW5uYTpzIGU=")),
        ("small letters", Some("basic YW5uYTpzIGU=")),
        ("anna", Some(ANNA)),
    ] {
        let paths = if note == "nobody" || note == "anna" { PATHS } else { &PATHS[..2] };
        steps.extend(paths.iter().map(|&(method, path)| {
            let step = bare(method, path).note(note);
            match credentials {
                Some(value) => step.header("Authorization", value),
                None => step,
            }
        }));
    }
    for name in ["x", "none"] {
        steps.push(post(format!("/connectors/{name}/tasks"), "[]").note("nobody"));
    }
    steps.extend(origins());
    steps.extend(administrators());
    steps
}

/// What each kind of visitor tries.
const PATHS: &[(&str, &str)] = &[
    ("GET", "/connectors"),
    ("GET", "/health"),
    ("GET", "/"),
    ("HEAD", "/connectors"),
    ("OPTIONS", "/connectors"),
    ("POST", "/connectors"),
    ("PUT", "/connectors"),
    ("GET", "/connectors/none"),
    ("DELETE", "/connectors/none"),
    ("GET", "/connectors/none/config"),
    ("GET", "/connectors/none/status"),
    ("GET", "/connectors/none/tasks"),
    ("GET", "/connectors/none/tasks/0/status"),
    ("GET", "/connectors/none/topics"),
    ("GET", "/connectors/none/offsets"),
    ("DELETE", "/connectors/none/offsets"),
    ("PUT", "/connectors/none/pause"),
    ("PUT", "/connectors/none/topics/reset"),
    ("POST", "/connectors/none/restart"),
    ("POST", "/connectors/none/tasks/0/restart"),
    ("PUT", "/connectors/none/fence"),
    ("OPTIONS", "/connectors/none/fence"),
    ("GET", "/connectors/none/fence"),
    ("GET", "/connector-plugins/none/config"),
    ("GET", "/admin/loggers/root"),
    ("GET", "/nothing"),
    ("GET", "/connectors/a%2Fb"),
];

fn origins() -> Vec<Step> {
    let mut steps = Vec::new();
    for origin in ["http://a.example", "https://x.b.example", "http://evil.example"] {
        for path in ["/connectors", "/connectors/none", "/nothing"] {
            steps.push(get(path).header("Authorization", ANNA).header("Origin", origin).note(origin));
        }
        for method in ["PUT", "DELETE"] {
            let asks = || bare("OPTIONS", "/connectors").header("Origin", origin).note(origin);
            let before = || asks().header("Access-Control-Request-Method", method);
            steps.push(before().header("Authorization", ANNA));
            steps.push(
                before()
                    .header("Access-Control-Request-Headers", "Content-Type")
                    .header("Authorization", ANNA),
            );
            steps.push(before());
        }
    }
    steps
}

fn administrators() -> Vec<Step> {
    let mut steps = Vec::new();
    for path in ["/admin/loggers/root", "/health", "/connectors", "/nothing"] {
        steps.push(get(path).at_admin().note("administrator, nobody"));
        steps.push(get(path).at_admin().header("Authorization", ANNA).note("administrator, anna"));
    }
    let page = get("/admin/loggers/root").at_admin().header("Origin", "http://a.example");
    steps.push(page.header("Authorization", ANNA).note("administrator, a page"));
    steps
}

/// On a worker that has no listener for administrators at all.
pub(super) fn without_administrators() -> Vec<Step> {
    vec![
        get("/admin/loggers"),
        get("/admin/loggers/root"),
        put("/admin/loggers/org.example", json!({"level": "DEBUG"})),
        get("/connectors").header("Origin", "http://a.example"),
        bare("OPTIONS", "/connectors")
            .header("Origin", "http://a.example")
            .header("Access-Control-Request-Method", "PUT"),
    ]
}
