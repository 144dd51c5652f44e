//! JSON as the tools print it: that of Jackson, which is not quite that of others.

use std::fmt::Write;

use aqueduct_api::Value;
use aqueduct_api::data::java_text;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// A line of JSON: an object whose fields are written in the order of the calls.
#[derive(Debug, Clone, Default)]
pub(crate) struct Line(String);

impl Line {
    /// Adds a field with a finished JSON text.
    pub(crate) fn raw(mut self, key: &str, json: &str) -> Self {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        write_text(&mut self.0, key);
        self.0.push(':');
        self.0.push_str(json);
        self
    }

    /// Adds a text; null where there is none.
    pub(crate) fn text(self, key: &str, text: Option<&str>) -> Self {
        let mut json = String::new();
        match text {
            Some(text) => write_text(&mut json, text),
            None => json.push_str("null"),
        }
        self.raw(key, &json)
    }

    /// Adds a number.
    pub(crate) fn number(self, key: &str, number: i64) -> Self {
        self.raw(key, &number.to_string())
    }

    /// The line, without its end.
    pub(crate) fn finish(mut self) -> String {
        self.0.push_str(if self.0.is_empty() { "{}" } else { "}" });
        self.0
    }
}

/// The JSON of a value; an error names what has none.
pub(crate) fn value(value: &Value) -> Result<String, String> {
    let mut json = String::new();
    write_value(&mut json, value)?;
    Ok(json)
}

fn write_value(json: &mut String, value: &Value) -> Result<(), String> {
    match value {
        Value::Null => json.push_str("null"),
        Value::Int8(number) => json.push_str(&number.to_string()),
        Value::Int16(number) => json.push_str(&number.to_string()),
        Value::Int32(number) => json.push_str(&number.to_string()),
        Value::Int64(number) | Value::Date(number) => json.push_str(&number.to_string()),
        Value::Float32(number) => write_float(json, number.is_finite(), &java_text::f32_text(*number)),
        Value::Float64(number) => write_float(json, number.is_finite(), &java_text::f64_text(*number)),
        Value::Boolean(truth) => json.push_str(if *truth { "true" } else { "false" }),
        Value::String(text) => write_text(json, text),
        Value::Bytes(bytes) => write_text(json, &STANDARD.encode(bytes)),
        Value::BigInteger(number) => json.push_str(&number.to_string()),
        Value::Decimal(number) => json.push_str(&number.to_string()),
        Value::Array(values) => {
            json.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                write_value(json, value)?;
            }
            json.push(']');
        }
        Value::Map(map) => {
            json.push('{');
            for (index, (key, value)) in map.iter().enumerate() {
                if index > 0 {
                    json.push(',');
                }
                match key {
                    Value::String(text) => write_text(json, text),
                    Value::Null => return Err("Null key for a Map not allowed in JSON".to_owned()),
                    key => write_text(json, &self::value(key)?),
                }
                json.push(':');
                write_value(json, value)?;
            }
            json.push('}');
        }
        Value::Struct(_) => {
            return Err(format!("No serializer found for class {}", value.java_class()));
        }
    }
    Ok(())
}

fn write_text(json: &mut String, text: &str) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            '\0'..='\u{1f}' => {
                // Writing to a String never fails.
                let _ = write!(json, "\\u{:04X}", u32::from(character));
            }
            _ => json.push(character),
        }
    }
    json.push('"');
}

/// What is no number is a text.
fn write_float(json: &mut String, is_finite: bool, text: &str) {
    if is_finite {
        json.push_str(text);
    } else {
        write_text(json, text);
    }
}

#[cfg(test)]
mod tests {
    use aqueduct_api::data::{Decimal, Map};

    use super::*;

    #[test]
    fn writes_values_as_jackson_does() {
        for (value, expected) in [
            (Value::Null, "null"),
            (Value::Int8(-1), "-1"),
            (Value::Int64(i64::MIN), "-9223372036854775808"),
            (Value::Date(5), "5"),
            (Value::Float64(1e10), "1.0E10"),
            (Value::Float32(1e-7), "1.0E-7"),
            (Value::Float32(12.2), "12.2"),
            (Value::Float64(f64::NAN), "\"NaN\""),
            (Decimal::new(150, 2).into(), "1.50"),
            (Value::Boolean(true), "true"),
            (Value::from(b"k\xc3\xbc".to_vec()), "\"a8O8\""),
            (
                Value::text("q\"\u{1}\u{1f}\\\u{2028}\u{e9}\u{1f600}/\n"),
                "\"q\\\"\\u0001\\u001F\\\\\u{2028}\u{e9}\u{1f600}/\\n\"",
            ),
            (Value::from(vec![Value::Int32(1), Value::text("a")]), "[1,\"a\"]"),
            (Map::from_iter([("a", 1), ("b", 2)]).into(), "{\"a\":1,\"b\":2}"),
            (Map::from_iter([(7, "x")]).into(), "{\"7\":\"x\"}"),
        ] {
            assert_eq!(super::value(&value).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn writes_fields_in_the_order_of_the_calls() {
        let line = Line::default().raw("a", "[]").text("b", None).text("c\"", Some("x")).number("d", 1);
        assert_eq!(line.finish(), r#"{"a":[],"b":null,"c\"":"x","d":1}"#);
    }
}
