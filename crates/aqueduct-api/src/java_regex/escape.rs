//! What follows a backslash, and classes in brackets.

use super::PatternError;
use super::class::Class;
use super::cursor::hex_digit;
use super::parser::Parser;
use super::piece::Piece;
use super::property::{Property, UNICODE_WORD};

const HORIZONTAL_SPACE: &str = r"[\t \x{a0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}]";
const VERTICAL_SPACE: &str = r"[\x0a-\x0d\x{85}\x{2028}\x{2029}]";

/// What an escape stands for.
pub(super) enum Escape {
    /// A character, which may ignore case.
    Char(u32),
    /// A set of characters.
    Class(Class),
    /// Something else, outside of brackets only.
    Piece(Piece),
}

impl Parser<'_> {
    /// An escape or a property, from its backslash on.
    pub(super) fn escape_or_property(&mut self, in_class: bool) -> Result<Escape, PatternError> {
        let here = self.cursor.at();
        let point = self.cursor.next_escaped();
        if point == u32::from('p') || point == u32::from('P') {
            return self.property(point == u32::from('P')).map(Escape::Class);
        }
        let in_range = in_class && self.cursor.after() == u32::from('-');
        self.cursor.set(here);
        self.escape_in(in_class, in_range)
    }

    /// An escape, from its backslash on; `in_range` at either end of a range.
    fn escape_in(&mut self, in_class: bool, in_range: bool) -> Result<Escape, PatternError> {
        let unicode = self.cursor.flags.unicode_classes;
        let point = self.cursor.skip();
        let Some(c) = char::from_u32(point) else { return Ok(Escape::Char(point)) };
        let class = |text: &str| Ok(Escape::Class(Class::raw(text)));
        let not = |text: &str| Ok(Escape::Class(Class::raw(text).negated()));
        let piece = |text: &str| Ok(Escape::Piece(Piece::empty(text)));
        let digit = if unicode { r"[\p{Nd}]" } else { "[0-9]" };
        let space = if unicode { r"[\p{White_Space}]" } else { r"[\x09-\x0d\x20]" };
        let word = if unicode { UNICODE_WORD } else { "[0-9A-Za-z_]" };
        match c {
            '0' => self.octal().map(Escape::Char),
            '1'..='9' if !in_class => self.numbered_reference(point).map(Escape::Piece),
            'A' | 'G' if !in_class => piece(r"\A"),
            'b' if !in_class => self.word_boundary().map(Escape::Piece),
            'B' if !in_class => Ok(Escape::Piece(Piece::empty(boundary(unicode, false)))),
            'd' => class(digit),
            'D' => not(digit),
            'h' => class(HORIZONTAL_SPACE),
            'H' => not(HORIZONTAL_SPACE),
            'k' if !in_class => self.named_reference().map(Escape::Piece),
            'N' => Err(self.cursor.error("Names of characters (\\N) are not supported")),
            'R' if !in_class => Ok(Escape::Piece(Piece::line_break())),
            's' => class(space),
            'S' => not(space),
            'v' if in_range => Ok(Escape::Char(0x0b)),
            'v' => class(VERTICAL_SPACE),
            'V' => not(VERTICAL_SPACE),
            'w' => class(word),
            'W' => not(word),
            'X' if !in_class => Err(self.cursor.error("Grapheme clusters (\\X) are not supported")),
            'z' if !in_class => piece(r"\z"),
            'Z' if !in_class => piece(self.input_end()),
            'a' => Ok(Escape::Char(0x07)),
            'c' => self.control().map(Escape::Char),
            'e' => Ok(Escape::Char(0x1b)),
            'f' => Ok(Escape::Char(0x0c)),
            'n' => Ok(Escape::Char(0x0a)),
            'r' => Ok(Escape::Char(0x0d)),
            't' => Ok(Escape::Char(0x09)),
            'u' => self.utf_16().map(Escape::Char),
            'x' => self.hexadecimal().map(Escape::Char),
            '0'..='9' | 'a'..='z' | 'A'..='Z' => {
                Err(self.cursor.error("Illegal/unsupported escape sequence"))
            }
            _ => Ok(Escape::Char(point)),
        }
    }

    fn word_boundary(&mut self) -> Result<Piece, PatternError> {
        if self.cursor.peek() == u32::from('{') {
            if self.cursor.skip() == u32::from('g') {
                return Err(match char::from_u32(self.cursor.read()) {
                    Some('}') => {
                        self.cursor.error("Boundaries of grapheme clusters (\\b{g}) are not supported")
                    }
                    _ => self.cursor.error("Illegal/unsupported escape sequence"),
                });
            }
            self.cursor.unread();
            self.cursor.unread();
        }
        Ok(Piece::empty(boundary(self.cursor.flags.unicode_classes, true)))
    }

    fn octal(&mut self) -> Result<u32, PatternError> {
        let octal = |point: u32| (0x30..=0x37).contains(&point).then(|| point - 0x30);
        let Some(mut value) = octal(self.cursor.read()) else {
            return Err(self.cursor.error("Illegal octal escape sequence"));
        };
        let three = value <= 3;
        for _ in 0..if three { 2 } else { 1 } {
            let Some(digit) = octal(self.cursor.peek()) else { break };
            self.cursor.read();
            value = value * 8 + digit;
        }
        Ok(value)
    }

    fn control(&mut self) -> Result<u32, PatternError> {
        if self.cursor.is_at_end() {
            return Err(self.cursor.error("Illegal control escape sequence"));
        }
        Ok(self.cursor.read() ^ 64)
    }

    fn hexadecimal(&mut self) -> Result<u32, PatternError> {
        let first = self.cursor.read();
        if let Some(high) = hex_digit(first) {
            if let Some(low) = hex_digit(self.cursor.read()) {
                return Ok(high * 16 + low);
            }
        } else if first == u32::from('{') && hex_digit(self.cursor.peek()).is_some() {
            let mut value = 0;
            loop {
                let point = self.cursor.read();
                let Some(digit) = hex_digit(point) else {
                    return if point == u32::from('}') {
                        Ok(value)
                    } else {
                        Err(self.cursor.error("Unclosed hexadecimal escape sequence"))
                    };
                };
                value = value * 16 + digit;
                if value > u32::from(char::MAX) {
                    return Err(self.cursor.error("Hexadecimal codepoint is too big"));
                }
            }
        }
        Err(self.cursor.error("Illegal hexadecimal escape sequence"))
    }

    /// Four digits of a UTF-16 unit; two escapes that make a pair are one character.
    fn utf_16(&mut self) -> Result<u32, PatternError> {
        let high = self.utf_16_unit()?;
        if !(0xd800..0xdc00).contains(&high) {
            return Ok(high);
        }
        let here = self.cursor.at();
        if self.cursor.read() == u32::from('\\') && self.cursor.read() == u32::from('u') {
            let low = self.utf_16_unit()?;
            if (0xdc00..0xe000).contains(&low) {
                return Ok(0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00));
            }
        }
        self.cursor.set(here);
        Ok(high)
    }

    fn utf_16_unit(&mut self) -> Result<u32, PatternError> {
        let mut unit = 0;
        for _ in 0..4 {
            let point = self.cursor.read();
            let Some(digit) = hex_digit(point) else {
                return Err(self.cursor.error("Illegal Unicode escape sequence"));
            };
            unit = unit * 16 + digit;
        }
        Ok(unit)
    }

    /// A property, with the position on its `p`.
    fn property(&mut self, negated: bool) -> Result<Class, PatternError> {
        if self.cursor.next() != u32::from('{') {
            self.cursor.unread();
            self.cursor.next();
            let at = self.cursor.at();
            // Behind the end Java finds the 0 that stands there.
            let name = if self.cursor.is_at_end() { "\0".to_owned() } else { self.cursor.text(at, at + 1) };
            self.cursor.read();
            return self.named_property(&name, negated);
        }
        self.cursor.next();
        let from = self.cursor.at();
        while !self.cursor.is_at_end() && self.cursor.peek() != u32::from('}') {
            self.cursor.read();
        }
        self.cursor.read();
        let to = self.cursor.at();
        if self.cursor.is_past_end() {
            return Err(self.cursor.error("Unclosed character family"));
        }
        if from + 1 >= to {
            return Err(self.cursor.error("Empty character family"));
        }
        let name = self.cursor.text(from, to - 1);
        self.named_property(&name, negated)
    }

    fn named_property(&self, name: &str, negated: bool) -> Result<Class, PatternError> {
        match Property::named(name, self.cursor.flags) {
            Property::Set(class) => Ok(if negated { class.negated() } else { class }),
            Property::Unsupported => {
                Err(self.cursor.error(format!("The character property {{{name}}} is not supported")))
            }
            Property::Unknown => Err(self.cursor.error(match name.split_once('=') {
                Some((key, value)) => {
                    let key = key.to_lowercase();
                    format!("Unknown Unicode property {{name=<{key}>, value=<{value}>}}")
                }
                None => format!("Unknown character property name {{{name}}}"),
            })),
        }
    }

    /// A class, with the position on its opening bracket or on an ampersand. What stands right of `&&` ends before the
    /// closing bracket, which `consume` takes.
    pub(super) fn class(&mut self, consume: bool) -> Result<Class, PatternError> {
        let opens = consume && self.cursor.peek() == u32::from('[');
        let mut set: Option<Class> = None;
        let mut point = self.cursor.next();
        let negated = opens && point == u32::from('^');
        if negated {
            point = self.cursor.next();
        }
        loop {
            match char::from_u32(point) {
                Some('[') => {
                    let inner = self.nested_class()?;
                    set = Some(set.map_or(inner.clone(), |set| set.or(&inner)));
                }
                Some('&') if self.cursor.next() == u32::from('&') => {
                    set = Some(self.intersection(set)?);
                }
                Some(']') if set.is_some() => {
                    if consume {
                        self.cursor.next();
                    }
                    break;
                }
                _ => {
                    if point == u32::from('&') {
                        self.cursor.unread();
                    }
                    if point == 0 && self.cursor.is_at_end() {
                        return Err(self.cursor.error("Unclosed character class"));
                    }
                    let inner = self.class_range()?;
                    set = Some(set.map_or(inner.clone(), |set| set.or(&inner)));
                }
            }
            point = self.cursor.peek();
        }
        let set = set.unwrap_or_else(Class::none);
        Ok(if negated { set.negated() } else { set })
    }

    fn nested_class(&mut self) -> Result<Class, PatternError> {
        if self.enter() {
            let class = self.class(true);
            self.leave();
            class
        } else {
            Err(self.cursor.error("Classes nested this deep are not supported"))
        }
    }

    /// What `&&` makes of the set left of it, with the position on the second ampersand.
    fn intersection(&mut self, left: Option<Class>) -> Result<Class, PatternError> {
        let mut right: Option<Class> = None;
        let mut point = self.cursor.next();
        while point != u32::from(']') && point != u32::from('&') {
            if point == u32::from('[') {
                let inner = self.nested_class()?;
                right = Some(right.map_or(inner.clone(), |right| right.or(&inner)));
            } else {
                self.cursor.unread();
                if !self.enter() {
                    return Err(self.cursor.error("Classes nested this deep are not supported"));
                }
                right = Some(self.class(false)?);
                self.leave();
            }
            point = self.cursor.peek();
        }
        match (left, right) {
            (Some(left), Some(right)) => Ok(left.and(&right)),
            (None, Some(right)) => Ok(right),
            (Some(left), None) if point == u32::from(']') => Ok(left),
            (Some(_), None) => Err(self.cursor.error("Repeated && in a class is not supported")),
            (None, None) => Err(self.cursor.error("Bad class syntax")),
        }
    }

    /// A character, a range or an escape within brackets.
    fn class_range(&mut self) -> Result<Class, PatternError> {
        let mut point = self.cursor.peek();
        if point == u32::from('\\') {
            match self.escape_or_property(true)? {
                Escape::Char(escaped) => point = escaped,
                Escape::Class(class) => return Ok(class),
                Escape::Piece(_) => return Err(self.cursor.error("Illegal/unsupported escape sequence")),
            }
        } else {
            self.cursor.next();
        }
        let flags = self.cursor.flags;
        if self.cursor.peek() != u32::from('-') {
            return Ok(Class::single_in_class(point, flags));
        }
        let follows = self.cursor.after();
        if follows == u32::from('[') || follows == u32::from(']') {
            return Ok(Class::single_in_class(point, flags));
        }
        self.cursor.next();
        let mut to = Some(self.cursor.peek());
        if to == Some(u32::from('\\')) {
            to = match self.escape_in(true, true)? {
                Escape::Char(escaped) => Some(escaped),
                _ => None,
            };
        } else {
            self.cursor.next();
        }
        match to {
            Some(to) if to >= point => Ok(Class::range(point, to, flags)),
            _ => Err(self.cursor.error("Illegal character range")),
        }
    }
}

/// `\b` or `\B`: between a word's character and another one. Without the flag `U` these are all letters and digits,
/// though `\w` has only those of ASCII; a mark that sits on one belongs to it.
fn boundary(unicode: bool, wanted: bool) -> String {
    let (before, after) = if unicode {
        (format!("(?<={UNICODE_WORD})"), format!("(?={UNICODE_WORD})"))
    } else {
        const WORD: &str = r"[\p{L}\p{Nd}_]";
        const MARKED: &str = r"(?<=[\p{L}\p{Nd}]\p{Mn}*)";
        (format!("(?:(?<={WORD})|(?<=\\p{{Mn}}){MARKED})"), format!("(?:(?={WORD})|(?=\\p{{Mn}}){MARKED})"))
    };
    if wanted {
        format!("(?:{before}(?!{after})|(?!{before}){after})")
    } else {
        format!("(?:{before}{after}|(?!{before})(?!{after}))")
    }
}
