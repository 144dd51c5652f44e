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

const fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value as u32)
}

/// The integer whose two's complement short base64 holds; `None` leaves it to [`decode`] what the text is.
pub(crate) fn decode_word(text: &str) -> Option<i64> {
    let (groups, []) = text.as_bytes().as_chunks::<4>() else { return None };
    let (last, groups) = groups.split_last()?;
    if groups.len() > 2 {
        return None;
    }
    let group = |group: &[u8; 4]| {
        let [a, b, c, d] = group.map(|byte| SEXTETS[usize::from(byte)]);
        // What is no digit has a bit that digits don't have.
        let fits = (a | b | c | d) & NO_SEXTET == 0;
        fits.then(|| u128::from(a) << 18 | u128::from(b) << 12 | u128::from(c) << 6 | u128::from(d))
    };
    let mut bits = 0_u128;
    for full in groups {
        bits = bits << 24 | group(full)?;
    }
    let (last, padding) = match *last {
        [a, b, b'=', b'='] => ([a, b, b'A', b'A'], 2),
        [a, b, c, b'='] => ([a, b, c, b'A'], 1),
        full => (full, 0),
    };
    bits = (bits << 24 | group(&last)?) >> (8 * padding);
    let length = 3 * (groups.len() + 1) - padding;
    let spare = 64_usize.checked_sub(8 * length)?;
    Some(((bits as u64) << spare).cast_signed() >> spare)
}

const NO_SEXTET: u8 = 0x80;

/// The value of each digit.
const SEXTETS: [u8; 256] = {
    let mut values = [NO_SEXTET; 256];
    let mut byte = 0;
    while byte < 256 {
        if let Some(value) = sextet(byte as u8) {
            values[byte] = value as u8;
        }
        byte += 1;
    }
    values
};

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
    fn a_word_is_what_its_bytes_are() {
        use num_bigint::BigInt;
        for text in [
            "AQID",
            "AQI=",
            "AQ==",
            "AR==",
            "/w==",
            "gAA=",
            "f///",
            "gAAA",
            "AAAA",
            "AQIDBAUG",
            "AQIDBAUGBwg=",
            "gAAAAAAAAAA=",
            "//////////8=",
            "AAAAAAAAAAA=",
        ] {
            let bytes = BigInt::from_signed_bytes_be(&decode(text).expect("base64"));
            assert_eq!(decode_word(text).map(BigInt::from), Some(bytes), "{text}");
        }
        for text in [
            "",
            "AQ",
            "AQ== AQID",
            "A===",
            "====",
            "AQ=A",
            "AQ-_",
            "AQIé",
            "AQ==AQID",
            "AQIDBAUGBwgJ",
            "AQIDBAUGBwgJCgsM",
        ] {
            assert_eq!(decode_word(text), None, "{text}");
        }
    }

    #[test]
    fn writes_with_padding() {
        let mut out = b"x".to_vec();
        encode(&[1, 0xff], &mut out);
        assert_eq!(out, b"xAf8=");
    }
}
