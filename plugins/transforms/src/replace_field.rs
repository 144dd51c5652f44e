//! `ReplaceField`

use aqueduct_api::config::Parsed;
use aqueduct_api::data::{Map, validate_field};
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, Field, Importance, Origin, Record, Result, Schema,
    SchemaBuilder, Text, Transformation, Validator, Value,
};

use crate::cache::{KeysCache, SchemaCache};
use crate::fields::{check_moved, filled, move_one};
use crate::keys;
use crate::layout::{Added, Layout};
use crate::part::Part;
use crate::require::{require_map, struct_mut, text_key};

const EXCLUDE: &str = "exclude";
const INCLUDE: &str = "include";
const RENAMES: &str = "renames";
const PURPOSE: &str = "field replacement";

/// Leaves fields out, or renames them.
#[derive(Debug)]
pub(crate) struct ReplaceField {
    part: Part,
    rules: Rules,
    replace_null: bool,
    schemas: SchemaCache<Plan>,
    maps: KeysCache<Layout>,
}

#[derive(Debug, Default)]
struct Rules {
    exclude: Vec<String>,
    include: Vec<String>,
    /// Old names and new ones.
    renames: Vec<(Text, Text)>,
    /// New names and old ones. Where two fields get one name, or a field gets the name of another, this tells whose value
    /// counts: that of the last, as Java's hash map gives them.
    reverse: Vec<(Text, Text)>,
}

impl Rules {
    fn keeps(&self, name: &str) -> bool {
        let is_in = |names: &[String]| names.iter().any(|other| other == name);
        !is_in(&self.exclude) && (self.include.is_empty() || is_in(&self.include))
    }

    fn renamed<'a>(&'a self, name: &'a Text) -> &'a Text {
        self.renames.iter().find(|(old, _)| old == name).map_or(name, |(_, new)| new)
    }

    fn applied_to_map(&self, map: Map) -> Result<Map> {
        let size = map.len();
        let mut kept = Map::with_capacity(size);
        for (key, value) in map {
            let key = match text_key(&key)? {
                Some(name) if !self.keeps(name) => continue,
                Some(name) => Value::String(self.renamed(name).clone()),
                None if self.include.is_empty() => Value::Null,
                None => continue,
            };
            kept.insert(key, value);
        }
        Ok(kept.into_hash_order_of_sized(size))
    }

    fn original<'a>(&'a self, name: &'a Text) -> &'a Text {
        self.reverse.iter().rfind(|(new, _)| new == name).map_or(name, |(_, old)| old)
    }
}

/// How the struct of a schema changes.
#[derive(Debug)]
struct Plan {
    schema: Schema,
    /// Which field each new field's value comes from.
    sources: Vec<Source>,
    /// Whether each new field has the value of the field whose schema it has, so that all stay in their order.
    ordered: bool,
}

#[derive(Debug)]
struct Source {
    /// `None` if the struct has no such field: Java notices when it meets a record.
    index: Option<usize>,
    /// Whether it is the field whose schema the new field has.
    own: bool,
    /// Whether a later field takes the same value.
    shared: bool,
}

impl Plan {
    fn new(schema: &Schema, rules: &Rules) -> Result<Self> {
        let mut builder = SchemaBuilder::structure().basics_of(schema);
        let mut kept = Vec::new();
        for field in schema.fields().iter().filter(|field| rules.keeps(&field.name)) {
            kept.push(field.index);
            builder = builder.field(rules.renamed(&field.name).clone(), field.schema.clone());
        }
        let updated = builder.build()?;
        let mut sources: Vec<Source> = Vec::with_capacity(kept.len());
        for (field, own) in updated.fields().iter().zip(kept) {
            let index = schema.field(rules.original(&field.name)).map(|field| field.index);
            for source in sources.iter_mut().filter(|source| source.index == index) {
                source.shared = true;
            }
            sources.push(Source { index, own: index == Some(own), shared: false });
        }
        let ordered = sources.iter().all(|source| source.own);
        Ok(Self { schema: updated, sources, ordered })
    }

    /// Closes the gaps between the values that stay, where fields are only left out or renamed.
    fn close_gaps(&self, values: &mut Vec<Value>, replace_null: bool) -> Result<()> {
        for (at, (field, source)) in self.schema.fields().iter().zip(&self.sources).enumerate() {
            let source = source.index.unwrap_or(at);
            if source != at {
                let value = values.get_mut(source).map(std::mem::take).unwrap_or_default();
                if let Some(place) = values.get_mut(at) {
                    *place = value;
                }
            }
            if let Some(value) = values.get_mut(at) {
                move_one(field, value, replace_null)?;
            }
        }
        values.truncate(self.sources.len());
        Ok(())
    }

    /// Takes for each field the value that it gets.
    fn pick(&self, from: &[Field], values: &mut Vec<Value>, rules: &Rules, replace_null: bool) -> Result<()> {
        let mut result = Vec::with_capacity(self.sources.len());
        for (field, source) in self.schema.fields().iter().zip(&self.sources) {
            let found = source.index.and_then(|index| Some((from.get(index)?, values.get_mut(index)?)));
            let Some((old, value)) = found else {
                let name = rules.original(&field.name);
                return Err(Error::data(format!("{name} is not a valid field name")));
            };
            let value = if source.shared { value.clone() } else { std::mem::take(value) };
            let value = filled(old, value, replace_null);
            if source.own {
                check_moved(field, &value)?;
            } else {
                validate_field(&field.name, &field.schema, &value)?;
            }
            result.push(value);
        }
        *values = result;
        Ok(())
    }
}

impl ReplaceField {
    pub(crate) fn new(part: Part) -> Self {
        Self {
            part,
            rules: Rules::default(),
            replace_null: true,
            schemas: SchemaCache::default(),
            maps: KeysCache::default(),
        }
    }

    fn replace_in_map(&mut self, map: Map) -> Result<Map> {
        let rules = &self.rules;
        let layout =
            self.maps.get(map.keys(), |keys| Layout::of(keys, |places| rules.applied_to_map(places)))?;
        let (_, values) = map.into_parts();
        Ok(layout.apply(values, Added::new()))
    }
}

/// The two names of a mapping. Java drops empty parts at the end of a split.
fn pair(mapping: &str) -> Option<(&str, &str)> {
    let (old, new) = mapping.trim_end_matches(':').split_once(':')?;
    (!new.contains(':')).then_some((old, new))
}

fn renames_validator() -> Validator {
    const TEXT: &str = "list of colon-delimited pairs, e.g. <code>foo:bar,abc:xyz</code>";
    Validator::lambda(TEXT, |_, value| match value {
        Parsed::List(mappings) => match mappings.iter().find(|mapping| pair(mapping).is_none()) {
            Some(mapping) => Err(format!("Invalid rename mapping: {mapping}")),
            None => Ok(()),
        },
        _ => Err("entry must be non null".to_owned()),
    })
}

impl Transformation for ReplaceField {
    fn config(&self) -> ConfigDef {
        let list = |name: &'static str, doc: &'static str| {
            ConfigKey::new(name, ConfigType::List, [""; 0], Importance::Medium, doc)
        };
        let names = || Validator::any_non_duplicate_values(true, false);
        ConfigDef::new()
            .with(
                list(EXCLUDE, "The names of fields to leave out, even if `include` names them.")
                    .validator(names()),
            )
            .with(
                list(INCLUDE, "The names of the only fields to keep; without any, all are kept.")
                    .validator(names()),
            )
            .with(
                list(RENAMES, "Pairs of an old name, a colon and a new name.").validator(renames_validator()),
            )
            .with(keys::replace_null())
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        let pairs = config.list(RENAMES)?.iter().filter_map(|mapping| pair(mapping));
        let renames: Map = pairs.map(|(old, new)| (Value::from(old), Value::from(new))).collect();
        let renames: Vec<(Text, Text)> = renames
            .into_hash_order()
            .into_iter()
            .filter_map(|(old, new)| Some((old.as_text()?.clone(), new.as_text()?.clone())))
            .collect();
        self.rules = Rules {
            exclude: config.list(EXCLUDE)?.to_vec(),
            include: config.list(INCLUDE)?.to_vec(),
            reverse: renames.iter().map(|(old, new)| (new.clone(), old.clone())).collect(),
            renames,
        };
        self.replace_null = keys::replaces_null(&config)?;
        self.schemas = SchemaCache::default();
        self.maps = KeysCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        if self.part.value(record).is_null() {
            return Ok(true);
        }
        let (schema, value, _) = self.part.split(record);
        if schema.is_none() {
            *value = Value::Map(self.replace_in_map(require_map(std::mem::take(value), PURPOSE)?)?);
            return Ok(true);
        }
        let value = struct_mut(value, PURPOSE)?;
        let (rules, replace_null) = (&self.rules, self.replace_null);
        let plan = self.schemas.get(value.schema(), |schema| Plan::new(schema, rules))?;
        value.change(&plan.schema, |fields, values| {
            if plan.ordered {
                plan.close_gaps(values, replace_null)
            } else {
                plan.pick(fields, values, rules, replace_null)
            }
        })?;
        *schema = Some(plan.schema.clone());
        Ok(true)
    }
}
