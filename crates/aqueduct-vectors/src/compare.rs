//! Whether an answer is equal to Java's, at the level that the line asks for.

use serde_json::json;

use crate::{Case, Cmp, Expect, Failure, Json, bytes_of_hex};

/// What differs between Java's answer and ours; `None` where nothing does.
pub fn difference(case: &Case, answer: &Result<Json, Failure>) -> Option<String> {
    match (&case.expect, answer) {
        (Expect::Out(expected), Ok(actual)) => {
            let (expected, actual) = (normal(expected, case.cmp), normal(actual, case.cmp));
            (!same(&expected, &actual)).then(|| format!("\n  expected {expected}\n  actual   {actual}"))
        }
        (Expect::Err { class, message, .. }, Err(failure)) => {
            let (actual_class, actual_message) = describe(failure);
            let texts_count = case.cmp != Cmp::ErrorClass;
            let equal = *class == actual_class && (!texts_count || *message == actual_message);
            (!equal).then(|| {
                format!("\n  expected {class}: {message}\n  actual   {actual_class}: {actual_message}")
            })
        }
        (Expect::Out(expected), Err(failure)) => {
            let (class, message) = describe(failure);
            Some(format!("\n  expected {expected}\n  failed   {class}: {message}"))
        }
        (Expect::Err { class, message, .. }, Ok(actual)) => {
            Some(format!("\n  expected {class}: {message}\n  actual   {actual}"))
        }
    }
}

fn describe(failure: &Failure) -> (String, Json) {
    match failure {
        Failure::Error(error) => (error.kind().java_class().to_owned(), json!(error.message())),
        Failure::Java { class, message } => (class.clone(), json!(message)),
        Failure::Unrepresentable(reason) => ("unrepresentable".to_owned(), json!(reason)),
    }
}

/// Strips what the level does not compare, and gives the two forms of one value one shape.
fn normal(json: &Json, cmp: Cmp) -> Json {
    match json {
        Json::Object(object) => {
            let kind = object.get("k").and_then(Json::as_str).unwrap_or_default();
            let by_bytes =
                matches!(cmp, Cmp::Bytes | Cmp::BytesHashOrder | Cmp::Json) && object.contains_key("hex");
            let mut result = serde_json::Map::new();
            for (key, part) in object {
                let part = match (kind, key.as_str()) {
                    // `s` is the text of a float here; in a struct it is the schema.
                    ("f32" | "f64", "s") | ("map", "ord") => continue,
                    ("", "text") if by_bytes => continue,
                    ("", "builder") if object.contains_key("schema") => continue,
                    ("", "params") if part.as_array().is_some_and(Vec::is_empty) => continue,
                    ("bbuf", "k") => json!("bytes"),
                    ("f32", "bits") if is_nan32(part) => json!("7fc00000"),
                    ("f64", "bits") if is_nan64(part) => json!("7ff8000000000000"),
                    (_, "hex") if cmp == Cmp::Json => document(part),
                    _ => normal(part, cmp),
                };
                result.insert(key.clone(), part);
            }
            if kind == "map"
                && let Some(Json::Array(entries)) = result.get_mut("v")
            {
                entries.sort_by_cached_key(|entry| entry[0].to_string());
            }
            Json::Object(result)
        }
        Json::Array(parts) => parts.iter().map(|part| normal(part, cmp)).collect(),
        Json::String(text) if cmp == Cmp::Pattern => Json::String(without_hashes(text)),
        _ => json.clone(),
    }
}

fn is_nan32(bits: &Json) -> bool {
    let bits = bits.as_str().and_then(|bits| u32::from_str_radix(bits, 16).ok());
    bits.is_some_and(|bits| f32::from_bits(bits).is_nan())
}

fn is_nan64(bits: &Json) -> bool {
    let bits = bits.as_str().and_then(|bits| u64::from_str_radix(bits, 16).ok());
    bits.is_some_and(|bits| f64::from_bits(bits).is_nan())
}

/// Bytes of JSON, as their document.
fn document(hex: &Json) -> Json {
    let document = hex.as_str().and_then(|hex| serde_json::from_slice(&bytes_of_hex(hex)).ok());
    document.unwrap_or_else(|| hex.clone())
}

/// The text with `@HASH` for an `@` and the hex digits behind it.
fn without_hashes(text: &str) -> String {
    let mut parts = text.split('@');
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let rest = part.strip_prefix("HASH").unwrap_or_else(|| {
            let digits = part.bytes().take(8).take_while(u8::is_ascii_hexdigit).count();
            &part[digits..]
        });
        result.push_str(if rest.len() < part.len() { "@HASH" } else { "@" });
        result.push_str(rest);
    }
    result
}

/// Equality of normal forms, where an error inside a result may ask for its class alone.
fn same(expected: &Json, actual: &Json) -> bool {
    match (expected, actual) {
        (Json::Object(expected), Json::Object(actual)) => {
            if let (Some(class), Some(message)) = (expected.get("class"), expected.get("msg")) {
                let class_alone = expected.get("cmp").is_some_and(|cmp| cmp == "error-class");
                return actual.get("class") == Some(class)
                    && (class_alone || actual.get("msg") == Some(message));
            }
            expected.len() == actual.len()
                && expected.iter().all(|(key, part)| actual.get(key).is_some_and(|other| same(part, other)))
        }
        (Json::Array(expected), Json::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(a, b)| same(a, b))
        }
        _ => expected == actual,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_left_out() {
        assert_eq!(without_hashes("[B@1f2e3d, x@HASH]"), "[B@HASH, x@HASH]");
        assert_eq!(without_hashes("a@b c@"), "a@HASH c@");
        assert_eq!(without_hashes("@@zz"), "@@zz");
    }

    #[test]
    fn errors_inside_compare_by_class_where_they_ask() {
        let expected = json!({"err": {"class": "C", "msg": "m", "cmp": "error-class"}});
        assert!(same(&expected, &json!({"err": {"class": "C", "msg": "other"}})));
        assert!(!same(&expected, &json!({"err": {"class": "D", "msg": "m"}})));
        let strict = json!({"class": "C", "msg": "m", "cause": "E"});
        assert!(same(&strict, &json!({"class": "C", "msg": "m"})));
        assert!(!same(&strict, &json!({"class": "C", "msg": "n"})));
    }

    #[test]
    fn maps_compare_without_order() {
        let a = json!({"k": "map", "v": [[{"k": "str", "v": "a"}, null], [{"k": "str", "v": "b"}, null]], "ord": "hash"});
        let b = json!({"k": "map", "v": [[{"k": "str", "v": "b"}, null], [{"k": "str", "v": "a"}, null]], "ord": "linked"});
        assert_eq!(normal(&a, Cmp::Value), normal(&b, Cmp::Value));
    }
}
