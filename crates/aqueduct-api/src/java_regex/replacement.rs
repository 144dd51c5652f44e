//! The texts that stand for a match, with `$1`, `${name}` and `\`.

use crate::error::{Error, ErrorKind};

/// A part of a replacement.
#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Group(usize),
}

/// What is wrong with a replacement; Java says it when a text matches, not before.
#[derive(Debug)]
pub(super) struct Wrong {
    kind: ErrorKind,
    message: String,
}

impl Wrong {
    pub(super) fn error(&self) -> Error {
        Error::new(self.kind, self.message.clone())
    }
}

fn illegal(message: impl Into<String>) -> Wrong {
    Wrong { kind: ErrorKind::IllegalArgument, message: message.into() }
}

/// The parts of a replacement for a pattern with these groups.
pub(super) fn parse(text: &str, groups: usize, names: &[(String, usize)]) -> Result<Vec<Part>, Wrong> {
    let mut parts = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => plain.push(chars.next().ok_or_else(|| illegal("character to be escaped is missing"))?),
            '$' => {
                let group = match chars.next() {
                    None => return Err(illegal("Illegal group reference: group index is missing")),
                    Some('{') => named(&mut chars, names)?,
                    Some(first) => numbered(first, &mut chars, groups)?,
                };
                if !plain.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                }
                parts.push(Part::Group(group));
            }
            _ => plain.push(c),
        }
    }
    if !plain.is_empty() {
        parts.push(Part::Text(plain));
    }
    Ok(parts)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn named(chars: &mut Chars<'_>, names: &[(String, usize)]) -> Result<usize, Wrong> {
    let mut name = String::new();
    while let Some(c) = chars.next_if(char::is_ascii_alphanumeric) {
        name.push(c);
    }
    if name.is_empty() {
        return Err(illegal("named capturing group is missing trailing '}'"));
    }
    if chars.next() != Some('}') {
        return Err(illegal("named capturing group is missing trailing '}'"));
    }
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(illegal(format!("capturing group name {{{name}}} starts with digit character")));
    }
    match names.iter().find(|(other, _)| *other == name) {
        Some((_, group)) => Ok(*group),
        None => Err(illegal(format!("No group with name {{{name}}}"))),
    }
}

/// More digits belong to the number while there are that many groups.
fn numbered(first: char, chars: &mut Chars<'_>, groups: usize) -> Result<usize, Wrong> {
    let digit = |c: char| c.to_digit(10).map(|digit| digit as usize);
    let mut group = digit(first).ok_or_else(|| illegal("Illegal group reference"))?;
    while let Some(next) = chars.peek().copied().and_then(digit) {
        let longer = group.saturating_mul(10).saturating_add(next);
        if longer > groups {
            break;
        }
        group = longer;
        chars.next();
    }
    if group > groups {
        return Err(Wrong { kind: ErrorKind::IndexOutOfBounds, message: format!("No group {group}") });
    }
    Ok(group)
}
