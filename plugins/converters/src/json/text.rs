//! Texts of JSON: where they need care, and how they are decoded and written.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Bit 7 of each byte that is zero; bytes above the lowest such byte may be marked wrongly.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// The position, from `at` on, of the first byte that does not stand for itself in a JSON text and is no ASCII: a quote,
/// a backslash, a control character, or a byte of another character. The length where there is none.
pub(crate) fn end_of_plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quotes = zeros(word ^ (ONES * 0x22));
        let backslashes = zeros(word ^ (ONES * 0x5c));
        let controls = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
        let special = quotes | backslashes | controls | (word & HIGHS);
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while let Some(byte) = bytes.get(at) {
        if matches!(byte, 0..0x20 | b'"' | b'\\' | 0x80..) {
            return at;
        }
        at += 1;
    }
    at
}

/// A character of several bytes, as Jackson takes it apart: its length in bytes and its number before any check of the
/// range. `None` where Jackson fails: a byte that begins nothing, a wrong continuation, half a surrogate pair in three
/// bytes. More is accepted than UTF-8 has: long forms, and numbers beyond U+10FFFF.
pub(crate) fn multibyte(bytes: &[u8]) -> Option<(usize, u32)> {
    let (&lead, rest) = bytes.split_first()?;
    let (length, bits) = match lead {
        0xc0..=0xdf => (2, lead & 0x1f),
        0xe0..=0xef => (3, lead & 0x0f),
        0xf0..=0xf7 => (4, lead & 0x07),
        _ => return None,
    };
    let mut code = u32::from(bits);
    for byte in rest.get(..length - 1)? {
        if byte & 0xc0 != 0x80 {
            return None;
        }
        code = code << 6 | u32::from(byte & 0x3f);
    }
    let half = length == 3 && (0xd800..0xe000).contains(&code);
    (!half).then_some((length, code))
}

/// Whether a character that [`multibyte`] found is UTF-8.
pub(crate) fn is_strict(length: usize, code: u32) -> bool {
    match length {
        2 => code >= 0x80,
        3 => code >= 0x800,
        _ => (0x1_0000..0x11_0000).contains(&code),
    }
}

/// The four digits of a `\u` escape.
pub(crate) fn escaped_unit(digits: &[u8]) -> Option<u16> {
    let digits = digits.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| {
        let digit = char::from(*digit).to_digit(16)?;
        Some(unit << 4 | digit as u16)
    })
}

/// The text that these bytes stand for, which the scanner has checked. U+FFFD stands for half a surrogate pair.
pub(crate) fn decode(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let end = end_of_plain(raw, at);
        text.push_str(std::str::from_utf8(raw.get(at..end).unwrap_or_default()).unwrap_or_default());
        let rest = raw.get(end..).unwrap_or_default();
        at = end
            + match rest {
                [b'\\', b'u', digits @ ..] => decode_unit(digits, &mut text) + 2,
                [b'\\', escape, ..] => {
                    text.push(match escape {
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        other => char::from(*other),
                    });
                    2
                }
                [] => 0,
                _ => decode_multibyte(rest, &mut text),
            };
    }
    text
}

/// Decodes what stands behind `\u`, with the escape of the other half of the pair if that follows. Gives how many bytes
/// that were.
fn decode_unit(digits: &[u8], text: &mut String) -> usize {
    let unit = escaped_unit(digits).map_or(0xfffd, u32::from);
    if let (0xd800..0xdc00, Some(b"\\u")) = (unit, digits.get(4..6))
        && let Some(low @ 0xdc00..0xe000) = digits.get(6..).and_then(escaped_unit)
    {
        let code = 0x1_0000 + ((unit & 0x3ff) << 10 | u32::from(low & 0x3ff));
        text.extend(char::from_u32(code));
        return 10;
    }
    text.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
    4
}

fn decode_multibyte(bytes: &[u8], text: &mut String) -> usize {
    let Some((length, code)) = multibyte(bytes) else {
        text.push(char::REPLACEMENT_CHARACTER);
        return 1;
    };
    if length < 4 || is_strict(length, code) {
        text.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
    } else {
        // Jackson computes a surrogate pair without a check of the range; what comes out are two strange units.
        let code = code.wrapping_sub(0x1_0000) as i32;
        let high = 0xd800 | (code >> 10) as u16;
        text.push(char::from_u32(high.into()).unwrap_or(char::REPLACEMENT_CHARACTER));
        text.push(char::REPLACEMENT_CHARACTER);
    }
    length
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

fn push_unit(unit: u16, out: &mut Vec<u8>) {
    out.extend_from_slice(b"\\u");
    out.extend([12, 8, 4, 0].map(|shift| HEX[usize::from(unit >> shift & 0xf)]));
}

/// Writes a text in quotes. As Jackson does, characters outside the basic plane become two escapes.
pub(crate) fn write(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    loop {
        let bytes = rest.as_bytes();
        let mut end = end_of_plain(bytes, 0);
        // Characters of two or three bytes stand for themselves.
        while let Some(0x80..0xf0) = bytes.get(end) {
            end = end_of_plain(bytes, end + 1);
        }
        let (plain, special) = rest.split_at_checked(end).unwrap_or((rest, ""));
        out.extend_from_slice(plain.as_bytes());
        let mut chars = special.chars();
        match chars.next() {
            None => break,
            Some('"') => out.extend_from_slice(b"\\\""),
            Some('\\') => out.extend_from_slice(b"\\\\"),
            Some('\u{8}') => out.extend_from_slice(b"\\b"),
            Some('\t') => out.extend_from_slice(b"\\t"),
            Some('\n') => out.extend_from_slice(b"\\n"),
            Some('\u{c}') => out.extend_from_slice(b"\\f"),
            Some('\r') => out.extend_from_slice(b"\\r"),
            Some(other) => {
                let mut units = [0; 2];
                for unit in other.encode_utf16(&mut units) {
                    push_unit(*unit, out);
                }
            }
        }
        rest = chars.as_str();
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_end_of_plain_text() {
        for special in [b'"', b'\\', 0, 0x1f, 0x80, 0xff] {
            for at in 0..20 {
                let mut bytes = [b'a'; 21];
                bytes[at] = special;
                bytes[20] = b'"';
                assert_eq!(end_of_plain(&bytes, 0), at, "{special:#x} at {at}");
                assert_eq!(end_of_plain(&bytes[..at], 0), at, "none in {at}");
            }
        }
        assert_eq!(end_of_plain(b"\x7f !#[]~\x7f\x7f", 0), 9);
    }

    #[test]
    fn writes_what_jackson_writes() {
        let written = |text: &str| {
            let mut out = Vec::new();
            write(text, &mut out);
            String::from_utf8(out).expect("UTF-8")
        };
        assert_eq!(written("a/b\"\\\u{8}\t\n\u{c}\r"), r#""a/b\"\\\b\t\n\f\r""#);
        assert_eq!(written("\u{0}\u{1f}\u{7f}"), "\"\\u0000\\u001F\u{7f}\"");
        assert_eq!(written("é日x😀y"), r#""é日x\uD83D\uDE00y""#);
        assert_eq!(written(""), "\"\"");
    }

    #[test]
    fn decodes_escapes_and_strange_bytes() {
        for (raw, text) in [
            (&br#"a\/\"\n\u00e9\u0041"#[..], "a/\"\né\u{41}"),
            (br"\ud83d\ude00", "😀"),
            (br"\ud83dx\ude00", "\u{fffd}x\u{fffd}"),
            (br"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (b"\xc0\x80\xc3\xa9", "\0é"),
            (b"\xf4\x90\x80\x80!", "\u{fffd}\u{fffd}!"),
        ] {
            assert_eq!(decode(raw), text);
        }
    }
}
