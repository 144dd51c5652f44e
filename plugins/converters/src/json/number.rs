//! Numbers of JSON, converted as Jackson and Java convert them.

use aqueduct_api::data::Decimal;
use num_bigint::{BigInt, Sign};
use num_traits::ToPrimitive;

/// How many digits a number may have, in all its parts together.
pub(crate) const DIGITS_MAX: usize = 1000;

/// A number as it is written, which the scanner has checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number<'a> {
    pub(crate) text: &'a [u8],
    /// Whether it has neither fraction nor exponent.
    pub(crate) integral: bool,
}

/// The digits of a decimal number and its scale.
struct Parts {
    negative: bool,
    digits: Vec<u8>,
    scale: i64,
}

impl Number<'_> {
    /// The low 64 bits of the whole part, which is what Java's narrowing leaves of a number of any size.
    pub(crate) fn to_i64(self) -> i64 {
        if self.integral {
            let (negative, digits) = self.sign();
            let bits = digits.iter().fold(0_i64, |value, digit| {
                value.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0')))
            });
            return if negative { bits.wrapping_neg() } else { bits };
        }
        let Parts { negative, mut digits, scale } = self.parts();
        // A power of ten from 64 on is a multiple of 2^64.
        if scale <= -64 {
            return 0;
        }
        match usize::try_from(scale) {
            Ok(fraction) => digits.truncate(digits.len().saturating_sub(fraction)),
            Err(_) => digits.resize(digits.len() + scale.unsigned_abs() as usize, b'0'),
        }
        let bits = digits.iter().fold(0_i64, |value, digit| {
            value.wrapping_mul(10).wrapping_add(i64::from(digit.wrapping_sub(b'0')))
        });
        if negative { bits.wrapping_neg() } else { bits }
    }

    /// The value, if it is an integer of 32 bits.
    pub(crate) fn to_i32_exact(self) -> Option<i32> {
        if !self.integral {
            return None;
        }
        let (_, digits) = self.sign();
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        if digits.len() - leading > 10 {
            return None;
        }
        i32::try_from(self.to_i64()).ok()
    }

    /// The nearest double. There is no negative zero: Java has gone through integers or decimals, which have none.
    pub(crate) fn to_f64(self) -> f64 {
        if self.is_zero() { 0.0 } else { self.str().parse().unwrap_or(0.0) }
    }

    /// The nearest float.
    pub(crate) fn to_f32(self) -> f32 {
        if self.is_zero() { 0.0 } else { self.str().parse().unwrap_or(0.0) }
    }

    /// The exact value with the scale that its writing has.
    pub(crate) fn to_decimal(self) -> Decimal {
        let Parts { negative, digits, scale } = self.parts();
        let sign = if negative { Sign::Minus } else { Sign::Plus };
        let magnitude = num_bigint::BigUint::parse_bytes(&digits, 10).unwrap_or_default();
        Decimal::new(BigInt::from_biguint(sign, magnitude), scale.to_i32().unwrap_or(0))
    }

    /// Whether Java has such a `BigDecimal`: the exponent and the scale must be integers of 32 bits.
    pub(crate) fn has_valid_scale(self) -> bool {
        let exponent = self.exponent();
        exponent.is_some_and(|exponent| i32::try_from(exponent).is_ok())
            && i32::try_from(self.scale()).is_ok()
    }

    fn str(&self) -> &str {
        std::str::from_utf8(self.text).unwrap_or("0")
    }

    fn sign(&self) -> (bool, &[u8]) {
        match self.text.strip_prefix(b"-") {
            Some(rest) => (true, rest),
            None => (false, self.text),
        }
    }

    fn mantissa(&self) -> &[u8] {
        let end = self.text.iter().position(|byte| matches!(byte, b'e' | b'E'));
        self.text.get(..end.unwrap_or(self.text.len())).unwrap_or_default()
    }

    /// `None` where it has more than ten digits, zeros in front not counted.
    fn exponent(&self) -> Option<i64> {
        let exponent = self.text.get(self.mantissa().len() + 1..).unwrap_or_default();
        let (negative, digits) = match exponent {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] | digits => (false, digits),
        };
        let leading = digits.iter().take_while(|digit| **digit == b'0').count();
        let digits = digits.get(leading..).filter(|digits| digits.len() <= 10)?;
        let value = digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit.wrapping_sub(b'0')));
        Some(if negative { -value } else { value })
    }

    fn is_zero(&self) -> bool {
        self.mantissa().iter().all(|byte| matches!(byte, b'0' | b'-' | b'.'))
    }

    fn scale(&self) -> i64 {
        let fraction = self.mantissa().iter().rev().position(|byte| *byte == b'.').unwrap_or(0);
        fraction as i64 - self.exponent().unwrap_or(0)
    }

    fn parts(&self) -> Parts {
        let (negative, _) = self.sign();
        let digits = self.mantissa().iter().copied().filter(u8::is_ascii_digit).collect();
        Parts { negative, digits, scale: self.scale() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Number<'_> {
        Number { text: text.as_bytes(), integral: !text.contains(['.', 'e', 'E']) }
    }

    #[test]
    fn keeps_the_low_bits_of_the_whole_part() {
        for (text, value) in [
            ("007", 7),
            ("-0", 0),
            ("12345678901234567890", -6_101_065_172_474_983_726),
            ("-9223372036854775808", i64::MIN),
            ("1.9", 1),
            ("-1.9e1", -19),
            ("0.001", 0),
            ("1e-400", 0),
            ("1e18", 1_000_000_000_000_000_000),
            ("1e63", 1_i64 << 63),
            ("1e64", 0),
            ("18446744073709551617.5", 1),
        ] {
            assert_eq!(number(text).to_i64(), value, "{text}");
        }
        assert_eq!(number("2147483647").to_i32_exact(), Some(i32::MAX));
        assert_eq!(number("2147483648").to_i32_exact(), None);
        assert_eq!(number("18446744073709551617").to_i32_exact(), None);
        assert_eq!(number("1.0").to_i32_exact(), None);
    }

    #[test]
    fn has_no_negative_zero_of_its_own() {
        assert_eq!(number("-0.0e5").to_f64().to_bits(), 0);
        assert_eq!(number("-0").to_f32().to_bits(), 0);
        assert_eq!(number("-1e-400").to_f64().to_bits(), (-0.0_f64).to_bits());
        assert_eq!(number("1e400").to_f64(), f64::INFINITY);
    }

    #[test]
    fn keeps_the_scale_as_written() {
        for (text, unscaled, scale) in
            [("1.50", 150, 2), ("-10", -10, 0), ("1e3", 1, -3), ("1.5E-3", 15, 4), ("00.10", 10, 2)]
        {
            assert_eq!(number(text).to_decimal(), Decimal::new(unscaled, scale), "{text}");
        }
    }

    #[test]
    fn limits_exponents() {
        for (text, valid) in [
            ("1e2147483647", true),
            ("1e2147483648", false),
            ("1e-2147483647", true),
            ("1.0e-2147483647", false),
            ("1e0000000000000000007", true),
            ("1e99999999999", false),
        ] {
            assert_eq!(number(text).has_valid_scale(), valid, "{text}");
        }
    }
}
