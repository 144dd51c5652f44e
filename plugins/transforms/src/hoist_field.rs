//! `HoistField`

use aqueduct_api::data::{Keys, Map, validate_field};
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Origin, Record, Result, Schema, SchemaBuilder,
    Struct, Text, Transformation, Value,
};

use crate::cache::SchemaCache;
use crate::part::Part;

const FIELD: &str = "field";

/// Room for this field, and for some that other transformations add.
const ROOM: usize = 4;

/// Puts the whole key or value into the one field of a new struct or map.
#[derive(Debug)]
pub(crate) struct HoistField {
    part: Part,
    /// `None` if the configuration says null, which only a map can have as a key.
    field: Option<Text>,
    schemas: SchemaCache<Schema>,
    /// The only key of a map. In Java that is a `HashMap`, which an error's text may tell.
    map_keys: Keys,
}

impl HoistField {
    pub(crate) fn new(part: Part) -> Self {
        Self { part, field: None, schemas: SchemaCache::default(), map_keys: Keys::default() }
    }
}

impl Transformation for HoistField {
    fn config(&self) -> ConfigDef {
        ConfigDef::new().with(ConfigKey::required(
            FIELD,
            ConfigType::String,
            Importance::Medium,
            "The name of the only field of the struct or map that is made.",
        ))
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        self.field = self.config().parse(config)?.optional_string(FIELD)?.map(Text::from);
        let alone = vec![(Value::from(self.field.clone()), Value::Null)];
        self.map_keys = Map::from_hash_order(alone).into_parts().0;
        self.schemas = SchemaCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let (schema, value, _) = self.part.split(record);
        let Some(schema) = schema else {
            let hoisted = vec![std::mem::take(value)];
            *value = Value::Map(Map::from_parts(self.map_keys.clone(), hoisted));
            return Ok(true);
        };
        let field = self.field.as_ref();
        let hoisted = self.schemas.get(schema, |schema| {
            SchemaBuilder::structure().field(field.cloned().unwrap_or_default(), schema.clone()).build()
        })?;
        validate_field(field.map_or("", Text::as_str), schema, value)?;
        let mut values = Vec::with_capacity(ROOM);
        values.push(std::mem::take(value));
        *value = Value::Struct(Struct::from_values(hoisted.clone(), values)?);
        *schema = hoisted.clone();
        Ok(true)
    }
}
