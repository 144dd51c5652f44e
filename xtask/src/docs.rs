//! `cargo xtask docs`: the reference pages come from the program itself, which walks its plugin registry.

use anyhow::Result;

use crate::workspace;

/// Where the pages lie in the checkout.
pub const FOLDER: &str = "docs/generated";

#[derive(Debug, Default, clap::Args)]
pub struct Args {
    /// Write nothing; fail when a page is stale
    #[arg(long)]
    pub check: bool,
}

pub fn run(args: &Args) -> Result<()> {
    let mut command =
        workspace::cargo(&["run", "--quiet", "--package", "aqueduct", "--", "docs", "--out", FOLDER]);
    if args.check {
        command.arg("--check");
    }
    workspace::run(&mut command)
}
