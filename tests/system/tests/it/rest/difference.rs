//! Where two transcripts differ.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Value, json};

/// One place in one answer.
#[derive(Debug)]
pub(super) struct Difference {
    /// The case and the step.
    pub(super) step: String,
    /// A path into the entry: members by name, elements of a list by what identifies them or by their index.
    pub(super) place: String,
    java: Value,
    ours: Value,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}\n    java {}\n    ours {}", self.step, self.place, self.java, self.ours)
    }
}

/// Compares two transcripts of the case entry by entry. The order of members doesn't count.
pub(super) fn between(case: &str, java: &Value, ours: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    let (java, ours) = (entries(java), entries(ours));
    if java.len() != ours.len() {
        let step = format!("{case}: {} steps are recorded, {} were played", java.len(), ours.len());
        found.push(Difference { step, place: String::new(), java: Value::Null, ours: Value::Null });
    }
    for (java, ours) in java.iter().zip(ours) {
        let text = |name: &str| ours[name].as_str().unwrap_or_default();
        let step = format!("{case}: {} {}", text("step"), text("sent"));
        compare(&step, String::new(), java, ours, &mut found);
    }
    found
}

fn entries(transcript: &Value) -> &[Value] {
    transcript.as_array().map_or(&[], Vec::as_slice)
}

fn compare(step: &str, place: String, java: &Value, ours: &Value, found: &mut Vec<Difference>) {
    match (java, ours) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeSet<&String> = a.keys().chain(b.keys()).collect();
            for name in names {
                let place = format!("{place}/{name}");
                compare(step, place, member(a.get(name)), member(b.get(name)), found);
            }
        }
        // What only we can run is no difference.
        (Value::Array(a), Value::Array(b)) if place.ends_with("/recommended_values") && is_within(a, b) => {}
        (Value::Array(a), Value::Array(b)) => match (identities(a), identities(b)) {
            (Some(a_names), Some(b_names)) => {
                let plugins = a.iter().all(|value| value.get("class").is_some());
                if a_names != b_names && !(plugins && is_within(&a_names, &b_names)) {
                    let only = |a: &[String], b: &[String]| -> Vec<String> {
                        a.iter().filter(|name| !b.contains(name)).cloned().collect()
                    };
                    let (only_a, only_b) = (only(&a_names, &b_names), only(&b_names, &a_names));
                    let (java, ours) = if only_a.is_empty() && only_b.is_empty() {
                        (json!(a_names), json!(b_names))
                    } else {
                        (json!(only_a), json!(only_b))
                    };
                    found.push(Difference { step: step.to_owned(), place: format!("{place}#"), java, ours });
                }
                for (name, java) in a_names.iter().zip(a) {
                    if let Some(at) = b_names.iter().position(|other| other == name) {
                        compare(step, format!("{place}/{name}"), java, &b[at], found);
                    }
                }
            }
            _ => {
                for index in 0..a.len().max(b.len()) {
                    let place = format!("{place}/{index}");
                    compare(step, place, member(a.get(index)), member(b.get(index)), found);
                }
            }
        },
        _ if java == ours => {}
        _ => {
            let (java, ours) = (java.clone(), ours.clone());
            found.push(Difference { step: step.to_owned(), place, java, ours });
        }
    }
}

/// Whether all of `a` are in `b`, in their order.
fn is_within<T: PartialEq>(a: &[T], b: &[T]) -> bool {
    let mut rest = b.iter();
    a.iter().all(|wanted| rest.any(|value| value == wanted))
}

/// A member that is missing counts as a null: the API leaves none of its members out.
fn member(value: Option<&Value>) -> &Value {
    value.unwrap_or(&Value::Null)
}

/// What tells the elements of a list of plugins or of keys apart.
fn identities(values: &[Value]) -> Option<Vec<String>> {
    let identity = |value: &Value| {
        let text = |pointer: &str| value.pointer(pointer).and_then(Value::as_str);
        if let Some(class) = text("/class") {
            return Some(text("/type").map_or_else(|| class.to_owned(), |kind| format!("{kind} {class}")));
        }
        let key = value
            .as_str()
            .or_else(|| text("/definition/name"))
            .or_else(|| text("/display_name").and(text("/name")));
        key.map(str::to_owned)
    };
    if values.iter().any(Value::is_object) { values.iter().map(identity).collect() } else { None }
}

#[test]
fn differences_are_found_where_they_are() {
    let check = |java: Value, ours: Value, expected: &[&str]| {
        let found = between("c", &json!([java]), &json!([ours]));
        let places: Vec<&str> = found.iter().map(|difference| difference.place.as_str()).collect();
        assert_eq!(places, expected);
    };
    check(json!({"a": 1, "b": [1, 2]}), json!({"b": [1, 2], "a": 1}), &[]);
    check(json!({"a": 1, "b": [1, 2]}), json!({"a": 2, "b": [1]}), &["/a", "/b/1"]);
    let plugin = |class: &str, version: u8| json!({"class": class, "version": version});
    check(json!([plugin("x", 1), plugin("y", 1)]), json!([plugin("y", 2)]), &["#", "/y/version"]);
    check(json!([plugin("y", 1)]), json!([plugin("x", 1), plugin("y", 1)]), &[]);
    let recommended = |names: &[&str]| json!({"recommended_values": names});
    check(recommended(&["a", "c"]), recommended(&["a", "b", "c"]), &[]);
    check(recommended(&["a"]), recommended(&["b"]), &["/recommended_values/0"]);
    check(json!([plugin("x", 1), plugin("y", 1)]), json!([plugin("y", 1), plugin("x", 1)]), &["#"]);
    assert_eq!(between("c", &json!([1, 2]), &json!([1])).len(), 1);
}
