use std::sync::Arc;

use aqueduct_api::java_regex::JavaRegex;
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Predicate, Record, Result, Topic, Validator,
};

use crate::regex;

const PATTERN: &str = "pattern";

/// Whether a regular expression matches the whole name of a record's topic.
#[derive(Debug, Default)]
pub(crate) struct TopicNameMatches {
    regex: Option<JavaRegex>,
    /// The topic asked for last, and the answer.
    last: Option<(Topic, bool)>,
}

impl Predicate for TopicNameMatches {
    fn config(&self) -> ConfigDef {
        ConfigDef::new().with(
            ConfigKey::required(
                PATTERN,
                ConfigType::String,
                Importance::Medium,
                "A regular expression in Java's syntax, which must match the whole name of the topic.",
            )
            .validator(Validator::composite([Validator::non_empty_string(), Validator::regex()])),
        )
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        self.regex = Some(regex::compile(PATTERN, config.string(PATTERN)?)?);
        self.last = None;
        Ok(())
    }

    fn test(&mut self, record: &Record) -> Result<bool> {
        if let Some((topic, matches)) = &self.last
            && (Arc::ptr_eq(topic, &record.topic) || *topic == record.topic)
        {
            return Ok(*matches);
        }
        let matches = match &self.regex {
            Some(regex) => regex.matches(&record.topic)?,
            None => false,
        };
        self.last = Some((record.topic.clone(), matches));
        Ok(matches)
    }
}
