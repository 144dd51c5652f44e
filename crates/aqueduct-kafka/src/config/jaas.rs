//! `sasl.jaas.config`: one entry of a JAAS configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use super::properties::Secret;
use crate::error::{KafkaError, Result};

/// A login module and its options, as in `Module required name="value" ...;`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JaasEntry {
    /// The login module's class name without its package.
    pub module: String,
    /// Options by name. All are treated as secrets.
    pub options: BTreeMap<String, Secret>,
}

impl JaasEntry {
    /// Parses the value of `sasl.jaas.config`. Errors never quote the value.
    pub fn parse(text: &str) -> Result<JaasEntry> {
        let mut tokens = Tokens { chars: text.chars().peekable() };
        let module =
            tokens.word()?.ok_or_else(|| refused("JAAS config property contains no login modules"))?;
        match tokens.word()?.as_deref() {
            Some(flag) if is_control_flag(flag) => {}
            Some(_) => return Err(refused("Invalid login module control flag in JAAS config")),
            None => return Err(refused("Login module control flag not specified in JAAS config")),
        }
        let mut options = BTreeMap::new();
        while let Some(name) = tokens.word()? {
            if !tokens.take('=') {
                return Err(refused(format_args!("Value not specified for key '{name}' in JAAS config")));
            }
            let value = tokens.word()?.ok_or_else(|| {
                refused(format_args!("Value not specified for key '{name}' in JAAS config"))
            })?;
            options.insert(name, Secret::new(value));
        }
        if !tokens.take(';') {
            return Err(refused("JAAS config entry not terminated by semi-colon"));
        }
        if tokens.word()?.is_some() {
            return Err(refused(
                "JAAS config property contains more than one login module, should be 1 module",
            ));
        }
        let module = module.rsplit('.').next().unwrap_or_default().to_owned();
        Ok(JaasEntry { module, options })
    }

    /// An option's value; never to be logged.
    pub fn option(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(Secret::expose)
    }

    /// An option that the module can't do without.
    pub(super) fn required(&self, name: &str) -> Result<&str> {
        self.option(name).ok_or_else(|| {
            refused(format_args!("{} needs the option '{name}' in sasl.jaas.config", self.module))
        })
    }
}

fn is_control_flag(word: &str) -> bool {
    ["required", "requisite", "sufficient", "optional"].iter().any(|flag| flag.eq_ignore_ascii_case(word))
}

fn refused(message: impl fmt::Display) -> KafkaError {
    KafkaError::config(message.to_string())
}

struct Tokens<'a> {
    chars: Peekable<Chars<'a>>,
}

impl Tokens<'_> {
    fn skip_space(&mut self) {
        while self.chars.next_if(|c| c.is_whitespace()).is_some() {}
    }

    fn take(&mut self, wanted: char) -> bool {
        self.skip_space();
        self.chars.next_if_eq(&wanted).is_some()
    }

    /// The next word, plain or quoted; `None` before `;`, `=` or the end.
    fn word(&mut self) -> Result<Option<String>> {
        self.skip_space();
        match self.chars.peek() {
            Some(&quote @ ('"' | '\'')) => {
                self.chars.next();
                self.quoted(quote).map(Some)
            }
            _ => {
                let mut word = String::new();
                while let Some(c) = self.chars.next_if(|c| !c.is_whitespace() && !matches!(c, ';' | '=')) {
                    word.push(c);
                }
                Ok((!word.is_empty()).then_some(word))
            }
        }
    }

    fn quoted(&mut self, quote: char) -> Result<String> {
        let mut word = String::new();
        loop {
            match self.chars.next() {
                Some(c) if c == quote => return Ok(word),
                Some('\\') => match self.chars.next() {
                    Some('n') => word.push('\n'),
                    Some('t') => word.push('\t'),
                    Some('r') => word.push('\r'),
                    Some(c) => word.push(c),
                    None => return Err(refused("Unterminated quotation in JAAS config")),
                },
                Some(c) => word.push(c),
                None => return Err(refused("Unterminated quotation in JAAS config")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_with_its_options() {
        let entry = JaasEntry::parse(
            "org.apache.kafka.common.security.plain.PlainLoginModule required\n  username=alice password=\"a;b=\\\"c\" ;",
        )
        .unwrap();
        assert_eq!(entry.module, "PlainLoginModule");
        assert_eq!(entry.option("username"), Some("alice"));
        assert_eq!(entry.option("password"), Some("a;b=\"c"));
        assert_eq!(JaasEntry::parse("M OPTIONAL;").unwrap().options.len(), 0);
    }

    #[test]
    fn what_is_refused_and_that_no_secret_is_quoted() {
        for (text, reason) in [
            ("", "JAAS config property contains no login modules"),
            ("M", "Login module control flag not specified in JAAS config"),
            ("M maybe;", "Invalid login module control flag in JAAS config"),
            ("M required password=s3cret", "JAAS config entry not terminated by semi-colon"),
            ("M required password;", "Value not specified for key 'password' in JAAS config"),
            ("M required password=\"s3cret;", "Unterminated quotation in JAAS config"),
            (
                "M required; N required;",
                "JAAS config property contains more than one login module, should be 1 module",
            ),
        ] {
            assert_eq!(JaasEntry::parse(text).unwrap_err().to_string(), reason, "{text}");
        }
        let shown = format!("{:?}", JaasEntry::parse("M required password=s3cret;").unwrap());
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
