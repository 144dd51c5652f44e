//! What is printed for people and for the programs that they pipe it into.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use serde_json::Value as Json;

/// Prints a line. The error is that of the stream, which may be a pipe without a reader.
pub fn line(text: impl Display) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Prints a text as it is, and flushes it.
pub fn text(text: impl Display) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    write!(stdout, "{text}")?;
    stdout.flush()
}

/// Prints JSON, indented.
pub fn json(value: &Json) -> io::Result<()> {
    line(format_args!("{value:#}"))
}

/// Prints a line to the standard error. If that is gone too, there is nobody left to tell.
pub fn complain(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Whether a person looks at the standard output.
pub fn is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// How client commands print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Format {
    /// Tables for people
    #[default]
    Text,
    /// What the worker answered, for programs
    Json,
}
