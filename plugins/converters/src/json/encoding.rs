//! The encodings of JSON documents: UTF-8, and what Jackson detects besides.

use std::borrow::Cow;

use bytes::Bytes;

use crate::charset::decode_utf16;

/// Bytes that are no JSON in any encoding.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct BadEncoding(&'static str);

enum Encoding {
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
    Utf32(fn([u8; 4]) -> u32),
}

/// The document in UTF-8, without a byte order mark. As a rule these are the same bytes, not copied.
pub(crate) fn to_utf8(bytes: &Bytes) -> Result<Cow<'_, Bytes>, BadEncoding> {
    let (encoding, mark) = detect(bytes)?;
    let rest = bytes.get(mark..).unwrap_or_default();
    Ok(match encoding {
        Encoding::Utf8 if mark == 0 => Cow::Borrowed(bytes),
        Encoding::Utf8 => Cow::Owned(bytes.slice(mark..)),
        Encoding::Utf16(unit) => Cow::Owned(decode_utf16(rest, unit).into()),
        Encoding::Utf32(unit) => Cow::Owned(decode_utf32(rest, unit)?.into()),
    })
}

/// The encoding, by the mark or by where the zeros are in the first character; and how long the mark is.
fn detect(bytes: &[u8]) -> Result<(Encoding, usize), BadEncoding> {
    let big16: fn([u8; 2]) -> u16 = u16::from_be_bytes;
    let little16: fn([u8; 2]) -> u16 = u16::from_le_bytes;
    let (big, little) = (Encoding::Utf16(big16), Encoding::Utf16(little16));
    // Marks are only looked for where there are four bytes.
    if let Some(first) = bytes.first_chunk::<4>() {
        return Ok(match *first {
            [0, 0, 0xfe, 0xff] => (Encoding::Utf32(u32::from_be_bytes), 4),
            [0xff, 0xfe, 0, 0] => (Encoding::Utf32(u32::from_le_bytes), 4),
            [0, 0, 0xff, 0xfe] | [0xfe, 0xff, 0, 0] => {
                return Err(BadEncoding("UTF-32 of a mixed byte order"));
            }
            [0xfe, 0xff, ..] => (big, 2),
            [0xff, 0xfe, ..] => (little, 2),
            [0xef, 0xbb, 0xbf, _] => (Encoding::Utf8, 3),
            [0, 0, 0, _] => (Encoding::Utf32(u32::from_be_bytes), 0),
            [_, 0, 0, 0] => (Encoding::Utf32(u32::from_le_bytes), 0),
            [0, _, 0, 0] | [0, 0, _, 0] => return Err(BadEncoding("UTF-32 of a mixed byte order")),
            [0, ..] => (big, 0),
            [_, 0, ..] => (little, 0),
            _ => (Encoding::Utf8, 0),
        });
    }
    Ok(match bytes {
        [0, _, ..] => (big, 0),
        [_, 0, ..] => (little, 0),
        _ => (Encoding::Utf8, 0),
    })
}

fn decode_utf32(bytes: &[u8], unit: fn([u8; 4]) -> u32) -> Result<String, BadEncoding> {
    let (chars, _) = bytes.as_chunks::<4>();
    chars
        .iter()
        .map(|char| match unit(*char) {
            0xd800..0xe000 => Ok(char::REPLACEMENT_CHARACTER),
            code => char::from_u32(code).ok_or(BadEncoding("a character beyond U+10FFFF")),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_encodings_by_marks_and_zeros() {
        for (bytes, text) in [
            (&b"1"[..], "1"),
            (b"1\0", "1"),
            (b"\x001", "1"),
            (b"\xef\xbb\xbf1", "1"),
            (b"\xef\xbb\xbf", "\u{feff}"),
            (b"\xfe\xff\0[\0]", "[]"),
            (b"\xff\xfe[\0]\0", "[]"),
            (b"[\0]\0", "[]"),
            (b"\0\0\0[\0\0\0]", "[]"),
            (b"\xff\xfe\0\0[\0\0\0", "["),
        ] {
            let bytes = Bytes::from_static(bytes);
            assert_eq!(to_utf8(&bytes).expect("an encoding").as_ref(), text.as_bytes(), "{bytes:?}");
        }
        for bytes in [&b"\0[\0\0"[..], b"\0\0[\0", b"\0\x11\0\0\0\0\0\x31"] {
            assert!(to_utf8(&Bytes::from_static(bytes)).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn copies_no_utf8() {
        let bytes = Bytes::from_static(b"[1]");
        assert!(matches!(to_utf8(&bytes), Ok(Cow::Borrowed(_))));
    }
}
