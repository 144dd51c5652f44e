//! The program's log.
//!
//! The text form is the pattern that Kafka ships for Connect, with the context of the connector that a line is about:
//! `[2026-11-25 09:00:00,123] INFO [name|task-0] message (target)`. The JSON form has the same as fields. Values of what
//! is named like a secret are hidden in both.

mod context;
mod files;
mod follow;
mod line;
mod output;

use std::sync::OnceLock;

use anyhow::Result;
use aqueduct_api::ConfigMap;
use aqueduct_runtime::logging::{JavaName, LogLevel, LogLevels};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use files::{Files, Settings};
use line::Format;
use output::Output;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// As Kafka Connect's
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// Where log lines go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogStream {
    /// As a Java worker's.
    Stdout,
    /// Where the standard output has something better to show.
    Stderr,
}

/// The Java loggers of the plugins that are compiled in.
const PLUGIN_NAMES: &[JavaName] = &[
    JavaName { target: "aqueduct_converters", logger: "org.apache.kafka.connect.converters" },
    JavaName { target: "aqueduct_file", logger: "org.apache.kafka.connect.file" },
    JavaName { target: "aqueduct_file::sink", logger: "org.apache.kafka.connect.file.FileStreamSinkTask" },
    JavaName {
        target: "aqueduct_file::source",
        logger: "org.apache.kafka.connect.file.FileStreamSourceTask",
    },
    JavaName { target: "aqueduct_mirror", logger: "org.apache.kafka.connect.mirror" },
    JavaName { target: "aqueduct_tools", logger: "org.apache.kafka.connect.tools" },
    JavaName { target: "aqueduct_transforms", logger: "org.apache.kafka.connect.transforms" },
];

static LEVELS: OnceLock<LogLevels> = OnceLock::new();
static FILES: OnceLock<Files> = OnceLock::new();

/// Begins to log for the rest of the process. `RUST_LOG` names levels by target; without it, `level` counts for all.
/// A second call changes nothing.
pub fn start(format: LogFormat, stream: LogStream, level: &str) {
    let wanted = std::env::var("RUST_LOG").ok().and_then(|text| text.parse::<Targets>().ok());
    let targets = wanted.or_else(|| level.parse().ok()).unwrap_or_default();
    let levels = LEVELS.get_or_init(|| levels_of(&targets)).clone();
    match stream {
        LogStream::Stdout => install(format, levels, std::io::stdout),
        LogStream::Stderr => install(format, levels, std::io::stderr),
    }
}

/// From now on the lines of each connector are also in a file of its own, if the worker's properties
/// (`aqueduct.log.connector.*`) ask for that. Fails if they cannot be used. A second call changes nothing.
pub fn keep_files(properties: &ConfigMap) -> Result<()> {
    if let Some(settings) = Settings::of(properties)? {
        let files = Files::open(settings)?;
        // Only the first worker of a process decides.
        let _ = FILES.set(files);
    }
    Ok(())
}

/// The levels of this process: what is set there, the log follows. Before [`start`], nothing is logged.
pub fn levels() -> LogLevels {
    LEVELS.get_or_init(|| levels_of(&Targets::default())).clone()
}

fn levels_of(targets: &Targets) -> LogLevels {
    let level =
        |filter: LevelFilter| filter.into_level().map_or(LogLevel::Off, |level| LogLevel::from(&level));
    let root = targets.default_level().map_or(LogLevel::Off, level);
    let configured = targets.iter().map(|(target, filter)| (target, level(filter)));
    LogLevels::new(root, configured, PLUGIN_NAMES)
}

fn install<W>(format: LogFormat, levels: LogLevels, writer: W)
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let format = match format {
        LogFormat::Text => Format::text(),
        LogFormat::Json => Format::Json(levels.clone()),
    };
    let layers = tracing_subscriber::registry()
        .with(follow::Follow::new(levels))
        .with(Output::new(format, writer, &FILES));
    // Only a program that embeds this one has a subscriber of its own already, and that one stays.
    let _ = layers.try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_come_from_the_environment() {
        let levels = levels_of(&"info,aqueduct_kafka=debug,hyper=off".parse().expect("directives"));
        let level = |name: &str| levels.get(name).map(|shown| shown.level);
        assert_eq!(level("root"), Some("INFO"));
        assert_eq!(level("aqueduct_kafka"), Some("DEBUG"));
        assert_eq!(level("hyper"), Some("OFF"));
        assert_eq!(level("org.apache.kafka.connect.file"), Some("INFO"));
        assert_eq!(
            levels_of(&"aqueduct_kafka=debug".parse().expect("directives")).get("").map(|l| l.level),
            Some("OFF")
        );
    }
}
