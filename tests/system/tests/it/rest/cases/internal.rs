//! What workers ask each other, sent by somebody who is none.

use serde_json::json;

use super::{Step, bare, create, delete, post, put, source, with};

const ACCEPT: (&str, &str) = ("Accept", "application/json");
const SIGNATURE: &str = "X-Connect-Authorization";
const ALGORITHM: &str = "X-Connect-Request-Signature-Algorithm";

pub(super) fn steps() -> Vec<Step> {
    let stopped = with(&create(&source("rest-int")), json!({"initial_state": "STOPPED"}));
    let mut steps = vec![post("/connectors", stopped)];
    for name in ["rest-int", "none"] {
        let (tasks, fence) = (format!("/connectors/{name}/tasks"), format!("/connectors/{name}/fence"));
        steps.extend([
            post(tasks.clone(), json!([])),
            post(tasks.clone(), json!([{"a": "b"}])),
            post(format!("{tasks}?forward=false"), json!([])),
            post(tasks.clone(), "{").note("malformed"),
            bare("POST", tasks.clone()).note("no body"),
            put(fence.clone(), "null"),
            bare("PUT", fence.clone()),
        ]);
        for (note, headers) in [
            ("signature alone", &[ACCEPT, (SIGNATURE, "AAAA")][..]),
            ("algorithm alone", &[ACCEPT, (ALGORITHM, "HmacSHA256")]),
            ("unknown algorithm", &[ACCEPT, (SIGNATURE, "AAAA"), (ALGORITHM, "HmacNothing")]),
            ("wrong signature", &[ACCEPT, (SIGNATURE, "AAAA"), (ALGORITHM, "HmacSHA256")]),
            ("no base64", &[ACCEPT, (SIGNATURE, "?!"), (ALGORITHM, "HmacSHA256")]),
        ] {
            steps.push(bare("PUT", fence.clone()).headers(headers).note(note));
            steps.push(bare("POST", tasks.clone()).headers(headers).json("[]").note(note));
        }
    }
    steps.push(delete("/connectors/rest-int"));
    steps
}
