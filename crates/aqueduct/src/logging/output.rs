//! Where lines go: to a stream, and to the file of the connector that they are about.

use std::io::Write;
use std::sync::OnceLock;

use jiff::Timestamp;
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::context::ConnectorContext;
use super::files::Files;
use super::line::Format;

/// Writes each event as a line. What cannot be written is lost: there is nobody to tell.
pub(super) struct Output<W> {
    format: Format,
    writer: W,
    /// Files of connectors, from when the worker's properties are known.
    files: &'static OnceLock<Files>,
}

impl<W> Output<W> {
    pub(super) fn new(format: Format, writer: W, files: &'static OnceLock<Files>) -> Self {
        Self { format, writer, files }
    }
}

impl<S, W> Layer<S> for Output<W>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let (Some(found), Some(span)) = (ConnectorContext::of(attributes), context.span(id)) {
            span.extensions_mut().insert(found);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        ConnectorContext::with(context.event_span(event), |connector| {
            let line = self.format.line(event, connector, Timestamp::now());
            let _ = self.writer.make_writer().write_all(line.as_bytes());
            if let (Some(files), Some(about)) = (self.files.get(), connector)
                && let Err(told) = files.write(&about.connector, &line)
            {
                let _ = self.writer.make_writer().write_all(told.as_bytes());
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::files::Settings;
    use crate::logging::levels_of;
    use jiff::tz::TimeZone;
    use serde_json::{Value, json};
    use std::io;
    use std::sync::{Arc, Mutex};
    use tracing_subscriber::layer::SubscriberExt;

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

    /// What is written of some events.
    fn lines(format: Format, files: &'static OnceLock<Files>, say: impl FnOnce()) -> Vec<String> {
        let written = Shared::default();
        let writer = written.clone();
        let output = Output::new(format, move || writer.clone(), files);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(output), say);
        let text = String::from_utf8(written.0.lock().expect("no panic before").clone()).expect("UTF-8");
        text.lines().map(str::to_owned).collect()
    }

    fn no_files() -> &'static OnceLock<Files> {
        static NONE: OnceLock<Files> = OnceLock::new();
        &NONE
    }

    fn say_in_task() {
        let span = tracing::info_span!("connector", connector = "c", task = 0_i32);
        span.in_scope(|| {
            let inner = tracing::info_span!("inside");
            inner.in_scope(|| tracing::info!(target: "a::c", task = %"c-0", records = 3, "running"));
        });
    }

    #[test]
    fn text_follows_the_pattern() {
        let lines = lines(Format::Text(TimeZone::UTC), no_files(), || {
            tracing::warn!(target: "a::b", count = 2, name = "x", "no {}", "luck");
            say_in_task();
            tracing::info_span!("connector", connector = "c")
                .in_scope(|| tracing::error!(target: "a", "gone"));
        });
        let without_time: Vec<&str> =
            lines.iter().map(|line| line.split_once("] ").expect("a time").1).collect();
        assert_eq!(
            without_time,
            [
                "WARN no luck count=2 name=x (a::b)",
                "INFO [c|task-0] running task=c-0 records=3 (a::c)",
                "ERROR [c|worker] gone (a)",
            ]
        );
        let time = lines[0].split(']').next().expect("a time");
        assert_eq!(time.len(), "[2026-11-25 09:00:00,123".len(), "{time}");
        assert_eq!(time.as_bytes()[20], b',');
    }

    #[test]
    fn json_has_the_context_as_fields() {
        let levels = levels_of(&"info".parse().expect("a level"));
        let lines = lines(Format::Json(levels), no_files(), || {
            say_in_task();
            tracing::info!(target: "aqueduct_file::sink", path = "a\"b", "opened");
        });
        let [first, second] = &lines[..] else { panic!("two lines: {lines:?}") };
        let mut task: Value = serde_json::from_str(first).expect(first);
        let time = task["timestamp"].take();
        assert!(time.as_str().is_some_and(|time| time.len() == "2026-11-25T09:00:00.123Z".len()), "{time}");
        let expected = json!({
            "timestamp": null, "level": "INFO", "logger": "a::c", "target": "a::c", "connector": "c", "task": 0,
            "message": "running", "records": 3,
        });
        assert_eq!(task, expected);
        let other: Value = serde_json::from_str(second).expect(second);
        assert_eq!(other["logger"], "org.apache.kafka.connect.file.FileStreamSinkTask");
        assert_eq!((&other["path"], &other["connector"]), (&json!("a\"b"), &Value::Null));
    }

    #[test]
    fn no_line_has_a_secret() {
        let say = || {
            tracing::info!(password = "hush", user = "u", "connecting with {{db.password=hush, user=u}}");
            tracing::warn!("cannot reach http://u:hush@registry:8081/subjects");
            tracing::warn!("config {}", r#"{"sasl.jaas.config": "a b=\"hush\"", "user": "u"}"#);
        };
        let levels = levels_of(&"info".parse().expect("a level"));
        for format in [Format::Text(TimeZone::UTC), Format::Json(levels)] {
            let lines = lines(format, no_files(), say);
            assert_eq!(lines.len(), 3);
            for line in lines {
                assert!(!line.contains("hush") && line.contains("[hidden]"), "{line}");
            }
        }
    }

    #[test]
    fn a_connector_has_a_file() {
        static FILES: OnceLock<Files> = OnceLock::new();
        let dir = tempfile::tempdir().expect("a temporary folder");
        let properties = [("aqueduct.log.connector.dir", dir.path().to_str().expect("UTF-8"))].into();
        let settings = Settings::of(&properties).expect("good").expect("wanted");
        assert!(FILES.set(Files::open(settings).expect("a folder")).is_ok());
        let lines = lines(Format::Text(TimeZone::UTC), &FILES, || {
            tracing::info!("of the worker");
            say_in_task();
        });
        let file = std::fs::read_to_string(dir.path().join("c.log")).expect("written");
        assert_eq!(file.lines().collect::<Vec<_>>(), lines[1..]);
        assert_eq!(std::fs::read_dir(dir.path()).expect("a folder").count(), 1);
    }
}
