//! From a pattern to its parts.

use super::PatternError;

/// What a letter of a pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter {
    /// `G`
    Era,
    /// `y`
    Year,
    /// `Y`: of the week
    WeekYear,
    /// `M` and `L`, which are the same in English
    Month,
    /// `w`
    WeekOfYear,
    /// `W`
    WeekOfMonth,
    /// `D`
    DayOfYear,
    /// `d`
    DayOfMonth,
    /// `F`
    DayOfWeekInMonth,
    /// `E`
    DayName,
    /// `u`: from 1 for Monday
    DayNumber,
    /// `a`
    AmPm,
    /// `H`: from 0 to 23
    Hour,
    /// `k`: from 1 to 24
    HourFrom1,
    /// `K`: from 0 to 11
    HalfHour,
    /// `h`: from 1 to 12
    HalfHourFrom1,
    /// `m`
    Minute,
    /// `s`
    Second,
    /// `S`
    Millisecond,
    /// `z`
    ZoneName,
    /// `Z`
    ZoneOffset,
    /// `X`
    IsoZone,
}

impl Letter {
    fn of(c: char) -> Option<Self> {
        Some(match c {
            'G' => Self::Era,
            'y' => Self::Year,
            'Y' => Self::WeekYear,
            'M' | 'L' => Self::Month,
            'w' => Self::WeekOfYear,
            'W' => Self::WeekOfMonth,
            'D' => Self::DayOfYear,
            'd' => Self::DayOfMonth,
            'F' => Self::DayOfWeekInMonth,
            'E' => Self::DayName,
            'u' => Self::DayNumber,
            'a' => Self::AmPm,
            'H' => Self::Hour,
            'k' => Self::HourFrom1,
            'K' => Self::HalfHour,
            'h' => Self::HalfHourFrom1,
            'm' => Self::Minute,
            's' => Self::Second,
            'S' => Self::Millisecond,
            'z' => Self::ZoneName,
            'Z' => Self::ZoneOffset,
            'X' => Self::IsoZone,
            _ => return None,
        })
    }

    /// Whether so many of this letter are written as digits only.
    fn is_number(self, count: usize) -> bool {
        match self {
            Self::Month => count <= 2,
            Self::Era | Self::DayName | Self::AmPm | Self::ZoneName | Self::ZoneOffset | Self::IsoZone => {
                false
            }
            _ => true,
        }
    }
}

/// A part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// Text that stands for itself.
    Literal(char),
    /// A letter, how often it comes, and whether digits follow at once: then it takes no more characters than that.
    Field { letter: Letter, count: usize, abuts: bool },
}

/// Compiles a pattern: letters are fields, quotes make text of them, and all else is text.
pub(crate) fn compile(pattern: &str) -> Result<Vec<Item>, PatternError> {
    let mut items = Vec::new();
    let mut run: Option<(char, usize)> = None;
    let mut quoted = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\'' {
            end_run(&mut run, &mut items)?;
            if chars.next_if_eq(&'\'').is_some() {
                items.push(Item::Literal('\''));
            } else {
                quoted = !quoted;
            }
        } else if quoted || !c.is_ascii_alphabetic() {
            end_run(&mut run, &mut items)?;
            items.push(Item::Literal(c));
        } else {
            Letter::of(c).ok_or_else(|| PatternError(format!("Illegal pattern character '{c}'")))?;
            match &mut run {
                Some((letter, count)) if *letter == c => *count += 1,
                _ => {
                    end_run(&mut run, &mut items)?;
                    run = Some((c, 1));
                }
            }
        }
    }
    if quoted {
        return Err(PatternError("Unterminated quote".to_owned()));
    }
    end_run(&mut run, &mut items)?;
    mark_abutting(&mut items);
    Ok(items)
}

fn end_run(run: &mut Option<(char, usize)>, items: &mut Vec<Item>) -> Result<(), PatternError> {
    if let Some((letter, count)) = run.take().and_then(|(c, count)| Some((Letter::of(c)?, count))) {
        if letter == Letter::IsoZone && count > 3 {
            return Err(PatternError(format!("invalid ISO 8601 format: length={count}")));
        }
        items.push(Item::Field { letter, count, abuts: false });
    }
    Ok(())
}

fn mark_abutting(items: &mut [Item]) {
    let mut digits_follow = false;
    for item in items.iter_mut().rev() {
        digits_follow = match item {
            Item::Literal(_) => false,
            Item::Field { letter, count, abuts } => {
                *abuts = digits_follow;
                letter.is_number(*count)
            }
        };
    }
}
