//! The table of loggers.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, PoisonError, RwLock};

use serde::Serialize;
use tracing::Level;

use super::names::java_name;
use super::{JAVA_NAMES, JavaName, LogLevel};

/// The name of the logger above all.
const ROOT: &str = "root";

/// What the names of loggers of single connectors begin with.
const CONNECTOR: &str = "connector.";

/// The level that counts for a logger, as the REST API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggerLevel {
    /// Its name in upper case.
    pub level: &'static str,
    /// When it was changed over REST, in milliseconds since 1970.
    pub last_modified: Option<i64>,
}

/// The levels of one process. Copies share them; any thread may look and set.
#[derive(Debug, Clone)]
pub struct LogLevels(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    names: Vec<JavaName>,
    table: RwLock<Table>,
}

#[derive(Debug)]
struct Table {
    root: Logger,
    /// All known loggers but the root.
    loggers: BTreeMap<String, Logger<Option<LogLevel>>>,
}

/// A logger with its own level, which may be none.
#[derive(Debug, Clone, Copy, Default)]
struct Logger<L = LogLevel> {
    level: L,
    last_modified: Option<i64>,
}

impl LogLevels {
    /// The root's level, and what is known from the start of others. `names` come in addition to [`JAVA_NAMES`].
    pub fn new<'a>(
        root: LogLevel,
        configured: impl IntoIterator<Item = (&'a str, LogLevel)>,
        names: &[JavaName],
    ) -> Self {
        let names: Vec<JavaName> = JAVA_NAMES.iter().chain(names).copied().collect();
        let mut loggers: BTreeMap<_, Logger<_>> =
            names.iter().map(|name| (name.logger.to_owned(), Logger::default())).collect();
        for (name, level) in configured {
            loggers.entry(name.to_owned()).or_default().level = Some(level);
        }
        let table = Table { root: Logger { level: root, last_modified: None }, loggers };
        Self(Arc::new(Inner { names, table: RwLock::new(table) }))
    }

    fn read<T>(&self, look: impl FnOnce(&Table) -> T) -> T {
        look(&self.0.table.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes a target known: it is listed from now on.
    pub fn observe(&self, target: &str) {
        if !self.read(|table| table.loggers.contains_key(target)) {
            let mut table = self.0.table.write().unwrap_or_else(PoisonError::into_inner);
            table.loggers.entry(target.to_owned()).or_default();
        }
    }

    /// Whether events of a target and level are logged now.
    pub fn admits(&self, target: &str, level: &Level) -> bool {
        self.read(|table| table.effective(&self.0.names, target).admits(level))
    }

    /// The level that counts for all that is said about a connector, if the logger `connector.NAME` has one.
    pub fn of_connector(&self, connector: &str) -> Option<LogLevel> {
        self.read(|table| table.own(&format!("{CONNECTOR}{connector}")))
    }

    /// Whether a connector has a level of its own.
    pub fn have_connectors(&self) -> bool {
        self.read(|table| {
            let from = table.loggers.range::<str, _>((Bound::Included(CONNECTOR), Bound::Unbounded));
            from.take_while(|(name, _)| name.starts_with(CONNECTOR)).any(|(_, logger)| logger.level.is_some())
        })
    }

    /// The Java logger that a target is one of.
    pub fn java_name(&self, target: &str) -> Option<&'static str> {
        java_name(&self.0.names, target)
    }

    /// The most that any logger says.
    pub fn most(&self) -> LogLevel {
        self.read(|table| {
            let own = table.loggers.values().filter_map(|logger| logger.level);
            own.fold(table.root.level, LogLevel::max)
        })
    }

    /// All known loggers that are not off.
    pub fn list(&self) -> BTreeMap<String, LoggerLevel> {
        self.read(|table| {
            let names = std::iter::once(ROOT).chain(table.loggers.keys().map(String::as_str));
            let shown = names.filter_map(|name| Some((name.to_owned(), table.shown(&self.0.names, name)?)));
            shown.filter(|(_, shown)| shown.level != LogLevel::Off.name()).collect()
        })
    }

    /// A known logger.
    pub fn get(&self, name: &str) -> Option<LoggerLevel> {
        self.read(|table| table.shown(&self.0.names, if is_root(name) { ROOT } else { name }))
    }

    /// Sets the level of a logger, and of all that have a level of their own and begin as it does, by their own name or by
    /// their Java name. Gives the sorted names that begin as the given one and whose level is another now; a name that was
    /// not known is among them in any case. `now_ms` becomes the time of their last change.
    pub fn set(&self, name: &str, level: LogLevel, now_ms: i64) -> Vec<String> {
        let names = &self.0.names;
        let root = is_root(name);
        let mut changed = {
            let mut table = self.0.table.write().unwrap_or_else(PoisonError::into_inner);
            let is_new = !root && !table.loggers.contains_key(name);
            if !root {
                table.loggers.entry(name.to_owned()).or_default();
            }
            let covers = |known: &str| {
                root || known.starts_with(name)
                    || java_name(names, known).is_some_and(|java| java.starts_with(name))
            };
            let covered: Vec<String> = table.loggers.keys().filter(|known| covers(known)).cloned().collect();
            let before: Vec<LogLevel> = covered.iter().map(|known| table.effective(names, known)).collect();
            let mut changed = Vec::new();
            if root && table.root.level != level {
                table.root = Logger { level, last_modified: Some(now_ms) };
                changed.push(ROOT.to_owned());
            }
            for known in &covered {
                if let Some(logger) = table.loggers.get_mut(known)
                    && (known == name || logger.level.is_some())
                {
                    logger.level = Some(level);
                }
            }
            for (known, before) in covered.into_iter().zip(before) {
                let is_changed = table.effective(names, &known) != before || (is_new && known == name);
                if let Some(logger) = table.loggers.get_mut(&known).filter(|_| is_changed) {
                    logger.last_modified = Some(now_ms);
                    if root || known.starts_with(name) {
                        changed.push(known);
                    }
                }
            }
            changed
        };
        // Filters keep what they have said of each place in the code until they are asked anew. Not under the lock: they
        // ask this table.
        tracing::callsite::rebuild_interest_cache();
        changed.sort();
        changed
    }
}

fn is_root(name: &str) -> bool {
    name.is_empty() || name.eq_ignore_ascii_case(ROOT)
}

impl Table {
    fn own(&self, name: &str) -> Option<LogLevel> {
        self.loggers.get(name).and_then(|logger| logger.level)
    }

    /// The level of the name or of the nearest one above it.
    fn along(&self, name: &str, separator: &str) -> Option<LogLevel> {
        let mut at = name;
        loop {
            if let Some(level) = self.own(at) {
                return Some(level);
            }
            at = at.rsplit_once(separator)?.0;
        }
    }

    fn effective(&self, names: &[JavaName], name: &str) -> LogLevel {
        let own = self.along(name, "::").or_else(|| self.along(name, "."));
        own.or_else(|| self.along(java_name(names, name)?, ".")).unwrap_or(self.root.level)
    }

    fn shown(&self, names: &[JavaName], name: &str) -> Option<LoggerLevel> {
        if name == ROOT {
            let Logger { level, last_modified } = self.root;
            return Some(LoggerLevel { level: level.name(), last_modified });
        }
        let logger = self.loggers.get(name)?;
        Some(LoggerLevel { level: self.effective(names, name).name(), last_modified: logger.last_modified })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "aqueduct_runtime::task::source";
    const JAVA_SOURCE: &str = "org.apache.kafka.connect.runtime.WorkerSourceTask";

    fn levels() -> LogLevels {
        let levels = LogLevels::new(LogLevel::Info, [("hyper", LogLevel::Warn)], &[]);
        levels.observe(SOURCE);
        levels.observe("hyper::proto");
        levels
    }

    #[test]
    fn the_nearest_level_counts() {
        let levels = levels();
        assert!(levels.admits(SOURCE, &Level::INFO) && !levels.admits(SOURCE, &Level::DEBUG));
        assert!(!levels.admits("hyper::proto::h1", &Level::INFO));
        assert!(levels.admits("hyperx", &Level::INFO));
        levels.set("org.apache.kafka.connect", LogLevel::Error, 1);
        assert!(!levels.admits(SOURCE, &Level::WARN));
        levels.set(JAVA_SOURCE, LogLevel::All, 2);
        assert!(levels.admits("aqueduct_runtime::task::source::dispatch", &Level::TRACE));
        assert!(!levels.admits("aqueduct_runtime::task::sink", &Level::INFO));
        assert_eq!(levels.most(), LogLevel::All);
        levels.set(SOURCE, LogLevel::Off, 3);
        assert!(!levels.admits(SOURCE, &Level::ERROR));
        // A target's own level does not survive a later one for its Java name.
        levels.set("org.apache.kafka.connect.runtime", LogLevel::Info, 4);
        assert!(levels.admits(SOURCE, &Level::INFO));
    }

    #[test]
    fn a_connector_may_have_a_level() {
        let levels = levels();
        assert!(!levels.have_connectors());
        levels.set("connector.a.b", LogLevel::Debug, 1);
        assert!(levels.have_connectors());
        assert_eq!(levels.of_connector("a.b"), Some(LogLevel::Debug));
        assert_eq!(levels.of_connector("a"), None);
        assert_eq!(levels.get("connector.a.b").map(|shown| shown.level), Some("DEBUG"));
        assert_eq!(levels.java_name(SOURCE), Some(JAVA_SOURCE));
    }

    #[test]
    fn answers_name_what_has_changed() {
        let levels = levels();
        let check = |name: &str, level, expected: &[&str]| {
            assert_eq!(levels.set(name, level, 7), expected, "{name}");
        };
        check(JAVA_SOURCE, LogLevel::Debug, &[JAVA_SOURCE]);
        check(JAVA_SOURCE, LogLevel::Debug, &[]);
        check("a.b", LogLevel::Warn, &["a.b"]);
        // It is new, so it is named although it says no more than before.
        check("z", LogLevel::Info, &["z"]);
        check("a", LogLevel::Fatal, &["a", "a.b"]);
        check("ROOT", LogLevel::Info, &["a", "a.b", SOURCE, "hyper", "hyper::proto", JAVA_SOURCE]);
        check("", LogLevel::Info, &[]);
        let all = levels.set("root", LogLevel::Error, 9);
        assert!(all.contains(&"root".to_owned()) && all.contains(&SOURCE.to_owned()), "{all:?}");
    }

    #[test]
    fn known_loggers_are_shown() {
        let levels = levels();
        let shown = |level, last_modified| Some(LoggerLevel { level, last_modified });
        assert_eq!(levels.get("Root"), shown("INFO", None));
        assert_eq!(levels.get("hyper::proto"), shown("WARN", None));
        assert_eq!(levels.get("never.heard.of"), None);
        levels.set("hyper", LogLevel::Off, 5);
        assert_eq!(levels.get("hyper::proto"), shown("OFF", Some(5)));
        let list = levels.list();
        assert!(list.contains_key("root") && list.contains_key(JAVA_SOURCE) && !list.contains_key("hyper"));
    }
}
