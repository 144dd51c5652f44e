//! `ByLogicalTableRouter`

use aqueduct_api::data::validate_field;
use aqueduct_api::java_regex::{JavaRegex, Replacement};
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, ErrorKind, Importance, Origin, Record, Result,
    Schema, SchemaBuilder, Struct, Text, Topic, Transformation, Validator, Value, Width,
};

use super::schema_names::{self, Adjustment};
use super::{AFTER, BEFORE, is_change_event, placed};
use crate::cache::SchemaCache;
use crate::fields;
use crate::regex;
use crate::require::require_struct;

const TOPIC_REGEX: &str = "topic.regex";
const TOPIC_REPLACEMENT: &str = "topic.replacement";
const UNIQUE: &str = "key.enforce.uniqueness";
const KEY_FIELD: &str = "key.field.name";
const KEY_REGEX: &str = "key.field.regex";
const KEY_REPLACEMENT: &str = "key.field.replacement";
const CACHE_SIZE: &str = "logical.table.cache.size";
const PURPOSE: &str = "Updating schema";

/// Sends the change events of many tables to the topic of one, under one schema, with keys that tell the tables apart.
#[derive(Debug, Default)]
pub(crate) struct ByLogicalTableRouter {
    rules: Option<Rules>,
    /// What was found out about topics, the newest first.
    topics: Vec<Route>,
}

#[derive(Debug)]
struct Rules {
    topics: Rewriting,
    /// The field of the key that tells the tables apart.
    key_field: Option<Text>,
    /// Makes its value of the old topic's name.
    key_value: Option<Rewriting>,
    adjustment: Adjustment,
    topics_max: usize,
}

/// A pattern that must match the whole of a name, and what stands for it then.
#[derive(Debug)]
struct Rewriting {
    pattern: JavaRegex,
    replacement: Replacement,
}

impl Rewriting {
    fn new(pattern: (&str, &str), replacement: (&str, &str)) -> Result<Self> {
        let (key, text) = replacement;
        let pattern = regex::compile(pattern.0, pattern.1)?;
        let replacement = pattern.replacement(text).map_err(|error| {
            Error::config(format!("Invalid value {text} for configuration {key}: Invalid regex: {error}"))
        })?;
        Ok(Self { pattern, replacement })
    }

    /// `None` for a name that does not match.
    fn apply(&self, name: &str) -> Result<Option<String>> {
        if self.pattern.matches(name)? {
            self.pattern.replace_first(name, &self.replacement)
        } else {
            Ok(None)
        }
    }
}

/// Where the records of a topic go.
#[derive(Debug)]
struct Route {
    from: Topic,
    /// `None`: they stay.
    to: Option<Logical>,
}

#[derive(Debug)]
struct Logical {
    topic: Topic,
    /// What tells the old topic apart; known once there was a key.
    key_value: Option<Text>,
    keys: SchemaCache<Schema>,
    events: SchemaCache<Event>,
}

#[derive(Debug)]
struct Event {
    schema: Schema,
    /// The schema of rows, and where they are.
    row: Schema,
    rows: [Option<usize>; 2],
}

impl Rules {
    fn route(&self, topic: &Topic) -> Result<Route> {
        let to = self.topics.apply(topic)?.map(|to| Logical {
            topic: to.into(),
            key_value: None,
            keys: SchemaCache::default(),
            events: SchemaCache::default(),
        });
        Ok(Route { from: topic.clone(), to })
    }

    fn key_value(&self, topic: &str) -> Result<Text> {
        let rewritten = self.key_value.as_ref().map(|rewriting| rewriting.apply(topic)).transpose()?;
        Ok(rewritten.flatten().map_or_else(|| topic.into(), Text::from))
    }

    /// A schema like another under a new name, without fields yet.
    fn renamed(&self, schema: &Schema, topic: &str, suffix: &str) -> SchemaBuilder {
        let builder = SchemaBuilder::structure().parameters(schema.parameters());
        let builder = builder.name(self.adjustment.adjust(&format!("{topic}.{suffix}")));
        let builder = match schema.version() {
            Some(version) => builder.version(version),
            None => builder,
        };
        let builder = match schema.doc() {
            Some(doc) => builder.doc(doc.clone()),
            None => builder,
        };
        if schema.is_optional() { builder.optional() } else { builder }
    }

    fn key_schema(&self, schema: &Schema, topic: &str) -> Result<Schema> {
        let mut builder = self.renamed(schema, topic, "Key");
        for field in schema.require_fields()? {
            builder = builder.field(field.name.clone(), field.schema.clone());
        }
        if let Some(name) = &self.key_field {
            builder = builder.field(name.clone(), Schema::STRING);
        }
        builder.build()
    }

    fn event(&self, schema: &Schema, topic: &str) -> Result<Event> {
        let missing = || Error::new(ErrorKind::NullPointer, format!("the event has no field {BEFORE}"));
        let old_row = &schema.field(BEFORE).ok_or_else(missing)?.schema;
        let mut row = self.renamed(old_row, topic, "Value");
        for field in old_row.require_fields()? {
            row = row.field(field.name.clone(), field.schema.clone());
        }
        let row = row.build()?;
        let mut event = self.renamed(schema, topic, "Envelope");
        for field in schema.require_fields()? {
            let is_row = matches!(field.name.as_str(), BEFORE | AFTER);
            event = event.field(field.name.clone(), if is_row { row.clone() } else { field.schema.clone() });
        }
        let rows = [BEFORE, AFTER].map(|name| schema.field(name).map(|field| field.index));
        Ok(Event { schema: event.build()?, row, rows })
    }
}

/// A key in its new schema, with defaults filled in, and perhaps with the field that tells the tables apart.
fn key_of(key: Struct, schema: &Schema, key_value: Option<Text>) -> Result<Struct> {
    let mut values = key.into_values();
    let kept = schema.fields().get(..values.len()).unwrap_or_default();
    fields::move_all(kept, &mut values, true)?;
    values.extend(key_value.map(Value::String));
    Struct::from_values(schema.clone(), values)
}

impl Event {
    fn moved(&self, event: Struct) -> Result<Struct> {
        let from = event.schema().clone();
        let mut values = event.into_values();
        for (field, value) in from.fields().iter().zip(&mut values) {
            if value.is_null() {
                *value = field.schema.default_value().clone();
            }
            if self.rows.contains(&Some(field.index)) {
                *value = self.row_of(std::mem::take(value))?;
                if value.is_null() {
                    validate_field(&field.name, &self.row, value)?;
                }
            } else {
                fields::check_moved(field, value)?;
            }
        }
        Struct::from_values(self.schema.clone(), values)
    }

    fn row_of(&self, row: Value) -> Result<Value> {
        if row.is_null() {
            return Ok(Value::Null);
        }
        let mut values = require_struct(row, PURPOSE)?.into_values();
        fields::move_all(self.row.fields(), &mut values, true)?;
        Ok(Struct::from_values(self.row.clone(), values)?.into())
    }
}

impl Logical {
    fn take(&mut self, rules: &Rules, record: &mut Record) -> Result<()> {
        let from = std::mem::replace(&mut record.topic, self.topic.clone());
        record.key_schema = None;
        // A table without a primary key has none.
        if !record.key.is_null() {
            let key = require_struct(std::mem::take(&mut record.key), PURPOSE)?;
            let topic = &self.topic;
            let schema = self.keys.get(key.schema(), |schema| rules.key_schema(schema, topic))?;
            if rules.key_field.is_some() && self.key_value.is_none() {
                self.key_value = Some(rules.key_value(&from)?);
            }
            record.key = key_of(key, schema, self.key_value.clone())?.into();
            record.key_schema = Some(schema.clone());
        }
        if record.value.is_null() || !is_change_event(record.value_schema.as_ref()) {
            return Ok(());
        }
        let event = require_struct(std::mem::take(&mut record.value), PURPOSE)?;
        let topic = &self.topic;
        let plan = self.events.get(event.schema(), |schema| rules.event(schema, topic))?;
        record.value_schema = Some(plan.schema.clone());
        record.value = plan.moved(event)?.into();
        Ok(())
    }
}

impl Transformation for ByLogicalTableRouter {
    fn config(&self) -> ConfigDef {
        let text = |name: &'static str, doc: &'static str| {
            ConfigKey::new(name, ConfigType::String, (), Importance::Low, doc)
        };
        let optional_regex = || {
            let check = Validator::regex();
            Validator::lambda("valid regex", move |name, value| {
                if value.is_null() {
                    Ok(())
                } else {
                    check.check(name, value).into_iter().next().map_or(Ok(()), Err)
                }
            })
        };
        let required = |name: &'static str, doc: &'static str| {
            ConfigKey::required(name, ConfigType::String, Importance::Low, doc)
        };
        let regex = required(
            TOPIC_REGEX,
            "A regular expression in Java's syntax, which must match the whole name of a topic.",
        );
        let replacement = required(
            TOPIC_REPLACEMENT,
            "The new name of such a topic; `$1` stands for what the first group has matched.",
        );
        let unique = ConfigKey::new(
            UNIQUE,
            ConfigType::Boolean,
            true,
            Importance::Low,
            "Whether keys get a field that tells the tables apart: rows of different tables may have equal keys.",
        );
        let key_field = ConfigKey::new(
            KEY_FIELD,
            ConfigType::String,
            "__dbz__physicalTableIdentifier",
            Importance::Low,
            "The name of that field. It holds the old name of the topic.",
        );
        let key_regex = text(
            KEY_REGEX,
            "A regular expression for that field's value: where it matches the whole of the old name, \
             `key.field.replacement` stands for it.",
        );
        let key_replacement = text(
            KEY_REPLACEMENT,
            "The value of that field; `$1` stands for what the first group has matched.",
        );
        let cache = ConfigKey::new(
            CACHE_SIZE,
            ConfigType::Int,
            16,
            Importance::Low,
            "Of how many topics the new names and schemas are remembered.",
        );
        [
            placed(regex.validator(Validator::regex()), Width::Long, "Topic regex"),
            placed(replacement, Width::Long, "Topic replacement"),
            placed(unique, Width::Short, "Add source topic name into key"),
            placed(key_field, Width::Long, "Key field name"),
            placed(key_regex.validator(optional_regex()), Width::Long, "Key field regex"),
            placed(key_replacement, Width::Long, "Key field replacement"),
            schema_names::key(),
            placed(cache, Width::Long, "Logical table cache size"),
        ]
        .into_iter()
        .collect()
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let parsed = self.config().parse(config)?;
        let given = |key| Ok::<_, Error>(parsed.optional_string(key)?.filter(|text| !text.is_empty()));
        let key_value = match (given(KEY_REGEX)?, given(KEY_REPLACEMENT)?) {
            (None, _) => None,
            (Some(regex), Some(text)) => Some(Rewriting::new((KEY_REGEX, regex), (KEY_REPLACEMENT, text))?),
            (Some(_), None) => {
                return Err(Error::config(format!("{KEY_REPLACEMENT} must be set where {KEY_REGEX} is")));
            }
        };
        let (regex, text) = (parsed.string(TOPIC_REGEX)?, parsed.string(TOPIC_REPLACEMENT)?);
        self.rules = Some(Rules {
            topics: Rewriting::new((TOPIC_REGEX, regex), (TOPIC_REPLACEMENT, text))?,
            key_field: parsed.boolean(UNIQUE)?.then(|| parsed.string(KEY_FIELD)).transpose()?.map(Text::from),
            key_value,
            adjustment: Adjustment::from_name(parsed.string(schema_names::MODE)?),
            topics_max: usize::try_from(parsed.integer(CACHE_SIZE)?).unwrap_or_default().max(1),
        });
        self.topics.clear();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let Some(rules) = &self.rules else { return Ok(true) };
        let same =
            |route: &Route| std::sync::Arc::ptr_eq(&route.from, &record.topic) || route.from == record.topic;
        let at = match self.topics.iter().position(same) {
            Some(at) => at,
            None => {
                let route = rules.route(&record.topic)?;
                self.topics.truncate(rules.topics_max - 1);
                self.topics.insert(0, route);
                0
            }
        };
        if let Some(logical) = self.topics.get_mut(at).and_then(|route| route.to.as_mut()) {
            logical.take(rules, record)?;
        }
        Ok(true)
    }
}
