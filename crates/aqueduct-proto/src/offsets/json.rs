//! The JSON of offset keys and values: `["connector",{partition}]` and `{offset}`.
//!
//! A key's bytes are its identity, so they must be those that the Java worker writes: no blanks, entries in the order of
//! the map, characters beyond the basic plane as escaped pairs (spec: offsets topic).

use aqueduct_api::data::{Text, Value, java_text};
use aqueduct_api::{Error, OffsetMap, Result};
use serde_json::Value as Json;

/// The key of a source partition.
pub fn key_bytes(connector: &str, partition: &OffsetMap) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(64);
    out.push(b'[');
    write_text(&mut out, connector);
    out.push(b',');
    write_map(&mut out, partition)?;
    out.push(b']');
    Ok(out)
}

/// The value of a source offset.
pub fn value_bytes(offset: &OffsetMap) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(32);
    write_map(&mut out, offset)?;
    Ok(out)
}

/// The connector and the partition of a key, or why it is none. A null partition gives `None`.
pub fn parse_key(bytes: &[u8]) -> Result<(String, Option<OffsetMap>)> {
    let invalid =
        || Error::data("an offset key must be a JSON array of a connector name and a source partition");
    let Ok(Json::Array(parts)) = serde_json::from_slice::<Json>(bytes) else { return Err(invalid()) };
    match parts.as_slice() {
        [Json::String(connector), Json::Object(partition)] => {
            Ok((connector.clone(), Some(map_of(partition)?)))
        }
        [Json::String(connector), Json::Null] => Ok((connector.clone(), None)),
        _ => Err(invalid()),
    }
}

/// The offset of a value.
pub fn parse_value(bytes: &[u8]) -> Result<OffsetMap> {
    match serde_json::from_slice::<Json>(bytes) {
        Ok(Json::Object(offset)) => map_of(&offset),
        Ok(_) => Err(Error::data("an offset value must be a JSON object")),
        Err(error) => Err(Error::data("an offset value must be JSON").with_source(error)),
    }
}

fn map_of(object: &serde_json::Map<String, Json>) -> Result<OffsetMap> {
    object.iter().map(|(key, value)| Ok((Text::from(key.as_str()), primitive(key, value)?))).collect()
}

fn primitive(key: &str, value: &Json) -> Result<Value> {
    match value {
        Json::Null => Ok(Value::Null),
        Json::Bool(value) => Ok(Value::Boolean(*value)),
        Json::String(value) => Ok(Value::from(value.as_str())),
        Json::Number(number) => Ok(match number.as_i64() {
            Some(integer) => Value::Int64(integer),
            None => Value::Float64(number.as_f64().unwrap_or(f64::NAN)),
        }),
        Json::Array(_) | Json::Object(_) => Err(not_primitive(key)),
    }
}

fn not_primitive(key: &str) -> Error {
    Error::data(format!(
        "Offsets may only contain primitive types as values, but field {key} contains something else"
    ))
}

fn write_map(out: &mut Vec<u8>, map: &OffsetMap) -> Result<()> {
    out.push(b'{');
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(out, key);
        out.push(b':');
        write_primitive(out, key, value)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_primitive(out: &mut Vec<u8>, key: &str, value: &Value) -> Result<()> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::String(text) => write_text(out, text),
        Value::Float32(number) if !number.is_finite() => write_quoted(out, value),
        Value::Float64(number) if !number.is_finite() => write_quoted(out, value),
        Value::Boolean(_)
        | Value::Int8(_)
        | Value::Int16(_)
        | Value::Int32(_)
        | Value::Int64(_)
        | Value::Float32(_)
        | Value::Float64(_) => java_text::append_utf8(out, value),
        _ => return Err(not_primitive(key)),
    }
    Ok(())
}

fn write_quoted(out: &mut Vec<u8>, value: &Value) {
    out.push(b'"');
    java_text::append_utf8(out, value);
    out.push(b'"');
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for c in text.chars() {
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            c if (c as u32) < 0x20 => write_escape(out, c as u16),
            c if (c as u32) > 0xffff => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write_escape(out, *unit);
                }
            }
            c => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

fn write_escape(out: &mut Vec<u8>, unit: u16) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    out.extend_from_slice(b"\\u");
    out.extend([12, 8, 4, 0].map(|shift| HEX[usize::from(unit >> shift) & 15]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_java_writes() {
        let check = |connector: &str, partition: OffsetMap, expected: &str| {
            let bytes = key_bytes(connector, &partition).expect("primitive values");
            assert_eq!(String::from_utf8_lossy(&bytes), expected);
            let (name, read) = parse_key(&bytes).expect("what we wrote");
            assert_eq!(name, connector);
            assert_eq!(read.map(|read| read.len()), Some(partition.len()));
        };
        check(
            "local-file-source",
            OffsetMap::of("filename", "test.txt"),
            r#"["local-file-source",{"filename":"test.txt"}]"#,
        );
        check("a\nb", OffsetMap::of("\u{1}", Value::Null), r#"["a\nb",{"\u0001":null}]"#);
        check("😀", OffsetMap::of("n", 7_i32).with("f", 1.0_f64), r#"["\uD83D\uDE00",{"n":7,"f":1.0}]"#);
    }

    #[test]
    fn what_is_no_offset_is_refused() {
        for garbage in ["", "{}", "[]", r#"["c"]"#, r#"["c",{"a":{}}]"#, r#"[1,{}]"#, "\u{0}"] {
            assert!(parse_key(garbage.as_bytes()).is_err(), "{garbage}");
        }
        assert!(key_bytes("c", &OffsetMap::of("a", Value::Array(vec![]))).is_err());
        assert_eq!(parse_key(br#"["c",null]"#).expect("a null partition"), ("c".to_owned(), None));
    }
}
