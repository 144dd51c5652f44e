//! The levels of log4j.

use tracing::Level;

/// How much a logger says. Events of this worker have no level above error: `FATAL` silences them all, as `OFF` does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LogLevel {
    /// Nothing; the logger is not listed either.
    Off,
    /// What ends the process.
    Fatal,
    /// What went wrong.
    Error,
    /// What looks wrong.
    Warn,
    /// What happens.
    Info,
    /// Why it happens.
    Debug,
    /// Each step.
    Trace,
    /// Everything.
    All,
}

impl LogLevel {
    const ALL: [Self; 8] =
        [Self::Off, Self::Fatal, Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace, Self::All];

    /// The level of a name in any case.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name().eq_ignore_ascii_case(name))
    }

    /// The name in upper case, as Java writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Fatal => "FATAL",
            Self::Error => "ERROR",
            Self::Warn => "WARN",
            Self::Info => "INFO",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
            Self::All => "ALL",
        }
    }

    /// Whether a logger of this level says events of that one.
    pub fn admits(self, event: &Level) -> bool {
        self >= Self::from(event)
    }
}

impl From<&Level> for LogLevel {
    fn from(level: &Level) -> Self {
        match *level {
            Level::ERROR => Self::Error,
            Level::WARN => Self::Warn,
            Level::INFO => Self::Info,
            Level::DEBUG => Self::Debug,
            Level::TRACE => Self::Trace,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_ordered_by_how_much_they_say() {
        let check = |name: &str, event: Level, admitted: bool| {
            let level = LogLevel::parse(name).expect(name);
            assert_eq!(level.admits(&event), admitted, "{name} {event}");
        };
        check("off", Level::ERROR, false);
        check("FATAL", Level::ERROR, false);
        check("Warn", Level::WARN, true);
        check("warn", Level::INFO, false);
        check("TRACE", Level::TRACE, true);
        check("all", Level::TRACE, true);
        assert_eq!(LogLevel::parse("verbose"), None);
    }
}
