//! Log lines, in the pattern of Kafka Connect's log4j configuration:
//! `[2026-11-25 09:00:00,123] INFO [name|task-0] message (target)`.

mod follow;

use std::fmt::{self, Write as _};
use std::sync::OnceLock;

use aqueduct_runtime::logging::{JavaName, LogLevel, LogLevels};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, MakeWriter};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

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
    let registry = tracing_subscriber::registry().with(follow::Follow::new(levels));
    // Only a program that embeds this one has a subscriber of its own already, and that one stays.
    let _ = match format {
        LogFormat::Text => registry
            .with(ConnectorContexts)
            .with(
                tracing_subscriber::fmt::layer()
                    .with_ansi(false)
                    .with_writer(writer)
                    .event_format(Pattern::new()),
            )
            .try_init(),
        LogFormat::Json => registry
            .with(tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(writer))
            .try_init(),
    };
}

/// Keeps the field `context` of a span for its events, as log4j's context map does: `[name|task-0] `.
struct ConnectorContexts;

struct ConnectorContext(String);

impl<S> Layer<S> for ConnectorContexts
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        struct Find(Option<String>);
        impl Visit for Find {
            fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
                if field.name() == "context" {
                    self.0 = Some(format!("{value:?}"));
                }
            }

            fn record_str(&mut self, field: &Field, value: &str) {
                if field.name() == "context" {
                    self.0 = Some(value.to_owned());
                }
            }
        }
        let mut found = Find(None);
        attributes.record(&mut found);
        if let (Some(text), Some(span)) = (found.0, context.span(id)) {
            span.extensions_mut().insert(ConnectorContext(text));
        }
    }
}

struct Pattern {
    zone: TimeZone,
}

impl Pattern {
    fn new() -> Self {
        Self { zone: TimeZone::system() }
    }
}

impl<S, N> FormatEvent<S, N> for Pattern
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let now = Timestamp::now().to_zoned(self.zone.clone());
        let metadata = event.metadata();
        write!(writer, "[{}] {} ", now.strftime("%Y-%m-%d %H:%M:%S,%3f"), metadata.level())?;
        for span in context.event_scope().into_iter().flatten() {
            if let Some(ConnectorContext(text)) = span.extensions().get() {
                writer.write_str(text)?;
                break;
            }
        }
        let mut text = Text::default();
        event.record(&mut text);
        writeln!(writer, "{}{} ({})", text.message, text.fields, metadata.target())
    }
}

/// The message of an event, and what else it says.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = match field.name() {
            "message" => write!(self.message, "{value}"),
            name => write!(self.fields, " {name}={value}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic before").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

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

    #[test]
    fn lines_follow_the_pattern() {
        let written = Shared::default();
        let writer = written.clone();
        let layer = tracing_subscriber::fmt::layer()
            .with_writer(move || writer.clone())
            .event_format(Pattern { zone: TimeZone::UTC });
        let subscriber = tracing_subscriber::registry().with(ConnectorContexts).with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "a::b", count = 2, name = "x", "no {}", "luck");
            let span = tracing::info_span!("connector", context = %format_args!("[{}|task-{}] ", "c", 0));
            span.in_scope(|| tracing::info!(target: "a::c", "running"));
        });
        let text = String::from_utf8(written.0.lock().expect("no panic before").clone()).expect("UTF-8");
        let lines: Vec<&str> = text.lines().map(|line| line.split_once("] ").expect("a time").1).collect();
        assert_eq!(lines, ["WARN no luck count=2 name=x (a::b)", "INFO [c|task-0] running (a::c)"]);
        let time = text.split(']').next().expect("a time");
        assert_eq!(time.len(), "[2026-11-25 09:00:00,123".len(), "{time}");
        assert_eq!(time.as_bytes()[20], b',');
    }
}
