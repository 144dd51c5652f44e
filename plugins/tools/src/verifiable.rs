//! A source that numbers its records, and a sink that says which ones it got: together they show losses and repeats.

mod sink;
mod source;

pub use sink::VerifiableSinkTask;
pub use source::VerifiableSourceTask;

use std::time::{SystemTime, UNIX_EPOCH};

/// What is printed instead of a line whose key or value has no JSON form.
fn bad_data(reason: &str) -> String {
    format!("Bad data can't be written as json: {reason}")
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
