//! How the program ends.

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

/// What the exit code tells a script. The first three are those of Kafka's own scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Arguments that make no sense, a client command that did not succeed, or a worker that could not go on.
    Failed = 1,
    /// The worker could not begin: its properties, a port, a file.
    Start = 2,
    /// The worker could not load its offsets, or a connector of the command line could not be created.
    Connect = 3,
    /// A second signal came while the worker was stopping.
    Interrupted = 130,
}

/// Why a command ends without success, and the exit code for it.
#[derive(Debug)]
pub struct Failure {
    /// The exit code.
    pub status: Status,
    /// What is printed to the standard error.
    pub error: anyhow::Error,
}

/// The result of a command.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure with this text.
    pub fn new(status: Status, text: impl Display) -> Self {
        Self { status, error: anyhow::anyhow!("{text}") }
    }

    /// Prints why, and gives the exit code. A reader that went away, as `head` does, is no failure.
    pub fn report(&self) -> ExitCode {
        let is_broken_pipe = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        if self.error.downcast_ref().is_some_and(is_broken_pipe) {
            return ExitCode::SUCCESS;
        }
        crate::output::complain(format_args!("error: {}", chain(&self.error)));
        ExitCode::from(self.status as u8)
    }
}

/// The error and its causes between colons. Some errors name their cause themselves: it is not said twice.
pub fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        match text.is_empty() {
            true => text = cause,
            false if text.ends_with(&cause) => {}
            false => text.push_str(&format!(": {cause}")),
        }
    }
    text
}

/// Client commands end with 1 whatever went wrong.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self { status: Status::Failed, error }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        anyhow::Error::from(error).into()
    }
}

/// Gives an error its exit code.
pub trait ExitWith<T> {
    /// Ends the program with this code.
    fn exit_with(self, status: Status) -> Outcome<T>;
}

impl<T, E: Into<anyhow::Error>> ExitWith<T> for Result<T, E> {
    fn exit_with(self, status: Status) -> Outcome<T> {
        self.map_err(|error| Failure { status, error: error.into() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot read: {source}")]
    struct NamesItsCause {
        source: io::Error,
    }

    #[test]
    fn no_cause_is_said_twice() {
        let error = anyhow::Error::from(NamesItsCause { source: io::Error::other("gone") });
        assert_eq!(chain(&error.context("a.properties")), "a.properties: cannot read: gone");
        assert_eq!(chain(&anyhow::anyhow!("b").context("a")), "a: b");
    }
}
