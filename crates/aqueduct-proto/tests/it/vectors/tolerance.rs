use std::time::Duration;

use aqueduct_proto::tolerance::{Policy, Stage, Tolerance, Verdict};
use aqueduct_vectors::{Case, Json, check};
use serde_json::json;

const RETRIABLE: &str = "org.apache.kafka.connect.errors.RetriableException";

#[test]
fn failing_operations_are_tried_again_as_javas() {
    check("retry", &[], |case| {
        let number = |key: &str| case.get(key).as_i64().expect("a number");
        let max_ms = number("errors.retry.delay.max.ms") as u64;
        let policy = Policy {
            retry_timeout: u64::try_from(number("errors.retry.timeout")).ok().map(Duration::from_millis),
            retry_delay_max: Duration::from_millis(max_ms),
            tolerance: if case.get("errors.tolerance") == "all" { Tolerance::All } else { Tolerance::None },
        };
        let call = Duration::from_millis(number("callMs") as u64);
        let mut spent = Duration::ZERO;
        let (mut calls, mut sleeps) = (0, Vec::new());
        let error = loop {
            calls += 1;
            spent += call;
            if calls > number("retriableFailures") {
                break last_error(case);
            }
            let mut random = false;
            let delay = policy.retry_delay(calls as u32, spent, |below| {
                random = true;
                below / 2
            });
            let Some(delay) = delay else { break Some(RETRIABLE) };
            // The recorded clock moved by half of the maximum, even beyond the time that was left.
            spent += if random { Duration::from_millis(max_ms / 2) } else { delay };
            sleeps.push(if random { json!("random") } else { json!(delay.as_millis() as u64) });
        };
        let stage = stage(case.get("stage").as_str().expect("a stage"));
        let verdict = error.map(|error| policy.verdict(stage, error == RETRIABLE));
        Ok(described(error, verdict, policy.tolerance, calls, &sleeps))
    });
}

fn last_error(case: &Case) -> Option<&'static str> {
    match case.get("then").as_str() {
        Some("data-error") => Some("org.apache.kafka.connect.errors.DataException"),
        Some("runtime-error") => Some("java.lang.IllegalStateException"),
        Some("connect-error") => Some("org.apache.kafka.connect.errors.ConnectException"),
        _ => None,
    }
}

pub(super) fn stage(name: &str) -> Stage {
    [
        Stage::TaskPoll,
        Stage::TaskPut,
        Stage::Transformation,
        Stage::KeyConverter,
        Stage::ValueConverter,
        Stage::HeaderConverter,
        Stage::KafkaProduce,
        Stage::KafkaConsume,
    ]
    .into_iter()
    .find(|stage| stage.name() == name)
    .unwrap_or_else(|| panic!("{name}"))
}

fn described(
    error: Option<&str>,
    verdict: Option<Verdict>,
    tolerance: Tolerance,
    calls: i64,
    sleeps: &[Json],
) -> Json {
    let thrown = |text: &str| json!({ "class": "org.apache.kafka.connect.errors.ConnectException", "msg": text, "cause": error });
    let mut result = json!({
        "calls": calls,
        "sleeps": sleeps,
        "attempt": calls,
        "failed": error.is_some(),
        "error": error,
        "withinLimits": error.is_none() || tolerance == Tolerance::All,
    });
    match verdict {
        None => result["result"] = json!("ok"),
        Some(Verdict::Skip) => result["result"] = Json::Null,
        Some(Verdict::ToleranceExceeded) => result["thrown"] = thrown("Tolerance exceeded in error handler"),
        Some(Verdict::Unhandled) => result["thrown"] = thrown("Unhandled exception in error handler"),
    }
    result
}
