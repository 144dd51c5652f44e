//! Dates, times and timestamps as texts, in UTC.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::super::calendar::{DAY_MS, DateTime, Lenient};
use super::super::digits::decimal_digit;
use super::super::{Logical, SchemaAndValue, Value};

const TIME_LEN: usize = "HH:mm:ss.SSSZ".len();
const TIMESTAMP_LEN: usize = "yyyy-MM-ddTHH:mm:ss.SSSZ".len();
const DATE_LEN: usize = "yyyy-MM-dd".len();

/// The date, time or timestamp that a text is, told by its length. Backslashes before colons are left out first.
/// Parts may lie outside their ranges, and what follows the last part does not count.
pub(super) fn parse(text: &str) -> Option<SchemaAndValue> {
    // A character is at most three bytes a UTF-16 unit, and a backslash at most doubles the colons.
    if text.len() < DATE_LEN || text.len() > 4 * TIMESTAMP_LEN {
        return None;
    }
    let text: Cow<'_, str> = if text.contains("\\:") { text.replace("\\:", ":").into() } else { text.into() };
    let mut scanner = Scanner(&text);
    let (logical, epoch_ms) = match text.encode_utf16().count() {
        TIME_LEN => (Logical::Time, scanner.time(Lenient::default())?.epoch_ms()),
        DATE_LEN => (Logical::Date, scanner.date()?.epoch_ms()),
        TIMESTAMP_LEN => {
            let date = scanner.date()?;
            scanner.literal('T')?;
            (Logical::Timestamp, scanner.time(date)?.epoch_ms())
        }
        _ => return None,
    };
    let schema = logical.schema().ok()?;
    Some(SchemaAndValue::new(schema, Value::Date(epoch_ms)))
}

/// Reads as `SimpleDateFormat` does.
struct Scanner<'a>(&'a str);

impl Scanner<'_> {
    fn date(&mut self) -> Option<Lenient> {
        let year = self.number()?;
        self.literal('-')?;
        let month = self.number()?;
        self.literal('-')?;
        let day = self.number()?;
        Some(Lenient { year, month, day, ..Lenient::default() })
    }

    fn time(&mut self, date: Lenient) -> Option<Lenient> {
        let hour = self.number()?;
        self.literal(':')?;
        let minute = self.number()?;
        self.literal(':')?;
        let second = self.number()?;
        self.literal('.')?;
        let millisecond = self.number()?;
        self.literal('Z')?;
        Some(Lenient { hour, minute, second, millisecond, ..date })
    }

    fn literal(&mut self, expected: char) -> Option<()> {
        self.0 = self.0.strip_prefix(expected)?;
        Some(())
    }

    /// A number of any length, perhaps negative, with spaces before it.
    fn number(&mut self) -> Option<i32> {
        let start = self.0.trim_start_matches([' ', '\t']);
        let unsigned = start.strip_prefix('-').unwrap_or(start);
        let mut number = 0_i64;
        let end = unsigned.find(|c| {
            let digit = decimal_digit(c);
            number = digit.map_or(number, |digit| number.saturating_mul(10).saturating_add(digit.into()));
            digit.is_none()
        });
        let (digits, rest) = unsigned.split_at(end.unwrap_or(unsigned.len()));
        if digits.is_empty() {
            return None;
        }
        self.0 = rest;
        let number = if unsigned.len() < start.len() { -number } else { number };
        // Java takes the lowest 32 bits too.
        Some(number as i32)
    }
}

/// Writes a time for what is less than a day after the beginning of 1970, a date for whole days, else a timestamp.
pub(super) fn write<W: Write + ?Sized>(out: &mut W, epoch_ms: i64) -> fmt::Result {
    let date = DateTime::from_epoch_ms(epoch_ms);
    if epoch_ms >= DAY_MS {
        write!(out, "{:04}-{:02}-{:02}", date.year_of_era(), date.month, date.day)?;
        if epoch_ms % DAY_MS == 0 {
            return Ok(());
        }
        out.write_char('T')?;
    }
    write!(out, "{:02}:{:02}:{:02}.{:03}Z", date.hour, date.minute, date.second, date.millisecond)
}
