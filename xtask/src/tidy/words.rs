//! Words that must not be in the checkout, and names that a file must not have.

use std::path::Path;

use anyhow::Result;

use super::Finding;
use super::sources::{self, Source};

/// Where a word is forbidden.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Where {
    /// In all code.
    Code,
    /// In code that is not a test.
    Product,
    /// In all text.
    Everywhere,
}

struct Word {
    text: &'static str,
    place: Where,
    why: &'static str,
}

// Each word is written in two parts, so that this file does not break its own rule.
const WORDS: &[Word] = &[
    Word { text: concat!("to", "do!("), place: Where::Code, why: "finish it or leave it out" },
    Word { text: concat!("unimple", "mented!("), place: Where::Code, why: "finish it or leave it out" },
    Word { text: concat!("FIX", "ME"), place: Where::Everywhere, why: "fix it" },
    Word { text: concat!("db", "g!("), place: Where::Code, why: "a trace of debugging" },
    Word { text: concat!("#[ig", "nore"), place: Where::Code, why: "a live test prints SKIP instead" },
    Word { text: concat!("/wor", "k/"), place: Where::Everywhere, why: "a path of one machine" },
    Word { text: concat!("../sha", "red"), place: Where::Everywhere, why: "a path outside the checkout" },
    Word { text: concat!("\"/tm", "p/"), place: Where::Product, why: "a path of one machine" },
];

const NAMES: &[&str] = &["util", "utils", "common", "manager"];

const CODE: &[&str] = &["rs"];
const TEXT: &[&str] = &["rs", "md", "toml", "sh", "json", "properties", "yml", "yaml"];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for source in sources::with_extensions(root, TEXT)? {
        if let Some(finding) = name(&source.path) {
            findings.push(finding);
        }
        // Recorded data says what it says.
        if !source.path.contains("testdata/") {
            words(&source, &mut findings);
        }
    }
    Ok(findings)
}

fn name(path: &str) -> Option<Finding> {
    let module = path.strip_suffix("/mod.rs").or_else(|| path.strip_suffix(".rs"))?;
    let module = module.rsplit('/').next()?;
    NAMES
        .contains(&module)
        .then(|| Finding::new(path, 0, format!("`{module}` says nothing: name the thing it holds")))
}

fn words(source: &Source, findings: &mut Vec<Finding>) {
    let is_code = CODE.iter().any(|extension| source.path.ends_with(&format!(".{extension}")));
    let mut in_test = source.path.contains("tests/") || source.path.ends_with("tests.rs");
    for (index, line) in source.text.lines().enumerate() {
        // Unit tests are the last part of a file.
        in_test |= line.trim_start().starts_with("#[cfg(test)]");
        let applies = |word: &&Word| match word.place {
            Where::Everywhere => true,
            Where::Code => is_code,
            Where::Product => is_code && !in_test,
        };
        for word in WORDS.iter().filter(applies).filter(|word| line.contains(word.text)) {
            findings.push(Finding::new(&source.path, index + 1, format!("`{}`: {}", word.text, word.why)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        let mut findings = Vec::new();
        words(&source, &mut findings);
        findings.into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn words_are_found_where_they_are_forbidden() {
        let unfinished = concat!("fn a() {\n    to", "do!()\n}\n");
        assert_eq!(lines("crates/a/src/lib.rs", unfinished), [2]);
        assert_eq!(lines("docs/a.md", unfinished), [] as [usize; 0]);
        let path = concat!("a(\"/tm", "p/x\");\n#[cfg(test)]\nmod tests {\n    a(\"/tm", "p/y\");\n}\n");
        assert_eq!(lines("crates/a/src/lib.rs", path), [1]);
        assert_eq!(lines("crates/a/tests/it/main.rs", path), [] as [usize; 0]);
        assert_eq!(lines("docs/a.md", concat!("see /wor", "k/x\n")), [1]);
    }

    #[test]
    fn names_that_say_nothing() {
        let check = |path: &str, broken: bool| assert_eq!(name(path).is_some(), broken, "{path}");
        check("crates/a/src/util.rs", true);
        check("crates/a/src/common/mod.rs", true);
        check("crates/a/src/manager.rs", true);
        check("crates/a/src/utilisation.rs", false);
        check("docs/common.md", false);
    }
}
