//! Looking again at values that were only good for a time.

use std::time::Duration;

use aqueduct_api::ConfigMap;

use super::{ConfigTransformer, Transformed};

/// Values are not looked at more often than this, whatever their provider says.
const SOONEST: Duration = Duration::from_millis(100);

/// How long after it was said that values have changed it is said again.
const AGAIN: Duration = Duration::from_secs(5);

/// What something was started with, to be compared with what it would be started with now.
pub(crate) struct ValueWatch {
    transformer: ConfigTransformer,
    pairs: Vec<Pair>,
    ttl: Duration,
}

/// A configuration with its references, and as it was used.
struct Pair {
    raw: ConfigMap,
    used: ConfigMap,
}

/// Ends its watch when it goes.
pub(crate) struct Watching(tokio::task::AbortHandle);

impl Watching {
    /// Nothing is said any more.
    pub(crate) fn end(&self) {
        self.0.abort();
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.end();
    }
}

impl ValueWatch {
    /// Watches what these configurations refer to; `None` if all of it is good for ever.
    pub(crate) fn new(
        transformer: &ConfigTransformer,
        configs: &[(&ConfigMap, &Transformed)],
    ) -> Option<Self> {
        let ttl = configs.iter().filter_map(|(_, used)| soonest(used)).min()?;
        let pairs = configs.iter().map(|(raw, used)| Pair { raw: (*raw).clone(), used: used.config.clone() });
        Some(Self { transformer: transformer.clone(), pairs: pairs.collect(), ttl })
    }

    /// Calls `changed` whenever the time of the values is over and they are others than those in use, until the answer is
    /// dropped.
    pub(crate) fn start(
        self,
        runtime: &tokio::runtime::Handle,
        changed: impl Fn() + Send + 'static,
    ) -> Watching {
        Watching(runtime.spawn(self.run(changed)).abort_handle())
    }

    async fn run(self, changed: impl Fn()) {
        let mut ttl = Some(self.ttl);
        while let Some(time) = ttl {
            tokio::time::sleep(time.max(SOONEST)).await;
            let mut other = false;
            let mut next = None;
            for pair in &self.pairs {
                match self.transformer.resolve(&pair.raw).await {
                    Ok(now) => {
                        other |= pair.is_other(&now.config);
                        next = next.into_iter().chain(soonest(&now)).min();
                    }
                    Err(error) => {
                        tracing::warn!("values of config providers could not be looked at again: {error:#}");
                        next = next.into_iter().chain(ttl).min();
                    }
                }
            }
            if other {
                changed();
                // Whoever hears of it may not be able to act just then. Once it is done, this watch is over.
                next = next.or(ttl).max(Some(AGAIN));
            }
            ttl = next;
        }
    }
}

impl Pair {
    /// Whether new values are there. One that is missing is none: somebody may just be writing it.
    fn is_other(&self, now: &ConfigMap) -> bool {
        let mut other = false;
        for (name, text) in now.iter() {
            let (used, raw) = (self.used.get(name), self.raw.get(name));
            if text == used {
                continue;
            }
            if text == raw {
                tracing::warn!("the value for {name} is not there any more; the old one stays in use");
                return false;
            }
            other = true;
        }
        other
    }
}

fn soonest(transformed: &Transformed) -> Option<Duration> {
    transformed.ttls.values().min().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_new_values_from_missing_ones() {
        let pair = Pair { raw: [("a", "${m:a}"), ("b", "b")].into(), used: [("a", "1"), ("b", "b")].into() };
        for (now, other) in [("1", false), ("2", true), ("", true), ("${m:a}", false)] {
            assert_eq!(pair.is_other(&[("a", now), ("b", "b")].into()), other, "{now}");
        }
    }
}
