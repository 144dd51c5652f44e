//! From a moment to text.

use std::fmt::{Result, Write};

use aqueduct_api::data::calendar::{DateTime, Reckoning, first_day_of_year};

use super::pattern::{Item, Letter};
use super::{DAYS, MONTHS};

/// Java's `DecimalFormat` fills numbers up to so many digits, however many letters a pattern has.
const WIDTH_MAX: usize = 309;

pub(crate) fn format(items: &[Item], epoch_ms: i64, out: &mut impl Write) -> Result {
    let date = DateTime::from_epoch_ms(epoch_ms);
    items.iter().try_for_each(|item| match item {
        Item::Literal(c) => out.write_char(*c),
        Item::Field { letter, count, .. } => write_field(*letter, *count, &date, out),
    })
}

fn write_field(letter: Letter, count: usize, date: &DateTime, out: &mut impl Write) -> Result {
    let number = match letter {
        Letter::Era => return out.write_str(if date.is_before_christ() { "BC" } else { "AD" }),
        Letter::Year => return write_year(date.year_of_era(), count, out),
        Letter::WeekYear => return write_year(week_year(date), count, out),
        Letter::Month if count >= 3 => {
            return out.write_str(name(&MONTHS, usize::from(date.month).wrapping_sub(1), count));
        }
        Letter::DayName => return out.write_str(name(&DAYS, date.day_of_week().into(), count)),
        Letter::AmPm => return out.write_str(if date.hour < 12 { "AM" } else { "PM" }),
        Letter::ZoneName => {
            return out.write_str(if count < 4 { "UTC" } else { "Coordinated Universal Time" });
        }
        Letter::ZoneOffset => return out.write_str("+0000"),
        Letter::IsoZone => return out.write_char('Z'),
        Letter::Month => date.month.into(),
        Letter::WeekOfYear => week_of_year(date),
        Letter::WeekOfMonth => week_in(first_of_month(date), date.epoch_day),
        Letter::DayOfYear => date.day_of_year(),
        Letter::DayOfMonth => date.day.into(),
        Letter::DayOfWeekInMonth => (date.epoch_day - first_of_month(date)) / 7 + 1,
        Letter::DayNumber => match date.day_of_week() {
            0 => 7,
            day => day.into(),
        },
        Letter::Hour => date.hour.into(),
        Letter::HourFrom1 => if date.hour == 0 { 24 } else { date.hour }.into(),
        Letter::HalfHour => (date.hour % 12).into(),
        Letter::HalfHourFrom1 => ((date.hour + 11) % 12 + 1).into(),
        Letter::Minute => date.minute.into(),
        Letter::Second => date.second.into(),
        Letter::Millisecond => date.millisecond.into(),
    };
    write_number(number, count, out)
}

fn name(names: &[&'static str], index: usize, count: usize) -> &'static str {
    let name = names.get(index).copied().unwrap_or_default();
    if count >= 4 { name } else { name.get(..3).unwrap_or(name) }
}

/// Two letters give the last two digits, any other number of them all digits.
fn write_year(year: i32, count: usize, out: &mut impl Write) -> Result {
    if count != 2 {
        return write_number(year.into(), count, out);
    }
    if year < 0 {
        out.write_char('-')?;
    }
    write_number(i64::from(year.unsigned_abs() % 100), 2, out)
}

fn write_number(number: i64, width: usize, out: &mut impl Write) -> Result {
    /// An `i64` has no more.
    const DIGITS_MAX: usize = 20;
    let mut digits = [b'0'; DIGITS_MAX];
    let (mut rest, mut count) = (number.unsigned_abs(), 0);
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        (rest, count) = (rest / 10, count + 1);
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.write_char('-')?;
    }
    let width = width.clamp(count, WIDTH_MAX);
    for _ in DIGITS_MAX..width {
        out.write_char('0')?;
    }
    let written = digits.get(DIGITS_MAX.saturating_sub(width)..).unwrap_or_default();
    out.write_str(std::str::from_utf8(written).unwrap_or_default())
}

/// The Sunday on or before a day.
fn sunday(day: i64) -> i64 {
    day - i64::from(aqueduct_api::data::calendar::day_of_week(day))
}

/// The number of the week that a day is in, counted from the week of the first day.
fn week_in(first: i64, day: i64) -> i64 {
    (day - sunday(first)) / 7 + 1
}

/// Whether the week of this date is the first one of the next year.
fn is_in_next_year(date: &DateTime) -> bool {
    sunday(date.epoch_day) + 6 >= first_day_of_year(date.year.saturating_add(1))
}

fn week_of_year(date: &DateTime) -> i64 {
    if is_in_next_year(date) { 1 } else { week_in(first_day_of_year(date.year), date.epoch_day) }
}

fn week_year(date: &DateTime) -> i32 {
    if is_in_next_year(date) { date.year.saturating_add(1) } else { date.year }
}

/// In October 1582 the days that were left out do not count.
fn first_of_month(date: &DateTime) -> i64 {
    if (date.year, date.month) == (1582, 10) {
        Reckoning::Julian.day(1582, 10, 1)
    } else {
        date.epoch_day - i64::from(date.day) + 1
    }
}
