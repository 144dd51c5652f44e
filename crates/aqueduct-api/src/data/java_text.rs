//! Values as Java prints them: `String.valueOf`.
//!
//! File sinks, string converters and error texts show these. Text goes into a buffer of the caller, which a reused one
//! makes free of allocations for all but decimals and big integers.

mod float;
mod wide;

use std::fmt::{self, Write};

use super::calendar::DateTime;
use super::{Map, Struct, Value, java_hash};

/// A value that displays as Java prints it.
#[derive(Debug, Clone, Copy)]
pub struct JavaText<'a>(pub &'a Value);

impl fmt::Display for JavaText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_value(f, self.0)
    }
}

/// Appends the text of a value.
pub fn append(out: &mut String, value: &Value) {
    // A String takes everything.
    let _ = write_value(out, value);
}

/// Appends the text of a value in UTF-8.
pub fn append_utf8(out: &mut Vec<u8>, value: &Value) {
    let _ = write_value(&mut Utf8(out), value);
}

/// The text of a value.
pub fn value_text(value: &Value) -> String {
    let mut text = String::new();
    append(&mut text, value);
    text
}

/// `Double.toString`
pub fn f64_text(value: f64) -> String {
    let mut text = String::new();
    let _ = float::write_f64(&mut text, value);
    text
}

/// `Float.toString`
pub fn f32_text(value: f32) -> String {
    let mut text = String::new();
    let _ = float::write_f32(&mut text, value);
    text
}

struct Utf8<'a>(&'a mut Vec<u8>);

impl Write for Utf8<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Writes `Double.toString`.
pub fn write_f64<W: Write + ?Sized>(out: &mut W, value: f64) -> fmt::Result {
    float::write_f64(out, value)
}

/// Writes `Float.toString`.
pub fn write_f32<W: Write + ?Sized>(out: &mut W, value: f32) -> fmt::Result {
    float::write_f32(out, value)
}

/// Writes the text of a value. Fails only if the writer does.
pub fn write_value<W: Write + ?Sized>(out: &mut W, value: &Value) -> fmt::Result {
    match value {
        Value::Null => out.write_str("null"),
        Value::Int8(value) => write_integer(out, (*value).into()),
        Value::Int16(value) => write_integer(out, (*value).into()),
        Value::Int32(value) => write_integer(out, (*value).into()),
        Value::Int64(value) => write_integer(out, *value),
        Value::Float32(value) => float::write_f32(out, *value),
        Value::Float64(value) => float::write_f64(out, *value),
        Value::Boolean(value) => out.write_str(if *value { "true" } else { "false" }),
        Value::String(text) => out.write_str(text),
        Value::Bytes(bytes) => write_bytes(out, bytes),
        Value::Array(values) => write_array(out, values),
        Value::Map(map) => write_map(out, map),
        Value::Struct(value) => write_struct(out, value),
        Value::Decimal(value) => value.write(out),
        Value::Date(epoch_ms) => write_date(out, *epoch_ms),
        Value::BigInteger(value) => write!(out, "{value}"),
    }
}

fn write_integer<W: Write + ?Sized>(out: &mut W, value: i64) -> fmt::Result {
    out.write_str(itoa::Buffer::new().format(value))
}

/// Java prints where the array lies in memory. There is no use in that number but that equal texts mean one array, so
/// this prints a hash of the bytes: the same for the same bytes in every run.
fn write_bytes<W: Write + ?Sized>(out: &mut W, bytes: &[u8]) -> fmt::Result {
    write!(out, "[B@{:x}", java_hash::bytes_hash(bytes))
}

fn write_array<W: Write + ?Sized>(out: &mut W, values: &[Value]) -> fmt::Result {
    out.write_char('[')?;
    for (at, value) in values.iter().enumerate() {
        if at > 0 {
            out.write_str(", ")?;
        }
        write_value(out, value)?;
    }
    out.write_char(']')
}

fn write_map<W: Write + ?Sized>(out: &mut W, map: &Map) -> fmt::Result {
    out.write_char('{')?;
    for (at, (key, value)) in map.iter().enumerate() {
        if at > 0 {
            out.write_str(", ")?;
        }
        write_value(out, key)?;
        out.write_char('=')?;
        write_value(out, value)?;
    }
    out.write_char('}')
}

fn write_struct<W: Write + ?Sized>(out: &mut W, value: &Struct) -> fmt::Result {
    out.write_str("Struct{")?;
    for (at, (name, value)) in value.present().enumerate() {
        if at > 0 {
            out.write_char(',')?;
        }
        out.write_str(name)?;
        out.write_char('=')?;
        write_value(out, value)?;
    }
    out.write_char('}')
}

/// `Date.toString`, in UTC.
fn write_date<W: Write + ?Sized>(out: &mut W, epoch_ms: i64) -> fmt::Result {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let date = DateTime::from_epoch_ms(epoch_ms);
    let day_of_week = DAYS.get(usize::from(date.day_of_week())).copied().unwrap_or_default();
    let month = MONTHS.get(usize::from(date.month) - 1).copied().unwrap_or_default();
    write!(
        out,
        "{day_of_week} {month} {:02} {:02}:{:02}:{:02} UTC {}",
        date.day,
        date.hour,
        date.minute,
        date.second,
        date.year_of_era()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn appends_to_what_is_there() {
        let mut text = "a=".to_owned();
        append(&mut text, &Value::Int64(-5));
        assert_eq!(text, "a=-5");
        let mut bytes = b"a=".to_vec();
        append_utf8(&mut bytes, &Value::Date(0));
        assert_eq!(bytes, b"a=Thu Jan 01 00:00:00 UTC 1970");
    }

    #[test]
    fn nests() {
        let map: Map = [("a", Value::Array(vec![Value::Null, Value::Boolean(true)]))].into_iter().collect();
        assert_eq!(value_text(&Value::Map(map)), "{a=[null, true]}");
    }
}
