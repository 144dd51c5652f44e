//! Decimals of any size.

use num_bigint::BigInt;

/// An exact decimal: `unscaled × 10^-scale`. Like Java's `BigDecimal`, 1.0 and 1.00 are not equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    unscaled: BigInt,
    scale: i32,
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
}
