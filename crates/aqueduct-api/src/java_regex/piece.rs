//! A translated part of a pattern, and what Java knows about its length.

/// A translated part. The lengths are those that Java computes, overflow included: they decide which look-behinds
/// it refuses.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// In the engine's syntax; can be repeated as it is.
    pub(super) text: String,
    pub(super) min: i32,
    pub(super) max: i32,
    /// Whether Java takes `max` for known.
    pub(super) bounded: bool,
    /// Whether Java takes a group around it for one that matches in one way only.
    pub(super) deterministic: bool,
    /// One character of a set: Java repeats those by a loop of their own.
    pub(super) one_char: bool,
    /// `\R`, which gives nothing back once it is repeated.
    line_break: bool,
}

/// A quantifier.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repeat {
    pub(super) min: i32,
    /// [`Repeat::UNLIMITED`] without a limit.
    pub(super) max: i32,
    pub(super) mode: Mode,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Greedy,
    Lazy,
    Possessive,
}

impl Repeat {
    pub(super) const UNLIMITED: i32 = i32::MAX;

    fn suffix(self) -> String {
        let count = match (self.min, self.max) {
            (0, 1) => "?".to_owned(),
            (0, Self::UNLIMITED) => "*".to_owned(),
            (1, Self::UNLIMITED) => "+".to_owned(),
            (min, Self::UNLIMITED) => format!("{{{min},}}"),
            (min, max) if min == max => format!("{{{min}}}"),
            (min, max) => format!("{{{min},{max}}}"),
        };
        if self.mode == Mode::Lazy { count + "?" } else { count }
    }
}

impl Piece {
    /// Matches no text: an assertion, or nothing at all.
    pub(super) fn empty(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            min: 0,
            max: 0,
            bounded: true,
            deterministic: true,
            one_char: false,
            line_break: false,
        }
    }

    /// Matches one character.
    pub(super) fn one(text: impl Into<String>) -> Self {
        Self { min: 1, max: 1, one_char: true, ..Self::empty(text) }
    }

    /// Matches a text of a length that Java doesn't know.
    pub(super) fn unknown(text: impl Into<String>) -> Self {
        Self { bounded: false, deterministic: false, ..Self::empty(text) }
    }

    /// `\R`
    pub(super) fn line_break() -> Self {
        const TEXT: &str = r"(?:\r\n|[\x0a-\x0d\x{85}\x{2028}\x{2029}])";
        Self { min: 1, max: 2, line_break: true, ..Self::empty(TEXT) }
    }

    fn is_empty(&self) -> bool {
        self.bounded && self.max == 0
    }

    /// What follows this part.
    pub(super) fn push(&mut self, next: &Self) {
        self.text.push_str(&next.text);
        self.min = self.min.saturating_add(next.min);
        self.max = self.max.wrapping_add(next.max);
        self.bounded &= next.bounded;
        self.deterministic &= next.deterministic;
        self.one_char = false;
        self.line_break = false;
    }

    /// The branches of an alternation.
    pub(super) fn any_of(branches: Vec<Self>) -> Self {
        Self {
            min: branches.iter().map(|branch| branch.min).min().unwrap_or(0),
            max: branches.iter().map(|branch| branch.max).max().unwrap_or(0),
            bounded: branches.iter().all(|branch| branch.bounded),
            text: branches.into_iter().map(|branch| branch.text).collect::<Vec<_>>().join("|"),
            deterministic: false,
            one_char: false,
            line_break: false,
        }
    }

    /// This part in a group, `(` or `(?:` and the like.
    pub(super) fn in_group(mut self, open: &str) -> Self {
        self.text = format!("{open}{})", self.text);
        self.one_char = false;
        self.line_break = false;
        self
    }

    /// This part repeated; `group` if it stands in brackets of its own.
    pub(super) fn repeated(self, repeat: Repeat, group: bool) -> Self {
        let optional = (repeat.min, repeat.max) == (0, 1);
        // Java counts a group that can match in several ways by a loop whose length it doesn't know.
        let looped = group && !optional && repeat.mode != Mode::Possessive && !self.deterministic;
        let max = self.max.wrapping_mul(repeat.max);
        let bounded = self.bounded && !looped && (optional || self.one_char || max >= 0);
        let min = self.min.saturating_mul(repeat.min);
        let text = self.repeated_text(repeat);
        let deterministic = self.deterministic && repeat.min == repeat.max && repeat.mode != Mode::Possessive;
        Self { text, min, max, bounded, deterministic, one_char: false, line_break: false }
    }

    fn repeated_text(&self, repeat: Repeat) -> String {
        if repeat.max == 0 {
            // The engine drops such a part with its groups, which must keep their numbers.
            return format!("(?:{}){{0}}", self.text);
        }
        if self.is_empty() {
            // Repeating what takes no text changes nothing but whether it must hold.
            let must_hold = repeat.min > 0;
            return if must_hold { self.text.clone() } else { format!("(?:{}|)", self.text) };
        }
        let repeated = if self.line_break {
            format!("(?>{}){}", self.text, repeat.suffix())
        } else {
            format!("{}{}", self.text, repeat.suffix())
        };
        if repeat.mode == Mode::Possessive { format!("(?>{repeated})") } else { repeated }
    }
}
