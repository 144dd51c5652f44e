//! Values to texts.

use std::fmt::{self, Write};

use super::super::{Value, java_text};
use super::temporal;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Writes the text that [`parse_string`](super::parse_string) mostly reads back: strings are quoted inside lists, maps and
/// structs only, bytes are Base64. Null is `null`. Fails only if the writer does.
pub fn write_string<W: Write + ?Sized>(out: &mut W, value: &Value) -> fmt::Result {
    write_part(out, value, false)
}

fn write_part<W: Write + ?Sized>(out: &mut W, value: &Value, embedded: bool) -> fmt::Result {
    match value {
        Value::String(text) if embedded => write_quoted(out, text),
        Value::Bytes(bytes) if embedded => {
            out.write_char('"')?;
            write_base64(out, bytes)?;
            out.write_char('"')
        }
        Value::Bytes(bytes) => write_base64(out, bytes),
        Value::Array(values) => {
            out.write_char('[')?;
            for (at, value) in values.iter().enumerate() {
                separate(out, at)?;
                write_part(out, value, true)?;
            }
            out.write_char(']')
        }
        Value::Map(map) => {
            out.write_char('{')?;
            for (at, (key, value)) in map.iter().enumerate() {
                separate(out, at)?;
                write_part(out, key, true)?;
                out.write_char(':')?;
                write_part(out, value, true)?;
            }
            out.write_char('}')
        }
        Value::Struct(value) => {
            out.write_char('{')?;
            for (at, (field, _)) in value.iter().enumerate() {
                separate(out, at)?;
                write_quoted(out, &field.name)?;
                out.write_char(':')?;
                write_part(out, value.get_at(at), true)?;
            }
            out.write_char('}')
        }
        Value::Date(epoch_ms) => temporal::write(out, *epoch_ms),
        _ => java_text::write_value(out, value),
    }
}

fn separate<W: Write + ?Sized>(out: &mut W, at: usize) -> fmt::Result {
    if at > 0 { out.write_char(',') } else { Ok(()) }
}

fn write_quoted<W: Write + ?Sized>(out: &mut W, text: &str) -> fmt::Result {
    out.write_char('"')?;
    for part in text.split_inclusive(['\\', '"']) {
        match part.strip_suffix(['\\', '"']) {
            Some(plain) => {
                out.write_str(plain)?;
                out.write_char('\\')?;
                out.write_str(&part[plain.len()..])?;
            }
            None => out.write_str(part)?,
        }
    }
    out.write_char('"')
}

fn write_base64<W: Write + ?Sized>(out: &mut W, bytes: &[u8]) -> fmt::Result {
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for at in 0..4 {
            let digit = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize];
            out.write_char(if at <= group.len() { char::from(digit) } else { '=' })?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: impl Into<Value>, expected: &str) {
        let mut text = String::new();
        write_string(&mut text, &value.into()).expect("a string takes it");
        assert_eq!(text, expected);
    }

    #[test]
    fn encodes_bytes() {
        for (bytes, expected) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")]
        {
            check(bytes.as_bytes().to_vec(), expected);
        }
    }

    #[test]
    fn quotes_inside_lists_only() {
        check("a\"b", "a\"b");
        check(
            vec![Value::from("a\"b\\"), Value::Null, Value::from(vec![0xff_u8])],
            r#"["a\"b\\",null,"/w=="]"#,
        );
    }
}
