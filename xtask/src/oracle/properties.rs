//! Writing `.properties` files for the servers.

use std::path::Path;

use anyhow::{Context, Result};

/// Pairs of key and value in file order. In a properties file the last value of a key wins, so overrides are appended.
pub type Properties = Vec<(String, String)>;

/// Owned pairs from literals.
pub fn pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, String)>) -> Properties {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// Parses one `key=value` argument.
pub fn parse_pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.trim().to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not key=value")),
    }
}

/// Writes the file, with the escapes that Java's loader undoes.
pub fn write(path: &Path, properties: &Properties) -> Result<()> {
    let mut text = String::new();
    for (key, value) in properties {
        escape(key, true, &mut text);
        text.push('=');
        escape(value, false, &mut text);
        text.push('\n');
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn escape(text: &str, key: bool, out: &mut String) {
    for (index, c) in text.chars().enumerate() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' ' if key || index == 0 => out.push_str("\\ "),
            '=' | ':' | '#' | '!' if key => {
                out.push('\\');
                out.push(c);
            }
            ' '..='~' => out.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_the_loader_would_eat() {
        let check = |key: &str, value: &str, line: &str| {
            let mut out = String::new();
            escape(key, true, &mut out);
            out.push('=');
            escape(value, false, &mut out);
            assert_eq!(out, line);
        };
        check("listeners", "http://127.0.0.1:8083", "listeners=http://127.0.0.1:8083");
        check("a b", " c d", r"a\ b=\ c d");
        check("k=:", r"\d+", r"k\=\:=\\d+");
        check("k", "é😀\n", r"k=\u00e9\ud83d\ude00\n");
    }

    #[test]
    fn a_pair_needs_a_key() {
        assert_eq!(parse_pair("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert_eq!(parse_pair("a="), Ok(("a".to_owned(), String::new())));
        assert!(parse_pair("=b").is_err());
        assert!(parse_pair("ab").is_err());
    }
}
