//! `Cast`

mod spec;
mod target;

use aqueduct_api::data::Map;
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Importance, Origin, Record, Result, Schema, SchemaBuilder,
    Transformation, Type, Value,
};

use crate::cache::{KeysCache, SchemaCache};
use crate::fields::{check_moved, fill};
use crate::keys;
use crate::layout::Setting;
use crate::part::Part;
use crate::require::{require_map, struct_mut};
use spec::Spec;
use target::{cast, cast_in_place};

const SPEC: &str = "spec";
const PURPOSE: &str = "cast types";

/// Changes the types of fields, or of the whole key or value.
#[derive(Debug)]
pub(crate) struct Cast {
    part: Part,
    spec: Spec,
    replace_null: bool,
    schemas: SchemaCache<Plan>,
    maps: KeysCache<Setting>,
}

#[derive(Debug)]
struct Plan {
    schema: Schema,
    /// What each field is cast to; empty for a whole value.
    targets: Vec<Option<Type>>,
}

impl Cast {
    pub(crate) fn new(part: Part) -> Self {
        Self {
            part,
            spec: Spec::default(),
            replace_null: true,
            schemas: SchemaCache::default(),
            maps: KeysCache::default(),
        }
    }

    fn cast_map(&mut self, map: Map) -> Result<Map> {
        let Spec::Fields(fields) = &self.spec else { return Ok(map) };
        let names = fields.iter().map(|(name, _)| name);
        let setting = self.maps.get(map.keys(), |keys| Setting::new(keys, names))?;
        setting.set(map, |number, value| match fields.get(number) {
            Some((_, target)) => cast(None, value, *target),
            None => Ok(value),
        })
    }

    fn cast_with_schema(&mut self, schema: &mut Schema, value: &mut Value) -> Result<()> {
        let (spec, replace_null) = (&self.spec, self.replace_null);
        let plan = self.schemas.get(schema, |schema| Plan::new(schema, spec))?;
        match spec {
            Spec::Whole(target) => cast_in_place(schema, value, *target)?,
            Spec::Fields(_) => struct_mut(value, PURPOSE)?.change(&plan.schema, |fields, values| {
                let fields = fields.iter().zip(plan.schema.fields()).zip(&plan.targets);
                for (((field, new), target), value) in fields.zip(values) {
                    fill(field, value, replace_null);
                    if let Some(target) = target {
                        cast_in_place(&field.schema, value, *target)?;
                    }
                    check_moved(new, value)?;
                }
                Ok(())
            })?,
        }
        *schema = plan.schema.clone();
        Ok(())
    }
}

impl Plan {
    fn new(schema: &Schema, spec: &Spec) -> Result<Self> {
        let mut targets = Vec::new();
        let mut builder = match spec {
            Spec::Whole(target) => SchemaBuilder::new(*target).basics_of(schema),
            Spec::Fields(_) => {
                let mut builder = SchemaBuilder::structure().basics_of(schema);
                for field in schema.require_fields()? {
                    let target = spec.target_of(&field.name);
                    targets.push(target);
                    let schema = match target {
                        Some(target) => field_schema(&field.schema, target)?,
                        None => field.schema.clone(),
                    };
                    builder = builder.field(field.name.clone(), schema);
                }
                builder
            }
        };
        if schema.is_optional() {
            builder = builder.optional();
        }
        if !schema.default_value().is_null() {
            let target = match spec {
                Spec::Whole(target) => *target,
                Spec::Fields(_) => Type::Struct,
            };
            builder = builder.default_value(cast(Some(schema), schema.default_value().clone(), target)?);
        }
        Ok(Self { schema: builder.build()?, targets })
    }
}

/// Of a field's schema only optionality and default stay.
fn field_schema(schema: &Schema, target: Type) -> Result<Schema> {
    let mut builder = SchemaBuilder::new(target);
    if schema.is_optional() {
        builder = builder.optional();
    }
    if !schema.default_value().is_null() {
        builder = builder.default_value(cast(Some(schema), schema.default_value().clone(), target)?);
    }
    builder.build()
}

impl Transformation for Cast {
    fn config(&self) -> ConfigDef {
        ConfigDef::new()
            .with(
                ConfigKey::required(
                    SPEC,
                    ConfigType::List,
                    Importance::High,
                    "Pairs of a field's name, a colon and a type; or one type alone, for the whole key or value. The types are int8, int16, int32, int64, float32, float64, boolean and string. Bytes can become a string only, in Base64.",
                )
                .validator(spec::validator()),
            )
            .with(keys::replace_null())
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        let config = self.config().parse(config)?;
        self.spec = Spec::parse(config.list(SPEC)?).map_err(aqueduct_api::Error::config)?;
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
        match (schema, &self.spec) {
            (None, Spec::Whole(target)) => *value = cast(None, std::mem::take(value), *target)?,
            (None, Spec::Fields(_)) => {
                *value = Value::Map(self.cast_map(require_map(std::mem::take(value), PURPOSE)?)?);
            }
            (Some(schema), _) => self.cast_with_schema(schema, value)?,
        }
        Ok(true)
    }
}
