//! The licence and the origin of every dependency, by the list in `deny.toml`. `cargo deny` checks the same and more;
//! this check needs nothing that is not on the machine.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::Value;

use super::Finding;
use crate::workspace;

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    let text = fs::read_to_string(root.join("deny.toml")).context("cannot read deny.toml")?;
    let allowed = allowed(&text).context("deny.toml has no list of allowed licences")?;
    let metadata = workspace::metadata(&["--all-features", "--filter-platform", "x86_64-unknown-linux-gnu"])?;
    // The whole lock file may name crates of other platforms; those that are built here are the nodes of the graph.
    let built: Vec<&str> = metadata["resolve"]["nodes"]
        .as_array()
        .context("cargo metadata gives no graph")?
        .iter()
        .filter_map(|node| node["id"].as_str())
        .collect();
    let packages = metadata["packages"].as_array().context("cargo metadata lists no packages")?;
    let is_built = |package: &&Value| package["id"].as_str().is_some_and(|id| built.contains(&id));
    Ok(packages.iter().filter(is_built).filter_map(|package| breach(package, &allowed)).collect())
}

fn breach(package: &Value, allowed: &[&str]) -> Option<Finding> {
    let crate_name = format!("{} {}", package["name"].as_str()?, package["version"].as_str()?);
    if let Some(source) = package["source"].as_str().filter(|source| *source != REGISTRY) {
        return Some(Finding::new("Cargo.lock", 0, format!("{crate_name} comes from {source}")));
    }
    let message = match package["license"].as_str() {
        None => format!("{crate_name} names no licence"),
        Some(expression) if !permits(expression, allowed) => {
            format!("{crate_name} has licence `{expression}`, which deny.toml does not allow")
        }
        Some(_) => return None,
    };
    Some(Finding::new("Cargo.lock", 0, message))
}

/// The quoted words of `allow = [ … ]` in the licence section.
fn allowed(deny: &str) -> Option<Vec<&str>> {
    let section = deny.split_once("[licenses]")?.1;
    let list = section.split_once("allow = [")?.1.split_once(']')?.0;
    let words: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    (!words.is_empty()).then_some(words)
}

/// Whether a licence expression (SPDX, with the old `/` for OR) can be met by allowed licences alone.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allowed };
    parser.any().unwrap_or(false) && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a [&'a str],
}

impl Parser<'_> {
    /// OR binds loosest. `None` is a syntax error.
    fn any(&mut self) -> Option<bool> {
        let mut met = self.all()?;
        while self.take("OR") {
            met |= self.all()?;
        }
        Some(met)
    }

    fn all(&mut self) -> Option<bool> {
        let mut met = self.one()?;
        while self.take("AND") {
            met &= self.one()?;
        }
        Some(met)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take("(") {
            let met = self.any()?;
            return self.take(")").then_some(met);
        }
        let licence = self.next()?;
        let name =
            if self.take("WITH") { format!("{licence} WITH {}", self.next()?) } else { licence.to_owned() };
        Some(self.allowed.contains(&name.as_str()))
    }

    fn next(&mut self) -> Option<String> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some((*first).to_owned())
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.words.first() == Some(&word);
        if found {
            self.words = &self.words[1..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_met_by_allowed_licences_alone() {
        let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"];
        let check =
            |expression: &str, expected| assert_eq!(permits(expression, &allowed), expected, "{expression}");
        check("MIT", true);
        check("GPL-3.0", false);
        check("MIT OR GPL-3.0", true);
        check("MIT AND GPL-3.0", false);
        check("MIT/Apache-2.0", true);
        check("(MIT OR GPL-3.0) AND Unicode-3.0", true);
        check("GPL-3.0 OR MIT AND Unicode-3.0", true);
        check("GPL-2.0 OR MPL-2.0", false);
        check("Apache-2.0 WITH LLVM-exception", true);
        check("MIT WITH Classpath-exception-2.0", false);
        check("(MIT", false);
        check("MIT MIT", false);
        check("", false);
    }

    #[test]
    fn the_list_is_read_from_its_own_section() {
        let deny =
            "[bans]\nallow = [\"x\"]\n[licenses]\nallow = [\n  \"MIT\",\n  \"ISC\",\n]\nconfidence = 1\n";
        assert_eq!(allowed(deny), Some(vec!["MIT", "ISC"]));
        assert_eq!(allowed("[licenses]\n"), None);
    }
}
