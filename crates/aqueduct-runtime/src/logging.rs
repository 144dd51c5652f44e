//! Levels of loggers that change while the worker runs: what `/admin/loggers` shows and sets (spec: loggers).
//!
//! A logger is a name: the target of events (`aqueduct_runtime::task::source`), or the name of the Java class that does
//! the same work (`org.apache.kafka.connect.runtime.WorkerSourceTask`, see [`JAVA_NAMES`]). A level counts for a name and
//! for all below it that have none of their own, where `::` and `.` separate. A target looks first along its own name, then
//! along its Java name, then at the root.
//!
//! What is said about one connector has a level of its own if the logger `connector.NAME` has one: then targets don't
//! count.

mod level;
mod levels;
mod masked;
mod names;

pub use level::LogLevel;
pub use levels::{LogLevels, LoggerLevel};
pub use masked::masked;
pub use names::{JAVA_NAMES, JavaName};
