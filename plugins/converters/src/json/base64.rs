//! Base64 as Jackson reads it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A text that is no base64.
#[derive(Debug, thiserror::Error)]
#[error("illegal base64 at character {0}")]
pub(crate) struct BadBase64(usize);

/// The bytes of a text. Besides strict base64 it takes white space between groups, groups behind padding, and bits behind
/// the last byte.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, BadBase64> {
    STANDARD.decode(text).or_else(|_| decode_leniently(text.as_bytes()))
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

fn decode_leniently(text: &[u8]) -> Result<Vec<u8>, BadBase64> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let mut at = 0;
    loop {
        at += text.iter().skip(at).take_while(|byte| **byte <= b' ').count();
        let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) else {
            return Ok(bytes);
        };
        let group = rest.first_chunk::<4>().ok_or(BadBase64(text.len()))?;
        let [a, b, c, d] = group.map(sextet);
        let (Some(a), Some(b)) = (a, b) else {
            return Err(BadBase64(at));
        };
        let bits = a << 18 | b << 12 | c.unwrap_or(0) << 6 | d.unwrap_or(0);
        let [_, first, second, third] = bits.to_be_bytes();
        match (c, d, group) {
            (Some(_), Some(_), _) => bytes.extend([first, second, third]),
            (Some(_), None, [_, _, _, b'=']) => bytes.extend([first, second]),
            (None, None, [_, _, b'=', b'=']) => bytes.push(first),
            _ => return Err(BadBase64(at + 2)),
        }
        at += 4;
    }
}

/// Appends the base64 of bytes.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len().div_ceil(3) * 4, 0);
    let room = out.get_mut(start..).unwrap_or_default();
    // The room is what the encoding of so many bytes takes.
    let written = STANDARD.encode_slice(bytes, room).unwrap_or(0);
    out.truncate(start + written);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_jackson_reads() {
        for (text, bytes) in [
            ("", Some(&b""[..])),
            ("AQID", Some(&[1, 2, 3])),
            ("AQI=", Some(&[1, 2])),
            ("AQ==", Some(&[1])),
            ("AR==", Some(&[1])),
            ("AQ== AQID\n", Some(&[1, 1, 2, 3])),
            (" ", Some(&[])),
            ("AQ", None),
            ("AQI", None),
            ("A", None),
            ("AQ=A", None),
            ("A=I=", None),
            ("AQ D", None),
            ("AQ-_", None),
            ("AQIé", None),
        ] {
            assert_eq!(decode(text).ok().as_deref(), bytes, "{text:?}");
        }
    }

    #[test]
    fn writes_with_padding() {
        let mut out = b"x".to_vec();
        encode(&[1, 0xff], &mut out);
        assert_eq!(out, b"xAf8=");
    }
}
