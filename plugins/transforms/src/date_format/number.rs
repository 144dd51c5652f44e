//! Whole numbers as Java's `NumberFormat` for US English parses them.

use aqueduct_api::data::decimal_digit;

/// The number that a text begins with, cut to 32 bits, and how many bytes it takes. A point ends it; an exponent counts.
pub(crate) fn parse(text: &str) -> Option<(i32, usize)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let sign_length = text.len() - unsigned.len();
    for (word, number) in [("NaN", 0), ("∞", i32::MAX)] {
        if unsigned.starts_with(word) {
            let number = match (sign_length, word) {
                (0, _) => number,
                (_, "∞") => i32::MIN,
                // A sign before what is no number belongs to nothing.
                _ => return None,
            };
            return Some((number, sign_length + word.len()));
        }
    }
    let digits = digits_length(unsigned);
    if digits == 0 {
        return None;
    }
    let (number, rest) = unsigned.split_at(digits);
    let exponent = rest.strip_prefix('E').and_then(exponent);
    let (power, exponent_length) = exponent.unwrap_or((0, 0));
    let length = sign_length + digits + exponent_length;
    Some((to_i32(number, power, sign_length > 0), length))
}

fn digits_length(text: &str) -> usize {
    text.chars().take_while(|c| decimal_digit(*c).is_some()).map(char::len_utf8).sum()
}

/// The exponent behind an `E`, and its length with that letter.
fn exponent(text: &str) -> Option<(i64, usize)> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = digits_length(unsigned);
    let digits_text = unsigned.get(..digits).filter(|digits| !digits.is_empty())?;
    let power = digits_text
        .chars()
        .filter_map(decimal_digit)
        .try_fold(0_i64, |power, digit| power.checked_mul(10)?.checked_add(digit.into()))?;
    let signed = unsigned.len() < text.len();
    Some((if signed { -power } else { power }, 1 + (text.len() - unsigned.len()) + digits))
}

/// A number of up to 64 bits is cut to its lowest 32; a larger one is a double, which is the nearest 32-bit number.
fn to_i32(digits: &str, power: i64, negative: bool) -> i32 {
    let digits = digits.chars().filter_map(decimal_digit);
    let mut number = digits.clone().try_fold(0_i64, |number, digit| {
        let number = number.checked_mul(10)?;
        if negative { number.checked_sub(digit.into()) } else { number.checked_add(digit.into()) }
    });
    if power > 0 && number != Some(0) {
        number = u32::try_from(power)
            .ok()
            .and_then(|power| 10_i64.checked_pow(power))
            .zip(number)
            .and_then(|(factor, number)| number.checked_mul(factor));
    } else if power < 0 {
        number = None;
    }
    if let Some(number) = number {
        return number as i32;
    }
    let text: String = digits.map(|digit| char::from(b'0' + digit)).collect();
    let value: f64 = format!("{text}e{power}").parse().unwrap_or(f64::INFINITY);
    (if negative { -value } else { value }) as i32
}
