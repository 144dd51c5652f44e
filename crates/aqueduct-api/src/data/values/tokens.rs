//! Splits a text at its delimiters.

use super::super::Text;

/// The tokens of a text: each delimiter by itself, and what lies between them. A backslash keeps the character behind it
/// from being a delimiter, and stays in the token.
pub(super) struct Tokens<'a> {
    pub(super) text: &'a Text,
    /// Where the next token to be split off begins.
    at: usize,
    /// A token that was split off and not taken yet; it ends at `at`.
    pending: Option<&'a str>,
}

/// What Java's `trim` removes.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a Text) -> Self {
        Self { text, at: 0, pending: None }
    }

    fn has_rest(&self) -> bool {
        self.at < self.text.len()
    }

    /// Whether there is another token.
    pub(super) fn has_next(&self) -> bool {
        self.pending.is_some() || self.has_rest()
    }

    /// Where the next token begins.
    pub(super) fn position(&self) -> usize {
        self.at - self.pending.map_or(0, str::len)
    }

    /// Goes back to a position.
    pub(super) fn rewind(&mut self, position: usize) {
        self.at = position;
        self.pending = None;
    }

    /// The text from a position to the next token.
    pub(super) fn since(&self, position: usize) -> &'a str {
        self.text.get(position..self.position()).unwrap_or_default()
    }

    /// Takes the next token; empty at the end.
    pub(super) fn next(&mut self) -> &'a str {
        self.pending.take().unwrap_or_else(|| self.split())
    }

    fn split(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let mut escaped = false;
        let mut len = rest.len();
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'\\' => escaped = !escaped,
                b':' | b',' | b'{' | b'}' | b'[' | b']' | b'"' if !escaped => {
                    len = at.max(1);
                    break;
                }
                _ => escaped = false,
            }
        }
        self.at += len;
        &rest[..len]
    }

    /// Takes the next token if it is this one, perhaps with white space around it. Blank tokens before it are dropped, even
    /// if it is another.
    pub(super) fn take(&mut self, expected: &str) -> bool {
        self.take_if(|token| trim(token) == expected)
    }

    /// As [`Tokens::take`], for exactly this token.
    pub(super) fn take_exactly(&mut self, expected: &str) -> bool {
        self.take_if(|token| token == expected)
    }

    fn take_if(&mut self, is_expected: impl Fn(&str) -> bool) -> bool {
        if !self.has_next() {
            return false;
        }
        let mut token = self.next();
        while trim(token).is_empty() && self.has_rest() {
            token = self.split();
        }
        let found = is_expected(token);
        if !found {
            self.pending = Some(token);
        }
        found
    }
}
