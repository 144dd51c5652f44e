//! Time zones in texts.

use super::fields::{Field, Fields};

const HOUR_MS: i32 = 3_600_000;

/// Names that Java knows for zones of one offset, and those of the United States: short, long, hours from UTC, and whether
/// it is daylight saving time.
const NAMES: [(&str, &str, i32, bool); 13] = [
    ("UTC", "Coordinated Universal Time", 0, false),
    ("GMT", "Greenwich Mean Time", 0, false),
    ("PST", "Pacific Standard Time", -8, false),
    ("PDT", "Pacific Daylight Time", -8, true),
    ("MST", "Mountain Standard Time", -7, false),
    ("MDT", "Mountain Daylight Time", -7, true),
    ("CST", "Central Standard Time", -6, false),
    ("CDT", "Central Daylight Time", -6, true),
    ("EST", "Eastern Standard Time", -5, false),
    ("EDT", "Eastern Daylight Time", -5, true),
    ("HST", "Hawaii-Aleutian Standard Time", -10, false),
    ("AKST", "Alaska Standard Time", -9, false),
    ("AKDT", "Alaska Daylight Time", -9, true),
];

/// `z` and `Z`: an offset as `+0130`, `GMT`, `GMT+1:30`, or a name. Gives what follows. An offset from `GMT` counts only
/// where no `blanks` were skipped before it.
pub(crate) fn general<'a>(text: &'a str, blanks: bool, fields: &mut Fields) -> Option<&'a str> {
    if let Some((sign, rest)) = sign(text) {
        return offset(rest, sign, Minutes::Required, false, fields);
    }
    if let Some(rest) = strip_ignoring_case(text, "GMT").filter(|_| !blanks) {
        return match sign(rest) {
            Some((sign, rest)) => offset(rest, sign, Minutes::Required, true, fields),
            None => {
                set(fields, 0, 0);
                Some(rest)
            }
        };
    }
    let named = NAMES
        .iter()
        .flat_map(|(short, long, hours, daylight)| [(*long, *hours, *daylight), (*short, *hours, *daylight)]);
    let found = named.filter_map(|(name, hours, daylight)| {
        strip_ignoring_case(text, name).map(|rest| (name.len(), rest, hours, daylight))
    });
    let (_, rest, hours, daylight) = found.max_by_key(|(length, ..)| *length)?;
    // A name that is the same in summer and winter leaves an offset that was read before.
    if hours != 0 {
        set(fields, hours * HOUR_MS, if daylight { HOUR_MS } else { 0 });
    }
    Some(rest)
}

/// `X`, `XX` and `XXX`: `Z`, or an offset of hours, with minutes, with a colon before them.
pub(crate) fn iso<'a>(text: &'a str, count: usize, fields: &mut Fields) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix('Z') {
        set(fields, 0, 0);
        return Some(rest);
    }
    let (sign, rest) = sign(text)?;
    let minutes = if count == 1 { Minutes::None } else { Minutes::TwoDigitHours };
    offset(rest, sign, minutes, count == 3, fields)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Minutes {
    /// Hours of two digits alone.
    None,
    /// They stand behind hours of two digits.
    TwoDigitHours,
    /// They stand behind hours; before a colon one digit is enough.
    Required,
}

fn set(fields: &mut Fields, zone_ms: i32, dst_ms: i32) {
    fields.set(Field::ZoneOffset, zone_ms);
    fields.set(Field::DstOffset, dst_ms);
}

fn sign(text: &str) -> Option<(i32, &str)> {
    match text.strip_prefix('+') {
        Some(rest) => Some((1, rest)),
        None => text.strip_prefix('-').map(|rest| (-1, rest)),
    }
}

fn digit(text: &str) -> Option<(i32, &str)> {
    let first = text.bytes().next().filter(u8::is_ascii_digit)?;
    Some((i32::from(first - b'0'), text.get(1..)?))
}

fn offset<'a>(
    text: &'a str,
    sign: i32,
    minutes: Minutes,
    colon: bool,
    fields: &mut Fields,
) -> Option<&'a str> {
    let (mut hours, mut rest) = digit(text)?;
    match digit(rest) {
        Some((low, behind)) => {
            hours = hours * 10 + low;
            rest = behind;
        }
        None if minutes == Minutes::Required && colon && !rest.is_empty() => {}
        None => return None,
    }
    if hours > 23 {
        return None;
    }
    let mut total = hours * 60;
    if minutes != Minutes::None {
        if colon {
            rest = rest.strip_prefix(':')?;
        }
        let (high, behind) = digit(rest)?;
        let (low, behind) = digit(behind)?;
        if high > 5 {
            return None;
        }
        total += high * 10 + low;
        rest = behind;
    }
    set(fields, total * 60_000 * sign, 0);
    Some(rest)
}

/// What follows a name at the beginning of a text, in any case.
pub(crate) fn strip_ignoring_case<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = text.chars();
    for wanted in name.chars() {
        let found = rest.next()?;
        if found != wanted && upper(found) != upper(wanted) {
            return None;
        }
    }
    Some(rest.as_str())
}

fn upper(c: char) -> char {
    let mut upper = c.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => upper,
        _ => c,
    }
}
