//! A generated plugin is formatted and passes its own tests.

use std::fs;
use std::path::Path;
use std::process::Command;

use xtask::new_plugin::{self, Name};
use xtask::workspace;

/// A workspace of one plugin, which takes everything else from this checkout: versions, lints, and the built crates.
fn workspace_with(root: &Path, name: &Name) {
    let here = workspace::root();
    let manifest = fs::read_to_string(here.join("Cargo.toml")).unwrap();
    let alone: Vec<String> = manifest
        .lines()
        .filter(|line| !line.starts_with("default-members"))
        .map(|line| match line.starts_with("members") {
            true => "members = [\"plugins/*\"]".to_owned(),
            false => line.replace("path = \"", &format!("path = \"{}/", here.display())),
        })
        .collect();
    fs::write(root.join("Cargo.toml"), alone.join("\n")).unwrap();
    for file in ["Cargo.lock", "rustfmt.toml", "clippy.toml"] {
        fs::copy(here.join(file), root.join(file)).unwrap();
    }
    new_plugin::write(root, name).unwrap();
}

fn cargo(root: &Path, args: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(args)
        .current_dir(root)
        .env("CARGO_TARGET_DIR", workspace::target())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {args:?}\n{text}{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn a_new_plugin_passes_its_tests() {
    let root = tempfile::tempdir().unwrap();
    workspace_with(root.path(), &Name::parse("sample-system").unwrap());
    cargo(root.path(), &["fmt", "--check"]);
    cargo(root.path(), &["test", "--offline", "--quiet"]);
}
