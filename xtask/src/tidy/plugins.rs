//! Every plugin folder has what a user looks for, and the program has every plugin.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Finding, sources};
use crate::workspace;

/// The lines of a plugin's README between which its generated configuration table lies.
pub(super) const TABLE_START: &str = "<!-- config:start -->";
pub(super) const TABLE_END: &str = "<!-- config:end -->";

const PROGRAM: &str = "aqueduct";

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let mut names: Vec<String> = fs::read_dir(root.join("plugins"))
        .context("cannot list plugins")?
        .filter_map(|entry| entry.ok().filter(|entry| entry.path().is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut findings: Vec<_> = names.iter().flat_map(|name| folder(root, name)).collect();
    findings.extend(unlisted(root)?);
    Ok(findings)
}

fn folder(root: &Path, name: &str) -> Vec<Finding> {
    let folder = format!("plugins/{name}");
    let mut found = Vec::new();
    let readme = format!("{folder}/README.md");
    match fs::read_to_string(root.join(&readme)) {
        Err(_) => found.push(Finding::new(&readme, 0, "missing")),
        Ok(text) => {
            let (begin, end) = (text.find(TABLE_START), text.find(TABLE_END));
            if !matches!((begin, end), (Some(begin), Some(end)) if begin < end) {
                found.push(Finding::new(&readme, 0, format!("has no `{TABLE_START}` … `{TABLE_END}`")));
            }
        }
    }
    let quickstart = format!("{folder}/config/quickstart.json");
    match fs::read_to_string(root.join(&quickstart)) {
        Err(_) => found.push(Finding::new(&quickstart, 0, "missing")),
        Ok(text) => {
            if let Err(error) = serde_json::from_str::<serde_json::Value>(&text) {
                found.push(Finding::new(&quickstart, error.line(), format!("is not JSON: {error}")));
            }
        }
    }
    found
}

/// Plugin crates that the program does not depend on, or depends on without naming them.
fn unlisted(root: &Path) -> Result<Vec<Finding>> {
    let metadata = workspace::metadata(&["--no-deps"])?;
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let program =
        packages.iter().find(|package| package["name"] == PROGRAM).context("there is no program")?;
    let depends = |name: &str| {
        program["dependencies"].as_array().is_some_and(|all| all.iter().any(|d| d["name"] == name))
    };
    let code: String = sources::with_extensions(&root.join("crates").join(PROGRAM).join("src"), &["rs"])?
        .into_iter()
        .map(|s| s.text)
        .collect();

    let mut found = Vec::new();
    for package in packages {
        let (Some(name), Some(manifest)) = (package["name"].as_str(), package["manifest_path"].as_str())
        else {
            continue;
        };
        if !Path::new(manifest).starts_with(root.join("plugins")) {
            continue;
        }
        let path = format!("crates/{PROGRAM}/Cargo.toml");
        if !depends(name) {
            found.push(Finding::new(path, 0, format!("does not depend on {name}")));
        } else if !code.contains(&name.replace('-', "_")) {
            found.push(Finding::new(
                format!("crates/{PROGRAM}/src"),
                0,
                format!("the list of plugins lacks {name}"),
            ));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_needs_a_table_and_a_quickstart() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("plugins/x");
        fs::create_dir_all(dir.join("config")).unwrap();
        assert_eq!(folder(root.path(), "x").len(), 2);
        fs::write(dir.join("README.md"), format!("{TABLE_END}\n{TABLE_START}\n")).unwrap();
        fs::write(dir.join("config/quickstart.json"), "{").unwrap();
        assert_eq!(folder(root.path(), "x").len(), 2);
        fs::write(dir.join("README.md"), format!("# X\n{TABLE_START}\n{TABLE_END}\n")).unwrap();
        fs::write(dir.join("config/quickstart.json"), "{}").unwrap();
        assert_eq!(folder(root.path(), "x"), []);
    }
}
