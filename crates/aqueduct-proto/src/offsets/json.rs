//! The JSON of offset keys and values: `["connector",{partition}]` and `{offset}`.
//!
//! A key's bytes are its identity, so they must be those that the Java worker writes: no blanks, entries in the order of
//! the map, characters beyond the basic plane as escaped pairs (spec: offsets topic).

use std::fmt;

use aqueduct_api::data::{Text, Value, java_text};
use aqueduct_api::{Error, OffsetMap, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The key of a source partition.
pub fn key_bytes(connector: &str, partition: &OffsetMap) -> Result<Vec<u8>> {
    key_of(connector, Some(partition))
}

/// The key of a source partition, which may be null.
pub(super) fn key_of(connector: &str, partition: Option<&OffsetMap>) -> Result<Vec<u8>> {
    let mut out = Vec::with_capacity(64);
    out.push(b'[');
    write_text(&mut out, connector);
    out.push(b',');
    match partition {
        Some(partition) => write_map(&mut out, partition)?,
        None => out.extend_from_slice(b"null"),
    }
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
    let (connector, partition): (String, &RawValue) = serde_json::from_slice(bytes).map_err(|error| {
        Error::data("an offset key must be a JSON array of a connector name and a source partition")
            .with_source(error)
    })?;
    let partition = if partition.get() == "null" { None } else { Some(map_of(partition.get().as_bytes())?) };
    Ok((connector, partition))
}

/// The offset of a value.
pub fn parse_value(bytes: &[u8]) -> Result<OffsetMap> {
    map_of(bytes)
}

fn map_of(bytes: &[u8]) -> Result<OffsetMap> {
    let Entries(entries) = serde_json::from_slice(bytes).map_err(|error| {
        Error::data("source partitions and offsets must be JSON objects").with_source(error)
    })?;
    entries.into_iter().map(|(key, value)| Ok((Text::from(key.as_str()), primitive(&key, value)?))).collect()
}

/// The entries of an object in their order, with the texts of their values.
struct Entries<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Deserialize<'a> for Entries<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        struct Object;

        impl<'a> Visitor<'a> for Object {
            type Value = Entries<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> std::result::Result<Entries<'a>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Numbers are read from their text: the nearest double must come out, or what is written for it again is another text.
fn primitive(key: &str, value: &RawValue) -> Result<Value> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'n') => Ok(Value::Null),
        Some(b't' | b'f') => Ok(Value::Boolean(text == "true")),
        Some(b'[') => Err(not_primitive(key, "ARRAY")),
        Some(b'{') => Err(not_primitive(key, "MAP")),
        Some(b'"') => {
            let invalid = |error| Error::data("an offset must be JSON").with_source(error);
            serde_json::from_str::<String>(text).map(Value::from).map_err(invalid)
        }
        _ if text.contains(['.', 'e', 'E']) => decimal(text).map(Value::Float64),
        _ => Ok(Value::Int64(integer(text))),
    }
}

/// An integer of any size, narrowed to 64 bits as by Java.
fn integer(text: &str) -> i64 {
    let digits = text.bytes().filter(u8::is_ascii_digit);
    let low = digits.fold(0_i64, |low, digit| low.wrapping_mul(10).wrapping_add(i64::from(digit - b'0')));
    if text.starts_with('-') { low.wrapping_neg() } else { low }
}

/// Zero has no sign: for Java it has been a decimal.
fn decimal(text: &str) -> Result<f64> {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    if !mantissa.contains(|c: char| matches!(c, '1'..='9')) {
        return Ok(0.0);
    }
    text.parse().map_err(|error| Error::data(format!("the offset {text} is no number")).with_source(error))
}

fn not_primitive(key: &str, kind: &str) -> Error {
    Error::data(format!(
        "Offsets may only contain primitive types as values, but field {key} contains {kind}"
    ))
}

/// Whether a source partition or offset holds only what can be stored.
///
/// # Errors
/// Names the first entry that cannot.
pub fn check_offsets(map: &OffsetMap) -> Result<()> {
    map.iter().try_for_each(|(key, value)| match value {
        Value::Array(_) => Err(not_primitive(key, "ARRAY")),
        Value::Map(_) => Err(not_primitive(key, "MAP")),
        Value::Struct(_) => Err(not_primitive(key, "STRUCT")),
        Value::Decimal(_) | Value::Date(_) | Value::BigInteger(_) => {
            Err(not_primitive(key, &format!("class {}", value.java_class())))
        }
        _ => Ok(()),
    })
}

fn write_map(out: &mut Vec<u8>, map: &OffsetMap) -> Result<()> {
    check_offsets(map)?;
    out.push(b'{');
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        write_text(out, key);
        out.push(b':');
        write_primitive(out, value);
    }
    out.push(b'}');
    Ok(())
}

/// Writes a value that has been checked.
fn write_primitive(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Bytes(bytes) => write_text(out, &STANDARD.encode(bytes)),
        Value::Null => out.extend_from_slice(b"null"),
        Value::String(text) => write_text(out, text),
        Value::Float32(number) if !number.is_finite() => write_quoted(out, value),
        Value::Float64(number) if !number.is_finite() => write_quoted(out, value),
        _ => java_text::append_utf8(out, value),
    }
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
    fn numbers_are_narrowed_as_by_java() {
        let check = |number: &str, expected: Value| {
            let read = parse_value(format!("{{\"o\":{number}}}").as_bytes()).expect("an offset");
            assert_eq!(read.get("o"), Some(&expected), "{number}");
        };
        check("-9223372036854775808", Value::Int64(i64::MIN));
        check("9223372036854775808", Value::Int64(i64::MIN));
        check("-18446744073709551617", Value::Int64(-1));
        check("-0", Value::Int64(0));
        check("-0.5", Value::Float64(-0.5));
        check("1E400", Value::Float64(f64::INFINITY));
        for zero in ["-0.0", "-0e5", "0.00E-3"] {
            let read = parse_value(format!("{{\"o\":{zero}}}").as_bytes()).expect("an offset");
            let Some(Value::Float64(read)) = read.get("o") else { panic!("{read:?}") };
            assert_eq!(read.to_bits(), 0, "{zero}");
        }
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
