//! Topic settings: the table of all that Kafka knows, with types and defaults, and one topic's values.

use std::collections::BTreeMap;

use crate::log::AppendPolicy;

/// Kafka's config types, by their wire codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean = 1,
    String = 2,
    Int = 3,
    Long = 5,
    Double = 6,
    List = 7,
}

/// One row of the table. The broker keeps every setting and acts on `cleanup.policy`, `delete.retention.ms`,
/// `max.message.bytes`, `message.timestamp.type` and `min.cleanable.dirty.ratio`.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) default: &'static str,
    /// Empty: anything of the type.
    allowed: &'static [&'static str],
    min: f64,
}

const fn any(name: &'static str, kind: Kind, default: &'static str) -> Definition {
    Definition { name, kind, default, allowed: &[], min: f64::NEG_INFINITY }
}

const fn at_least(name: &'static str, kind: Kind, default: &'static str, min: f64) -> Definition {
    Definition { name, kind, default, allowed: &[], min }
}

const fn one_of(
    name: &'static str,
    kind: Kind,
    default: &'static str,
    allowed: &'static [&'static str],
) -> Definition {
    Definition { name, kind, default, allowed, min: f64::NEG_INFINITY }
}

const FOREVER: &str = "9223372036854775807";
const CODECS: &[&str] = &["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"];

/// All topic settings, by name.
pub(crate) const DEFINITIONS: &[Definition] = &[
    one_of("cleanup.policy", Kind::List, "delete", &["compact", "delete"]),
    any("compression.gzip.level", Kind::Int, "-1"),
    any("compression.lz4.level", Kind::Int, "9"),
    one_of("compression.type", Kind::String, "producer", CODECS),
    any("compression.zstd.level", Kind::Int, "3"),
    at_least("delete.retention.ms", Kind::Long, "86400000", 0.0),
    at_least("file.delete.delay.ms", Kind::Long, "60000", 0.0),
    at_least("flush.messages", Kind::Long, FOREVER, 1.0),
    at_least("flush.ms", Kind::Long, FOREVER, 0.0),
    any("follower.replication.throttled.replicas", Kind::List, ""),
    at_least("index.interval.bytes", Kind::Int, "4096", 0.0),
    any("leader.replication.throttled.replicas", Kind::List, ""),
    at_least("local.retention.bytes", Kind::Long, "-2", -2.0),
    at_least("local.retention.ms", Kind::Long, "-2", -2.0),
    at_least("max.compaction.lag.ms", Kind::Long, FOREVER, 1.0),
    at_least("max.message.bytes", Kind::Int, "1048588", 0.0),
    at_least("message.timestamp.after.max.ms", Kind::Long, "3600000", 0.0),
    at_least("message.timestamp.before.max.ms", Kind::Long, FOREVER, 0.0),
    one_of("message.timestamp.type", Kind::String, "CreateTime", &["CreateTime", "LogAppendTime"]),
    at_least("min.cleanable.dirty.ratio", Kind::Double, "0.5", 0.0),
    at_least("min.compaction.lag.ms", Kind::Long, "0", 0.0),
    at_least("min.insync.replicas", Kind::Int, "1", 1.0),
    any("preallocate", Kind::Boolean, "false"),
    any("remote.copy.disable", Kind::Boolean, "false"),
    any("remote.log.delete.on.disable", Kind::Boolean, "false"),
    any("remote.storage.enable", Kind::Boolean, "false"),
    any("retention.bytes", Kind::Long, "-1"),
    at_least("retention.ms", Kind::Long, "604800000", -1.0),
    at_least("segment.bytes", Kind::Int, "1073741824", 14.0),
    at_least("segment.index.bytes", Kind::Int, "10485760", 4.0),
    at_least("segment.jitter.ms", Kind::Long, "0", 0.0),
    at_least("segment.ms", Kind::Long, "604800000", 1.0),
    any("unclean.leader.election.enable", Kind::Boolean, "false"),
];

pub(crate) fn definition(name: &str) -> Option<&'static Definition> {
    DEFINITIONS.iter().find(|definition| definition.name == name)
}

impl Definition {
    fn check(&self, value: &str) -> Result<(), String> {
        let invalid =
            |why: String| Err(format!("Invalid value {value} for configuration {}: {why}", self.name));
        let number = match self.kind {
            Kind::Boolean if matches!(value, "true" | "false") => None,
            Kind::Boolean => {
                return invalid("Expected value to be either true or false".to_owned());
            }
            Kind::Int => value.trim().parse::<i32>().ok().map(f64::from),
            Kind::Long => value.trim().parse::<i64>().ok().map(|number| number as f64),
            Kind::Double => value.trim().parse::<f64>().ok(),
            Kind::String | Kind::List => None,
        };
        let type_name = match self.kind {
            Kind::Int => "INT",
            Kind::Long => "LONG",
            _ => "DOUBLE",
        };
        match (self.kind, number) {
            (Kind::Int | Kind::Long | Kind::Double, None) => {
                return invalid(format!("Not a number of type {type_name}"));
            }
            (_, Some(number)) if number < self.min => {
                return invalid(format!("Value must be at least {}", self.min));
            }
            _ => {}
        }
        let parts: Vec<&str> =
            if self.kind == Kind::List { value.split(',').map(str::trim).collect() } else { vec![value] };
        let stranger = parts.iter().find(|part| !self.allowed.is_empty() && !self.allowed.contains(part));
        match stranger {
            Some(part) => Err(format!(
                "Invalid value {part} for configuration {}: String must be one of: {}",
                self.name,
                self.allowed.join(", ")
            )),
            None => Ok(()),
        }
    }
}

/// The settings of one topic that differ from the defaults; all of them are valid.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TopicConfigs {
    overrides: BTreeMap<String, String>,
}

impl TopicConfigs {
    /// Checks names and values; the error is Kafka's text for INVALID_CONFIG.
    pub(crate) fn new(overrides: BTreeMap<String, String>) -> Result<TopicConfigs, String> {
        for (name, value) in &overrides {
            let definition = definition(name).ok_or_else(|| format!("Unknown topic config name: {name}"))?;
            definition.check(value)?;
        }
        Ok(TopicConfigs { overrides })
    }

    pub(crate) fn overrides(&self) -> &BTreeMap<String, String> {
        &self.overrides
    }

    /// The value in force; empty for a name outside the table.
    pub(crate) fn get(&self, name: &str) -> &str {
        let own = self.overrides.get(name).map(String::as_str);
        own.or_else(|| definition(name).map(|definition| definition.default)).unwrap_or_default()
    }

    pub(crate) fn is_compacted(&self) -> bool {
        self.get("cleanup.policy").split(',').any(|policy| policy.trim() == "compact")
    }

    pub(crate) fn delete_retention_ms(&self) -> i64 {
        self.get("delete.retention.ms").trim().parse().unwrap_or(i64::MAX)
    }

    pub(crate) fn min_cleanable_dirty_ratio(&self) -> f64 {
        self.get("min.cleanable.dirty.ratio").trim().parse().unwrap_or(0.5)
    }

    pub(crate) fn append_policy(&self) -> AppendPolicy {
        AppendPolicy {
            log_append_time: self.get("message.timestamp.type") == "LogAppendTime",
            batch_bytes_max: self.get("max.message.bytes").trim().parse().unwrap_or(usize::MAX),
            keys_required: self.is_compacted(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configs(pairs: &[(&str, &str)]) -> Result<TopicConfigs, String> {
        TopicConfigs::new(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn defaults_are_valid_and_sorted() {
        for definition in DEFINITIONS.iter().filter(|definition| definition.kind != Kind::List) {
            assert_eq!(definition.check(definition.default), Ok(()), "{}", definition.name);
        }
        assert!(DEFINITIONS.is_sorted_by_key(|definition| definition.name));
    }

    #[test]
    fn values_are_checked() {
        for (name, value) in [
            ("cleanup.policy", "compact, delete"),
            ("retention.ms", "-1"),
            ("max.message.bytes", "5"),
            ("preallocate", "true"),
        ] {
            assert!(configs(&[(name, value)]).is_ok(), "{name}={value}");
        }
        let check =
            |name, value, expected: &str| assert_eq!(configs(&[(name, value)]).unwrap_err(), expected);
        check("no.such", "1", "Unknown topic config name: no.such");
        check(
            "retention.ms",
            "x",
            "Invalid value x for configuration retention.ms: Not a number of type LONG",
        );
        check(
            "segment.bytes",
            "1",
            "Invalid value 1 for configuration segment.bytes: Value must be at least 14",
        );
        check(
            "cleanup.policy",
            "burn",
            "Invalid value burn for configuration cleanup.policy: String must be one of: compact, delete",
        );
    }

    #[test]
    fn the_policy_follows_the_settings() {
        let policy = configs(&[
            ("cleanup.policy", "compact"),
            ("message.timestamp.type", "LogAppendTime"),
            ("max.message.bytes", "77"),
        ])
        .unwrap()
        .append_policy();
        assert!(policy.log_append_time && policy.keys_required);
        assert_eq!(policy.batch_bytes_max, 77);
    }
}
