//! Connectors in a running worker, beside what the Java worker made of the same: the bytes in topics, the lines in
//! files, the traces of failures, committed offsets. `README.md` says which case of the test plan is which flow.
//!
//! [`flows`] is the table. What Java's worker makes of it on Apache Kafka's broker lies in `testdata/recorded`, a file a
//! case: one test holds that against the Java worker of today, the other holds ours, on the embedded broker, against
//! it, and needs no Java. Every difference is a failure unless [`deviations`] gives a reason for it, and so is a reason
//! that nothing needs any more.
//!
//! `AQUEDUCT_RECORD=1` makes the live test write the recording instead.

mod deviations;
mod difference;
mod flow;
mod flows;
mod play;
mod stages;
mod transcript;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};
use xtask::oracle::live;
use xtask::workspace;

use difference::Difference;
use play::Played;

const RECORD: &str = "AQUEDUCT_RECORD";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn java_does_as_recorded() {
    let Some(stage) = live::or_skip("the Java worker", stages::java) else { return };
    let played = play::play(&stage.place(), &flows::all()).await;
    if std::env::var_os(RECORD).is_some_and(|value| value == "1") {
        for (case, flows) in by_case(&played) {
            let text = serde_json::to_string_pretty(&flows).expect("JSON") + "\n";
            std::fs::write(recording(case), text).expect("the recording can be written");
        }
        return;
    }
    let differences = compare(&played);
    assert!(differences.is_empty(), "{}", shown(&differences));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ours_does_as_java_did() {
    let stage = stages::ours().await;
    let played = play::play(&stage.place(), &flows::all()).await;
    let (unexplained, idle) = deviations::sift(compare(&played));
    assert!(unexplained.is_empty(), "{}", shown(&unexplained));
    assert!(idle.is_empty(), "known deviations that nothing shows any more: {idle:#?}");
}

fn by_case(played: &[Played]) -> BTreeMap<&'static str, Value> {
    let mut cases = BTreeMap::new();
    for Played { case, name, transcript } in played {
        cases.entry(*case).or_insert_with(|| json!({}))[*name] = transcript.clone();
    }
    cases
}

fn compare(played: &[Played]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (case, now) in by_case(played) {
        let path = recording(case);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let recorded: Value = serde_json::from_str(&text).expect("JSON");
        differences.extend(difference::between(case, &recorded, &now));
    }
    differences
}

fn recording(case: &str) -> PathBuf {
    workspace::root().join("tests/records/testdata/recorded").join(format!("{case}.json"))
}

fn shown(differences: &[Difference]) -> String {
    let lines: Vec<String> = differences.iter().map(ToString::to_string).collect();
    format!("{} differences\n{}", lines.len(), lines.join("\n"))
}
