//! Java's `SimpleDateFormat` in UTC and for US English: patterns, formatting and its lenient parsing.
//!
//! Dates before 15 October 1582 are Julian, any number may lie outside its range and counts on from there, and a text is
//! parsed as far as the pattern goes: what follows is not looked at.

mod fields;
mod format;
mod number;
mod parse;
mod pattern;
mod zone;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use aqueduct_api::data::calendar::{DateTime, Lenient, Reckoning};

use pattern::Item;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// From Sunday.
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct DateFormat {
    pattern: String,
    items: Vec<Item>,
    /// From when on the hundred years lie that two digits of a year mean: 80 years before the pattern was compiled.
    century_start_ms: i64,
}

/// What is wrong with a pattern, in Java's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError(String);

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for PatternError {}

impl DateFormat {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |now| now.as_millis() as i64);
        Self::with_now(pattern, now)
    }

    /// Compiles a pattern; years of two digits are read as if it were then.
    pub fn with_now(pattern: &str, now_ms: i64) -> Result<Self, PatternError> {
        let items = pattern::compile(pattern)?;
        Ok(Self { pattern: pattern.to_owned(), items, century_start_ms: eighty_years_before(now_ms) })
    }

    /// The pattern as it was given.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// Appends the text of a moment, in milliseconds since 1970, to something in memory.
    pub fn format(&self, epoch_ms: i64, out: &mut impl fmt::Write) {
        // What is written to memory takes everything.
        let _ = format::format(&self.items, epoch_ms, out);
    }

    /// The moment that a text begins with, in milliseconds since 1970; `None` if it doesn't match.
    pub fn parse(&self, text: &str) -> Option<i64> {
        parse::parse(&self.items, self.century_start_ms, text)
    }
}

fn eighty_years_before(now_ms: i64) -> i64 {
    let now = DateTime::from_epoch_ms(now_ms);
    let year = now.year - 80;
    let (month, day) = (i32::from(now.month), i32::from(now.day));
    // 29 February becomes the 28th.
    let last = Reckoning::Gregorian.day(year, month + 1, 1) - Reckoning::Gregorian.day(year, month, 1);
    Lenient {
        year,
        month,
        day: day.min(last as i32),
        hour: now.hour.into(),
        minute: now.minute.into(),
        second: now.second.into(),
        millisecond: now.millisecond.into(),
    }
    .epoch_ms()
}

#[cfg(test)]
mod tests;
