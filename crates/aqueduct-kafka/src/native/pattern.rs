//! Subscriptions by pattern.
//!
//! librdkafka has patterns of its own, in another dialect and matched anywhere in the name. Here a pattern is Java's
//! and must match the whole name; we look at the cluster's topics ourselves and subscribe to those that match.

use std::collections::BTreeSet;
use std::time::Duration;

use fancy_regex::Regex;
use tokio::time::Instant;

use crate::error::{KafkaError, Result};

/// Topics that patterns never match with `exclude.internal.topics`, which is Java's default.
const INTERNAL: [&str; 2] = ["__consumer_offsets", "__transaction_state"];

/// A pattern and the topics that it matched last.
pub(super) struct PatternSubscription {
    regex: Regex,
    exclude_internal: bool,
    max_age: Duration,
    matched: BTreeSet<String>,
    pub(super) refresh_at: Instant,
}

impl PatternSubscription {
    pub(super) fn new(
        pattern: &str,
        exclude_internal: bool,
        max_age: Duration,
    ) -> Result<PatternSubscription> {
        let regex = Regex::new(&format!("^(?:{pattern})$"))
            .map_err(|error| KafkaError::config(format!("Invalid topic pattern {pattern}: {error}")))?;
        let matched = BTreeSet::new();
        Ok(PatternSubscription { regex, exclude_internal, max_age, matched, refresh_at: Instant::now() })
    }

    /// Takes the cluster's topics; returns those to subscribe to if they are not the same as before.
    pub(super) fn update<'a>(&mut self, topics: impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
        self.refresh_at = Instant::now() + self.max_age;
        let matched: BTreeSet<String> =
            topics.filter(|topic| self.matches(topic)).map(str::to_owned).collect();
        if matched == self.matched {
            return None;
        }
        self.matched = matched;
        Some(self.matched.iter().cloned().collect())
    }

    /// Looks again soon, after the topics could not be had.
    pub(super) fn retry_later(&mut self) {
        self.refresh_at = Instant::now() + self.max_age.min(Duration::from_secs(1));
    }

    fn matches(&self, topic: &str) -> bool {
        if self.exclude_internal && INTERNAL.contains(&topic) {
            return false;
        }
        // A pattern that backtracks beyond the engine's limit matches nothing, rather than stopping the poll.
        self.regex.is_match(topic).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, topics: &[&str], expected: Option<&[&str]>) {
        let mut subscription = PatternSubscription::new(pattern, true, Duration::from_secs(300)).unwrap();
        let got = subscription.update(topics.iter().copied());
        assert_eq!(
            got.as_deref().map(|v| v.iter().map(String::as_str).collect::<Vec<_>>()).as_deref(),
            expected
        );
    }

    #[test]
    fn the_whole_name_must_match_and_internal_topics_do_not() {
        check("a", &["a", "ab", "ba"], Some(&["a"]));
        check("a|b.", &["a", "bc", "abc"], Some(&["a", "bc"]));
        check(".*", &["__consumer_offsets", "__transaction_state", "__mine"], Some(&["__mine"]));
        check("(?!x).*", &["x1", "y1"], Some(&["y1"]));
        check("z", &["a"], None);
    }

    #[test]
    fn the_same_topics_again_are_no_change() {
        let mut subscription = PatternSubscription::new("t.*", true, Duration::ZERO).unwrap();
        assert!(subscription.update(["t1", "x"].into_iter()).is_some());
        assert!(subscription.update(["x", "t1"].into_iter()).is_none());
        assert_eq!(subscription.update(["t2", "t1"].into_iter()).unwrap(), ["t1", "t2"]);
        assert_eq!(subscription.update([].into_iter()).unwrap().len(), 0);
    }

    #[test]
    fn a_broken_pattern_is_a_config_error() {
        assert!(PatternSubscription::new("(", true, Duration::ZERO).is_err());
    }
}
