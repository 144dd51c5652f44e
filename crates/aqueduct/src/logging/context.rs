//! Which connector and task a line is about: what log4j's context map holds.

use std::fmt;

use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::Attributes;
use tracing_subscriber::registry::{LookupSpan, SpanRef};

/// What a span named `connector` says in its fields `connector` and `task`; kept with the span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConnectorContext {
    pub(super) connector: String,
    /// `None`: it is about the connector itself.
    pub(super) task: Option<i64>,
}

impl ConnectorContext {
    /// The context that a new span opens.
    pub(super) fn of(attributes: &Attributes<'_>) -> Option<Self> {
        if attributes.metadata().name() != "connector" {
            return None;
        }
        let mut found = Find::default();
        attributes.record(&mut found);
        Some(Self { connector: found.connector?, task: found.task })
    }

    /// Calls back with the context of a span or the nearest around it.
    pub(super) fn with<S, T>(span: Option<SpanRef<'_, S>>, look: impl FnOnce(Option<&Self>) -> T) -> T
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        for span in span.into_iter().flat_map(|span| span.scope()) {
            if let Some(context) = span.extensions().get::<Self>() {
                return look(Some(context));
            }
        }
        look(None)
    }
}

/// As Java's: `[name|task-0] `, or `[name|worker] `.
impl fmt::Display for ConnectorContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.task {
            Some(task) => write!(f, "[{}|task-{task}] ", self.connector),
            None => write!(f, "[{}|worker] ", self.connector),
        }
    }
}

#[derive(Default)]
struct Find {
    connector: Option<String>,
    task: Option<i64>,
}

impl Visit for Find {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "connector" {
            self.connector = Some(format!("{value:?}"));
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "connector" {
            self.connector = Some(value.to_owned());
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        if field.name() == "task" {
            self.task = Some(value);
        }
    }
}
