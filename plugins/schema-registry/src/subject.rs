//! Under which subject the schema of a topic's keys or values lies.

use aqueduct_api::{ConverterRole, Error, ErrorKind, Result};

/// The ways to name a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strategy {
    /// `TOPIC-key` or `TOPIC-value`
    Topic,
    /// The full name of the record.
    Record,
    /// `TOPIC-RECORD`
    TopicRecord,
}

impl Strategy {
    /// The strategy of a Java class name, or of the last part of one. `AssociatedNameStrategy` is what it falls back to.
    pub(crate) fn parse(class: &str, fallback: &str) -> Result<Self> {
        match class.rsplit('.').next().unwrap_or(class) {
            "TopicNameStrategy" => Ok(Self::Topic),
            "RecordNameStrategy" => Ok(Self::Record),
            "TopicRecordNameStrategy" => Ok(Self::TopicRecord),
            "AssociatedNameStrategy" => match fallback.to_ascii_uppercase().as_str() {
                "TOPIC" => Ok(Self::Topic),
                "RECORD" => Ok(Self::Record),
                "TOPIC_RECORD" => Ok(Self::TopicRecord),
                _ => Err(Error::config(format!(
                    "Invalid value {fallback} for configuration subject.name.strategy.fallback.type"
                ))),
            },
            _ => {
                Err(Error::config(format!("{class} is no strategy for names of subjects that is known here")))
            }
        }
    }

    /// The subject. `record` is the full name of the schema, if it is one of a record.
    pub(crate) fn subject(self, topic: &str, role: ConverterRole, record: Option<&str>) -> Result<String> {
        let record = || {
            record.ok_or_else(|| {
                let what = if role == ConverterRole::Key { "key" } else { "value" };
                Error::new(
                    ErrorKind::Serialization,
                    format!("In configuration {what}.subject.name.strategy = {self:?}, the message {what} must only be a record schema"),
                )
            })
        };
        Ok(match self {
            Self::Topic if role == ConverterRole::Key => format!("{topic}-key"),
            Self::Topic => format!("{topic}-value"),
            Self::Record => record()?.to_owned(),
            Self::TopicRecord => format!("{topic}-{}", record()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_have_the_names_of_their_strategy() {
        let check = |class: &str, role, record, expected: Option<&str>| {
            let strategy = Strategy::parse(class, "TOPIC").expect(class);
            assert_eq!(strategy.subject("t", role, record).ok().as_deref(), expected, "{class} {role:?}");
        };
        let package = "io.confluent.kafka.serializers.subject.";
        let class = |name: &str| format!("{package}{name}");
        check(&class("TopicNameStrategy"), ConverterRole::Key, None, Some("t-key"));
        check(&class("TopicNameStrategy"), ConverterRole::Value, Some("a.B"), Some("t-value"));
        check(&class("RecordNameStrategy"), ConverterRole::Value, Some("a.B"), Some("a.B"));
        check(&class("RecordNameStrategy"), ConverterRole::Value, None, None);
        check(&class("TopicRecordNameStrategy"), ConverterRole::Key, Some("a.B"), Some("t-a.B"));
        check(&class("AssociatedNameStrategy"), ConverterRole::Key, None, Some("t-key"));
        assert!(Strategy::parse("my.Own", "TOPIC").is_err());
        assert!(Strategy::parse("AssociatedNameStrategy", "NONE").is_err());
    }
}
