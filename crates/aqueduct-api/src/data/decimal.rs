//! Decimals of any size.

use std::fmt;

use num_bigint::{BigInt, Sign};
use num_traits::{ToPrimitive, Zero};

use super::digits::decimal_digit;
use crate::error::{Error, ErrorKind, Result};

/// An exact decimal: `unscaled × 10^-scale`. Like Java's `BigDecimal`, 1.0 and 1.00 are not equal.
///
/// The scale may be any 32-bit number, so a short text can stand for a number that no memory holds. No method here
/// writes such a number out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    unscaled: BigInt,
    scale: i32,
}

fn number_format(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::NumberFormat, message)
}

impl Decimal {
    /// `unscaled × 10^-scale`.
    pub fn new(unscaled: impl Into<BigInt>, scale: i32) -> Self {
        Self { unscaled: unscaled.into(), scale }
    }

    /// The integer without the scale.
    pub fn unscaled(&self) -> &BigInt {
        &self.unscaled
    }

    /// How many digits stand behind the point; negative: how many zeros stand before it.
    pub fn scale(&self) -> i32 {
        self.scale
    }

    /// Reads a text as Java's constructor does: a sign, digits of any script with one point among them, an exponent.
    /// There may be no white space. Fails with [`ErrorKind::NumberFormat`].
    pub fn parse(text: &str) -> Result<Self> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let mut digits = Digits::default();
        let mut point = None;
        let mut exponent = 0;
        for (at, c) in unsigned.char_indices() {
            if let Some(digit) = decimal_digit(c) {
                digits.push(digit);
            } else if c == '.' {
                if point.replace(digits.count).is_some() {
                    return Err(number_format("Character array contains more than one decimal point."));
                }
            } else if matches!(c, 'e' | 'E') {
                exponent = parse_exponent(unsigned.get(at + 1..).unwrap_or_default())?;
                break;
            } else {
                return Err(number_format(format!(
                    "Character {c} is neither a decimal digit number, decimal point, nor \"e\" notation exponential mark."
                )));
            }
        }
        if digits.count == 0 {
            return Err(number_format("No digits found."));
        }
        let behind = point.map_or(0, |point| digits.count - point);
        let scale = i64::try_from(behind).ok().map(|behind| behind - exponent);
        let scale = scale.and_then(|scale| i32::try_from(scale).ok());
        let scale = scale.ok_or_else(|| number_format("Scale out of range."))?;
        Ok(Self { unscaled: digits.number(text.starts_with('-')), scale })
    }

    /// The decimal that prints as this double does: `BigDecimal.valueOf`. Fails for what is no number.
    pub fn from_f64(value: f64) -> Result<Self> {
        Self::parse(&super::java_text::f64_text(value))
    }

    /// The nearest double, infinite where it is too large.
    pub fn to_f64(&self) -> f64 {
        self.exponent_text().parse().unwrap_or(f64::NAN)
    }

    /// The nearest float, infinite where it is too large.
    pub fn to_f32(&self) -> f32 {
        self.exponent_text().parse().unwrap_or(f32::NAN)
    }

    fn exponent_text(&self) -> String {
        format!("{}e{}", self.unscaled, -i64::from(self.scale))
    }

    /// The number, if it is a whole number of 64 bits.
    pub fn to_exact_i64(&self) -> Option<i64> {
        if self.unscaled.is_zero() {
            return Some(0);
        }
        match self.scale {
            0 => self.unscaled.to_i64(),
            // The smallest whole number with 19 zeros behind it is beyond 64 bits.
            scale @ -18..0 => self.unscaled.to_i64()?.checked_mul(10_i64.pow(scale.unsigned_abs())),
            scale if scale > 0 && u64::from(scale.unsigned_abs()) <= self.digits_max() => {
                let unit = BigInt::from(10).pow(scale.unsigned_abs());
                (&self.unscaled % &unit).is_zero().then(|| (&self.unscaled / &unit).to_i64())?
            }
            _ => None,
        }
    }

    /// The whole part cut to its lowest 64 bits, as `BigDecimal.longValue` gives it.
    pub fn to_i64_wrapping(&self) -> i64 {
        match self.scale {
            0 => low_64_bits(&self.unscaled),
            // 10^64 is a multiple of 2^64.
            scale if scale <= -64 => 0,
            scale if scale < 0 => {
                low_64_bits(&self.unscaled).wrapping_mul(10_i64.wrapping_pow(scale.unsigned_abs()))
            }
            scale if u64::from(scale.unsigned_abs()) <= self.digits_max() => {
                low_64_bits(&(&self.unscaled / BigInt::from(10).pow(scale.unsigned_abs())))
            }
            _ => 0,
        }
    }

    /// An upper bound of the number of digits of the unscaled integer, at most one too large.
    fn digits_max(&self) -> u64 {
        self.unscaled.bits() * 30_103 / 100_000 + 1
    }
}

/// The lowest 64 bits of the two's complement form.
pub(super) fn low_64_bits(number: &BigInt) -> i64 {
    let low = number.iter_u64_digits().next().unwrap_or_default() as i64;
    if number.sign() == Sign::Minus { low.wrapping_neg() } else { low }
}

/// Decimal digits on their way into a number, with no allocation while they fit in a word.
#[derive(Default)]
struct Digits {
    count: usize,
    small: u64,
    /// All digits, once there are more than 18.
    large: Vec<u8>,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        self.count += 1;
        if self.large.is_empty() {
            if self.small < 100_000_000_000_000_000 {
                self.small = self.small * 10 + u64::from(digit);
                return;
            }
            self.large.extend_from_slice(self.small.to_string().as_bytes());
        }
        self.large.push(b'0' + digit);
    }

    fn number(&self, negative: bool) -> BigInt {
        let number = if self.large.is_empty() {
            BigInt::from(self.small)
        } else {
            BigInt::parse_bytes(&self.large, 10).unwrap_or_default()
        };
        if negative { -number } else { number }
    }
}

/// The number behind the `e`: at most ten digits without leading zeros, within 32 bits.
fn parse_exponent(text: &str) -> Result<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.is_empty() {
        return Err(number_format("No exponent digits."));
    }
    let mut count = 0;
    let mut exponent = 0_i64;
    for c in unsigned.chars() {
        let digit = decimal_digit(c).ok_or_else(|| number_format("Not a digit."))?;
        if digit > 0 || count > 0 {
            count += 1;
        }
        if count > 10 {
            return Err(number_format("Too many nonzero exponent digits."));
        }
        exponent = exponent * 10 + i64::from(digit);
    }
    let exponent = if text.starts_with('-') { -exponent } else { exponent };
    i32::try_from(exponent).map(i64::from).map_err(|_| number_format("Exponent overflow."))
}

/// `BigDecimal.toString`: plain as long as there are at most six digits between the point and the first digit, and no
/// zeros to fill in; else with an exponent.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", self.unscaled);
        }
        let text = self.unscaled.to_string();
        let digits = match text.strip_prefix('-') {
            Some(digits) => {
                f.write_str("-")?;
                digits
            }
            None => &text,
        };
        let len = digits.len() as i64;
        let scale = i64::from(self.scale);
        let exponent = len - 1 - scale;
        if scale >= 0 && exponent >= -6 {
            let before = len - scale;
            if before > 0 {
                let (before, behind) = digits.split_at(before as usize);
                return write!(f, "{before}.{behind}");
            }
            f.write_str("0.")?;
            for _ in before..0 {
                f.write_str("0")?;
            }
            return f.write_str(digits);
        }
        let (first, rest) = digits.split_at(1);
        f.write_str(first)?;
        if !rest.is_empty() {
            write!(f, ".{rest}")?;
        }
        if exponent == 0 { Ok(()) } else { write!(f, "E{exponent:+}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn prints_as_it_was_written_in_normal_form() {
        for (text, printed) in [
            ("0", "0"),
            ("-1.50", "-1.50"),
            ("+.5", "0.5"),
            ("5.", "5"),
            ("1e3", "1E+3"),
            ("0.0000001", "1E-7"),
            ("0.000001", "0.000001"),
            ("1.23e-10", "1.23E-10"),
            ("0e-400", "0E-400"),
            ("٣.１", "3.1"),
            ("123456789012345678901234567890.5", "123456789012345678901234567890.5"),
            ("1e0000000000000005", "1E+5"),
        ] {
            assert_eq!(parsed(text).to_string(), printed, "{text}");
        }
    }

    #[test]
    fn rejects_what_is_no_number() {
        for text in
            ["", "-", ".", "1e", "1e+", "1.2.3", "1_0", " 1", "e5", "1e12345678901", "1e2147483648", "x"]
        {
            let error = Decimal::parse(text).expect_err(text);
            assert_eq!(error.kind(), ErrorKind::NumberFormat, "{text}");
        }
        assert!(Decimal::parse("0.1e-2147483647").is_err(), "the scale is beyond 32 bits");
    }

    #[test]
    fn converts_without_writing_out_zeros() {
        assert_eq!(parsed("1e2000000000").to_exact_i64(), None);
        assert_eq!(parsed("1e2000000000").to_i64_wrapping(), 0);
        assert_eq!(parsed("1e-2000000000").to_i64_wrapping(), 0);
        assert_eq!(parsed("1e2000000000").to_f64(), f64::INFINITY);
        assert_eq!(parsed("100.00").to_exact_i64(), Some(100));
        assert_eq!(parsed("100.5").to_exact_i64(), None);
        assert_eq!(parsed("-12.9").to_i64_wrapping(), -12);
        assert_eq!(parsed("9223372036854775808").to_i64_wrapping(), i64::MIN);
        assert_eq!(parsed("92233720368547758.07e2").to_exact_i64(), Some(i64::MAX));
    }
}
