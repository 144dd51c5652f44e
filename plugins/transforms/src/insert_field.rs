//! `InsertField`

use std::sync::Arc;

use aqueduct_api::data::Logical;
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, Importance, Origin, Record, Result, Schema,
    SchemaBuilder, Text, Topic, Transformation, Type, Value,
};
use smallvec::{SmallVec, smallvec};

use crate::cache::{KeysCache, SchemaCache};
use crate::fields;
use crate::keys;
use crate::layout::Setting;
use crate::part::{Facts, Part};
use crate::require::{require_map, struct_mut};

const PURPOSE: &str = "field insertion";
const STATIC_FIELD: &str = "static.field";
const STATIC_VALUE: &str = "static.value";

/// Adds fields that tell where a record comes from, or a field with a fixed text.
#[derive(Debug)]
pub(crate) struct InsertField {
    part: Part,
    insertions: Vec<Insertion>,
    replace_null: bool,
    schemas: SchemaCache<Schema>,
    maps: KeysCache<Settings>,
    topic: TopicText,
}

/// How many fields can be inserted.
const INSERTIONS_MAX: usize = 5;

/// What a record has of each, null where it has nothing.
type Inserted = SmallVec<[Value; INSERTIONS_MAX]>;

/// How maps of certain keys change, by which insertions a record has.
type Settings = Vec<(SmallVec<[bool; INSERTIONS_MAX]>, Setting)>;

/// The topic met last as a text, so that its records share that.
#[derive(Debug, Default)]
struct TopicText(Option<(Topic, Text)>);

impl TopicText {
    fn of(&mut self, topic: &Topic) -> Text {
        match &self.0 {
            Some((known, text)) if Arc::ptr_eq(known, topic) => text.clone(),
            _ => {
                let text = Text::from(&**topic);
                self.0 = Some((topic.clone(), text.clone()));
                text
            }
        }
    }
}

/// What a field can tell.
#[derive(Debug, Clone)]
enum What {
    Topic,
    Partition,
    Offset,
    Timestamp,
    Static(Text),
}

#[derive(Debug)]
struct Insertion {
    name: Text,
    optional: bool,
    what: What,
}

impl Insertion {
    /// A trailing `!` makes the field required, `?` optional, which it is anyway.
    fn parse(text: &str, what: What) -> Self {
        match (text.strip_suffix('?'), text.strip_suffix('!')) {
            (None, Some(name)) => Self { name: name.into(), optional: false, what },
            (name, _) => Self { name: name.unwrap_or(text).into(), optional: true, what },
        }
    }

    fn schema(&self) -> Result<Schema> {
        let builder = match self.what {
            What::Topic | What::Static(_) => SchemaBuilder::new(Type::String),
            What::Partition => SchemaBuilder::new(Type::Int32),
            What::Offset => SchemaBuilder::new(Type::Int64),
            What::Timestamp => SchemaBuilder::logical(Logical::Timestamp),
        };
        if self.optional { builder.optional() } else { builder }.build()
    }

    /// Sets a value, which was null, to the one to insert; it stays null where the record has none. A timestamp is a number
    /// where there is no schema.
    #[inline]
    fn set(
        &self,
        value: &mut Value,
        facts: Facts<'_>,
        origin: Origin<'_>,
        schemaless: bool,
        topic: &mut TopicText,
    ) -> Result<()> {
        match (&self.what, facts.partition, facts.timestamp) {
            (What::Topic, ..) => *value = Value::String(topic.of(facts.topic)),
            (What::Partition, Some(partition), _) => *value = Value::Int32(partition),
            (What::Offset, ..) => match origin {
                Origin::Sink(origin) => *value = Value::Int64(origin.offset),
                Origin::Source { .. } => {
                    return Err(Error::data(format!(
                        "Only SinkRecord supported for [{PURPOSE}], found: org.apache.kafka.connect.source.SourceRecord"
                    )));
                }
            },
            (What::Timestamp, _, Some(timestamp)) if schemaless => *value = Value::Int64(timestamp),
            (What::Timestamp, _, Some(timestamp)) => *value = Value::Date(timestamp),
            (What::Static(text), ..) => *value = Value::String(text.clone()),
            (What::Partition | What::Timestamp, ..) => {}
        }
        Ok(())
    }
}

impl InsertField {
    pub(crate) fn new(part: Part) -> Self {
        Self {
            part,
            insertions: Vec::new(),
            replace_null: true,
            schemas: SchemaCache::default(),
            maps: KeysCache::default(),
            topic: TopicText::default(),
        }
    }

    fn insert_into_map(&mut self, record: &mut Record, origin: Origin<'_>) -> Result<()> {
        let (_, value, facts) = self.part.split(record);
        let map = require_map(std::mem::take(value), PURPOSE)?;
        let mut values: Inserted = smallvec![Value::Null; self.insertions.len()];
        for (insertion, value) in self.insertions.iter().zip(&mut values) {
            insertion.set(value, facts, origin, true, &mut self.topic)?;
        }
        // What a record does not have is not inserted.
        let present: SmallVec<[bool; INSERTIONS_MAX]> = values.iter().map(|value| !value.is_null()).collect();
        let settings = self.maps.get_mut(map.keys(), |_| Ok(Vec::new()))?;
        let known = settings.iter().position(|(of, _)| *of == present);
        let known = match known {
            Some(known) => known,
            None => {
                let names = self.insertions.iter().zip(&present).filter(|(_, present)| **present);
                let setting = Setting::new(map.keys(), names.map(|(insertion, _)| &insertion.name))?;
                settings.push((present, setting));
                settings.len() - 1
            }
        };
        let mut values = values.into_iter().filter(|value| !value.is_null());
        let map = match settings.get(known) {
            Some((_, setting)) => setting.set(map, |_, _| Ok(values.next().unwrap_or_default()))?,
            None => map,
        };
        *value = Value::Map(map);
        Ok(())
    }

    fn insert_into_struct(&mut self, record: &mut Record, origin: Origin<'_>) -> Result<()> {
        let Self { part, insertions, replace_null, schemas, topic, .. } = self;
        let (schema, value, facts) = part.split(record);
        let value = struct_mut(value, PURPOSE)?;
        let updated = schemas.get(value.schema(), |schema| updated(schema, insertions))?;
        value.change(updated, |fields, values| {
            fields::move_all(fields, values, *replace_null)?;
            values.reserve_exact(insertions.len());
            for insertion in insertions {
                values.push(Value::Null);
                if let Some(value) = values.last_mut() {
                    insertion.set(value, facts, origin, false, topic)?;
                }
            }
            Ok(())
        })?;
        *schema = Some(updated.clone());
        Ok(())
    }
}

fn updated(schema: &Schema, insertions: &[Insertion]) -> Result<Schema> {
    let builder = SchemaBuilder::structure().basics_of(schema);
    let mut builder = schema
        .fields()
        .iter()
        .fold(builder, |builder, field| builder.field(field.name.clone(), field.schema.clone()));
    for insertion in insertions {
        builder = builder.field(insertion.name.clone(), insertion.schema()?);
    }
    builder.build()
}

impl Transformation for InsertField {
    fn config(&self) -> ConfigDef {
        const SUFFIX: &str =
            "A `!` at the end makes the field required; with `?` or without either it is optional.";
        let field = |name: &'static str, what: &str| {
            let doc = format!("The name of a field to add that holds {what}. {SUFFIX}");
            ConfigKey::new(name, ConfigType::String, (), Importance::Medium, doc)
        };
        ConfigDef::new()
            .with(field("topic.field", "the record's topic"))
            .with(field("partition.field", "the record's Kafka partition"))
            .with(field(
                "offset.field",
                "the record's Kafka offset, which only records of sink connectors have",
            ))
            .with(field("timestamp.field", "the record's timestamp"))
            .with(field(STATIC_FIELD, "a fixed text"))
            .with(ConfigKey::new(
                STATIC_VALUE,
                ConfigType::String,
                (),
                Importance::Medium,
                "The fixed text, needed where a field for it is named.",
            ))
            .with(keys::replace_null())
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        let fixed = config.optional_string(STATIC_VALUE)?;
        let fields = [
            ("topic.field", What::Topic),
            ("partition.field", What::Partition),
            ("offset.field", What::Offset),
            ("timestamp.field", What::Timestamp),
            (STATIC_FIELD, What::Static(fixed.unwrap_or_default().into())),
        ];
        self.insertions.clear();
        for (key, what) in fields {
            if let Some(name) = config.optional_string(key)? {
                self.insertions.push(Insertion::parse(name, what));
            }
        }
        self.replace_null = keys::replaces_null(&config)?;
        if self.insertions.is_empty() {
            return Err(Error::config("No field insertion configured"));
        }
        if let (Some(field), None) = (config.optional_string(STATIC_FIELD)?, fixed) {
            return Err(Error::config(format!(
                "Invalid value null for configuration {STATIC_VALUE}: No value specified for static field: {field}"
            )));
        }
        self.schemas = SchemaCache::default();
        self.maps = KeysCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, origin: Origin<'_>) -> Result<bool> {
        if !self.part.value(record).is_null() {
            if self.part.schema(record).is_none() {
                self.insert_into_map(record, origin)?;
            } else {
                self.insert_into_struct(record, origin)?;
            }
        }
        Ok(true)
    }
}
