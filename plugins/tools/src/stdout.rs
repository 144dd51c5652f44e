//! Where lines are printed: the only place of this crate that writes to the standard output.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

/// Prints lines. The default prints to the standard output of the process.
#[derive(Clone)]
pub struct Printer(Arc<dyn Fn(&str) + Send + Sync>);

impl Printer {
    /// Gives each line, without its end, to a function.
    pub fn new(print: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(print))
    }

    /// Prints a line.
    pub(crate) fn print(&self, line: &str) {
        (self.0)(line);
    }
}

impl Default for Printer {
    fn default() -> Self {
        Self::new(|line| {
            let mut stdout = std::io::stdout().lock();
            // As in Java, a reader that has gone away is no reason to fail.
            let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
        })
    }
}

impl fmt::Debug for Printer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Printer")
    }
}
