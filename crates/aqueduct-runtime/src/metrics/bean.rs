//! A bean: figures that belong together.

use std::borrow::Cow;
use std::sync::atomic::{AtomicU64, Ordering};

use aqueduct_kafka::statistics::{Counted, Spread};
use serde::Serialize;
use serde_json::{Map, json};

use super::{Attempts, ClassVersion};

/// What Java shows as one JMX bean: `kafka.connect:type=GROUP,TAGS`.
#[derive(Debug, Clone, PartialEq)]
pub struct Bean {
    /// The group, such as `source-task-metrics`. Those that begin with `aqueduct` have no counterpart in Java.
    pub group: &'static str,
    /// Tags and their values, in order.
    pub tags: Vec<(Cow<'static, str>, String)>,
    /// Attributes and their values, in order.
    pub attributes: Vec<(Cow<'static, str>, Value)>,
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Not a number where nothing was measured.
    Number(f64),
    /// A state, class or version.
    Text(String),
    /// How values are distributed.
    Distribution(Distribution),
}

/// How many values were how large.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    /// Upper bounds, and how many values are not above them; the values above all bounds are only in `count`.
    pub buckets: Vec<(f64, u64)>,
    /// How many there were.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&AtomicU64> for Value {
    fn from(counter: &AtomicU64) -> Self {
        counter.load(Ordering::Relaxed).into()
    }
}

impl Bean {
    pub(super) fn new(group: &'static str, tags: &[(&'static str, &str)]) -> Self {
        let tags = tags.iter().map(|(name, value)| (Cow::Borrowed(*name), (*value).to_owned())).collect();
        Self { group, tags, attributes: Vec::new() }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    pub(super) fn with_class(self, names: [&'static str; 2], part: ClassVersion) -> Self {
        self.with(names[0], part.class).with(names[1], part.version)
    }

    /// Adds a `-total` and a `-rate`.
    pub(super) fn with_counted(self, names: [&'static str; 2], counted: Counted) -> Self {
        self.with(names[0], counted.total).with(names[1], counted.rate)
    }

    /// Adds an `-avg` and a `-max`.
    pub(super) fn with_spread(self, names: [&'static str; 2], spread: Spread) -> Self {
        self.with(names[0], spread.mean).with(names[1], spread.max)
    }

    pub(super) fn with_attempts(self, names: [&'static str; 5], attempts: &Attempts) -> Self {
        let (successes, failures) = attempts.counts();
        let all = successes + failures;
        let part = |count: u64| if all == 0 { 0.0 } else { count as f64 / all as f64 };
        self.with(names[0], all)
            .with(names[1], successes)
            .with(names[2], part(successes))
            .with(names[3], failures)
            .with(names[4], part(failures))
    }

    /// Whose figures they are, as the name of a JMX bean begins.
    pub fn domain(&self) -> &'static str {
        match self.group {
            group if group.starts_with("aqueduct") => "aqueduct",
            group if group.starts_with("producer-") => "kafka.producer",
            group if group.starts_with("consumer-") => "kafka.consumer",
            _ => "kafka.connect",
        }
    }

    /// The name of the JMX bean. Values are quoted where Kafka quotes them.
    pub fn name(&self) -> String {
        let mut name = format!("{}:type={}", self.domain(), self.group);
        for (tag, value) in &self.tags {
            let is_plain = value.chars().all(|one| one.is_ascii_alphanumeric() || "_-%. \t".contains(one));
            let value = if is_plain { Cow::Borrowed(value.as_str()) } else { Cow::Owned(quoted(value)) };
            name.push_str(&format!(",{tag}={value}"));
        }
        name
    }
}

/// As `ObjectName.quote` does.
fn quoted(value: &str) -> String {
    let mut quoted = String::with_capacity(value.len() + 2);
    quoted.push('"');
    for character in value.chars() {
        match character {
            '\\' | '"' | '*' | '?' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

impl Serialize for Bean {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tags: Map<_, _> = self.tags.iter().map(|(name, tag)| (name.to_string(), json!(tag))).collect();
        let attributes: Map<_, _> =
            self.attributes.iter().map(|(name, found)| (name.to_string(), json!(found))).collect();
        json!({ "name": self.name(), "type": self.group, "tags": tags, "attributes": attributes })
            .serialize(serializer)
    }
}

impl Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            // JSON has no word for what is not a number: null.
            Self::Number(number) => json!(number).serialize(serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Distribution(Distribution { buckets, count, sum }) => {
                let buckets: Map<_, _> =
                    buckets.iter().map(|(bound, count)| (bound.to_string(), json!(count))).collect();
                json!({ "count": count, "sum": sum, "buckets": buckets }).serialize(serializer)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_jmx() {
        let check = |group, tags: &[(&'static str, &str)], expected: &str| {
            assert_eq!(Bean::new(group, tags).name(), expected);
        };
        check("connect-worker-metrics", &[], "kafka.connect:type=connect-worker-metrics");
        let tags = [("connector", "c"), ("task", "0")];
        check("sink-task-metrics", &tags, "kafka.connect:type=sink-task-metrics,connector=c,task=0");
        let tags = [("client-id", "a,\"b")];
        check("producer-metrics", &tags, r#"kafka.producer:type=producer-metrics,client-id="a,\"b""#);
    }
}
