//! A position in a pattern that moves the way Java's does, because error texts tell where it stood.

use super::PatternError;

/// The flags that `(?…)` sets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Flags {
    /// `i`
    pub(super) ignore_case: bool,
    /// `u`: ignoring case looks beyond ASCII.
    pub(super) unicode_case: bool,
    /// `U`: predefined classes look beyond ASCII.
    pub(super) unicode_classes: bool,
    /// `m`
    pub(super) multiline: bool,
    /// `s`
    pub(super) dot_all: bool,
    /// `d`: only `\n` ends a line.
    pub(super) unix_lines: bool,
    /// `x`
    pub(super) comments: bool,
    /// `c`: canonically equivalent texts match.
    pub(super) canonical: bool,
}

impl Flags {
    /// Sets or clears the flag of this letter; false if there is none.
    pub(super) fn set(&mut self, letter: u32, on: bool) -> bool {
        match char::from_u32(letter) {
            Some('i') => self.ignore_case = on,
            Some('m') => self.multiline = on,
            Some('s') => self.dot_all = on,
            Some('d') => self.unix_lines = on,
            Some('u') => self.unicode_case = on,
            Some('x') => self.comments = on,
            Some('c') => self.canonical = on,
            // Java: with this one the letters of classes are told apart beyond ASCII, so cases are too.
            Some('U') => {
                self.unicode_classes = on;
                self.unicode_case = on;
            }
            _ => return false,
        }
        true
    }
}

/// The code points of a pattern without `\Q…\E`, and where reading has come to. Behind the end there is 0.
pub(super) struct Cursor<'a> {
    pattern: &'a str,
    points: Vec<u32>,
    at: usize,
    pub(super) flags: Flags,
}

const fn is(point: u32, c: char) -> bool {
    point == c as u32
}

/// White space as Java's ASCII table has it.
fn is_space(point: u32) -> bool {
    matches!(point, 0x09..=0x0d | 0x20)
}

pub(super) fn is_digit(point: u32) -> bool {
    matches!(point, 0x30..=0x39)
}

pub(super) fn is_letter(point: u32) -> bool {
    matches!(point, 0x41..=0x5a | 0x61..=0x7a)
}

pub(super) fn hex_digit(point: u32) -> Option<u32> {
    char::from_u32(point)?.to_digit(16)
}

impl<'a> Cursor<'a> {
    pub(super) fn new(pattern: &'a str) -> Self {
        let points = without_quotes(pattern.chars().map(u32::from).collect());
        Self { pattern, points, at: 0, flags: Flags::default() }
    }

    fn point(&self, at: usize) -> u32 {
        self.points.get(at).copied().unwrap_or(0)
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn set(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at >= self.points.len()
    }

    /// Whether reading has gone past the end.
    pub(super) fn is_past_end(&self) -> bool {
        self.at > self.points.len()
    }

    /// The point here.
    pub(super) fn peek(&mut self) -> u32 {
        if self.flags.comments {
            self.skip_blank();
        }
        self.point(self.at)
    }

    /// The point behind the one here, whatever it is.
    pub(super) fn after(&self) -> u32 {
        self.point(self.at + 1)
    }

    /// The point here; moves behind it.
    pub(super) fn read(&mut self) -> u32 {
        let point = self.peek();
        self.at += 1;
        point
    }

    /// Moves on by one; gives the point there.
    pub(super) fn next(&mut self) -> u32 {
        self.at += 1;
        self.peek()
    }

    /// Moves on by one; gives the point there even if it is blank.
    pub(super) fn next_escaped(&mut self) -> u32 {
        self.at += 1;
        self.point(self.at)
    }

    /// Passes the point here and the next one, blank or not, and gives that.
    pub(super) fn skip(&mut self) -> u32 {
        let point = self.after();
        self.at += 2;
        point
    }

    pub(super) fn unread(&mut self) {
        self.at = self.at.saturating_sub(1);
    }

    pub(super) fn accept(&mut self, wanted: char, message: &str) -> Result<(), PatternError> {
        if is(self.read(), wanted) { Ok(()) } else { Err(self.error(message)) }
    }

    /// The points between two positions as text.
    pub(super) fn text(&self, from: usize, to: usize) -> String {
        self.points
            .get(from..to.min(self.points.len()))
            .unwrap_or_default()
            .iter()
            .filter_map(|point| char::from_u32(*point))
            .collect()
    }

    /// White space and comments that the flag `x` allows.
    fn skip_blank(&mut self) {
        loop {
            let point = self.point(self.at);
            if is_space(point) {
                self.at += 1;
            } else if is(point, '#') {
                while !self.is_at_end() && !self.ends_line(self.point(self.at)) {
                    self.at += 1;
                }
            } else {
                return;
            }
        }
    }

    fn ends_line(&self, point: u32) -> bool {
        if self.flags.unix_lines {
            point == 0x0a
        } else {
            matches!(point, 0x0a | 0x0d | 0x85 | 0x2028 | 0x2029)
        }
    }

    /// An error at the point before this one.
    pub(super) fn error(&self, description: impl Into<String>) -> PatternError {
        PatternError {
            description: description.into(),
            index: self.at.checked_sub(1),
            pattern: self.pattern.to_owned(),
        }
    }
}

/// Writes what stands between `\Q` and `\E` with escapes instead.
fn without_quotes(points: Vec<u32>) -> Vec<u32> {
    const BACKSLASH: u32 = '\\' as u32;
    let mut result = Vec::with_capacity(points.len());
    let mut quoted = false;
    let mut just_opened = false;
    let mut at = 0;
    while let Some(&point) = points.get(at) {
        let follows = points.get(at + 1).copied();
        at += 1;
        let opened = std::mem::take(&mut just_opened);
        match (quoted, point) {
            (true, BACKSLASH) if follows == Some('E' as u32) => {
                at += 1;
                quoted = false;
            }
            (true, _) if is_digit(point) => {
                // The digit must not become part of an escape that stands before the quotation.
                if opened {
                    result.extend(['\\' as u32, 'x' as u32, '3' as u32]);
                }
                result.push(point);
            }
            (true, _) => {
                if point < 0x80 && !is_letter(point) {
                    result.push(BACKSLASH);
                }
                result.push(point);
            }
            (false, BACKSLASH) if follows == Some('Q' as u32) => {
                at += 1;
                quoted = true;
                just_opened = true;
            }
            (false, BACKSLASH) => {
                result.push(point);
                if let Some(follows) = follows {
                    result.push(follows);
                    at += 1;
                }
            }
            (false, _) => result.push(point),
        }
    }
    result
}
