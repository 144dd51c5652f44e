//! Decimals of any size.

use std::fmt;

use num_bigint::{BigInt, Sign};
use num_traits::{ToPrimitive, Zero};
use smallvec::SmallVec;

use super::digits::decimal_digit;
use crate::error::{Error, ErrorKind, Result};

/// An exact decimal: `unscaled × 10^-scale`. Like Java's `BigDecimal`, 1.0 and 1.00 are not equal.
///
/// The scale may be any 32-bit number, so a short text can stand for a number that no memory holds. No method here
/// writes such a number out. Most integers fit a machine word; then a decimal costs no memory of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    unscaled: Unscaled,
    scale: i32,
}

/// An integer of any size, in one form only.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Unscaled {
    /// Of 64 bits.
    Small(i64),
    /// Of more.
    Large(Box<BigInt>),
}

impl From<BigInt> for Unscaled {
    fn from(number: BigInt) -> Self {
        number.to_i64().map_or_else(|| Self::Large(Box::new(number)), Self::Small)
    }
}

fn number_format(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::NumberFormat, message)
}

impl Decimal {
    /// `unscaled × 10^-scale`.
    pub fn new(unscaled: impl Into<BigInt>, scale: i32) -> Self {
        Self { unscaled: unscaled.into().into(), scale }
    }

    /// As [`Decimal::new`], of an integer that fits a machine word.
    pub const fn small(unscaled: i64, scale: i32) -> Self {
        Self { unscaled: Unscaled::Small(unscaled), scale }
    }

    /// As [`Decimal::new`], of an integer in two's complement, the highest byte first; no byte at all is zero.
    pub fn from_signed_bytes_be(unscaled: &[u8], scale: i32) -> Self {
        let Some(first) = unscaled.first() else { return Self::small(0, scale) };
        if unscaled.len() > size_of::<i64>() {
            return Self::new(BigInt::from_signed_bytes_be(unscaled), scale);
        }
        let sign = i64::from(first.cast_signed() >> 7);
        Self::small(unscaled.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)), scale)
    }

    /// The integer without the scale.
    pub fn unscaled(&self) -> BigInt {
        match &self.unscaled {
            Unscaled::Small(number) => BigInt::from(*number),
            Unscaled::Large(number) => (**number).clone(),
        }
    }

    /// The integer without the scale, if it fits a machine word.
    pub fn small_unscaled(&self) -> Option<i64> {
        match &self.unscaled {
            Unscaled::Small(number) => Some(*number),
            Unscaled::Large(_) => None,
        }
    }

    /// The integer without the scale in two's complement, the highest byte first, in as few bytes as hold it.
    pub fn unscaled_bytes(&self) -> SmallVec<[u8; 8]> {
        match &self.unscaled {
            Unscaled::Small(number) => {
                let bytes = number.to_be_bytes();
                // The bits without those that only repeat the sign, and one for the sign.
                let needed = (64 - (number ^ (number >> 63)).leading_zeros() as usize) / 8 + 1;
                SmallVec::from_slice(bytes.get(bytes.len() - needed..).unwrap_or(&bytes))
            }
            Unscaled::Large(number) => SmallVec::from_vec(number.to_signed_bytes_be()),
        }
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
        Ok(Self { unscaled: digits.number(text.starts_with('-')).into(), scale })
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
        format!("{}e{}", self.unscaled(), -i64::from(self.scale))
    }

    /// The number, if it is a whole number of 64 bits.
    pub fn to_exact_i64(&self) -> Option<i64> {
        if self.small_unscaled() == Some(0) {
            return Some(0);
        }
        match self.scale {
            0 => self.small_unscaled(),
            // The smallest whole number with 19 zeros behind it is beyond 64 bits.
            scale @ -18..0 => self.small_unscaled()?.checked_mul(10_i64.pow(scale.unsigned_abs())),
            scale if scale > 0 && u64::from(scale.unsigned_abs()) <= self.digits_max() => {
                let (unscaled, unit) = (self.unscaled(), BigInt::from(10).pow(scale.unsigned_abs()));
                (&unscaled % &unit).is_zero().then(|| (&unscaled / &unit).to_i64())?
            }
            _ => None,
        }
    }

    /// The whole part cut to its lowest 64 bits, as `BigDecimal.longValue` gives it.
    pub fn to_i64_wrapping(&self) -> i64 {
        match self.scale {
            0 => self.low_64_bits(),
            // 10^64 is a multiple of 2^64.
            scale if scale <= -64 => 0,
            scale if scale < 0 => self.low_64_bits().wrapping_mul(10_i64.wrapping_pow(scale.unsigned_abs())),
            scale if u64::from(scale.unsigned_abs()) <= self.digits_max() => {
                low_64_bits(&(self.unscaled() / BigInt::from(10).pow(scale.unsigned_abs())))
            }
            _ => 0,
        }
    }

    fn low_64_bits(&self) -> i64 {
        match &self.unscaled {
            Unscaled::Small(number) => *number,
            Unscaled::Large(number) => low_64_bits(number),
        }
    }

    /// An upper bound of the number of digits of the unscaled integer, at most one too large.
    fn digits_max(&self) -> u64 {
        let bits = match &self.unscaled {
            Unscaled::Small(number) => u64::from(64 - number.unsigned_abs().leading_zeros()),
            Unscaled::Large(number) => number.bits(),
        };
        bits * 30_103 / 100_000 + 1
    }

    /// Writes `BigDecimal.toString` of this integer, given as text, and the scale.
    fn write_scaled<W: fmt::Write + ?Sized>(&self, out: &mut W, text: &str) -> fmt::Result {
        if self.scale == 0 {
            return out.write_str(text);
        }
        let digits = match text.strip_prefix('-') {
            Some(digits) => {
                out.write_str("-")?;
                digits
            }
            None => text,
        };
        let len = digits.len() as i64;
        let scale = i64::from(self.scale);
        let exponent = len - 1 - scale;
        if scale >= 0 && exponent >= -6 {
            let before = len - scale;
            if before > 0 {
                let (before, behind) = digits.split_at(before as usize);
                out.write_str(before)?;
                out.write_str(".")?;
                return out.write_str(behind);
            }
            out.write_str("0.")?;
            for _ in before..0 {
                out.write_str("0")?;
            }
            return out.write_str(digits);
        }
        let (first, rest) = digits.split_at(1);
        out.write_str(first)?;
        if !rest.is_empty() {
            write!(out, ".{rest}")?;
        }
        if exponent == 0 { Ok(()) } else { write!(out, "E{exponent:+}") }
    }

    /// Writes `BigDecimal.toString`: plain as long as there are at most six digits between the point and the first digit,
    /// and no zeros to fill in; else with an exponent.
    pub fn write<W: fmt::Write + ?Sized>(&self, out: &mut W) -> fmt::Result {
        match &self.unscaled {
            Unscaled::Small(number) => self.write_scaled(out, itoa::Buffer::new().format(*number)),
            Unscaled::Large(number) => self.write_scaled(out, &number.to_string()),
        }
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

/// As [`Decimal::write`] writes it.
impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f)
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
    fn an_integer_has_one_form_whatever_it_was_made_of() {
        for number in [0, 1, -1, 127, 128, -128, -129, 255, 256, 65_535, 1 << 40, i64::MAX, i64::MIN] {
            let small = Decimal::small(number, 2);
            let bytes = BigInt::from(number).to_signed_bytes_be();
            assert_eq!(small.unscaled_bytes().as_slice(), bytes, "{number}");
            for made in [
                Decimal::new(number, 2),
                Decimal::from_signed_bytes_be(&bytes, 2),
                Decimal::from_signed_bytes_be(
                    &[&[if number < 0 { 0xff } else { 0 }; 9], &*bytes].concat(),
                    2,
                ),
                Decimal::parse(&format!("{number}e-2")).expect("a number"),
            ] {
                assert_eq!(made, small);
                assert_eq!(made.small_unscaled(), Some(number));
                assert_eq!(made.unscaled(), BigInt::from(number));
            }
        }
        let large: BigInt = BigInt::from(i64::MAX) + 1;
        let bytes = large.to_signed_bytes_be();
        let made = Decimal::from_signed_bytes_be(&bytes, -3);
        assert_eq!((made.unscaled(), made.small_unscaled()), (large, None));
        assert_eq!(made.unscaled_bytes().as_slice(), bytes);
        assert_eq!(Decimal::from_signed_bytes_be(&[], 1), Decimal::small(0, 1));
        assert!(size_of::<Decimal>() <= 24);
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
