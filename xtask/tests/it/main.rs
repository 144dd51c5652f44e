//! The house rules as tests, so that `cargo test` alone shows a breach; a new plugin, made and tested; the
//! servers of live tests.

mod new_plugin;
mod oracle;

use std::path::Path;

use xtask::tidy::RULES;
use xtask::workspace;

fn holds(rule: &str) {
    let (_, check) = RULES.iter().find(|(name, _)| *name == rule).expect("a rule of this name");
    let findings = check(workspace::root()).unwrap();
    let text: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(text.is_empty(), "\n{}", text.join("\n"));
}

#[test]
fn crates_depend_only_along_the_arrows() {
    holds("crate arrows");
}

#[test]
fn files_are_small() {
    holds("file sizes");
}

#[test]
fn no_forbidden_words_or_names() {
    holds("words and names");
}

#[test]
fn plugin_folders_are_complete() {
    holds("plugin folders");
}

#[test]
fn licences_are_permissive() {
    holds("licences");
}

#[test]
fn every_case_of_the_control_plane_has_a_test() {
    holds("cases and their tests");
}

#[test]
fn every_rule_has_a_test() {
    let this =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/main.rs")).unwrap();
    for (name, _) in RULES {
        assert!(this.contains(&format!("holds(\"{name}\")")), "no test for `{name}`");
    }
}
