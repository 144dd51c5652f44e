//! `RegexRouter`

use aqueduct_api::java_regex::{JavaRegex, Replacement};
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, ErrorKind, Importance, Origin, Record, Result, Topic,
    Transformation, Validator,
};

use crate::regex;

const REGEX: &str = "regex";
const REPLACEMENT: &str = "replacement";

/// Topics whose new name is remembered.
const KNOWN_MAX: usize = 64;

/// Renames the topics that a regular expression matches as a whole.
#[derive(Debug, Default)]
pub(crate) struct RegexRouter {
    rule: Option<(JavaRegex, Option<Replacement>)>,
    /// Old names and new ones: a task sees few topics, and each of them often.
    known: Vec<(Topic, Topic)>,
}

impl RegexRouter {
    fn route(&mut self, topic: &Topic) -> Result<Topic> {
        let same = |known: &Topic| std::sync::Arc::ptr_eq(known, topic) || known == topic;
        if let Some((_, routed)) = self.known.iter().find(|(known, _)| same(known)) {
            return Ok(routed.clone());
        }
        let Some((regex, replacement)) = &self.rule else { return Ok(topic.clone()) };
        let routed = match (regex.matches(topic)?, replacement) {
            (false, _) => topic.clone(),
            (true, Some(replacement)) => {
                regex.replace_first(topic, replacement)?.map_or_else(|| topic.clone(), Topic::from)
            }
            // A configuration may set the key to null.
            (true, None) => return Err(Error::new(ErrorKind::NullPointer, "replacement")),
        };
        if self.known.len() == KNOWN_MAX {
            self.known.clear();
        }
        self.known.push((topic.clone(), routed.clone()));
        Ok(routed)
    }
}

impl Transformation for RegexRouter {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
            .with(
                ConfigKey::required(
                    REGEX,
                    ConfigType::String,
                    Importance::High,
                    "A regular expression in Java's syntax, which must match the whole name of a topic.",
                )
                .validator(Validator::regex()),
            )
            .with(ConfigKey::required(
                REPLACEMENT,
                ConfigType::String,
                Importance::High,
                "The new name of such a topic; `$1` stands for what the first group has matched.",
            ))
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        let regex = regex::compile(REGEX, config.string(REGEX)?)?;
        let replacement = match config.optional_string(REPLACEMENT)? {
            Some(text) => Some(regex.replacement(text).map_err(|error| {
                Error::config(format!(
                    "Invalid value {text} for configuration {REPLACEMENT}: Invalid regex: {error}"
                ))
            })?),
            None => None,
        };
        self.rule = Some((regex, replacement));
        self.known.clear();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        record.topic = self.route(&record.topic)?;
        Ok(true)
    }
}
