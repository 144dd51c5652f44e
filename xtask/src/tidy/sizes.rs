//! File sizes, as a ratchet: a file may have [`LINES_MAX`] lines; the few that have more are listed with their size in
//! `xtask/size-ratchet.txt`, and may only shrink. A new entry is an edit by hand, seen in review.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::{Finding, sources};

const LINES_MAX: usize = 500;

type Sizes = BTreeMap<String, usize>;

pub(super) fn check(root: &Path) -> Result<Vec<Finding>> {
    Ok(compare(&sizes(root)?, &listed(root)?))
}

/// Rewrites the list with the present sizes of the files in it, where they are lower.
pub(super) fn lower(root: &Path) -> Result<()> {
    let lowered = lowered(&sizes(root)?, &listed(root)?);
    let text: String = lowered.iter().map(|(path, lines)| format!("{path} {lines}\n")).collect();
    fs::write(list(root), text).context("cannot write the size ratchet")
}

fn list(root: &Path) -> PathBuf {
    root.join("xtask/size-ratchet.txt")
}

fn sizes(root: &Path) -> Result<Sizes> {
    let files = sources::with_extensions(root, &["rs"])?;
    Ok(files.into_iter().map(|file| (file.path, file.text.lines().count())).collect())
}

fn listed(root: &Path) -> Result<Sizes> {
    let Ok(text) = fs::read_to_string(list(root)) else { return Ok(Sizes::new()) };
    text.lines()
        .map(|line| {
            let (path, lines) = line.split_once(' ').with_context(|| format!("size ratchet: `{line}`"))?;
            Ok((path.to_owned(), lines.parse().with_context(|| format!("size ratchet: `{line}`"))?))
        })
        .collect()
}

fn compare(present: &Sizes, listed: &Sizes) -> Vec<Finding> {
    let grown = |(path, lines): (&String, &usize)| match listed.get(path) {
        Some(limit) if lines > limit => {
            Some(Finding::new(path, 0, format!("grew from {limit} to {lines} lines: it may only shrink")))
        }
        None if *lines > LINES_MAX => {
            Some(Finding::new(path, 0, format!("{lines} lines, the limit is {LINES_MAX}: split it")))
        }
        _ => None,
    };
    present.iter().filter_map(grown).collect()
}

fn lowered(present: &Sizes, listed: &Sizes) -> Sizes {
    let keep = |(path, limit): (&String, &usize)| {
        let lines = *present.get(path)?.min(limit);
        (lines > LINES_MAX).then(|| (path.clone(), lines))
    };
    listed.iter().filter_map(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(pairs: &[(&str, usize)]) -> Sizes {
        pairs.iter().map(|(path, lines)| ((*path).to_owned(), *lines)).collect()
    }

    #[test]
    fn a_file_may_shrink_but_not_grow() {
        let check = |lines: usize, limit: Option<usize>, broken: bool| {
            let listed = limit.map_or_else(Sizes::new, |limit| sizes(&[("a.rs", limit)]));
            let findings = compare(&sizes(&[("a.rs", lines)]), &listed);
            assert_eq!(!findings.is_empty(), broken, "{lines} of {limit:?}: {findings:?}");
        };
        check(500, None, false);
        check(501, None, true);
        check(620, Some(620), false);
        check(621, Some(620), true);
        check(600, Some(620), false);
    }

    #[test]
    fn an_update_only_lowers() {
        let present = sizes(&[("shrunk.rs", 510), ("small.rs", 499), ("grown.rs", 700), ("new.rs", 900)]);
        let listed = sizes(&[("shrunk.rs", 600), ("small.rs", 600), ("grown.rs", 600), ("gone.rs", 600)]);
        assert_eq!(lowered(&present, &listed), sizes(&[("shrunk.rs", 510), ("grown.rs", 600)]));
    }
}
