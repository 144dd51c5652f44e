//! From Java's syntax to the engine's. Where Java finds an error, so does this, with the same text.

use super::PatternError;
use super::class::Class;
use super::cursor::{Cursor, is_digit, is_letter};
use super::escape::Escape;
use super::piece::{Mode, Piece, Repeat};

/// Groups may nest this deep; Java's own limit is its stack.
const DEPTH_MAX: usize = 100;

const NEVER: &str = r"[^\x00-\x{10FFFF}]";
const LINE_ENDS: &str = r"\n\r\x{85}\x{2028}\x{2029}";

/// A pattern in the engine's syntax.
#[derive(Debug)]
pub(super) struct Translated {
    pub(super) text: String,
    /// How many capturing groups there are.
    pub(super) groups: usize,
    /// Their names, where they have one.
    pub(super) names: Vec<(String, usize)>,
    /// The groups whose text the engine may not know: they stand in a repeated part that can match nothing, and Java
    /// keeps the text of a last round that did so.
    pub(super) unsure: Vec<usize>,
}

pub(super) struct Parser<'a> {
    pub(super) cursor: Cursor<'a>,
    groups: usize,
    /// How many groups the whole pattern has; a reference to another one never matches.
    groups_of_all: usize,
    names: Vec<(String, usize)>,
    unsure: Vec<usize>,
    referred: Vec<usize>,
    depth: usize,
}

/// Translates a pattern.
pub(super) fn translate(pattern: &str) -> Result<Translated, PatternError> {
    // A reference may stand before its group, so the groups are counted first.
    let groups = parse(pattern, usize::MAX)?.groups;
    parse(pattern, groups)
}

fn parse(pattern: &str, groups_of_all: usize) -> Result<Translated, PatternError> {
    let mut parser = Parser {
        cursor: Cursor::new(pattern),
        groups: 0,
        groups_of_all,
        names: Vec::new(),
        unsure: Vec::new(),
        referred: Vec::new(),
        depth: 0,
    };
    let piece = parser.alternation()?;
    if !parser.cursor.is_at_end() {
        let message = if parser.cursor.peek() == u32::from(')') {
            "Unmatched closing ')'"
        } else {
            "Unexpected internal error"
        };
        return Err(parser.cursor.error(message));
    }
    if parser.cursor.is_past_end() {
        return Err(parser.cursor.error("Unexpected internal error"));
    }
    if parser.referred.iter().any(|group| parser.unsure.contains(group)) {
        let message = "A reference to a group in a repeated part that can match nothing is not supported";
        return Err(parser.cursor.error(message));
    }
    Ok(Translated { text: piece.text, groups: parser.groups, names: parser.names, unsure: parser.unsure })
}

impl Parser<'_> {
    fn peek(&mut self) -> Option<char> {
        let point = self.cursor.peek();
        if point == 0 && self.cursor.is_at_end() { None } else { char::from_u32(point) }
    }

    /// One level deeper; false if that is too deep.
    pub(super) fn enter(&mut self) -> bool {
        self.depth += 1;
        self.depth <= DEPTH_MAX
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    fn alternation(&mut self) -> Result<Piece, PatternError> {
        if !self.enter() {
            return Err(self.cursor.error("Groups nested this deep are not supported"));
        }
        let mut branches = vec![self.sequence()?];
        while self.peek() == Some('|') {
            self.cursor.next();
            branches.push(self.sequence()?);
        }
        self.leave();
        Ok(if branches.len() == 1 { branches.remove(0) } else { Piece::any_of(branches) })
    }

    fn sequence(&mut self) -> Result<Piece, PatternError> {
        let mut sequence = Piece::empty("");
        while let Some(c) = self.peek() {
            let groups = self.groups;
            let (piece, group) = match c {
                '|' | ')' => break,
                '(' => match self.group()? {
                    Some(piece) => (piece, true),
                    None => continue,
                },
                '[' => (Piece::one(self.class(true)?.into_text()), false),
                '^' => {
                    self.cursor.next();
                    (Piece::empty(self.line_start()), false)
                }
                '$' => {
                    self.cursor.next();
                    (Piece::empty(self.line_end()), false)
                }
                '.' => {
                    self.cursor.next();
                    (Piece::one(self.dot()), false)
                }
                '*' | '+' | '?' => {
                    self.cursor.next();
                    return Err(self.cursor.error(format!("Dangling meta character '{c}'")));
                }
                // An empty part, for the quantifier that follows.
                '{' => (Piece::empty("(?:)"), false),
                '\\' => (self.escape()?, false),
                _ => {
                    let point = self.cursor.peek();
                    self.cursor.next();
                    (Piece::one(Class::single(point, self.cursor.flags).into_text()), false)
                }
            };
            let piece = match self.quantifier()? {
                Some(repeat) => {
                    if piece.min == 0 {
                        self.unsure.extend(groups + 1..=self.groups);
                    }
                    piece.repeated(repeat, group)
                }
                None => piece,
            };
            sequence.push(&piece);
        }
        Ok(sequence)
    }

    fn escape(&mut self) -> Result<Piece, PatternError> {
        match self.escape_or_property(false)? {
            Escape::Char(point) => Ok(Piece::one(Class::single(point, self.cursor.flags).into_text())),
            Escape::Class(class) => Ok(Piece::one(class.into_text())),
            Escape::Piece(piece) => Ok(piece),
        }
    }

    fn quantifier(&mut self) -> Result<Option<Repeat>, PatternError> {
        let (min, max) = match self.peek() {
            Some('?') => (0, 1),
            Some('*') => (0, Repeat::UNLIMITED),
            Some('+') => (1, Repeat::UNLIMITED),
            Some('{') => self.counts()?,
            _ => return Ok(None),
        };
        let mode = match char::from_u32(self.cursor.next()) {
            Some('?') => Mode::Lazy,
            Some('+') => Mode::Possessive,
            _ => return Ok(Some(Repeat { min, max, mode: Mode::Greedy })),
        };
        self.cursor.next();
        Ok(Some(Repeat { min, max, mode }))
    }

    /// The numbers between braces; stops at the closing one.
    fn counts(&mut self) -> Result<(i32, i32), PatternError> {
        let mut point = self.cursor.skip();
        if !is_digit(point) {
            return Err(self.cursor.error("Illegal repetition"));
        }
        let min = self.number(&mut point)?;
        let mut max = min;
        if point == u32::from(',') {
            point = self.cursor.read();
            max = if point == u32::from('}') { Repeat::UNLIMITED } else { self.number(&mut point)? };
        }
        if point != u32::from('}') {
            return Err(self.cursor.error("Unclosed counted closure"));
        }
        if max < min {
            return Err(self.cursor.error("Illegal repetition range"));
        }
        self.cursor.unread();
        Ok((min, max))
    }

    fn number(&mut self, point: &mut u32) -> Result<i32, PatternError> {
        let mut number = 0_i32;
        while is_digit(*point) {
            let digit = (*point - u32::from('0')) as i32;
            number = number
                .checked_mul(10)
                .and_then(|number| number.checked_add(digit))
                .ok_or_else(|| self.cursor.error("Illegal repetition range"))?;
            *point = self.cursor.read();
        }
        Ok(number)
    }

    fn dot(&self) -> String {
        let flags = self.cursor.flags;
        if flags.dot_all {
            Class::any().into_text()
        } else if flags.unix_lines {
            r"[^\n]".to_owned()
        } else {
            format!("[^{LINE_ENDS}]")
        }
    }

    fn line_start(&self) -> &'static str {
        let flags = self.cursor.flags;
        match (flags.multiline, flags.unix_lines) {
            (false, _) => r"\A",
            (true, true) => r"(?:(?!\z)(?:\A|(?<=\n)))",
            (true, false) => r"(?:(?!\z)(?:\A|(?<=[\n\x{85}\x{2028}\x{2029}])|(?<=\r)(?!\n)))",
        }
    }

    fn line_end(&self) -> &'static str {
        let flags = self.cursor.flags;
        match (flags.multiline, flags.unix_lines) {
            (true, true) => r"(?=\n|\z)",
            (true, false) => r"(?:\z|(?=[\r\x{85}\x{2028}\x{2029}])|(?<!\r)(?=\n))",
            (false, _) => self.input_end(),
        }
    }

    /// `\Z`: the end, or before a line terminator that ends the text.
    pub(super) fn input_end(&self) -> &'static str {
        if self.cursor.flags.unix_lines {
            r"(?=\n?\z)"
        } else {
            r"(?:(?=(?:\r\n|[\r\x{85}\x{2028}\x{2029}])?\z)|(?<!\r)(?=\n\z))"
        }
    }

    /// A group; `None` for `(?flags)`, which is none.
    fn group(&mut self) -> Result<Option<Piece>, PatternError> {
        let flags = self.cursor.flags;
        let piece = if self.cursor.next() == u32::from('?') {
            match char::from_u32(self.cursor.skip()) {
                Some(':') => self.alternation()?.in_group("(?:"),
                Some('=') => Piece::empty(self.alternation()?.in_group("(?=").text),
                Some('!') => Piece::empty(self.alternation()?.in_group("(?!").text),
                Some('>') => self.atomic()?,
                Some('<') => match self.cursor.read() {
                    0x3d => self.look_behind("(?<=")?,
                    0x21 => self.look_behind("(?<!")?,
                    first => {
                        let name = self.group_name(first)?;
                        if self.group_of(&name).is_some() {
                            let message = format!("Named capturing group <{name}> is already defined");
                            return Err(self.cursor.error(message));
                        }
                        self.names.push((name, self.groups + 1));
                        self.capturing()?
                    }
                },
                Some('$' | '@') => return Err(self.cursor.error("Unknown group type")),
                _ => {
                    self.cursor.unread();
                    self.inline_flags();
                    match char::from_u32(self.cursor.read()) {
                        Some(')' | ':') if self.cursor.flags.canonical => {
                            return Err(self.cursor.error("Canonical equivalence (?c) is not supported"));
                        }
                        Some(')') => return Ok(None),
                        Some(':') => self.alternation()?.in_group("(?:"),
                        _ => return Err(self.cursor.error("Unknown inline modifier")),
                    }
                }
            }
        } else {
            self.capturing()?
        };
        self.cursor.accept(')', "Unclosed group")?;
        self.cursor.flags = flags;
        Ok(Some(piece))
    }

    fn capturing(&mut self) -> Result<Piece, PatternError> {
        self.groups += 1;
        Ok(self.alternation()?.in_group("("))
    }

    fn atomic(&mut self) -> Result<Piece, PatternError> {
        let mut piece = self.alternation()?.in_group("(?>");
        piece.deterministic = false;
        Ok(piece)
    }

    fn look_behind(&mut self, open: &str) -> Result<Piece, PatternError> {
        let inner = self.alternation()?;
        if !inner.bounded {
            return Err(self.cursor.error("Look-behind group does not have an obvious maximum length"));
        }
        Ok(Piece::empty(inner.in_group(open).text))
    }

    fn inline_flags(&mut self) {
        let mut on = true;
        let mut point = self.cursor.peek();
        loop {
            if on && point == u32::from('-') {
                on = false;
            } else if !self.cursor.flags.set(point, on) {
                return;
            }
            point = self.cursor.next();
        }
    }

    fn group_name(&mut self, first: u32) -> Result<String, PatternError> {
        if !is_letter(first) {
            return Err(self.cursor.error("capturing group name does not start with a Latin letter"));
        }
        let mut name = String::new();
        let mut point = first;
        while is_letter(point) || is_digit(point) {
            name.extend(char::from_u32(point));
            point = self.cursor.read();
        }
        if point != u32::from('>') {
            return Err(self.cursor.error("named capturing group is missing trailing '>'"));
        }
        Ok(name)
    }

    fn group_of(&self, name: &str) -> Option<usize> {
        self.names.iter().find(|(other, _)| other == name).map(|(_, group)| *group)
    }

    /// `\k<name>`, behind the `k`.
    pub(super) fn named_reference(&mut self) -> Result<Piece, PatternError> {
        if self.cursor.read() != u32::from('<') {
            return Err(self.cursor.error("\\k is not followed by '<' for named capturing group"));
        }
        let first = self.cursor.read();
        let name = self.group_name(first)?;
        match self.group_of(&name) {
            Some(group) => self.reference(group),
            None => Err(self.cursor.error(format!("named capturing group <{name}> does not exist"))),
        }
    }

    /// `\1` and so on, behind the first digit: more digits belong to it while there are that many groups.
    pub(super) fn numbered_reference(&mut self, first: u32) -> Result<Piece, PatternError> {
        let mut group = (first - u32::from('0')) as usize;
        loop {
            let point = self.cursor.peek();
            if !is_digit(point) {
                break;
            }
            let longer = group.saturating_mul(10).saturating_add((point - u32::from('0')) as usize);
            if longer > self.groups {
                break;
            }
            group = longer;
            self.cursor.read();
        }
        self.reference(group)
    }

    fn reference(&mut self, group: usize) -> Result<Piece, PatternError> {
        if self.cursor.flags.ignore_case {
            return Err(self.cursor.error("References to groups that ignore case are not supported"));
        }
        self.referred.push(group);
        Ok(Piece::unknown(if group > self.groups_of_all {
            NEVER.to_owned()
        } else {
            format!("(?:\\{group})")
        }))
    }
}
