//! Numbers in the texts that Java's parsers take.

/// Where blocks of ten decimal digits begin in the basic plane. `Integer.parseInt` takes digits of any script, and sees
/// nothing beyond that plane.
const ZEROS: [u32; 37] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10,
];

fn digit(char: char) -> Option<u32> {
    let code = u32::from(char);
    ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|digit| *digit < 10))
}

/// `Long.parseLong`: an optional sign, then digits only.
pub(super) fn integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value = 0_i64;
    for char in digits.chars() {
        let digit = i64::from(digit(char)?);
        value = value.checked_mul(10)?;
        value = if negative { value.checked_sub(digit)? } else { value.checked_add(digit)? };
    }
    Some(value)
}

/// `Double.parseDouble` of decimal texts: digits, a point, an exponent, and a type letter at the end.
pub(super) fn double(text: &str) -> Option<f64> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = match body {
        "NaN" => f64::NAN,
        "Infinity" => f64::INFINITY,
        _ => {
            let body = body.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(body);
            // Rust also reads words and nothing else that Java does not.
            let decimal = |char: char| char.is_ascii_digit() || matches!(char, '.' | 'e' | 'E' | '+' | '-');
            if !body.starts_with(|first: char| first.is_ascii_digit() || first == '.')
                || !body.chars().all(decimal)
            {
                return None;
            }
            body.parse().ok()?
        }
    };
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_integers_as_java_does() {
        for (text, value) in [
            ("0", Some(0)),
            ("+1", Some(1)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("\u{ff10}", Some(0)),
            ("", None),
            ("-", None),
            ("+-1", None),
            (" 1", None),
            ("1_000", None),
            ("\u{1d7ce}", None),
        ] {
            assert_eq!(integer(text), value, "{text:?}");
        }
    }

    #[test]
    fn reads_doubles_as_java_does() {
        for (text, value) in [
            ("1.5", Some(1.5)),
            ("1f", Some(1.0)),
            (".5D", Some(0.5)),
            ("5.", Some(5.0)),
            ("1e400", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("inf", None),
            ("nan", None),
            (".", None),
            ("", None),
            ("+-1", None),
        ] {
            assert_eq!(double(text), value, "{text:?}");
        }
        assert!(double("NaN").is_some_and(f64::is_nan));
    }
}
