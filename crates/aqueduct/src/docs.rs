//! `aqueduct docs`: reference pages, made by walking the plugins.
//!
//! One page a plugin and an index go into a folder; the configuration tables in the READMEs of `plugins/` are written
//! anew between their markers. A README whose plugins define no key at all keeps what it says.

mod page;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::exit::{Failure, Outcome, Status};
use crate::plugins::{self, Bundle};

/// The lines of a README between which its tables lie.
const TABLE_START: &str = "<!-- config:start -->";
const TABLE_END: &str = "<!-- config:end -->";

/// Where to write.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder of the pages
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The root of the checkout, which holds plugins/
    #[arg(long, value_name = "DIR", default_value = ".")]
    root: PathBuf,
    /// Write nothing; fail if a file is stale, and name it
    #[arg(long)]
    check: bool,
}

/// What a file shall hold; `None`: it shall not be there.
type Files = BTreeMap<PathBuf, Option<String>>;

/// Writes the files, or looks whether they are fresh.
pub fn run(args: &Args) -> Outcome<()> {
    let stale = stale(wanted(args)?);
    if args.check {
        let names: Vec<String> = stale.keys().map(|path| path.display().to_string()).collect();
        return match names.as_slice() {
            [] => Ok(()),
            names => Err(Failure::new(
                Status::Failed,
                format_args!("stale, `cargo xtask docs` writes them anew:\n  {}", names.join("\n  ")),
            )),
        };
    }
    Ok(stale.iter().try_for_each(|(path, text)| write(path, text.as_deref()))?)
}

fn wanted(args: &Args) -> Result<Files> {
    let mut bundles = plugins::bundles();
    bundles.push(plugins::test_plugins());
    let pages = page::all(&bundles);
    let mut files: Files = old_pages(&args.out)?.into_iter().map(|path| (path, None)).collect();
    files.extend(pages.into_iter().map(|(name, text)| (args.out.join(name), Some(text))));
    for bundle in &bundles {
        let path = args.root.join("plugins").join(&bundle.folder).join("README.md");
        if let Some(text) = readme(&path, bundle)? {
            files.insert(path, Some(text));
        }
    }
    Ok(files)
}

/// Pages of an earlier run. Files that nobody has generated are not looked at.
fn old_pages(out: &Path) -> Result<Vec<PathBuf>> {
    if !out.exists() {
        return Ok(Vec::new());
    }
    let mut pages = Vec::new();
    for entry in fs::read_dir(out).with_context(|| format!("cannot list {}", out.display()))? {
        let path = entry?.path();
        let is_page = path.extension().is_some_and(|extension| extension == "md");
        if is_page && fs::read_to_string(&path).is_ok_and(|text| text.starts_with(page::MARK)) {
            pages.push(path);
        }
    }
    Ok(pages)
}

/// The README of a bundle with fresh tables; `None` if there is nothing to refresh.
fn readme(path: &Path, bundle: &Bundle) -> Result<Option<String>> {
    if !path.exists() || bundle.plugins.iter().all(|plugin| plugin.config_def().keys().is_empty()) {
        return Ok(None);
    }
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(refresh(&text, &table::sections(&bundle.plugins)))
}

/// Replaces what stands between the markers; `None` if they are not there.
fn refresh(text: &str, tables: &str) -> Option<String> {
    let (before, rest) = text.split_once(TABLE_START)?;
    let (_, after) = rest.split_once(TABLE_END)?;
    Some(format!("{before}{TABLE_START}\n{}\n{TABLE_END}{after}", tables.trim_end()))
}

/// The files that are not as they shall be.
fn stale(mut files: Files) -> Files {
    files.retain(|path, text| fs::read_to_string(path).ok() != *text);
    files
}

fn write(path: &Path, text: Option<&str>) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    }
    match text {
        Some(text) => fs::write(path, text),
        None => fs::remove_file(path),
    }
    .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let text = format!("# A\n\n{TABLE_START}\nold\n{TABLE_END}\n\nmore\n");
        assert_eq!(refresh(&text, "new\n"), Some(text.replace("old", "new")));
        assert_eq!(refresh("# A\n", "new"), None);
        assert_eq!(refresh(&format!("{TABLE_END}{TABLE_START}"), "new"), None);
    }

    #[test]
    fn pages_of_plugins_that_are_gone_go_too() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let (root, out) = (dir.path().to_owned(), dir.path().join("generated"));
        let args = |check| Args { out: out.clone(), root: root.clone(), check };
        fs::create_dir_all(&out).expect("a folder");
        fs::write(out.join("gone.md"), format!("{}\n", page::MARK)).expect("written");
        fs::write(out.join("by-hand.md"), "# Mine\n").expect("written");
        assert!(run(&args(true)).is_err_and(|failure| failure.error.to_string().contains("gone.md")));
        run(&args(false)).expect("written");
        run(&args(true)).expect("fresh");
        assert!(!out.join("gone.md").exists());
        assert!(out.join("by-hand.md").exists());
        assert!(out.join("FileStreamSourceConnector.md").exists());
    }
}
