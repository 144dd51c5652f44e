//! Character sets by the names that Java knows, with Java's replacement of what they cannot hold.

use std::borrow::Cow;

use aqueduct_api::data::Text;
use bytes::Bytes;
use encoding_rs::{EncoderResult, Encoding};

/// A character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    /// UTF-8
    Utf8,
    /// Bytes below 0x80.
    Ascii,
    /// Each byte is the character of its number.
    Latin1,
    /// UTF-16 with a byte order mark, big-endian without one.
    Utf16,
    /// UTF-16, big-endian; a byte order mark is a character.
    Utf16Be,
    /// UTF-16, little-endian; a byte order mark is a character.
    Utf16Le,
    /// One of the older sets.
    Other(&'static Encoding),
}

impl Charset {
    /// The character set of this name, in any case; `None` where there is none.
    pub(crate) fn for_name(name: &str) -> Option<Self> {
        let lower = name.to_ascii_lowercase();
        Some(match lower.as_str() {
            "utf-8" | "utf8" | "unicode-1-1-utf-8" => Self::Utf8,
            "us-ascii" | "ascii" | "iso646-us" | "ascii7" | "646" | "iso_646.irv:1991" | "ansi_x3.4-1968"
            | "ansi_x3.4-1986" | "us" | "ibm367" | "cp367" | "csascii" | "default" | "iso-ir-6"
            | "iso_646.irv:1983" => Self::Ascii,
            "iso-8859-1" | "iso8859_1" | "latin1" | "l1" | "iso_8859-1" | "iso_8859_1" | "iso8859-1"
            | "8859_1" | "iso-ir-100" | "ibm819" | "cp819" | "ibm-819" | "819" | "csisolatin1"
            | "iso_8859-1:1987" => Self::Latin1,
            "utf-16" | "utf_16" | "utf16" | "unicode" | "unicodebig" => Self::Utf16,
            "utf-16be" | "utf_16be" | "x-utf-16be" | "iso-10646-ucs-2" | "unicodebigunmarked" => {
                Self::Utf16Be
            }
            "utf-16le" | "utf_16le" | "x-utf-16le" | "unicodelittleunmarked" => Self::Utf16Le,
            other => {
                let found = Encoding::for_label_no_replacement(other.as_bytes())?;
                // Web pages mean windows-1254 when they say ISO-8859-9, and so on; Java means what it says.
                let renamed =
                    found.name().starts_with("windows-") && !other.contains("125") && !other.contains("874");
                if renamed || found == encoding_rs::X_USER_DEFINED {
                    return None;
                }
                Self::Other(found)
            }
        })
    }

    /// Appends the bytes of a text; `?` stands for what the set does not have.
    pub(crate) fn encode(self, text: &str, bytes: &mut Vec<u8>) {
        match self {
            Self::Utf8 => bytes.extend_from_slice(text.as_bytes()),
            Self::Ascii => {
                bytes.extend(text.chars().map(|char| if char.is_ascii() { char as u8 } else { b'?' }))
            }
            Self::Latin1 => bytes.extend(text.chars().map(|char| u8::try_from(char).unwrap_or(b'?'))),
            Self::Utf16 => {
                if !text.is_empty() {
                    bytes.extend_from_slice(&[0xfe, 0xff]);
                }
                Self::Utf16Be.encode(text, bytes);
            }
            Self::Utf16Be => bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes)),
            Self::Utf16Le => bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes)),
            Self::Other(encoding) => encode_other(encoding, text, bytes),
        }
    }

    /// The text of the bytes; U+FFFD stands for what is malformed.
    pub(crate) fn decode(self, bytes: &[u8]) -> Cow<'_, str> {
        match self {
            Self::Utf8 => decode_utf8(bytes),
            Self::Ascii => bytes
                .iter()
                .map(|byte| if byte.is_ascii() { char::from(*byte) } else { char::REPLACEMENT_CHARACTER })
                .collect(),
            Self::Latin1 => bytes.iter().copied().map(char::from).collect(),
            Self::Utf16 => match bytes {
                [0xfe, 0xff, rest @ ..] => decode_utf16(rest, u16::from_be_bytes).into(),
                [0xff, 0xfe, rest @ ..] => decode_utf16(rest, u16::from_le_bytes).into(),
                _ => decode_utf16(bytes, u16::from_be_bytes).into(),
            },
            Self::Utf16Be => decode_utf16(bytes, u16::from_be_bytes).into(),
            Self::Utf16Le => decode_utf16(bytes, u16::from_le_bytes).into(),
            Self::Other(encoding) => {
                let (text, _) = encoding.decode_without_bom_handling(bytes);
                if encoding.is_single_byte() && text.contains(|char| ('\u{80}'..'\u{a0}').contains(&char)) {
                    // The sets of the web fill their holes with control characters; Java's have holes.
                    return text
                        .chars()
                        .map(|char| match char {
                            '\u{80}'..'\u{a0}' if encoding.name().starts_with("windows-") => {
                                char::REPLACEMENT_CHARACTER
                            }
                            other => other,
                        })
                        .collect();
                }
                text
            }
        }
    }
}

fn encode_other(encoding: &'static Encoding, text: &str, bytes: &mut Vec<u8>) {
    let mut encoder = encoding.new_encoder();
    let mut rest = text;
    loop {
        let room = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
        bytes.reserve(room.unwrap_or(rest.len()));
        let (result, read) = encoder.encode_from_utf8_to_vec_without_replacement(rest, bytes, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            EncoderResult::InputEmpty => return,
            EncoderResult::OutputFull => {}
            EncoderResult::Unmappable(_) => bytes.push(b'?'),
        }
    }
}

/// The text of UTF-8. Java takes the bytes of half a surrogate pair for one malformed character, not for three.
pub(crate) fn decode_utf8(bytes: &[u8]) -> Cow<'_, str> {
    let mut error = match std::str::from_utf8(bytes) {
        Ok(text) => return text.into(),
        Err(error) => error,
    };
    let mut text = String::with_capacity(bytes.len() + 16);
    let mut rest = bytes;
    loop {
        let (valid, malformed) = rest.split_at_checked(error.valid_up_to()).unwrap_or((rest, &[]));
        text.push_str(std::str::from_utf8(valid).unwrap_or_default());
        text.push(char::REPLACEMENT_CHARACTER);
        let length = match malformed {
            [0xed, behind @ ..] => 1 + behind.iter().take(2).take_while(|byte| **byte & 0xc0 == 0x80).count(),
            _ => error.error_len().unwrap_or(malformed.len()),
        };
        rest = malformed.get(length..).unwrap_or_default();
        match std::str::from_utf8(rest) {
            Ok(end) => {
                text.push_str(end);
                return text.into();
            }
            Err(next) => error = next,
        }
    }
}

/// The text of UTF-8 that shares the memory of the bytes, if it is such and long.
pub(crate) fn utf8_text(bytes: &Bytes) -> Text {
    Text::from_utf8_slice(bytes, bytes).unwrap_or_else(|| decode_utf8(bytes).into_owned().into())
}

/// The text of UTF-16 code units. As in Java, a half of a pair takes the unit behind it along into one U+FFFD, and so do
/// the bytes at the end that make no unit.
pub(crate) fn decode_utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let mut text = String::with_capacity(bytes.len());
    let (pairs, odd) = bytes.as_chunks::<2>();
    let mut units = pairs.iter().map(|pair| unit(*pair));
    let mut ended = false;
    while let Some(first) = units.next() {
        match first {
            0xd800..=0xdbff => match units.next() {
                Some(second @ 0xdc00..=0xdfff) => {
                    let code = 0x1_0000 + ((u32::from(first) & 0x3ff) << 10) + (u32::from(second) & 0x3ff);
                    text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                second => {
                    ended = second.is_none();
                    text.push(char::REPLACEMENT_CHARACTER);
                }
            },
            other => text.push(char::from_u32(other.into()).unwrap_or(char::REPLACEMENT_CHARACTER)),
        }
    }
    if !odd.is_empty() && !ended {
        text.push(char::REPLACEMENT_CHARACTER);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(name: &str, text: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        Charset::for_name(name).expect("a known name").encode(text, &mut bytes);
        bytes
    }

    #[test]
    fn writes_what_the_set_has_and_question_marks_for_the_rest() {
        assert_eq!(encoded("US-ASCII", "aé😀b"), b"a??b");
        assert_eq!(encoded("latin1", "é€"), b"\xe9?");
        assert_eq!(encoded("windows-1252", "€ą"), b"\x80?");
        assert_eq!(encoded("Shift_JIS", "日😀"), b"\x93\xfa?");
        assert_eq!(encoded("UTF-16", "a"), [0xfe, 0xff, 0, b'a']);
        assert_eq!(encoded("UTF-16", ""), []);
        assert_eq!(encoded("utf-16le", "😀"), [0x3d, 0xd8, 0, 0xde]);
    }

    #[test]
    fn reads_with_replacements() {
        let read = |name, bytes: &'static [u8]| {
            Charset::for_name(name).expect("a known name").decode(bytes).into_owned()
        };
        assert_eq!(read("ascii", b"a\xff"), "a\u{fffd}");
        assert_eq!(read("Cp1252", b"\x80\x81"), "€\u{fffd}");
        assert_eq!(read("ISO-8859-1", b"\x80\xe9"), "\u{80}é");
        assert_eq!(read("utf-16", b"\xff\xfea\0"), "a");
        assert_eq!(read("utf-16be", b"\xd8\0\0a"), "\u{fffd}");
        assert_eq!(read("utf-16be", b"\xd8\0\0"), "\u{fffd}");
        assert_eq!(read("utf-16be", b"\0ab"), "a\u{fffd}");
        assert_eq!(read("utf-8", b"a\xff\xe9"), "a\u{fffd}\u{fffd}");
        assert_eq!(read("utf-8", b"\xed\xa0\x80\xed\xbaz\xed\xba"), "\u{fffd}\u{fffd}z\u{fffd}");
        assert_eq!(read("utf-8", b"\xe0\x80\xf0\x9f\x98z\xf0\x9f"), "\u{fffd}\u{fffd}\u{fffd}z\u{fffd}");
    }

    #[test]
    fn knows_no_other_names() {
        for name in ["nope", "", "x-user-defined", "iso-8859-9"] {
            assert_eq!(Charset::for_name(name), None, "{name}");
        }
    }
}
