//! What values a key takes beyond its type.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::Parsed;
use super::parse::invalid;
use crate::data::java_text::f64_text;
use crate::java_regex::JavaRegex;

type Check = Arc<dyn Fn(&str, &Parsed) -> Vec<String> + Send + Sync>;

/// A check of a parsed value; gives all messages that it has, none for a good value.
#[derive(Clone)]
pub struct Validator {
    /// The text in generated documentation.
    text: Option<Arc<str>>,
    check: Check,
    strict_list: bool,
}

/// A bound of a number; [`Validator::between`] and its like take integers and doubles.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// For INT, SHORT and LONG.
    Integer(i64),
    /// For DOUBLE.
    Double(f64),
}

impl From<i32> for Bound {
    fn from(bound: i32) -> Self {
        Self::Integer(bound.into())
    }
}

impl From<i64> for Bound {
    fn from(bound: i64) -> Self {
        Self::Integer(bound)
    }
}

impl From<f64> for Bound {
    fn from(bound: f64) -> Self {
        Self::Double(bound)
    }
}

impl Bound {
    fn as_f64(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Double(value) => value,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => value.fmt(f),
            Self::Double(value) => f.write_str(&f64_text(*value)),
        }
    }
}

fn text_of(value: &Parsed) -> Option<&str> {
    match value {
        Parsed::String(text) | Parsed::Class(text) => Some(text),
        _ => None,
    }
}

impl Validator {
    /// A check by a function of name and value, which gives whole messages as users see them.
    pub fn new(
        text: impl Into<Arc<str>>,
        check: impl Fn(&str, &Parsed) -> Vec<String> + Send + Sync + 'static,
    ) -> Self {
        Self { text: Some(text.into()), check: Arc::new(check), strict_list: false }
    }

    /// A check by a function that gives the reason against a value. The reason is framed as Java does:
    /// `Invalid value V for configuration K: REASON`.
    pub fn lambda(
        text: impl Into<Arc<str>>,
        reason: impl Fn(&str, &Parsed) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self::new(text, move |name, value| match reason(name, value) {
            Ok(()) => Vec::new(),
            Err(reason) => vec![invalid(value, name, &reason)],
        })
    }

    /// The same check, unmentioned in generated documentation.
    #[must_use]
    pub fn without_text(mut self) -> Self {
        self.text = None;
        self
    }

    /// Numbers from `min` up.
    pub fn range(min: std::ops::RangeFrom<i64>) -> Self {
        Self::at_least(min.start)
    }

    /// Numbers from `min` up.
    pub fn at_least(min: impl Into<Bound>) -> Self {
        Self::bounds(min.into(), None)
    }

    /// Numbers from `min` to `max`, both included.
    pub fn between(min: impl Into<Bound>, max: impl Into<Bound>) -> Self {
        Self::bounds(min.into(), Some(max.into()))
    }

    fn bounds(min: Bound, max: Option<Bound>) -> Self {
        let text = match max {
            None => format!("[{min},...]"),
            Some(max) => format!("[{min},...,{max}]"),
        };
        Self::lambda(text, move |_, value| {
            let number = match value {
                Parsed::Int(number) => f64::from(*number),
                Parsed::Short(number) => f64::from(*number),
                Parsed::Long(number) => *number as f64,
                Parsed::Double(number) => *number,
                _ => return Err("Value must be non-null".to_owned()),
            };
            match max {
                _ if number < min.as_f64() => Err(format!("Value must be at least {min}")),
                Some(max) if number > max.as_f64() => Err(format!("Value must be no more than {max}")),
                _ => Ok(()),
            }
        })
    }

    /// One of these texts.
    pub fn valid_string(options: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let options: Vec<String> = options.into_iter().map(Into::into).collect();
        let text = format!("[{}]", options.join(", "));
        Self::lambda(text, move |_, value| match text_of(value) {
            Some(text) if options.iter().any(|option| option == text) => Ok(()),
            _ => Err(format!("String must be one of: {}", options.join(", "))),
        })
    }

    /// One of these texts, in any case. Messages show the options in upper case and in the order given here, which for
    /// Java's own keys is that of a hash set.
    pub fn case_insensitive(options: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let options: Vec<String> = options.into_iter().map(|option| option.into().to_uppercase()).collect();
        let text = format!("(case insensitive) [{}]", options.join(", "));
        Self::lambda(text, move |_, value| match text_of(value) {
            Some(text) if options.contains(&text.to_uppercase()) => Ok(()),
            _ => Err(format!("String must be one of (case insensitive): {}", options.join(", "))),
        })
    }

    /// A text that is not empty; null is good.
    pub fn non_empty_string() -> Self {
        Self::lambda("non-empty string", |_, value| match text_of(value) {
            Some("") => Err("String must be non-empty".to_owned()),
            _ => Ok(()),
        })
    }

    /// A text that is not empty and has no ISO control characters; null is good.
    pub fn non_empty_without_control_chars() -> Self {
        Self::lambda("non-empty string without ISO control characters", |_, value| {
            let text = match text_of(value) {
                None => return Ok(()),
                Some("") => return Err("String may not be empty".to_owned()),
                Some(text) => text,
            };
            let found: Vec<String> = text
                .chars()
                .map(u32::from)
                .filter(|code| *code <= 0x1f || (0x7f..=0x9f).contains(code))
                .map(|code| code.to_string())
                .collect();
            if found.is_empty() {
                return Ok(());
            }
            let found = found.join(", ");
            Err(format!(
                "String may not contain control sequences but had the following ASCII chars: {found}"
            ))
        })
    }

    /// Anything but null.
    pub fn non_null() -> Self {
        Self::lambda("non-null string", |_, value| {
            if value.is_null() { Err("entry must be non null".to_owned()) } else { Ok(()) }
        })
    }

    /// A list without repeated or empty entries (KIP-1161).
    pub fn any_non_duplicate_values(empty_allowed: bool, null_allowed: bool) -> Self {
        Self::strict_list(Vec::new(), empty_allowed, null_allowed)
    }

    /// A list of these entries, each at most once; an empty list is good.
    pub fn list_in(entries: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::strict_list(entries.into_iter().map(Into::into).collect(), true, false)
    }

    /// A list of these entries, each at most once, at least one.
    pub fn non_empty_list_in(entries: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self::strict_list(entries.into_iter().map(Into::into).collect(), false, false)
    }

    fn strict_list(entries: Vec<String>, empty_allowed: bool, null_allowed: bool) -> Self {
        let text = if entries.is_empty() { String::new() } else { format!("[{}]", entries.join(", ")) };
        let mut validator = Self::new(text, move |name, value| {
            list_message(name, value, &entries, empty_allowed, null_allowed).into_iter().collect()
        });
        validator.strict_list = true;
        validator
    }

    /// A list of at most this many entries; null is good.
    pub fn list_size(max: usize) -> Self {
        Self::lambda(format!("list with maximum size of {max}"), move |_, value| match value {
            Parsed::List(list) if list.len() > max => Err(format!("exceeds maximum list size of [{max}].")),
            _ => Ok(()),
        })
    }

    /// A regular expression of Java's.
    pub fn regex() -> Self {
        Self::lambda("valid regex", |_, value| {
            let reason = match value {
                Parsed::Null => {
                    r#"Cannot invoke "String.isEmpty()" because "this.pattern" is null"#.to_owned()
                }
                value => match JavaRegex::new(text_of(value).unwrap_or_default()) {
                    Ok(_) => return Ok(()),
                    Err(error) => error.to_string(),
                },
            };
            Err(format!("Invalid regex: {reason}"))
        })
    }

    /// The first message that any of these checks has, in their order.
    pub fn composite(validators: impl IntoIterator<Item = Self>) -> Self {
        let validators: Vec<Self> = validators.into_iter().collect();
        let texts: Vec<&str> = validators.iter().filter_map(Self::text).collect();
        let text = texts.join(", ");
        Self::new(text, move |name, value| {
            let first =
                validators.iter().find_map(|validator| validator.check(name, value).into_iter().next());
            first.into_iter().collect()
        })
    }

    /// The messages about a value of a key.
    pub fn check(&self, name: &str, value: &Parsed) -> Vec<String> {
        (self.check)(name, value)
    }

    /// The text in generated documentation.
    pub fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }

    /// Whether parsing drops repeated entries of the list before it is checked.
    pub(super) fn is_strict_list(&self) -> bool {
        self.strict_list
    }
}

fn list_message(
    name: &str,
    value: &Parsed,
    entries: &[String],
    empty_allowed: bool,
    null_allowed: bool,
) -> Option<String> {
    let list: &[String] = match value {
        Parsed::Null if null_allowed => return None,
        Parsed::List(list) => list,
        _ => return Some(format!("Configuration '{name}' values must not be null.")),
    };
    if list.is_empty() && !empty_allowed {
        let valid = if entries.is_empty() {
            "any non-empty value".to_owned()
        } else {
            format!("[{}]", entries.join(", "))
        };
        return Some(format!("Configuration '{name}' must not be empty. Valid values include: {valid}"));
    }
    let mut seen = HashSet::with_capacity(list.len());
    if !list.iter().all(|entry| seen.insert(entry)) {
        return Some(format!("Configuration '{name}' values must not be duplicated."));
    }
    list.iter().find_map(|entry| {
        if entry.is_empty() {
            Some(format!("Configuration '{name}' values must not be empty."))
        } else if entries.is_empty() || entries.contains(entry) {
            None
        } else {
            Some(invalid(entry, name, &format!("String must be one of: {}", entries.join(", "))))
        }
    })
}

impl fmt::Display for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text().unwrap_or_default())
    }
}

impl fmt::Debug for Validator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
