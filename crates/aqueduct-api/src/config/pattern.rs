//! Java's regular expressions.

use fancy_regex::Regex;

/// A regular expression as Java's `Pattern` reads it, to be matched against whole texts.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    whole: Regex,
}

impl Pattern {
    /// Compiles an expression. Fails with a reason; for common mistakes it is Java's own text, which has up to three
    /// lines: what and where, the expression, and a caret below the place.
    pub fn compile(text: &str) -> Result<Self, String> {
        let units: Vec<char> = text.chars().collect();
        if let Some((what, index)) = (Scan { units: &units, at: 0 }).run() {
            return Err(message(what, index, text));
        }
        match Regex::new(&format!(r"\A(?:{})\z", expand_quotes(text))) {
            Ok(whole) => Ok(Self { text: text.to_owned(), whole }),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The expression.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the whole text matches: `Matcher.matches`. A match that backtracks beyond all bounds is none.
    pub fn matches(&self, text: &str) -> bool {
        self.whole.is_match(text).unwrap_or(false)
    }
}

/// The text of Java's `PatternSyntaxException`.
fn message(what: &str, index: usize, text: &str) -> String {
    let length = text.encode_utf16().count();
    let caret = if index < length { format!("\n{}^", " ".repeat(index)) } else { String::new() };
    format!("{what} near index {index}\n{text}{caret}")
}

/// Writes `\Q…\E` out as escaped characters.
fn expand_quotes(text: &str) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = quote_start(rest) {
        let (before, quoted) = rest.split_at(at);
        let quoted = quoted.strip_prefix(r"\Q").unwrap_or(quoted);
        let (literal, after) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
        expanded.push_str(before);
        expanded.push_str(&fancy_regex::escape(literal));
        rest = after;
    }
    expanded.push_str(rest);
    expanded
}

/// Where `\Q` stands that is not itself escaped.
fn quote_start(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, char)| match (escaped, char) {
        (true, 'Q') => Some(at - 1),
        _ => {
            escaped = !escaped && char == '\\';
            None
        }
    })
}

/// A walk over an expression that finds what does not close or repeats nothing.
struct Scan<'a> {
    units: &'a [char],
    at: usize,
}

impl Scan<'_> {
    /// The first mistake and its index in characters.
    fn run(&mut self) -> Option<(&'static str, usize)> {
        let length = self.units.len();
        let mut depth = 0_usize;
        let mut repeatable = false;
        while let Some(char) = self.units.get(self.at).copied() {
            match char {
                '\\' if self.at + 1 == length => return Some(("Unexpected internal error", length)),
                '\\' => {
                    self.escape();
                    repeatable = true;
                }
                '[' => {
                    if let Some(mistake) = self.class() {
                        return Some(mistake);
                    }
                    repeatable = true;
                }
                '(' => {
                    depth += 1;
                    repeatable = false;
                    if self.units.get(self.at + 1) == Some(&'?') {
                        self.at += 2;
                    }
                }
                ')' if depth == 0 => return Some(("Unmatched closing ')'", self.at.saturating_sub(1))),
                ')' => {
                    depth -= 1;
                    repeatable = true;
                }
                '*' | '+' | '?' if !repeatable => {
                    return Some((dangling(char), self.at));
                }
                '{' => match self.repetition() {
                    Ok(()) => {}
                    Err(mistake) => return Some(mistake),
                },
                '|' => repeatable = false,
                _ => repeatable = true,
            }
            self.at += 1;
        }
        (depth > 0).then_some(("Unclosed group", length))
    }

    /// Walks over what a backslash begins; stays on its last character.
    fn escape(&mut self) {
        self.at += 1;
        let rest = self.units.get(self.at + 1..).unwrap_or_default();
        let skip = match self.units.get(self.at) {
            // Quoted text goes to \E, or to the end.
            Some('Q') => rest.windows(2).position(|pair| pair == ['\\', 'E']).map_or(rest.len(), |at| at + 2),
            Some('p' | 'P' | 'x' | 'N') if rest.first() == Some(&'{') => {
                rest.iter().position(|char| *char == '}').map_or(rest.len(), |at| at + 1)
            }
            _ => 0,
        };
        self.at += skip;
    }

    /// Walks over a character class; stays on its last bracket.
    fn class(&mut self) -> Option<(&'static str, usize)> {
        let mut depth = 0_usize;
        let mut last = self.at;
        while let Some(char) = self.units.get(self.at) {
            match char {
                '\\' => self.escape(),
                '[' => {
                    depth += 1;
                    // A bracket right after the opening is a literal.
                    let first =
                        if self.units.get(self.at + 1) == Some(&'^') { self.at + 2 } else { self.at + 1 };
                    if self.units.get(first) == Some(&']') {
                        self.at = first;
                    }
                }
                ']' if depth == 1 => return None,
                ']' => depth -= 1,
                '-' if depth > 0 => {
                    let (low, high) = (self.units.get(self.at.wrapping_sub(1)), self.units.get(self.at + 1));
                    if let (Some(low), Some(high)) = (low, high) {
                        let plain = |char: &char| !matches!(char, '[' | ']' | '^' | '\\' | '&');
                        if plain(low) && plain(high) && low > high {
                            return Some(("Illegal character range", self.at + 1));
                        }
                    }
                }
                _ => {}
            }
            last = self.at;
            self.at += 1;
        }
        Some(("Unclosed character class", last.min(self.units.len().saturating_sub(1))))
    }

    /// Walks over `{n}`, `{n,}` and `{n,m}`.
    fn repetition(&mut self) -> Result<(), (&'static str, usize)> {
        let open = self.at;
        let rest: String = self.units.iter().skip(open + 1).take_while(|char| **char != '}').collect();
        let close = open + 1 + rest.chars().count();
        let (low, high) = rest.split_once(',').unwrap_or((&rest, &rest));
        let number = |text: &str| text.parse::<u32>().ok();
        match (number(low), number(high)) {
            (None, _) => Err(("Illegal repetition", (open + 1).min(self.units.len()))),
            _ if close >= self.units.len() => Err(("Unclosed counted closure", self.units.len())),
            (Some(low), Some(high)) if high < low => Err(("Illegal repetition range", close)),
            (Some(_), None) if !high.is_empty() => Err(("Unclosed counted closure", close)),
            _ => {
                self.at = close;
                Ok(())
            }
        }
    }
}

fn dangling(char: char) -> &'static str {
    match char {
        '*' => "Dangling meta character '*'",
        '+' => "Dangling meta character '+'",
        _ => "Dangling meta character '?'",
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn matches_whole_texts() {
        let matches = |pattern: &str, text: &str| Pattern::compile(pattern).is_ok_and(|it| it.matches(text));
        assert!(matches("a|ab", "ab"));
        assert!(!matches("a", "ab"));
        assert!(!matches("a", "a\n"));
        assert!(matches("(?!x).*", "abc"));
        assert!(!matches("(?!x).*", "xbc"));
        assert!(matches("", ""));
        assert!(matches(r"\p{L}{2}\Q(*\E[\]\p{Nd}]", "äb(*7"));
        assert!(matches(r"[^]a]+|[-a][a-]", "--"));
    }

    #[test]
    fn says_what_java_says() {
        for (pattern, reason) in [
            ("[", "Unclosed character class near index 0\n[\n^"),
            ("(", "Unclosed group near index 1\n("),
            ("\\", "Unexpected internal error near index 1\n\\"),
            ("*", "Dangling meta character '*' near index 0\n*\n^"),
            ("x{", "Illegal repetition near index 2\nx{"),
            ("a{2,1}", "Illegal repetition range near index 5\na{2,1}\n     ^"),
            ("[z-a]", "Illegal character range near index 3\n[z-a]\n   ^"),
            ("a)", "Unmatched closing ')' near index 0\na)\n^"),
        ] {
            assert_eq!(Pattern::compile(pattern).expect_err(pattern), reason);
        }
    }
}
