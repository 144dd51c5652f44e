//! `HeaderFrom`

use aqueduct_api::config::Parsed;
use aqueduct_api::data::Keys;
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, ErrorKind, Header, Headers, Importance, Origin,
    Record, Result, Schema, SchemaAndValue, SchemaBuilder, Struct, Text, Transformation, Validator, Value,
};

use crate::cache::{KeysCache, SchemaCache};
use crate::fields::{check_moved, filled};
use crate::keys;
use crate::layout::{Added, Layout};
use crate::part::Part;
use crate::require::{require_map, require_struct};

const FIELDS: &str = "fields";
const HEADERS: &str = "headers";
const OPERATION: &str = "operation";

/// Copies or moves fields of the key or value to headers.
#[derive(Debug)]
pub(crate) struct HeaderFrom {
    part: Part,
    /// The names of fields, and of the headers that get their values.
    pairs: Vec<(Text, Text)>,
    moves: bool,
    replace_null: bool,
    schemas: SchemaCache<Plan>,
    maps: KeysCache<MapPlan>,
}

#[derive(Debug)]
struct Plan {
    /// The schema without the fields that have moved.
    schema: Schema,
    /// Which fields make headers; `None` where there is no such field.
    sources: Vec<Option<usize>>,
    /// Which fields stay.
    kept: Vec<usize>,
}

impl Plan {
    fn new(schema: &Schema, pairs: &[(Text, Text)], moves: bool) -> Result<Self> {
        let sources = pairs.iter().map(|(name, _)| schema.field(name).map(|field| field.index)).collect();
        if !moves {
            return Ok(Self { schema: schema.clone(), sources, kept: Vec::new() });
        }
        let mut builder = SchemaBuilder::structure().basics_of(schema);
        let mut kept = Vec::new();
        for field in schema.fields() {
            if !pairs.iter().any(|(name, _)| *name == field.name) {
                kept.push(field.index);
                builder = builder.field(field.name.clone(), field.schema.clone());
            }
        }
        Ok(Self { schema: builder.build()?, sources, kept })
    }

    fn add_headers(
        &self,
        value: &Struct,
        pairs: &[(Text, Text)],
        replace_null: bool,
        headers: &mut Headers,
    ) -> Result<()> {
        for ((_, header), source) in pairs.iter().zip(&self.sources) {
            let Some(field) = source.and_then(|index| value.schema().fields().get(index)) else {
                // Java looks the field up only now.
                return Err(Error::new(
                    ErrorKind::NullPointer,
                    "Cannot invoke \"org.apache.kafka.connect.data.Field.schema()\" because the return value of \"org.apache.kafka.connect.data.Schema.field(String)\" is null",
                ));
            };
            let stored = value.values().get(field.index).cloned().unwrap_or_default();
            let data = SchemaAndValue::new(field.schema.clone(), filled(field, stored, replace_null));
            headers.add(header.clone(), data)?;
        }
        Ok(())
    }

    /// The values of the fields that stay.
    fn kept(&self, value: &mut [Value], replace_null: bool) -> Result<Vec<Value>> {
        let mut kept = Vec::with_capacity(self.kept.len());
        for (field, &source) in self.schema.fields().iter().zip(&self.kept) {
            let value = value.get_mut(source).map(std::mem::take).unwrap_or_default();
            let value = filled(field, value, replace_null);
            check_moved(field, &value)?;
            kept.push(value);
        }
        Ok(kept)
    }
}

/// The same for a map.
#[derive(Debug)]
struct MapPlan {
    /// Where the values for headers are.
    places: Vec<Option<usize>>,
    layout: Layout,
}

impl MapPlan {
    fn new(keys: &Keys, pairs: &[(Text, Text)], moves: bool) -> Result<Self> {
        let places = pairs.iter().map(|(name, _)| keys.place_of_str(name)).collect();
        let layout = Layout::of(keys, |map| {
            let mut map = map.into_hash_order_of_copy(keys.len());
            for (name, _) in pairs.iter().filter(|_| moves) {
                map.remove_str(name);
            }
            Ok(map)
        })?;
        Ok(Self { places, layout })
    }
}

impl HeaderFrom {
    pub(crate) fn new(part: Part) -> Self {
        Self {
            part,
            pairs: Vec::new(),
            moves: false,
            replace_null: true,
            schemas: SchemaCache::default(),
            maps: KeysCache::default(),
        }
    }

    fn purpose(&self) -> &'static str {
        if self.moves { "header move" } else { "header copy" }
    }

    fn take_from_map(&mut self, record: &mut Record) -> Result<()> {
        let purpose = self.purpose();
        let (_, value) = self.part.take(record);
        let map = require_map(value, purpose)?;
        let (pairs, moves) = (&self.pairs, self.moves);
        let plan = self.maps.get(map.keys(), |keys| MapPlan::new(keys, pairs, moves))?;
        for ((_, header), place) in pairs.iter().zip(&plan.places) {
            let value = place.and_then(|place| map.values().get(place)).cloned().unwrap_or_default();
            let schema = value.as_struct().map(|value| value.schema().clone());
            record.headers.push(Header { key: header.clone(), schema, value });
        }
        let (_, values) = map.into_parts();
        self.part.put(record, None, Value::Map(plan.layout.apply(values, Added::new())));
        Ok(())
    }

    fn take_from_struct(&mut self, record: &mut Record) -> Result<()> {
        let purpose = self.purpose();
        let mut headers = std::mem::take(&mut record.headers);
        if self.moves {
            let (_, value) = self.part.take(record);
            let value = require_struct(value, purpose)?;
            let plan = self.schemas.get(value.schema(), |schema| Plan::new(schema, &self.pairs, true))?;
            let from = value.schema().clone();
            let mut values = value.into_values();
            let kept = plan.kept(&mut values, self.replace_null)?;
            let moved = Struct::from_values(from, values)?;
            plan.add_headers(&moved, &self.pairs, self.replace_null, &mut headers)?;
            let kept = Struct::from_values(plan.schema.clone(), kept)?;
            self.part.put(record, Some(plan.schema.clone()), Value::Struct(kept));
        } else {
            let Value::Struct(value) = self.part.value(record) else {
                return require_struct(self.part.take(record).1, purpose).map(|_| ());
            };
            let plan = self.schemas.get(value.schema(), |schema| Plan::new(schema, &self.pairs, false))?;
            plan.add_headers(value, &self.pairs, self.replace_null, &mut headers)?;
            if self.part.schema(record) != Some(&plan.schema) {
                let (_, value) = self.part.take(record);
                self.part.put(record, Some(plan.schema.clone()), value);
            }
        }
        record.headers = headers;
        Ok(())
    }
}

fn non_empty_list() -> Validator {
    Validator::lambda("non-empty list", |_, value| match value {
        Parsed::List(list) if !list.is_empty() => Ok(()),
        _ => Err("Empty list".to_owned()),
    })
}

impl Transformation for HeaderFrom {
    fn config(&self) -> ConfigDef {
        let list = |name: &'static str, doc: &'static str| {
            ConfigKey::required(name, ConfigType::List, Importance::High, doc).validator(non_empty_list())
        };
        ConfigDef::new()
            .with(list(FIELDS, "The names of the fields whose values go to headers."))
            .with(list(HEADERS, "The names of the headers, one a field, in the same order."))
            .with(
                ConfigKey::required(
                    OPERATION,
                    ConfigType::String,
                    Importance::High,
                    "`move` to remove the fields from the key or value, `copy` to leave them there.",
                )
                .validator(Validator::valid_string(["move", "copy"])),
            )
            .with(keys::replace_null())
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        let (fields, headers) = (config.list(FIELDS)?, config.list(HEADERS)?);
        if fields.len() != headers.len() {
            return Err(Error::config(
                "'fields' config must have the same number of elements as 'headers' config.",
            ));
        }
        self.pairs = fields
            .iter()
            .zip(headers)
            .map(|(field, header)| (field.as_str().into(), header.as_str().into()))
            .collect();
        self.moves = config.string(OPERATION)? == "move";
        self.replace_null = keys::replaces_null(&config)?;
        self.schemas = SchemaCache::default();
        self.maps = KeysCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        if self.part.schema(record).is_none() {
            self.take_from_map(record)?;
        } else {
            self.take_from_struct(record)?;
        }
        Ok(true)
    }
}
