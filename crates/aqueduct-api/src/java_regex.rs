//! Java's regular expressions: `java.util.regex.Pattern` and `Matcher`, as configurations use them.
//!
//! A pattern is translated into the syntax of a backtracking engine; parts without back-references and look-around run
//! in linear time. All that depends on flags, line terminators or Java's idea of a class is written out, so the engine's
//! own defaults never matter. A pattern that Java refuses is refused with Java's text. One that Java takes and the engine
//! can't express is refused too: `\X`, `\b{g}`, `\N{…}`, blocks (`\p{In…}`), `\p{javaMirrored}`, `(?c)`, references that ignore
//! case, `&&` without a right side, and look-behinds of unlimited length around look-around or references.
//!
//! Tables of Unicode are those of the engine, which may be newer than a JVM's.

mod class;
mod cursor;
mod escape;
mod parser;
mod piece;
mod property;
mod replacement;

use std::fmt;
use std::ops::Range;

use fancy_regex::{Regex, RegexBuilder};

use crate::error::{Error, ErrorKind, Result};
use replacement::{Part, Wrong};

/// What a pattern may weigh in the engine's syntax: its bytes, and more for what the engine makes much of. A property of
/// characters is hundreds of ranges, and a look-around an engine of its own. Memory is up to two hundred times the
/// weight, and compiling takes some microseconds for each unit of it.
const WEIGHT_MAX: usize = 128 << 10;
const WEIGHTS: [(&str, usize); 5] = [(r"\p{", 64), (r"\P{", 64), ("(?=", 256), ("(?!", 256), ("(?<", 256)];

fn weight(translated: &str) -> usize {
    let heavy = WEIGHTS.iter().map(|(part, weight)| translated.matches(part).count() * weight);
    translated.len() + heavy.sum::<usize>()
}

/// What is wrong with a pattern. `Display` gives the message of Java's `PatternSyntaxException`, which has several lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    description: String,
    /// In code points; `None` where Java knows none.
    index: Option<usize>,
    pattern: String,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.description)?;
        if let Some(index) = self.index {
            write!(f, " near index {index}")?;
        }
        write!(f, "\n{}", self.pattern)?;
        if let Some(index) = self.index.filter(|index| *index < self.pattern.encode_utf16().count()) {
            f.write_str("\n")?;
            for unit in self.pattern.encode_utf16().take(index) {
                f.write_str(if unit == u16::from(b'\t') { "\t" } else { " " })?;
            }
            f.write_str("^")?;
        }
        Ok(())
    }
}

impl std::error::Error for PatternError {}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub struct JavaRegex {
    pattern: String,
    find: Regex,
    whole: Regex,
    groups: usize,
    names: Vec<(String, usize)>,
    unsure: Vec<usize>,
}

impl JavaRegex {
    /// `Pattern.compile`
    pub fn new(pattern: &str) -> Result<Self, PatternError> {
        let translated = parser::translate(pattern)?;
        if weight(&translated.text) > WEIGHT_MAX {
            return Err(PatternError {
                description: "This pattern is too long to be supported".to_owned(),
                index: None,
                pattern: pattern.to_owned(),
            });
        }
        let compile = |text: &str| {
            // Without its rewriting of repetitions, which loses what groups have matched (fancy-regex 0.20).
            let compiled = RegexBuilder::new(text).optimize(false).build();
            compiled.map_err(|error| PatternError {
                description: format!("This pattern is not supported: {error}"),
                index: None,
                pattern: pattern.to_owned(),
            })
        };
        Ok(Self {
            pattern: pattern.to_owned(),
            find: compile(&translated.text)?,
            whole: compile(&format!(r"\A(?:{})\z", translated.text))?,
            groups: translated.groups,
            names: translated.names,
            unsure: translated.unsure,
        })
    }

    /// The pattern as it was given.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// How many capturing groups there are.
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// `Matcher.matches`: whether the whole text matches. Fails if trying takes too many steps.
    pub fn matches(&self, text: &str) -> Result<bool> {
        self.whole.is_match(text).map_err(|error| self.too_hard(error))
    }

    /// `Matcher.find` from the start: where the first match lies, in bytes of the text, and where its groups do.
    /// Fails if trying takes too many steps.
    pub fn find(&self, text: &str) -> Result<Option<Match>> {
        let captures = self.find.captures(text).map_err(|error| self.too_hard(error))?;
        Ok(captures.map(|captures| Match {
            groups: (0..=self.groups).map(|group| captures.get(group).map(|found| found.range())).collect(),
        }))
    }

    /// A replacement for matches of this pattern. What Java finds wrong with it shows when it is used, as in Java; this
    /// fails if it uses a group whose text the engine can't tell as Java does.
    pub fn replacement(&self, text: &str) -> Result<Replacement, PatternError> {
        let parts = replacement::parse(text, self.groups, &self.names);
        let unsure = |part: &Part| matches!(part, Part::Group(group) if self.unsure.contains(group));
        if parts.iter().flatten().any(unsure) {
            return Err(self.unsupported(
                "The text of a group in a repeated part that can match nothing is not supported",
            ));
        }
        Ok(Replacement { parts })
    }

    fn unsupported(&self, description: impl Into<String>) -> PatternError {
        PatternError { description: description.into(), index: None, pattern: self.pattern.clone() }
    }

    /// `Matcher.replaceFirst`: the text with its first match replaced; `None` if there is none.
    pub fn replace_first(&self, text: &str, replacement: &Replacement) -> Result<Option<String>> {
        let Some(found) = self.find(text)? else { return Ok(None) };
        let parts = replacement.parts.as_ref().map_err(Wrong::error)?;
        let all = found.range();
        let mut result = text.get(..all.start).unwrap_or_default().to_owned();
        for part in parts {
            match part {
                Part::Text(part) => result.push_str(part),
                Part::Group(group) => {
                    result
                        .push_str(found.group(*group).and_then(|range| text.get(range)).unwrap_or_default());
                }
            }
        }
        result.push_str(text.get(all.end..).unwrap_or_default());
        Ok(Some(result))
    }

    /// The engine gives up on a text after so many steps. Java would go on, for hours or until its stack is full.
    fn too_hard(&self, error: fancy_regex::Error) -> Error {
        Error::new(ErrorKind::IllegalState, format!("The pattern {} takes too long: {error}", self.pattern))
    }
}

/// Where a pattern matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    groups: Vec<Option<Range<usize>>>,
}

impl Match {
    /// The bytes of the whole match.
    pub fn range(&self) -> Range<usize> {
        self.group(0).unwrap_or(0..0)
    }

    /// The bytes of a group, from 1; `None` if it took no part, or if there is none of this number.
    pub fn group(&self, group: usize) -> Option<Range<usize>> {
        self.groups.get(group).cloned().flatten()
    }
}

/// A replacement, made by [`JavaRegex::replacement`].
#[derive(Debug)]
pub struct Replacement {
    parts: Result<Vec<Part>, Wrong>,
}

#[cfg(test)]
mod tests;
