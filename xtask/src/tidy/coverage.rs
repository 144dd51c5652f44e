//! The tests that the table of the control plane's cases names must exist, and no number may be left out of it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};

use super::Finding;
use super::sources;

const TABLE: &str = "tests/system/README.md";
const RECORDINGS: &str = "testdata/rest";
/// How many cases there are of each kind.
const CASES: &[(&str, u32)] = &[
    ("RS", 34),
    ("VA", 25),
    ("LC", 22),
    ("OF", 20),
    ("RE", 12),
    ("TC", 6),
    ("IT", 5),
    ("CP", 12),
    ("LG", 6),
    ("SA", 8),
];

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let table = std::fs::read_to_string(root.join(TABLE)).with_context(|| format!("cannot read {TABLE}"))?;
    let mut known = Known::default();
    for source in sources::with_extensions(root, &["rs"])? {
        known.add(&source.path, &source.text);
    }
    for source in sources::with_extensions(&root.join(RECORDINGS), &["json"])? {
        known.recordings.insert(source.path.trim_end_matches(".json").to_owned());
    }
    Ok(findings(&table, &known))
}

/// What a row can name.
#[derive(Default)]
struct Known {
    /// Functions and modules.
    names: BTreeSet<String>,
    /// Files of recorded cases, without their extension.
    recordings: BTreeSet<String>,
}

impl Known {
    fn add(&mut self, path: &str, text: &str) {
        let module = path.trim_end_matches("/mod.rs").trim_end_matches(".rs").rsplit('/').next();
        self.names.extend(module.map(str::to_owned));
        for part in text.split("fn ").skip(1) {
            let end = part.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(part.len());
            self.names.insert(part[..end].to_owned());
        }
    }

    fn has(&self, name: &str) -> bool {
        match name.strip_prefix("rest/") {
            Some(case) => {
                let suffix = format!("-{case}");
                self.recordings.iter().any(|file| file == case || file.ends_with(&suffix))
            }
            None => name.rsplit("::").next().is_some_and(|last| self.names.contains(last)),
        }
    }
}

fn findings(table: &str, known: &Known) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut numbers = BTreeSet::new();
    for (index, line) in table.lines().enumerate() {
        let Some(ids) = line.strip_prefix("| ").and_then(|line| line.split(" |").next()) else { continue };
        let covered = numbers_of(ids);
        if covered.is_empty() {
            continue;
        }
        numbers.extend(covered);
        // Every second part lies between backticks.
        for name in line.split('`').skip(1).step_by(2) {
            let name = name.rsplit(' ').next().unwrap_or(name);
            let names_a_test = name.contains("::") || name.starts_with("rest/");
            if names_a_test && !known.has(name) {
                found.push(Finding::new(TABLE, index + 1, format!("there is no `{name}`")));
            }
        }
    }
    for (kind, count) in CASES {
        for number in 1..=*count {
            let id = format!("{kind}-{number:02}");
            if !numbers.contains(&id) {
                found.push(Finding::new(TABLE, 0, format!("nothing is said of {id}")));
            }
        }
    }
    found
}

/// The cases that a cell names: `RS-01`, `RS-01, RS-02` or `RS-01 to RS-03`.
fn numbers_of(cell: &str) -> Vec<String> {
    let mut all = Vec::new();
    for part in cell.split(", ") {
        let mut ends = part.split(" to ").map(id);
        match (ends.next().flatten(), ends.next()) {
            (Some((kind, number)), None) => all.push(format!("{kind}-{number:02}")),
            (Some((kind, first)), Some(Some((_, last)))) => {
                all.extend((first..=last).map(|number| format!("{kind}-{number:02}")));
            }
            _ => return Vec::new(),
        }
    }
    all
}

fn id(text: &str) -> Option<(&str, u32)> {
    let (kind, number) = text.split_once('-')?;
    let is_known = CASES.iter().any(|(known, _)| *known == kind);
    number.parse().ok().filter(|_| is_known).map(|number| (kind, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_name_cases_one_by_one_or_from_one_to_another() {
        let check = |cell: &str, expected: &[&str]| assert_eq!(numbers_of(cell), expected, "{cell}");
        check("RS-01", &["RS-01"]);
        check("RS-01, RS-03", &["RS-01", "RS-03"]);
        check("VA-09 to VA-11", &["VA-09", "VA-10", "VA-11"]);
        check("id", &[]);
        check("XX-01", &[]);
    }

    #[test]
    fn names_and_numbers_that_are_missing_are_found() {
        let mut known = Known::default();
        known.add("crates/a/tests/it/rest.rs", "#[test]\nfn it_works() {}\n");
        known.recordings.insert("guarded-http".to_owned());
        let rows = "| LG-01 to LG-06 | a | `runtime rest::it_works`, `rest/http` (`names`), `crate rest` |\n\
                    | LG-01 | b | `rest::it_fails`, `rest/https` |\n";
        let found = findings(rows, &known);
        let messages: Vec<&str> = found.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(messages[..2], ["there is no `rest::it_fails`", "there is no `rest/https`"]);
        assert!(messages.contains(&"nothing is said of RS-01"));
        assert!(!messages.iter().any(|message| message.contains("LG-")), "{messages:?}");
    }
}
