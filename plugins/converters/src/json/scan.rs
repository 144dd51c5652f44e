//! From bytes of JSON to tokens, with what Jackson takes and refuses.
//!
//! It takes what Kafka's `JsonDeserializer` takes: zeros in front of numbers, anything behind the first value. It refuses
//! comments, single quotes, commas without a value, `NaN`, control characters in texts, and what is beyond a limit.

use std::fmt;

use super::number::{DIGITS_MAX, Number};
use super::tape::{Kind, Token};
use super::text;

/// How deep arrays and objects may nest.
pub(crate) const DEPTH_MAX: usize = 1000;
/// How many bytes the name of a member may have.
const NAME_BYTES_MAX: usize = 50_000;
/// How many UTF-16 units a text may have.
const TEXT_UNITS_MAX: usize = 20_000_000;
/// Memory for more tokens than this is given back when the next document comes.
const TOKENS_KEPT_MAX: usize = 1 << 18;

/// Why bytes are no JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    what: &'static str,
    at: usize,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for Fault {}

type Scanned = Result<(), Fault>;

/// The memory that scanning needs, kept from document to document.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    pub(crate) tokens: Vec<Token>,
    /// The containers that are not closed yet.
    open: Vec<u32>,
}

impl Scanner {
    /// Scans the first value of a document of UTF-8; there is no token if it is blank.
    pub(crate) fn document(&mut self, bytes: &[u8]) -> Scanned {
        let mut scan = self.begin(bytes, 0, 0)?;
        scan.space();
        if scan.at == bytes.len() {
            return Ok(());
        }
        scan.value()
    }

    /// Scans the value at a place inside an object of the document, and gives the place behind it.
    pub(crate) fn member(&mut self, bytes: &[u8], at: usize) -> Result<usize, Fault> {
        let mut scan = self.begin(bytes, at, 1)?;
        scan.space();
        scan.value()?;
        scan.space();
        Ok(scan.at)
    }

    fn begin<'a>(&'a mut self, bytes: &'a [u8], at: usize, depth: usize) -> Result<Scan<'a>, Fault> {
        self.tokens.clear();
        self.tokens.shrink_to(TOKENS_KEPT_MAX);
        self.open.clear();
        if u32::try_from(bytes.len()).is_err() {
            return Err(Fault { what: "more than 4 GiB", at: 0 });
        }
        Ok(Scan { bytes, at, depth, tokens: &mut self.tokens, open: &mut self.open })
    }
}

struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many containers there are around the value.
    depth: usize,
    tokens: &'a mut Vec<Token>,
    open: &'a mut Vec<u32>,
}

impl Scan<'_> {
    fn fault<T>(&self, what: &'static str) -> Result<T, Fault> {
        Err(Fault { what, at: self.at })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let next = self.tokens.len() as u32 + 1;
        self.tokens.push(Token { kind, start: start as u32, end: end as u32, next, count: 0 });
    }

    /// A value with all that is in it. A loop instead of recursion: the depth costs no stack.
    fn value(&mut self) -> Scanned {
        loop {
            match self.peek() {
                Some(b'{') => {
                    self.open(Kind::Object)?;
                    self.space();
                    if self.peek() != Some(b'}') {
                        self.name()?;
                        continue;
                    }
                    self.close();
                }
                Some(b'[') => {
                    self.open(Kind::Array)?;
                    self.space();
                    if self.peek() != Some(b']') {
                        self.count();
                        continue;
                    }
                    self.close();
                }
                Some(b'"') => self.text(usize::MAX)?,
                Some(b'-' | b'0'..=b'9') => self.number()?,
                Some(b't') => self.literal(b"true", Kind::True)?,
                Some(b'f') => self.literal(b"false", Kind::False)?,
                Some(b'n') => self.literal(b"null", Kind::Null)?,
                _ => return self.fault("no value"),
            }
            if self.after_value()? {
                return Ok(());
            }
        }
    }

    /// What follows a value: the ends of containers, and a comma. Whether the whole value has ended.
    fn after_value(&mut self) -> Result<bool, Fault> {
        loop {
            let Some(parent) = self.open.last().and_then(|at| self.tokens.get(*at as usize)) else {
                return Ok(true);
            };
            let object = parent.kind == Kind::Object;
            self.space();
            match (self.peek(), object) {
                (Some(b','), _) => {
                    self.at += 1;
                    self.space();
                    if object {
                        self.name()?;
                    } else {
                        self.count();
                    }
                    return Ok(false);
                }
                (Some(b'}'), true) | (Some(b']'), false) => self.close(),
                (None, _) => return self.fault("the end inside an array or object"),
                _ => return self.fault("neither a comma nor the end of the array or object"),
            }
        }
    }

    fn open(&mut self, kind: Kind) -> Scanned {
        if self.open.len() + self.depth >= DEPTH_MAX {
            return self.fault("more than 1000 levels");
        }
        self.open.push(self.tokens.len() as u32);
        self.push(kind, self.at, self.at);
        self.at += 1;
        Ok(())
    }

    fn close(&mut self) {
        self.at += 1;
        let next = self.tokens.len() as u32;
        if let Some(token) = self.open.pop().and_then(|at| self.tokens.get_mut(at as usize)) {
            token.end = self.at as u32;
            token.next = next;
        }
    }

    /// Counts an element or member of the innermost container.
    fn count(&mut self) {
        if let Some(token) = self.open.last().and_then(|at| self.tokens.get_mut(*at as usize)) {
            token.count += 1;
        }
    }

    fn name(&mut self) -> Scanned {
        if self.peek() != Some(b'"') {
            return self.fault("no name of a member");
        }
        self.count();
        self.text(NAME_BYTES_MAX)?;
        self.space();
        if self.peek() != Some(b':') {
            return self.fault("no colon behind a name");
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    fn text(&mut self, bytes_max: usize) -> Scanned {
        let start = self.at + 1;
        self.at = start;
        let mut kind = Kind::Text;
        loop {
            self.at = text::end_of_plain(self.bytes, self.at);
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            match rest {
                [] => return self.fault("the end inside a text"),
                [b'"', ..] => break,
                [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => {
                    kind = Kind::CodedText;
                    self.at += 2;
                }
                [b'\\', b'u', digits @ ..] if text::escaped_unit(digits).is_some() => {
                    kind = Kind::CodedText;
                    self.at += 6;
                }
                [b'\\', ..] => return self.fault("no such escape"),
                [0x80..=0xff, ..] => {
                    let Some((length, code)) = text::multibyte(rest) else {
                        return self.fault("no UTF-8");
                    };
                    if !text::is_strict(length, code) {
                        kind = Kind::CodedText;
                    }
                    self.at += length;
                }
                _ => return self.fault("a control character in a text"),
            }
        }
        let length = self.at - start;
        if length > bytes_max || (length > TEXT_UNITS_MAX && self.units(start) > TEXT_UNITS_MAX) {
            return self.fault("too long a text");
        }
        self.push(kind, start, self.at);
        self.at += 1;
        Ok(())
    }

    /// How many UTF-16 units the text from `start` up to here has.
    fn units(&self, start: usize) -> usize {
        text::decode(self.bytes.get(start..self.at).unwrap_or_default()).encode_utf16().count()
    }

    /// Moves over digits and gives their number.
    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }

    fn number(&mut self) -> Scanned {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.at;
        if self.digits() == 0 {
            return self.fault("a number without digits");
        }
        // Zeros in front are skipped before anything is counted.
        let zeros = self.bytes.get(whole..self.at).unwrap_or_default();
        let zeros = zeros.iter().take_while(|digit| **digit == b'0').count();
        let mut digits = (self.at - whole - zeros).max(1);
        let mut kind = Kind::Integer;
        if self.peek() == Some(b'.') {
            kind = Kind::Decimal;
            self.at += 1;
            let fraction = self.digits();
            if fraction == 0 {
                return self.fault("a point without digits behind it");
            }
            digits += fraction;
        }
        if let Some(b'e' | b'E') = self.peek() {
            kind = Kind::Decimal;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            let exponent = self.digits();
            if exponent == 0 {
                return self.fault("an exponent without digits");
            }
            digits += exponent;
            let text = self.bytes.get(start..self.at).unwrap_or_default();
            if !(Number { text, integral: false }).has_valid_scale() {
                return self.fault("an exponent out of range");
            }
        }
        if digits > DIGITS_MAX {
            return self.fault("more than 1000 digits");
        }
        let alone = self.open.is_empty() && self.depth == 0;
        if alone && !matches!(self.peek(), None | Some(b' ' | b'\t' | b'\n' | b'\r')) {
            return self.fault("a number with something behind it");
        }
        self.push(kind, start, self.at);
        Ok(())
    }

    fn literal(&mut self, word: &[u8], kind: Kind) -> Scanned {
        let start = self.at;
        let rest = self.bytes.get(start..).unwrap_or_default();
        let Some(behind) = rest.strip_prefix(word) else {
            return self.fault("no value");
        };
        if continues_word(behind) {
            return self.fault("a longer word than true, false or null");
        }
        self.at += word.len();
        self.push(kind, start, self.at);
        Ok(())
    }
}

/// Whether a character follows that Java would take into an identifier. Jackson does not look at those below the digits.
fn continues_word(rest: &[u8]) -> bool {
    match rest.first() {
        Some(b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x7f) => true,
        Some(0x80..) => match text::multibyte(rest) {
            Some((_, code)) => char::from_u32(code).is_some_and(|char| char.is_alphanumeric() || code < 0xa0),
            None => true,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> Result<Vec<Kind>, String> {
        let mut scanner = Scanner::default();
        match scanner.document(text.as_bytes()) {
            Ok(()) => Ok(scanner.tokens.iter().map(|token| token.kind).collect()),
            Err(fault) => Err(fault.to_string()),
        }
    }

    #[test]
    fn takes_what_jackson_takes() {
        use Kind::{Array, CodedText, Decimal, False, Integer, Null, Object, Text, True};
        for (text, kinds) in [
            ("", &[][..]),
            (" \t\r\n", &[]),
            ("007", &[Integer]),
            ("-0.5e+3 x", &[Decimal]),
            ("[1 , true,false,null ]]", &[Array, Integer, True, False, Null]),
            (r#"{"a":{},"\n":[]}"#, &[Object, Text, Object, CodedText, Array]),
            ("null{", &[Null]),
            ("true\"", &[True]),
        ] {
            assert_eq!(scan(text).as_deref(), Ok(kinds), "{text}");
        }
    }

    #[test]
    fn refuses_what_jackson_refuses() {
        for text in [
            "+1",
            ".5",
            "5.",
            "1e",
            "1e+",
            "-",
            "- 1",
            "1,2",
            "1x",
            "0x10",
            "NaN",
            "Infinity",
            "nul",
            "nulls",
            "true1",
            "'a'",
            "\"a",
            "\"\n\"",
            r#""\x""#,
            r#""\u12g4""#,
            "[1 2]",
            "[1,]",
            "[,1]",
            "{,}",
            "{\"a\":1,}",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{1:1}",
            "[1}",
            "{\"a\":1]",
            "// c\n1",
            "/**/1",
            "[",
            "{",
            "[\"a\"",
            "1e99999999999",
            "\u{feff}1",
            "\u{a0}1",
        ] {
            assert!(scan(text).is_err(), "{text}");
        }
    }

    #[test]
    fn keeps_the_limits() {
        let nested = |depth: usize| scan(&format!("{}{}", "[".repeat(depth), "]".repeat(depth))).is_ok();
        assert!(nested(1000) && !nested(1001));
        let digits = |count: usize| scan(&"7".repeat(count)).is_ok();
        assert!(digits(1000) && !digits(1001));
        assert!(scan(&format!("{}7", "0".repeat(2000))).is_ok(), "zeros in front are no digits");
        assert!(scan(&format!("0.{}", "7".repeat(1000))).is_err());
        let name = |length: usize| scan(&format!("{{\"{}\":1}}", "n".repeat(length))).is_ok();
        assert!(name(50_000) && !name(50_001));
    }

    #[test]
    fn scans_a_member_behind_a_known_beginning() {
        let mut scanner = Scanner::default();
        let bytes = b"{\"p\": 12 } x";
        assert_eq!(scanner.member(bytes, 5), Ok(9));
        assert_eq!(scanner.tokens.len(), 1);
    }
}
