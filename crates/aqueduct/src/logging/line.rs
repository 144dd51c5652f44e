//! What a line of the log looks like.

use std::fmt::{self, Write as _};

use aqueduct_runtime::logging::{LogLevels, masked};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tracing::Event;
use tracing::field::{Field, Visit};

use super::context::ConnectorContext;

/// The form of all lines.
pub(super) enum Format {
    /// Kafka Connect's pattern, with times of this zone.
    Text(TimeZone),
    /// One object a line. The levels know the names of Java's loggers.
    Json(LogLevels),
}

impl Format {
    /// The text form with local times.
    pub(super) fn text() -> Self {
        Self::Text(TimeZone::system())
    }

    /// An event as a line, with the newline. What is named like a secret is hidden.
    pub(super) fn line(
        &self,
        event: &Event<'_>,
        context: Option<&ConnectorContext>,
        now: Timestamp,
    ) -> String {
        let mut told = Told::default();
        event.record(&mut told);
        match self {
            Self::Text(zone) => text(event, &told, context, now, zone),
            Self::Json(levels) => json(event, &told, context, now, levels),
        }
    }
}

fn text(
    event: &Event<'_>,
    told: &Told,
    context: Option<&ConnectorContext>,
    now: Timestamp,
    zone: &TimeZone,
) -> String {
    let metadata = event.metadata();
    let time = now.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
    let mut said = told.message.clone();
    // Writing to a string cannot fail.
    for (name, value) in &told.fields {
        let _ = match value {
            Value::String(text) => write!(said, " {name}={text}"),
            value => write!(said, " {name}={value}"),
        };
    }
    let context = context.map(ToString::to_string).unwrap_or_default();
    format!("[{time}] {} {context}{} ({})\n", metadata.level(), masked(&said), metadata.target())
}

fn json(
    event: &Event<'_>,
    told: &Told,
    context: Option<&ConnectorContext>,
    now: Timestamp,
    levels: &LogLevels,
) -> String {
    let metadata = event.metadata();
    let target = metadata.target();
    let mut fields: Vec<(&str, Value)> = vec![
        ("timestamp", json!(format!("{now:.3}"))),
        ("level", json!(metadata.level().as_str())),
        ("logger", json!(levels.java_name(target).unwrap_or(target))),
        ("target", json!(target)),
    ];
    if let Some(context) = context {
        fields.push(("connector", json!(context.connector)));
        fields.extend(context.task.map(|task| ("task", json!(task))));
    }
    fields.push(("message", json!(masked(&told.message))));
    for (name, value) in &told.fields {
        // What the context says of the connector, it says in one form.
        if !fields.iter().any(|(known, _)| known == name) {
            fields.push((name, hidden(name, value)));
        }
    }
    let fields = fields.iter().map(|(name, value)| format!("{}:{value}", json!(name)));
    format!("{{{}}}\n", fields.collect::<Vec<_>>().join(","))
}

/// The value of a field, unless it is named like a secret or has a secret in it.
fn hidden(name: &str, value: &Value) -> Value {
    let Value::String(text) = value else { return value.clone() };
    let pair = format!("{name}={text}");
    let masked = masked(&pair);
    json!(masked.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).unwrap_or(text))
}

/// What an event says.
#[derive(Default)]
struct Told {
    message: String,
    fields: Vec<(&'static str, Value)>,
}

impl Told {
    fn add(&mut self, field: &Field, value: Value) {
        // Fields that the `log` facade adds for its own use.
        if !field.name().starts_with("log.") {
            self.fields.push((field.name(), value));
        }
    }
}

impl Visit for Told {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string cannot fail.
            let _ = write!(self.message, "{value:?}");
        } else {
            self.add(field, json!(format!("{value:?}")));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "message" {
            self.message.push_str(value);
        } else {
            self.add(field, json!(value));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.add(field, json!(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.add(field, json!(value));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.add(field, json!(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.add(field, json!(value));
    }
}
