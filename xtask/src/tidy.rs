//! `cargo xtask tidy`: the house rules that a compiler does not know.
//!
//! Each rule is a function from the checkout to findings; the same rules run as tests of this crate.

mod arrows;
mod coverage;
mod licences;
mod plugins;
mod sizes;
mod sources;
mod words;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use crate::workspace;

#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// Lower the size ratchet to the files' present sizes (it never rises)
    #[arg(long)]
    pub update: bool,
}

/// One breach of a rule.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// File or folder, relative to the root of the checkout.
    pub path: String,
    /// Line number from 1, or 0 when the whole file is meant.
    pub line: usize,
    pub message: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, message: impl Into<String>) -> Finding {
        Finding { path: path.into(), line, message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.message),
            line => write!(f, "{}:{line}: {}", self.path, self.message),
        }
    }
}

/// A rule: its name, and the check that it makes of the checkout at a root.
pub type Rule = (&'static str, fn(&Path) -> Result<Vec<Finding>>);

/// Every rule.
pub const RULES: &[Rule] = &[
    ("crate arrows", arrows::check),
    ("file sizes", sizes::check),
    ("words and names", words::check),
    ("plugin folders", plugins::check),
    ("licences", licences::check),
    ("cases and their tests", coverage::check),
];

/// Checks every rule, prints what breaks one, and fails if anything does.
pub fn run(args: &Args) -> Result<()> {
    if args.update {
        sizes::lower(workspace::root())?;
    }
    let mut count = 0;
    for (name, check) in RULES {
        let findings = check(workspace::root())?;
        println!("{name}: {}", if findings.is_empty() { "ok" } else { "FAILED" });
        for finding in &findings {
            println!("  {finding}");
        }
        count += findings.len();
    }
    if count > 0 {
        bail!("{count} findings");
    }
    Ok(())
}
