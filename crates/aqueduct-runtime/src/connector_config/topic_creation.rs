//! Topics that sources let the runtime create (KIP-158).

use std::collections::BTreeMap;

use aqueduct_api::config::{ConfigData, Parsed};
use aqueduct_api::java_regex::JavaRegex;
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, Importance, Result, Validator, Width,
};

use super::keys::TOPIC_CREATION_PREFIX;

/// The group for topics that belong to no other.
pub const DEFAULT_GROUP: &str = "default";

const INCLUDE: &str = "include";
const EXCLUDE: &str = "exclude";
const REPLICATION_FACTOR: &str = "replication.factor";
const PARTITIONS: &str = "partitions";

/// A group of topics and how they are created.
#[derive(Debug, Clone)]
pub struct TopicCreationGroup {
    /// The name.
    pub name: String,
    /// How many partitions a topic gets; -1: what the broker says.
    pub partitions: i32,
    /// How many replicas a partition gets; -1: what the broker says.
    pub replication_factor: i16,
    /// Settings of a topic.
    pub configs: BTreeMap<String, String>,
    include: Option<JavaRegex>,
    exclude: Option<JavaRegex>,
}

impl TopicCreationGroup {
    /// Whether a topic belongs to the group.
    pub fn matches(&self, topic: &str) -> bool {
        let matches = |regex: &Option<JavaRegex>| {
            regex.as_ref().is_some_and(|regex| regex.matches(topic).unwrap_or(false))
        };
        matches(&self.include) && !matches(&self.exclude)
    }

    /// The groups of a source's configuration in their order, the default group last; none if the configuration says
    /// nothing about topics to create.
    pub fn configured(config: &ConfigMap, names: &[String]) -> Result<Vec<Self>> {
        if !config.names().any(|name| name.starts_with(TOPIC_CREATION_PREFIX)) {
            return Ok(Vec::new());
        }
        // The default group takes every topic, whatever its expressions say.
        let mut without_expressions = config.clone();
        for key in [INCLUDE, EXCLUDE] {
            without_expressions.remove(&format!("{}{key}", prefix(DEFAULT_GROUP)));
        }
        let default = default_def().parse(&without_expressions)?;
        let mut groups = Vec::with_capacity(names.len() + 1);
        for name in names.iter().filter(|name| *name != DEFAULT_GROUP) {
            groups.push(Self::new(name, config, &group_def(name, &default).parse(config)?)?);
        }
        groups.push(Self::new(DEFAULT_GROUP, config, &default)?);
        Ok(groups)
    }

    fn new(name: &str, config: &ConfigMap, data: &ConfigData) -> Result<Self> {
        let prefix = prefix(name);
        let integer = |key: &str| data.integer(&format!("{prefix}{key}"));
        let own = [INCLUDE, EXCLUDE, REPLICATION_FACTOR, PARTITIONS];
        let settings = config.with_prefix(&prefix);
        Ok(Self {
            name: name.to_owned(),
            partitions: i32::try_from(integer(PARTITIONS)?).unwrap_or(-1),
            replication_factor: i16::try_from(integer(REPLICATION_FACTOR)?).unwrap_or(-1),
            configs: settings
                .iter()
                .filter(|(key, _)| !own.contains(key))
                .filter_map(|(key, value)| Some((key.to_owned(), value?.to_owned())))
                .collect(),
            include: alternatives(data.list(&format!("{prefix}{INCLUDE}"))?)?,
            exclude: alternatives(data.list(&format!("{prefix}{EXCLUDE}"))?)?,
        })
    }
}

fn prefix(group: &str) -> String {
    format!("{TOPIC_CREATION_PREFIX}{group}.")
}

/// One expression for a list of them; `None` for an empty list, which matches nothing.
fn alternatives(patterns: &[String]) -> Result<Option<JavaRegex>> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let joined = patterns.join("|");
    JavaRegex::new(&joined).map(Some).map_err(|error| Error::config(error.to_string()))
}

/// Positive, or -1 for the broker's default.
fn positive_or_default(text: &'static str, reason: &'static str) -> Validator {
    Validator::lambda(text, move |_, value| {
        let number = match value {
            Parsed::Int(number) => i64::from(*number),
            Parsed::Short(number) => i64::from(*number),
            _ => return Ok(()),
        };
        if number == -1 || number >= 1 { Ok(()) } else { Err(reason.to_owned()) }
    })
}

fn valid_regexes() -> Validator {
    Validator::lambda("valid regular expression", |_, value| {
        let Parsed::List(patterns) = value else {
            return Ok(());
        };
        let broken = patterns.iter().find_map(|pattern| JavaRegex::new(pattern).err());
        broken.map_or(Ok(()), |error| Err(format!("Syntax error in regular expression: {error}")))
    })
}

/// The keys of a group, without its prefix.
fn keys_of(title: &str, defaults: [Option<Parsed>; 3], include_checked: bool) -> ConfigDef {
    let group = format!("Topic Creation: {title}");
    let key = |name: &'static str, kind, default: Option<Parsed>, doc: String| match default {
        Some(default) => ConfigKey::new(name, kind, default, Importance::Low, doc),
        None => ConfigKey::required(name, kind, Importance::Low, doc),
    };
    let [include, replication, partitions] = defaults;
    let checked = |key: ConfigKey| if include_checked { key.validator(valid_regexes()) } else { key };
    ConfigDef::from_iter([
        checked(key(INCLUDE, ConfigType::List, include, format!("Expressions for the topics in {title}.")))
            .group(group.clone(), 0, Width::Long, format!("Inclusion Topic Pattern for {title}")),
        checked(key(EXCLUDE, ConfigType::List, Some([].into()), format!("Expressions for topics that are not in {title}, although included.")))
            .group(group.clone(), 1, Width::Long, format!("Exclusion Topic Pattern for {title}")),
        key(REPLICATION_FACTOR, ConfigType::Short, replication, format!("How many replicas the partitions of topics in {title} get."))
            .validator(positive_or_default(
                "Positive number not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default",
                "Replication factor must be positive and not larger than the number of brokers in the Kafka cluster, or -1 to use the broker's default",
            ))
            .group(group.clone(), 2, Width::Long, format!("Replication Factor for Topics in {title}")),
        key(PARTITIONS, ConfigType::Int, partitions, format!("How many partitions topics in {title} get."))
            .validator(positive_or_default(
                "Positive number, or -1 to use the broker's default",
                "Number of partitions must be positive, or -1 to use the broker's default",
            ))
            .group(group, 3, Width::Long, format!("Partition Count for Topics in {title}")),
    ])
}

fn default_def() -> ConfigDef {
    let mut def = ConfigDef::new();
    def.embed(
        &prefix(DEFAULT_GROUP),
        "Topic Creation",
        0,
        &keys_of(DEFAULT_GROUP, [Some([".*"].into()), None, None], false),
    );
    def
}

fn group_def(name: &str, default: &ConfigData) -> ConfigDef {
    let of_default = |key: &str| Some(default.get(&format!("{}{key}", prefix(DEFAULT_GROUP))).clone());
    let defaults = [Some([].into()), of_default(REPLICATION_FACTOR), of_default(PARTITIONS)];
    let mut def = ConfigDef::new();
    def.embed(
        &prefix(name),
        "Topic Creation",
        0,
        &keys_of(&format!("Topic Creation: {name}"), defaults, true),
    );
    def
}
