//! The checkout's files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders that hold no file of ours.
const SKIPPED: &[&str] = &["target", ".git", "node_modules"];

/// A text file of the checkout.
#[derive(Debug)]
pub(super) struct Source {
    /// Relative to the root, with `/` between its parts.
    pub(super) path: String,
    pub(super) text: String,
}

/// All text files with one of the extensions, in order of their paths.
pub(super) fn with_extensions(root: &Path, extensions: &[&str]) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    walk(root, root, extensions, &mut found)?;
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn walk(root: &Path, dir: &Path, extensions: &[&str], found: &mut Vec<Source>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot list {}", dir.display()))? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        let kind = entry.file_type()?;
        if kind.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
            walk(root, &path, extensions, found)?;
        }
        let wanted =
            path.extension().is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted));
        if kind.is_file() && wanted {
            let relative = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {relative}"))?;
            found.push(Source { path: relative, text });
        }
    }
    Ok(())
}
