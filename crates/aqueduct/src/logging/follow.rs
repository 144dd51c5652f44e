//! The filter before all log lines: it does what [`LogLevels`] say at the time.

use aqueduct_runtime::logging::{LogLevel, LogLevels};
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;

use super::context::ConnectorContext;

/// Lets events through that the levels admit. What it says of a place in the code is kept until levels change, so an event
/// that is not logged costs one look at an atomic. Only while a connector has a level of its own, events are looked at
/// one by one.
pub(super) struct Follow(LogLevels);

impl Follow {
    pub(super) fn new(levels: LogLevels) -> Self {
        Self(levels)
    }

    /// The spans of connectors and tasks give lines their context, also those of targets that say more than others.
    fn is_context(metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && *metadata.level() <= Level::INFO
    }

    fn admits(&self, metadata: &Metadata<'_>) -> bool {
        self.0.admits(metadata.target(), metadata.level())
    }
}

impl<S> Layer<S> for Follow
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        self.0.observe(metadata.target());
        if Self::is_context(metadata) {
            return Interest::always();
        }
        if self.0.have_connectors() {
            return Interest::sometimes();
        }
        if self.admits(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        if Self::is_context(metadata) {
            return true;
        }
        let own = ConnectorContext::with(context.lookup_current(), |about| {
            about.and_then(|about| self.0.of_connector(&about.connector))
        });
        own.map_or_else(|| self.admits(metadata), |level| level.admits(metadata.level()))
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match self.0.most() {
            LogLevel::All | LogLevel::Trace => LevelFilter::TRACE,
            LogLevel::Debug => LevelFilter::DEBUG,
            // Spans are of this level.
            _ => LevelFilter::INFO,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tracing_subscriber::layer::SubscriberExt;

    struct Count(Arc<AtomicUsize>);

    impl<S: Subscriber> Layer<S> for Count {
        fn on_event(&self, _: &tracing::Event<'_>, _: Context<'_, S>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn lines_follow_levels_at_once() {
        let levels = LogLevels::new(LogLevel::Info, [], &[]);
        let count = Arc::new(AtomicUsize::new(0));
        let layers =
            tracing_subscriber::registry().with(Follow::new(levels.clone())).with(Count(Arc::clone(&count)));
        tracing::subscriber::with_default(layers, || {
            let say = || tracing::debug!(target: "aqueduct_runtime::task::source::x", "polled");
            let check = |expected| {
                say();
                assert_eq!(count.load(Ordering::Relaxed), expected);
            };
            check(0);
            levels.set("org.apache.kafka.connect.runtime.WorkerSourceTask", LogLevel::Debug, 1);
            check(1);
            levels.set("root", LogLevel::Warn, 2);
            check(1);
            assert!(!tracing::info_span!("connector").is_disabled());
            levels.set("aqueduct_runtime", LogLevel::All, 3);
            check(2);
            assert!(levels.get("aqueduct_runtime::task::source::x").is_some());
        });
    }

    #[test]
    fn a_connector_may_say_more_or_less_than_others() {
        static FILES: std::sync::OnceLock<crate::logging::Files> = std::sync::OnceLock::new();
        let levels = LogLevels::new(LogLevel::Info, [], &[]);
        let count = Arc::new(AtomicUsize::new(0));
        let format = crate::logging::Format::Json(levels.clone());
        let layers = tracing_subscriber::registry()
            .with(Follow::new(levels.clone()))
            .with(crate::logging::Output::new(format, std::io::sink, &FILES))
            .with(Count(Arc::clone(&count)));
        tracing::subscriber::with_default(layers, || {
            let say = |connector: &str| {
                let span = tracing::info_span!("connector", connector, task = 0_i32);
                span.in_scope(|| {
                    tracing::debug!(target: "aqueduct_runtime::task::y", "polled");
                    tracing::info!(target: "aqueduct_runtime::task::y", "running");
                });
            };
            let check = |connector: &str, expected| {
                count.store(0, Ordering::Relaxed);
                say(connector);
                assert_eq!(count.load(Ordering::Relaxed), expected, "{connector}");
            };
            check("a", 1);
            levels.set("connector.a", LogLevel::Debug, 1);
            check("a", 2);
            check("b", 1);
            levels.set("connector.b", LogLevel::Warn, 2);
            check("a", 2);
            check("b", 0);
        });
    }
}
