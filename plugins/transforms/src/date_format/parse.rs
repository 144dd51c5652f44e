//! From text to a moment.

use aqueduct_api::data::calendar::DateTime;

use super::fields::{Field, Fields};
use super::pattern::{Item, Letter};
use super::{DAYS, MONTHS, number, zone};

/// The moment that a text begins with; `None` if it doesn't match, or if the pattern asks for nothing.
pub(crate) fn parse(items: &[Item], century_start_ms: i64, text: &str) -> Option<i64> {
    let mut parser = Parser { fields: Fields::default(), century_start_ms, ambiguous: false };
    let mut rest = text;
    for item in items {
        rest = match item {
            Item::Literal(c) => rest.strip_prefix(*c)?,
            Item::Field { letter, count, abuts } => parser.field(*letter, *count, *abuts, rest)?,
        };
    }
    if rest.len() == text.len() {
        return None;
    }
    let epoch_ms = parser.fields.epoch_ms();
    if parser.ambiguous && epoch_ms < century_start_ms {
        // Earlier in the first year of the window means its last year.
        return Some(parser.fields.years_later(100).epoch_ms());
    }
    Some(epoch_ms)
}

struct Parser {
    fields: Fields,
    century_start_ms: i64,
    /// Whether two digits of a year are those of the year in which the window begins.
    ambiguous: bool,
}

impl Parser {
    /// Reads a field and gives what follows.
    fn field<'a>(&mut self, letter: Letter, count: usize, abuts: bool, text: &'a str) -> Option<&'a str> {
        let trimmed = text.trim_start_matches([' ', '\t']);
        if trimmed.is_empty() {
            return None;
        }
        match letter {
            // Names stand where the text begins: Java skips no blanks here.
            Letter::Era => self.name(Field::Era, 0, &[("BC", "Before Christ"), ("AD", "Anno Domini")], text),
            Letter::AmPm => self.name(Field::AmPm, 0, &[("AM", "AM"), ("PM", "PM")], text),
            Letter::Month if count > 2 => self.name(Field::Month, 0, &with_short(&MONTHS), text),
            Letter::DayName => self.name(Field::DayOfWeek, 1, &with_short(&DAYS), text),
            Letter::ZoneName | Letter::ZoneOffset => {
                zone::general(trimmed, trimmed.len() < text.len(), &mut self.fields)
            }
            Letter::IsoZone => zone::iso(trimmed, count, &mut self.fields),
            _ => {
                let (limited, behind) = if abuts { text.split_at(limit(text, count)?) } else { (text, "") };
                let number_text = limited.trim_start_matches([' ', '\t']);
                let (value, length) = number::parse(number_text)?;
                self.number(letter, count, value, number_text.get(..length)?);
                let left = number_text.len() - length + behind.len();
                text.get(text.len() - left..)
            }
        }
    }

    fn name<'a>(
        &mut self,
        field: Field,
        first: i32,
        names: &[(&str, &str)],
        text: &'a str,
    ) -> Option<&'a str> {
        let found = names.iter().zip(first..).flat_map(|((short, long), value)| {
            [short, long].map(|name| Some((value, zone::strip_ignoring_case(text, name)?)))
        });
        let (value, rest) = found.flatten().min_by_key(|(_, rest)| rest.len())?;
        self.fields.set(field, value);
        Some(rest)
    }

    fn number(&mut self, letter: Letter, count: usize, value: i32, text: &str) {
        let (field, value) = match letter {
            Letter::Year => (Field::Year, self.year(count, value, text)),
            Letter::WeekYear => (Field::WeekYear, self.year(count, value, text)),
            Letter::Month => (Field::Month, value.wrapping_sub(1)),
            Letter::WeekOfYear => (Field::WeekOfYear, value),
            Letter::WeekOfMonth => (Field::WeekOfMonth, value),
            Letter::DayOfYear => (Field::DayOfYear, value),
            Letter::DayOfMonth => (Field::DayOfMonth, value),
            Letter::DayOfWeekInMonth => (Field::DayOfWeekInMonth, value),
            Letter::DayNumber => {
                (Field::DayOfWeek, if (1..=7).contains(&value) { value % 7 + 1 } else { value })
            }
            Letter::Hour => (Field::Hour, value),
            Letter::HourFrom1 => (Field::Hour, if value == 24 { 0 } else { value }),
            Letter::HalfHour => (Field::HalfHour, value),
            Letter::HalfHourFrom1 => (Field::HalfHour, if value == 12 { 0 } else { value }),
            Letter::Minute => (Field::Minute, value),
            Letter::Second => (Field::Second, value),
            Letter::Millisecond => (Field::Millisecond, value),
            Letter::Era
            | Letter::DayName
            | Letter::AmPm
            | Letter::ZoneName
            | Letter::ZoneOffset
            | Letter::IsoZone => return,
        };
        self.fields.set(field, value);
    }

    /// Two digits mean a year of the hundred from the beginning of the window, unless the pattern has more letters.
    fn year(&mut self, count: usize, value: i32, text: &str) -> i32 {
        let two_digits = text.chars().count() == 2 && text.chars().all(char::is_numeric);
        if count > 2 || !two_digits {
            return value;
        }
        let start = DateTime::from_epoch_ms(self.century_start_ms).year;
        self.ambiguous = value == start % 100;
        value + start / 100 * 100 + if value < start % 100 { 100 } else { 0 }
    }
}

/// Where the first characters of a text end, counted in UTF-16; `None` if it has fewer.
fn limit(text: &str, count: usize) -> Option<usize> {
    let mut units = 0;
    for (at, c) in text.char_indices() {
        if units >= count {
            return Some(at);
        }
        units += c.len_utf16();
    }
    (units >= count).then_some(text.len())
}

fn with_short<const N: usize>(names: &[&'static str; N]) -> [(&'static str, &'static str); N] {
    names.map(|name| (name.get(..3).unwrap_or(name), name))
}
