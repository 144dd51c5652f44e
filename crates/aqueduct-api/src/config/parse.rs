//! From texts to typed values.

use std::collections::HashSet;

use super::{ConfigData, ConfigDef, ConfigDefault, ConfigKey, ConfigType, Parsed, Password, number};
use crate::error::{Error, Result};
use crate::props::ConfigMap;

/// Finds the classes that CLASS values name.
pub trait ClassLookup: Send + Sync {
    /// The full name of a class, given that name or an alias of it.
    fn resolve(&self, name: &str) -> Option<String>;
}

/// Takes every class name as it is.
#[derive(Debug, Clone, Copy)]
pub struct AnyClass;

impl ClassLookup for AnyClass {
    fn resolve(&self, name: &str) -> Option<String> {
        Some(name.to_owned())
    }
}

/// What `String.trim` removes: all characters up to the space, unlike Unicode's white space.
pub(super) fn java_trim(text: &str) -> &str {
    text.trim_matches(|char: char| char <= ' ')
}

/// Java's message about a value that a key does not take.
pub(super) fn invalid(value: impl std::fmt::Display, name: &str, reason: &str) -> String {
    format!("Invalid value {value} for configuration {name}: {reason}")
}

impl ConfigType {
    /// The value that a text stands for, or the message that says why it stands for none.
    ///
    /// White space around it does not count. A LIST is cut at commas with the white space around them; an empty text
    /// is an empty list.
    pub fn parse(self, name: &str, text: &str, classes: &dyn ClassLookup) -> Result<Parsed, String> {
        let trimmed = java_trim(text);
        let number = || {
            let reason = format!("Not a number of type {}", self.name());
            invalid(text, name, &reason)
        };
        match self {
            Self::Boolean if trimmed.eq_ignore_ascii_case("true") => Ok(Parsed::Boolean(true)),
            Self::Boolean if trimmed.eq_ignore_ascii_case("false") => Ok(Parsed::Boolean(false)),
            Self::Boolean => Err(invalid(text, name, "Expected value to be either true or false")),
            Self::String => Ok(Parsed::String(trimmed.to_owned())),
            Self::Password => Ok(Parsed::Password(Password::new(trimmed))),
            Self::Int => {
                let value = number::integer(trimmed).and_then(|value| i32::try_from(value).ok());
                value.map(Parsed::Int).ok_or_else(number)
            }
            Self::Short => {
                let value = number::integer(trimmed).and_then(|value| i16::try_from(value).ok());
                value.map(Parsed::Short).ok_or_else(number)
            }
            Self::Long => number::integer(trimmed).map(Parsed::Long).ok_or_else(number),
            Self::Double => number::double(trimmed).map(Parsed::Double).ok_or_else(number),
            Self::List => Ok(Parsed::List(split_list(trimmed))),
            Self::Class => classes
                .resolve(trimmed)
                .map(Parsed::Class)
                .ok_or_else(|| invalid(text, name, &format!("Class {text} could not be found."))),
        }
    }
}

/// Java splits at `\s*,\s*`, keeping empty parts.
fn split_list(text: &str) -> Vec<String> {
    if text.is_empty() {
        return Vec::new();
    }
    let space = |char: char| matches!(char, ' ' | '\t' | '\n' | '\u{b}' | '\u{c}' | '\r');
    let mut parts = text.split(',').peekable();
    let mut list = Vec::new();
    while let Some(part) = parts.next() {
        let part = if list.is_empty() { part } else { part.trim_start_matches(space) };
        list.push(if parts.peek().is_some() { part.trim_end_matches(space) } else { part }.to_owned());
    }
    list
}

impl ConfigDef {
    /// Parses a configuration: every key gets its value or its default. Fails at the first key, in the order of
    /// definition, that has no value to be used. Any class name is good.
    ///
    /// Repeated entries of lists whose validator forbids them are dropped: see [`ConfigData::warnings`].
    pub fn parse(&self, config: &ConfigMap) -> Result<ConfigData> {
        self.parse_with(config, &AnyClass)
    }

    /// As [`ConfigDef::parse`], with only the classes that `classes` knows.
    pub fn parse_with(&self, config: &ConfigMap, classes: &dyn ClassLookup) -> Result<ConfigData> {
        let mut data = ConfigData::default();
        for key in self.keys() {
            let value = key.parse(config, classes, &mut data).map_err(Error::config)?;
            data.set(key.name.clone(), value);
        }
        Ok(data)
    }
}

impl ConfigKey {
    /// What the key has in a configuration: its text parsed, or its default.
    pub(super) fn value_in(&self, config: &ConfigMap, classes: &dyn ClassLookup) -> Result<Parsed, String> {
        match (config.entry(&self.name), &self.default) {
            (Some(Some(text)), _) => self.kind.parse(&self.name, text, classes),
            (Some(None), _) => Ok(Parsed::Null),
            (None, ConfigDefault::Value(value)) => Ok(value.clone()),
            (None, ConfigDefault::Required) => {
                Err(format!("Missing required configuration \"{}\" which has no default value.", self.name))
            }
        }
    }

    fn parse(
        &self,
        config: &ConfigMap,
        classes: &dyn ClassLookup,
        data: &mut ConfigData,
    ) -> Result<Parsed, String> {
        let mut value = self.value_in(config, classes)?;
        if let Some(validator) = &self.validator {
            if let (true, Parsed::List(list)) = (validator.is_strict_list(), &mut value) {
                drop_duplicates(&self.name, list, data);
            }
            if let Some(message) = validator.check(&self.name, &value).into_iter().next() {
                return Err(message);
            }
        }
        Ok(value)
    }
}

fn drop_duplicates(name: &str, list: &mut Vec<String>, data: &mut ConfigData) {
    let before = list.len();
    let mut seen = HashSet::with_capacity(before);
    list.retain(|entry| seen.insert(entry.clone()));
    if list.len() < before {
        data.warn(format!("Configuration key {name} has repeated entries; each is used once."));
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Importance, Validator};
    use super::*;

    fn parse(kind: ConfigType, text: &str) -> Result<Parsed, String> {
        kind.parse("k", text, &AnyClass)
    }

    #[test]
    fn trims_as_java_does() {
        assert_eq!(parse(ConfigType::String, "\u{0} a b\t"), Ok("a b".into()));
        assert_eq!(parse(ConfigType::String, "\u{a0}a"), Ok("\u{a0}a".into()));
        assert_eq!(parse(ConfigType::Boolean, " TRUE "), Ok(true.into()));
    }

    #[test]
    fn cuts_lists_at_commas() {
        let list = |parts: &[&str]| Ok(Parsed::List(parts.iter().map(|part| (*part).to_owned()).collect()));
        for (text, parts) in [
            ("", &[][..]),
            (" a , b ", &["a", "b"]),
            ("a,,b", &["a", "", "b"]),
            (",", &["", ""]),
            ("a b", &["a b"]),
        ] {
            assert_eq!(parse(ConfigType::List, text), list(parts), "{text:?}");
        }
    }

    #[test]
    fn says_what_is_wrong_with_the_text_as_it_came() {
        let error = parse(ConfigType::Int, " x ").expect_err("no number");
        assert_eq!(error, "Invalid value  x  for configuration k: Not a number of type INT");
        assert!(parse(ConfigType::Int, "2147483648").is_err());
        assert!(parse(ConfigType::Short, "32768").is_err());
    }

    #[test]
    fn drops_repeated_entries_of_strict_lists_only() {
        let strict = ConfigKey::required("strict", ConfigType::List, Importance::High, "")
            .validator(Validator::any_non_duplicate_values(true, false));
        let loose = ConfigKey::required("loose", ConfigType::List, Importance::High, "");
        let def = ConfigDef::from_iter([strict, loose]);
        let data = def.parse(&[("strict", "a,b,a"), ("loose", "a,a")].into()).expect("good");
        assert_eq!(data.list("strict").expect("a list"), ["a", "b"]);
        assert_eq!(data.list("loose").expect("a list"), ["a", "a"]);
        assert_eq!(data.warnings().len(), 1);
    }

    #[test]
    fn fails_at_the_first_key_that_cannot_be_used() {
        let def = ConfigDef::from_iter([
            ConfigKey::new("a", ConfigType::Int, 1, Importance::High, ""),
            ConfigKey::required("b", ConfigType::Int, Importance::High, ""),
        ]);
        let error = def.parse(&ConfigMap::new()).expect_err("b is missing");
        assert_eq!(error.message(), Some("Missing required configuration \"b\" which has no default value."));
    }
}
