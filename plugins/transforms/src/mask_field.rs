//! `MaskField`

mod replacement;

use aqueduct_api::data::{Map, validate_field};
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Origin, Record, Result, Struct, Text,
    Transformation, Validator, Value,
};

use crate::cache::{KeysCache, SchemaCache};
use crate::fields::{check_moved, filled};
use crate::keys;
use crate::layout::Setting;
use crate::part::Part;
use crate::require::{require_map, require_struct};
use replacement::{Replacement, blank};

const FIELDS: &str = "fields";
const REPLACEMENT: &str = "replacement";
const PURPOSE: &str = "mask fields";

/// Puts zeros, empty values or a fixed value in the place of fields' values.
#[derive(Debug)]
pub(crate) struct MaskField {
    part: Part,
    fields: Vec<Text>,
    replacement: Option<Replacement>,
    replace_null: bool,
    /// Which fields of a struct are masked.
    masked: SchemaCache<Vec<bool>>,
    maps: KeysCache<Setting>,
}

impl MaskField {
    pub(crate) fn new(part: Part) -> Self {
        Self {
            part,
            fields: Vec::new(),
            replacement: None,
            replace_null: true,
            masked: SchemaCache::default(),
            maps: KeysCache::default(),
        }
    }

    fn mask_map(&mut self, map: Map) -> Result<Map> {
        let setting = self.maps.get(map.keys(), |keys| Setting::new(keys, &self.fields))?;
        setting.set(map, |_, value| masked(self.replacement.as_ref(), &value))
    }

    fn mask_struct(&mut self, value: Struct) -> Result<Struct> {
        let schema = value.schema().clone();
        let names = &self.fields;
        let is_masked = self.masked.get(&schema, |schema| {
            Ok(schema.fields().iter().map(|field| names.contains(&field.name)).collect())
        })?;
        let mut values = value.into_values();
        for ((field, is_masked), value) in schema.fields().iter().zip(is_masked).zip(&mut values) {
            let old = filled(field, std::mem::take(value), self.replace_null);
            *value = if *is_masked {
                let masked = masked(self.replacement.as_ref(), &old)?;
                validate_field(&field.name, &field.schema, &masked)?;
                masked
            } else {
                check_moved(field, &old)?;
                old
            };
        }
        Struct::from_values(schema, values)
    }
}

fn masked(replacement: Option<&Replacement>, value: &Value) -> Result<Value> {
    match replacement {
        _ if value.is_null() => Ok(Value::Null),
        Some(replacement) => replacement.instead_of(value),
        None => blank(value),
    }
}

impl Transformation for MaskField {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
            .with(
                ConfigKey::required(
                    FIELDS,
                    ConfigType::List,
                    Importance::High,
                    "The names of the fields to mask.",
                )
                .validator(Validator::any_non_duplicate_values(false, false)),
            )
            .with(
                ConfigKey::new(
                    REPLACEMENT,
                    ConfigType::String,
                    (),
                    Importance::Low,
                    "What to put in the place of numbers and texts; without it they become 0 or empty.",
                )
                .validator(Validator::non_empty_string()),
            )
            .with(keys::replace_null())
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        // Java goes through them in the order of a hash set.
        let fields: Map =
            config.list(FIELDS)?.iter().map(|name| (Value::from(name.as_str()), Value::Null)).collect();
        self.fields =
            fields.into_hash_order().into_iter().filter_map(|(name, _)| name.as_text().cloned()).collect();
        self.replacement = config.optional_string(REPLACEMENT)?.map(Replacement::new);
        self.replace_null = keys::replaces_null(&config)?;
        self.masked = SchemaCache::default();
        self.maps = KeysCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        let (schema, value) = self.part.take(record);
        let value = if schema.is_none() {
            Value::Map(self.mask_map(require_map(value, PURPOSE)?)?)
        } else {
            Value::Struct(self.mask_struct(require_struct(value, PURPOSE)?)?)
        };
        self.part.put(record, schema, value);
        Ok(true)
    }
}
