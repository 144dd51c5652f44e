//! Sets of characters, as bracketed classes in the syntax of the engine.

use std::fmt::Write as _;
use std::sync::LazyLock;

use super::cursor::Flags;

/// A set, written as a class in brackets: it can stand alone, and inside another class.
#[derive(Debug, Clone)]
pub(super) struct Class(String);

const SURROGATES: std::ops::RangeInclusive<u32> = 0xd800..=0xdfff;

impl Class {
    /// A class in the engine's syntax, with its brackets.
    pub(super) fn raw(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// No character at all.
    pub(super) fn none() -> Self {
        Self::raw(r"[^\x00-\x{10FFFF}]")
    }

    /// Every character.
    pub(super) fn any() -> Self {
        Self::raw(r"[\x00-\x{10FFFF}]")
    }

    fn of(points: impl IntoIterator<Item = (u32, u32)>) -> Self {
        let mut text = String::from("[");
        for (from, to) in points {
            push_range(&mut text, from, to);
        }
        if text.len() == 1 {
            return Self::none();
        }
        text.push(']');
        Self(text)
    }

    /// One character, and its other cases if the flags say so.
    pub(super) fn single(point: u32, flags: Flags) -> Self {
        if !flags.ignore_case {
            return Self::of([(point, point)]);
        }
        if flags.unicode_case {
            let wanted = fold(point);
            if wanted == point && upper(point) == point {
                return Self::of([(point, point)]);
            }
            let others = CASED.iter().filter(|cased| cased.fold == wanted).map(|cased| cased.point);
            return Self::of([point, wanted].into_iter().chain(others).map(|point| (point, point)));
        }
        match char::from_u32(point).filter(char::is_ascii_alphabetic) {
            Some(letter) => Self::of(
                [letter.to_ascii_lowercase(), letter.to_ascii_uppercase()].map(|c| (c.into(), c.into())),
            ),
            None => Self::of([(point, point)]),
        }
    }

    /// One character within a class: Java keeps those of Latin-1 in a table of their own, with two cases at most.
    pub(super) fn single_in_class(point: u32, flags: Flags) -> Self {
        const OTHER_CASES_OUTSIDE_LATIN_1: [u32; 10] =
            [0xff, 0xb5, 0x49, 0x69, 0x53, 0x73, 0x4b, 0x6b, 0xc5, 0xe5];
        let in_table = flags.ignore_case
            && flags.unicode_case
            && point < 0x100
            && !OTHER_CASES_OUTSIDE_LATIN_1.contains(&point);
        if in_table {
            return Self::of([point, lower(point), upper(point)].map(|point| (point, point)));
        }
        Self::single(point, flags)
    }

    /// The characters from one to another.
    pub(super) fn range(from: u32, to: u32, flags: Flags) -> Self {
        let within = |point: u32| (from..=to).contains(&point);
        if !flags.ignore_case {
            return Self::of([(from, to)]);
        }
        if flags.unicode_case {
            let others = CASED.iter().filter(|cased| within(cased.upper) || within(cased.fold));
            return Self::of(
                std::iter::once((from, to)).chain(others.map(|cased| (cased.point, cased.point))),
            );
        }
        let others = (0..0x80_u8).filter(|byte| {
            byte.is_ascii_alphabetic()
                && (within(byte.to_ascii_lowercase().into()) || within(byte.to_ascii_uppercase().into()))
        });
        Self::of(std::iter::once((from, to)).chain(others.map(|byte| (byte.into(), byte.into()))))
    }

    #[must_use]
    pub(super) fn negated(&self) -> Self {
        Self(format!("[^{}]", self.0))
    }

    #[must_use]
    pub(super) fn or(&self, other: &Self) -> Self {
        Self(format!("[{}{}]", self.0, other.0))
    }

    #[must_use]
    pub(super) fn and(&self, other: &Self) -> Self {
        Self(format!("[{}&&{}]", self.0, other.0))
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// A text has no half of a surrogate pair, so ranges go around them.
fn push_range(text: &mut String, from: u32, to: u32) {
    if from > to {
        return;
    }
    if SURROGATES.contains(&from) || SURROGATES.contains(&to) || (from < 0xd800 && to > 0xdfff) {
        if from < 0xd800 {
            push_range(text, from, 0xd7ff);
        }
        if to > 0xdfff {
            push_range(text, 0xe000, to);
        }
        return;
    }
    let written = if from == to {
        write!(text, "\\x{{{from:x}}}")
    } else {
        write!(text, "\\x{{{from:x}}}-\\x{{{to:x}}}")
    };
    debug_assert!(written.is_ok(), "a String takes all that is written");
}

/// A character that has another case.
struct Cased {
    point: u32,
    upper: u32,
    fold: u32,
}

static CASED: LazyLock<Vec<Cased>> = LazyLock::new(|| {
    (0..0x2_0000)
        .map(|point| Cased { point, upper: upper(point), fold: fold(point) })
        .filter(|cased| cased.upper != cased.point || cased.fold != cased.point)
        .collect()
});

fn sole(point: u32, mut mapped: impl Iterator<Item = char>) -> u32 {
    match (mapped.next(), mapped.next()) {
        (Some(c), None) => c.into(),
        _ => point,
    }
}

/// `Character.toUpperCase`: the mapping to one character.
fn upper(point: u32) -> u32 {
    match point {
        // Greek letters with an iota below, whose capitals have it beside them.
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => point + 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => point + 9,
        _ => char::from_u32(point).map_or(point, |c| sole(point, c.to_uppercase())),
    }
}

/// `Character.toLowerCase`: the mapping to one character.
fn lower(point: u32) -> u32 {
    const CAPITAL_I_WITH_DOT: u32 = 0x130;
    if point == CAPITAL_I_WITH_DOT {
        return 'i' as u32;
    }
    char::from_u32(point).map_or(point, |c| sole(point, c.to_lowercase()))
}

/// What two characters share that Java takes for cases of each other.
fn fold(point: u32) -> u32 {
    lower(upper(point))
}
