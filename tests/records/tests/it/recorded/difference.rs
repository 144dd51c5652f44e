//! Where two transcripts differ.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// One place in one transcript.
#[derive(Debug)]
pub(super) struct Difference {
    /// The case, the flow, and the way to the place, with slashes between.
    pub(super) place: String,
    pub(super) java: Value,
    ours: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n    java {}\n    ours {}", self.place, self.java, self.ours)
    }
}

/// Compares what is recorded with what is there now. The order of an object's members doesn't count: those are ours.
pub(super) fn between(place: &str, java: &Value, ours: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(place.to_owned(), java, ours, &mut found);
    found
}

fn compare(place: String, java: &Value, ours: &Value, found: &mut Vec<Difference>) {
    match (java, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                compare(format!("{place}/{name}"), member(a.get(name)), member(b.get(name)), found);
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            for index in 0..a.len().max(b.len()) {
                compare(format!("{place}/{index}"), member(a.get(index)), member(b.get(index)), found);
            }
        }
        _ if java == ours => {}
        _ => found.push(Difference { place, java: java.clone(), ours: ours.clone() }),
    }
}

/// What is missing shows as a text that no transcript holds: a null means something there.
fn member(value: Option<&Value>) -> &Value {
    static MISSING: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| Value::from("{missing}"));
    value.unwrap_or(&MISSING)
}

#[test]
fn differences_are_found_where_they_are() {
    use serde_json::json;
    let check = |java: Value, ours: Value, expected: &[&str]| {
        let found = between("c", &java, &ours);
        let places: Vec<&str> = found.iter().map(|difference| difference.place.as_str()).collect();
        assert_eq!(places, expected);
    };
    check(json!({"a": 1, "b": [1, 2]}), json!({"b": [1, 2], "a": 1}), &[]);
    check(json!({"a": 1, "b": [1, 2]}), json!({"a": 2, "b": [1]}), &["c/a", "c/b/1"]);
    check(json!({"a": null}), json!({}), &["c/a"]);
}
