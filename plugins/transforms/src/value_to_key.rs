//! `ValueToKey`

use aqueduct_api::data::{Keys, Map, validate_field};
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, Importance, Origin, Record, Result, Schema,
    SchemaBuilder, Struct, Text, Transformation, Validator, Value,
};

use crate::cache::{KeysCache, SchemaCache};
use crate::keys;
use crate::require::{map_or_null, struct_or_null};

const FIELDS: &str = "fields";
const PURPOSE: &str = "copying fields from value to key";

/// Makes a key of some fields of the value.
#[derive(Debug, Default)]
pub(crate) struct ValueToKey {
    fields: Vec<Text>,
    replace_null: bool,
    schemas: SchemaCache<KeyPlan>,
    /// The keys of a key that is a map.
    map_keys: Keys,
    /// Where their values are in maps.
    maps: KeysCache<Vec<Option<usize>>>,
}

#[derive(Debug)]
struct KeyPlan {
    schema: Schema,
    /// Which field of the value each field of the key comes from.
    sources: Vec<usize>,
}

impl KeyPlan {
    fn new(schema: &Schema, fields: &[Text]) -> Result<Self> {
        let mut sources = Vec::with_capacity(fields.len());
        let mut builder = SchemaBuilder::structure();
        for name in fields {
            let Some(field) = schema.field(name) else {
                return Err(Error::data(format!("Field does not exist: {name}")));
            };
            sources.push(field.index);
            builder = builder.field(name.clone(), field.schema.clone());
        }
        Ok(Self { schema: builder.build()?, sources })
    }
}

impl ValueToKey {
    fn key_of_map(&mut self, map: &Map) -> Result<Value> {
        let names = self.map_keys.as_slice();
        let places = self
            .maps
            .get(map.keys(), |keys| Ok(names.iter().map(|name| keys.place_of(name)).collect::<Vec<_>>()))?;
        let value = |place: &Option<usize>| place.and_then(|place| map.values().get(place)).cloned();
        let values = places.iter().map(|place| value(place).unwrap_or_default()).collect();
        Ok(Value::Map(Map::from_parts(self.map_keys.clone(), values)))
    }

    fn key_of_struct(&mut self, value: &Struct) -> Result<(Schema, Value)> {
        let fields = &self.fields;
        let plan = self.schemas.get(value.schema(), |schema| KeyPlan::new(schema, fields))?;
        let mut values = Vec::with_capacity(plan.sources.len());
        for (field, &source) in plan.schema.fields().iter().zip(&plan.sources) {
            let value = if self.replace_null {
                value.get_at(source)
            } else {
                value.values().get(source).unwrap_or(&Value::Null)
            };
            validate_field(&field.name, &field.schema, value)?;
            values.push(value.clone());
        }
        let key = Struct::from_values(plan.schema.clone(), values)?;
        Ok((plan.schema.clone(), Value::Struct(key)))
    }
}

impl Transformation for ValueToKey {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
            .with(
                ConfigKey::required(
                    FIELDS,
                    ConfigType::List,
                    Importance::High,
                    "The names of the fields of the value that make the key.",
                )
                .validator(Validator::any_non_duplicate_values(false, false)),
            )
            .with(keys::replace_null())
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        self.fields = config.list(FIELDS)?.iter().map(|name| name.as_str().into()).collect();
        self.replace_null = keys::replaces_null(&config)?;
        self.schemas = SchemaCache::default();
        let map: Map = self.fields.iter().map(|name| (name.clone(), Value::Null)).collect();
        self.map_keys = map.into_hash_order_of_sized(self.fields.len()).keys().clone();
        self.maps = KeysCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let (schema, key) = if record.value_schema.is_none() {
            match map_or_null(&record.value, PURPOSE)? {
                Some(map) => (None, self.key_of_map(map)?),
                None => return Err(null_value("Map", " in absence of schema")),
            }
        } else {
            match struct_or_null(&record.value, PURPOSE)? {
                Some(value) => {
                    let (schema, key) = self.key_of_struct(value)?;
                    (Some(schema), key)
                }
                None => return Err(null_value("Struct", "")),
            }
        };
        record.key_schema = schema;
        record.key = key;
        Ok(true)
    }
}

fn null_value(wanted: &str, when: &str) -> Error {
    Error::data(format!("Only {wanted} objects supported{when} for [{PURPOSE}], found: null"))
}
