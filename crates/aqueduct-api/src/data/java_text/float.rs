//! Floating point numbers as Java prints them before version 19.
//!
//! That is not the shortest text that reads back as the number. Java picks digits until the remainder is within half
//! a unit of the last binary place, but takes that half unit as symmetric, demands two digits in front of an exponent,
//! and treats whole numbers apart; so 2^-44 is `5.684341886080802E-14` and 2.0E23 is `1.9999999999999998E23` here and there.
//! Users see these digits in topics, files and keys, so they are part of the format.

use std::cmp::Ordering;
use std::fmt::{self, Write};

use super::wide::Wide;

/// The bits of a double behind its leading one.
const FRACTION_BITS: i32 = 52;
/// Whole numbers below 2^63 are printed as such.
const MAX_WHOLE_EXPONENT: i32 = 62;

/// A positive number as `fraction × 2^(exponent - 52)`, where bit 52 of the fraction is set.
struct Binary {
    fraction: u64,
    exponent: i32,
    /// How many bits of the fraction the format really holds: fewer for subnormal numbers.
    significant: i32,
}

impl Binary {
    fn of_f64(bits: u64) -> Self {
        let fraction = bits & ((1 << FRACTION_BITS) - 1);
        let biased = (bits >> FRACTION_BITS & 0x7ff) as i32;
        Self::new(fraction, biased, FRACTION_BITS, 1023)
    }

    fn of_f32(bits: u32) -> Self {
        let fraction = u64::from(bits & 0x7f_ffff);
        let biased = (bits >> 23 & 0xff) as i32;
        Self::new(fraction, biased, 23, 127)
    }

    fn new(fraction: u64, biased: i32, width: i32, bias: i32) -> Self {
        let (fraction, exponent, significant) = if biased == 0 {
            let missing = fraction.leading_zeros() as i32 - (63 - width);
            (fraction << missing, 1 - missing, width + 1 - missing)
        } else {
            (fraction | 1 << width, biased, width + 1)
        };
        Self { fraction: fraction << (FRACTION_BITS - width), exponent: exponent - bias, significant }
    }
}

/// Decimal digits, and where the point stands: behind so many of them.
struct Digits {
    text: [u8; 32],
    len: usize,
    point: i32,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        if let Some(place) = self.text.get_mut(self.len) {
            *place = b'0' + digit;
            self.len += 1;
        }
    }

    /// Adds one to the last digit. Zeros that this makes stay, and are printed.
    fn round_up(&mut self) {
        for place in self.text[..self.len].iter_mut().rev() {
            if *place < b'9' {
                *place += 1;
                return;
            }
            *place = b'0';
        }
        self.text[0] = b'1';
        self.point += 1;
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.len]).unwrap_or_default()
    }
}

/// `Double.toString`
pub(super) fn write_f64<W: Write + ?Sized>(out: &mut W, value: f64) -> fmt::Result {
    let digits_follow = write_start(out, value)?;
    if digits_follow { write_digits(out, &digits(&Binary::of_f64(value.to_bits()))) } else { Ok(()) }
}

/// `Float.toString`
pub(super) fn write_f32<W: Write + ?Sized>(out: &mut W, value: f32) -> fmt::Result {
    let digits_follow = write_start(out, value.into())?;
    if digits_follow { write_digits(out, &digits(&Binary::of_f32(value.to_bits()))) } else { Ok(()) }
}

/// Writes the sign, or all of a number that has no digits. Says whether the digits are still to come.
fn write_start<W: Write + ?Sized>(out: &mut W, value: f64) -> Result<bool, fmt::Error> {
    if value.is_nan() {
        out.write_str("NaN")?;
        return Ok(false);
    }
    if value.is_sign_negative() {
        out.write_char('-')?;
    }
    if value.is_infinite() {
        out.write_str("Infinity")?;
    } else if value == 0.0 {
        out.write_str("0.0")?;
    } else {
        return Ok(true);
    }
    Ok(false)
}

fn write_digits<W: Write + ?Sized>(out: &mut W, digits: &Digits) -> fmt::Result {
    let (text, point) = (digits.as_str(), digits.point);
    match point {
        1..8 => {
            let whole = text.len().min(point as usize);
            let (before, behind) = text.split_at(whole);
            out.write_str(before)?;
            for _ in whole..point as usize {
                out.write_char('0')?;
            }
            out.write_char('.')?;
            out.write_str(if behind.is_empty() { "0" } else { behind })
        }
        -2..=0 => {
            out.write_str("0.")?;
            for _ in point..0 {
                out.write_char('0')?;
            }
            out.write_str(text)
        }
        _ => {
            let (first, rest) = text.split_at(text.len().min(1));
            let rest = if rest.is_empty() { "0" } else { rest };
            write!(out, "{first}.{rest}E{}", point - 1)
        }
    }
}

fn digits(number: &Binary) -> Digits {
    let zeros = number.fraction.trailing_zeros() as i32;
    let used = FRACTION_BITS + 1 - zeros;
    let behind_point = (used - number.exponent - 1).max(0);
    if behind_point == 0 && number.exponent <= MAX_WHOLE_EXPONENT {
        return whole_digits(number);
    }
    fraction_digits(number, zeros, behind_point)
}

/// The digits of a whole number below 2^63; those that lie beyond the precision of the format are rounded away.
fn whole_digits(number: &Binary) -> Digits {
    let shift = number.exponent - FRACTION_BITS;
    let mut whole = if shift >= 0 { number.fraction << shift } else { number.fraction >> -shift };
    let beyond = number.exponent - number.significant - 1;
    let mut dropped = 0;
    if beyond > 3 {
        // floor(log10(2^beyond))
        dropped = (f64::from(beyond) * std::f64::consts::LOG10_2) as i32;
        let unit = 10_u64.pow(dropped as u32);
        whole = whole / unit + u64::from(whole % unit >= unit / 2);
    }
    let mut digits = Digits { text: [0; 32], len: 0, point: 0 };
    let mut place = whole.checked_ilog10().unwrap_or_default() + 1;
    digits.point = place as i32 + dropped;
    while whole != 0 && place > 0 {
        place -= 1;
        let unit = 10_u64.pow(place);
        digits.push((whole / unit) as u8);
        whole %= unit;
    }
    digits
}

/// `5^power` has so many bits; what Java takes for large powers is an upper bound.
fn bits_of_power_of_five(power: i32) -> i32 {
    match power {
        0 => 0,
        1..27 => (5_u64.pow(power as u32)).ilog2() as i32 + 1,
        _ => power * 3,
    }
}

/// floor(log10(number)), or one more. The digits depend on the estimate, so its figures are Java's, of which the last is not
/// quite the logarithm of 2.
#[expect(clippy::approx_constant, reason = "the estimate must be Java's to the bit")]
fn estimated_exponent(number: &Binary) -> i32 {
    let mantissa = f64::from_bits(1023 << FRACTION_BITS | number.fraction & ((1 << FRACTION_BITS) - 1));
    let estimate =
        (mantissa - 1.5) * 0.289529654 + 0.176091259 + f64::from(number.exponent) * 0.301029995663981;
    estimate.floor() as i32
}

/// The number as `value / unit × 10^exponent`, and half a unit of its last binary place on the scale of `value`.
trait Quotient {
    /// Takes the next digit off. Then says whether the rest is so low that the digits may end here, and whether it
    /// is so high that they may end one higher.
    fn step(&mut self) -> (u8, bool, bool);
    /// The rest against one half, when both are true.
    fn against_half(&self) -> Ordering;
}

/// In a machine word. The wrapping is Java's, who relies on it not to matter.
struct Narrow {
    value: i64,
    unit: i64,
    half: i64,
    /// Wraps to the width that Java computes in.
    wrap: fn(i64) -> i64,
}

impl Quotient for Narrow {
    fn step(&mut self) -> (u8, bool, bool) {
        let digit = self.value / self.unit;
        self.value = (self.wrap)((self.value % self.unit).wrapping_mul(10));
        self.half = (self.wrap)(self.half.wrapping_mul(10));
        if self.half <= 0 {
            return (digit as u8, true, true);
        }
        let ten = (self.wrap)(self.unit.wrapping_mul(10));
        let high = (self.wrap)(self.value.wrapping_add(self.half)) > ten;
        (digit as u8, self.value < self.half, high)
    }

    fn against_half(&self) -> Ordering {
        let ten = (self.wrap)(self.unit.wrapping_mul(10));
        (self.wrap)((self.value << 1).wrapping_sub(ten)).cmp(&0)
    }
}

impl Quotient for (Wide, Wide, Wide, Wide) {
    fn step(&mut self) -> (u8, bool, bool) {
        let (value, unit, ten, half) = self;
        let digit = value.take_digit(unit);
        value.multiply(10);
        half.multiply(10);
        // At equality this differs from the machine words, and so do Java's digits.
        let high = ten.compare(&value.plus(half)) != Ordering::Greater;
        (digit, value.compare(half) == Ordering::Less, high)
    }

    fn against_half(&self) -> Ordering {
        let (value, _, ten, _) = self;
        value.plus(value).compare(ten)
    }
}

fn fraction_digits(number: &Binary, zeros: i32, behind_point: i32) -> Digits {
    let used = FRACTION_BITS + 1 - zeros;
    let exponent = estimated_exponent(number);
    // Powers of five and two in the value, the unit and half the last place.
    let value5 = (-exponent).max(0);
    let unit5 = exponent.max(0);
    let mut value2 = value5 + behind_point + number.exponent;
    let mut unit2 = unit5 + behind_point;
    let mut half2 = value2 - number.significant;
    value2 -= used - 1;
    let common = value2.min(unit2);
    value2 -= common;
    unit2 -= common;
    half2 -= common;
    if used == 1 {
        // Below a power of two the numbers lie twice as dense.
        half2 -= 1;
    }
    if half2 < 0 {
        value2 -= half2;
        unit2 -= half2;
        half2 = 0;
    }
    let fraction = number.fraction >> zeros;
    let value_bits = used + value2 + bits_of_power_of_five(value5);
    let unit_bits = unit2 + 1 + bits_of_power_of_five(unit5 + 1);
    if value_bits < 64 && unit_bits < 64 {
        let narrow = value_bits < 32 && unit_bits < 32;
        let power = |fives: i32, twos: i32| 5_i64.wrapping_pow(fives as u32).wrapping_shl(twos as u32);
        develop(
            Narrow {
                value: (fraction as i64).wrapping_mul(power(value5, value2)),
                unit: power(unit5, unit2),
                half: power(value5, half2),
                wrap: if narrow { |number| i64::from(number as i32) } else { |number| number },
            },
            exponent,
        )
    } else {
        let power = |factor: u64, fives: i32, twos: i32| Wide::new(factor, fives as u32, twos as u32);
        let unit = power(1, unit5, unit2);
        let ten = power(10, unit5, unit2);
        develop((power(fraction, value5, value2), unit, ten, power(1, value5, half2)), exponent)
    }
}

fn develop(mut quotient: impl Quotient, mut exponent: i32) -> Digits {
    let mut digits = Digits { text: [0; 32], len: 0, point: 0 };
    let (digit, mut low, mut high) = quotient.step();
    if digit == 0 && !high {
        exponent -= 1;
    } else {
        digits.push(digit);
    }
    if !(-3..8).contains(&exponent) {
        // There must be a digit behind the point, in front of the exponent.
        (low, high) = (false, false);
    }
    while !low && !high && digits.len < digits.text.len() {
        let (digit, is_low, is_high) = quotient.step();
        (low, high) = (is_low, is_high);
        digits.push(digit);
    }
    digits.point = exponent + 1;
    let odd = digits.len > 0 && digits.text[digits.len - 1] % 2 == 1;
    let up = match (low, high) {
        (true, true) => match quotient.against_half() {
            Ordering::Less => false,
            Ordering::Equal => odd,
            Ordering::Greater => true,
        },
        (_, high) => high,
    };
    if up {
        digits.round_up();
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check64(value: f64, expected: &str) {
        let mut text = String::new();
        write_f64(&mut text, value).expect("a string takes it");
        assert_eq!(text, expected);
    }

    fn check32(value: f32, expected: &str) {
        let mut text = String::new();
        write_f32(&mut text, value).expect("a string takes it");
        assert_eq!(text, expected);
    }

    #[test]
    fn prints_doubles_as_java_17() {
        check64(0.0, "0.0");
        check64(-0.0, "-0.0");
        check64(f64::NAN, "NaN");
        check64(f64::NEG_INFINITY, "-Infinity");
        check64(1.0, "1.0");
        check64(-123.456, "-123.456");
        check64(1e7, "1.0E7");
        check64(9_999_999.0, "9999999.0");
        check64(0.001, "0.001");
        check64(0.000_1, "1.0E-4");
        check64(2.0e23, "1.9999999999999998E23");
        check64(f64::from_bits(1), "4.9E-324");
        check64(f64::MAX, "1.7976931348623157E308");
        check64(9_007_199_254_740_993.0, "9.007199254740992E15");
        check64(9.223_372_036_854_775e18, "9.2233720368547748E18");
    }

    #[test]
    fn prints_floats_as_java_17() {
        check32(1.0e10, "1.0E10");
        check32(f32::MAX, "3.4028235E38");
        check32(f32::from_bits(1), "1.4E-45");
        check32(0.1, "0.1");
        check32(16_777_216.0, "1.6777216E7");
    }
}
