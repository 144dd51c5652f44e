//! Natural numbers below 2^1024, on the stack.

use std::cmp::Ordering;

const WORDS: usize = 16;
/// The largest power of five in a word, and its exponent.
const STEP: (u64, u32) = (7_450_580_596_923_828_125, 27);

/// A natural number, in words from the lowest. What printing a double needs stays below 820 bits.
#[derive(Clone, Copy)]
pub(super) struct Wide {
    words: [u64; WORDS],
    /// How many words count; those above are zero.
    len: usize,
}

impl Wide {
    /// `factor × 5^fives × 2^twos`
    pub(super) fn new(factor: u64, mut fives: u32, twos: u32) -> Self {
        let mut result = Self { words: [0; WORDS], len: 1 };
        result.words[0] = factor;
        while fives >= STEP.1 {
            result.multiply(STEP.0);
            fives -= STEP.1;
        }
        result.multiply(5_u64.pow(fives));
        result.shift(twos);
        result
    }

    pub(super) fn multiply(&mut self, factor: u64) {
        let mut carry = 0;
        for word in &mut self.words[..self.len] {
            let product = u128::from(*word) * u128::from(factor) + carry;
            *word = product as u64;
            carry = product >> 64;
        }
        if carry != 0 && self.len < WORDS {
            self.words[self.len] = carry as u64;
            self.len += 1;
        }
    }

    fn shift(&mut self, bits: u32) {
        let (whole, rest) = ((bits / 64) as usize, bits % 64);
        self.multiply(1 << rest);
        if whole > 0 {
            let len = (self.len + whole).min(WORDS);
            self.words.copy_within(..len - whole, whole);
            self.words[..whole].fill(0);
            self.len = len;
        }
    }

    pub(super) fn plus(mut self, other: &Self) -> Self {
        let len = self.len.max(other.len);
        let mut carry = false;
        for (word, addend) in self.words[..len].iter_mut().zip(&other.words) {
            let (sum, over) = word.overflowing_add(*addend);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            *word = sum;
            carry = over || over_again;
        }
        self.len = len;
        if carry && len < WORDS {
            self.words[len] = 1;
            self.len += 1;
        }
        self
    }

    fn subtract(&mut self, other: &Self) {
        let mut borrow = false;
        for (word, subtrahend) in self.words[..self.len].iter_mut().zip(&other.words) {
            let (difference, under) = word.overflowing_sub(*subtrahend);
            let (difference, under_again) = difference.overflowing_sub(u64::from(borrow));
            *word = difference;
            borrow = under || under_again;
        }
        while self.len > 1 && self.words[self.len - 1] == 0 {
            self.len -= 1;
        }
    }

    /// Divides by a number of which it is less than ten times, leaves the rest, and gives the quotient.
    pub(super) fn take_digit(&mut self, divisor: &Self) -> u8 {
        let mut digit = 0;
        while digit < 9 && (*self).compare(divisor) != Ordering::Less {
            self.subtract(divisor);
            digit += 1;
        }
        digit
    }

    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let (ours, theirs) = (self.words[..self.len].iter(), other.words[..other.len].iter());
        self.len.cmp(&other.len).then_with(|| ours.rev().cmp(theirs.rev()))
    }
}
