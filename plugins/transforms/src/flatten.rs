//! `Flatten`

use aqueduct_api::data::{Keys, Map};
use aqueduct_api::{
    ConfigDef, ConfigKey, ConfigMap, ConfigType, Error, Field, Importance, Origin, Record, Result, Schema,
    SchemaBuilder, Struct, Text, Transformation, Type, Value,
};
use smallvec::SmallVec;

use crate::cache::{KeysCache, SchemaCache};
use crate::fields::{check_moved, filled};
use crate::layout::{Added, Layout};
use crate::part::Part;
use crate::require::{require_map, require_struct, text_key};

const DELIMITER: &str = "delimiter";
const PURPOSE: &str = "flattening";

/// Makes one level of nested structs or maps, with names joined by a delimiter.
#[derive(Debug)]
pub(crate) struct Flatten {
    part: Part,
    delimiter: String,
    schemas: SchemaCache<Schema>,
    maps: KeysCache<Vec<MapPlan>>,
}

fn join(prefix: &str, delimiter: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}{delimiter}{name}") }
}

impl Flatten {
    pub(crate) fn new(part: Part) -> Self {
        Self { part, delimiter: ".".to_owned(), schemas: SchemaCache::default(), maps: KeysCache::default() }
    }

    fn flatten_map(&mut self, map: Map) -> Result<Map> {
        let Some(layout) = self.layout_of(&map)? else {
            // One of the values can't stay, and this tells which.
            return flat_map(map, &self.delimiter);
        };
        let mut leaves = Vec::with_capacity(map.len());
        take_map_leaves(map, &mut leaves);
        Ok(layout.apply(leaves, Added::new()))
    }

    /// Where the leaves of a map go; `None` if there is a value that can't stay in a flat map.
    fn layout_of(&mut self, map: &Map) -> Result<Option<&Layout>> {
        let mut nested = NestedKeys::new();
        if !find_nested(map, &mut 0, &mut nested) {
            return Ok(None);
        }
        let plans = self.maps.get_mut(map.keys(), |_| Ok(Vec::new()))?;
        let same =
            |(known, found): (&(usize, Keys), &(usize, &Keys))| known.0 == found.0 && known.1 == *found.1;
        let fits =
            |plan: &MapPlan| plan.nested.len() == nested.len() && plan.nested.iter().zip(&nested).all(same);
        let known = match plans.iter().position(fits) {
            Some(known) => known,
            None => {
                plans.truncate(PLANS_MAX - 1);
                plans.insert(0, MapPlan::new(map, &nested, &self.delimiter)?);
                0
            }
        };
        Ok(plans.get(known).map(|plan| &plan.layout))
    }

    fn flatten_struct(&mut self, value: Struct) -> Result<(Schema, Value)> {
        let delimiter = &self.delimiter;
        let schema = self.schemas.get(value.schema(), |schema| flat_schema(schema, delimiter))?;
        let mut values = Vec::with_capacity(schema.fields().len());
        take_leaves(value, schema.fields(), &mut values)?;
        Ok((schema.clone(), Value::Struct(Struct::from_values(schema.clone(), values)?)))
    }
}

/// How many ways to flatten are remembered for maps of certain keys: they differ where a value is a map in one and null
/// in another.
const PLANS_MAX: usize = 8;

/// The keys of all maps in a map, each with the number of its entry.
type NestedKeys<'a> = SmallVec<[(usize, &'a Keys); 8]>;

/// How maps of certain keys, with maps of certain keys in them, become flat.
#[derive(Debug)]
struct MapPlan {
    nested: Vec<(usize, Keys)>,
    layout: Layout,
}

impl MapPlan {
    fn new(map: &Map, nested: &NestedKeys<'_>, delimiter: &str) -> Result<Self> {
        let nested = nested.iter().map(|(at, keys)| (*at, (*keys).clone())).collect();
        let layout = Layout::of_places(flat_map(places(map, &mut 0), delimiter)?);
        Ok(Self { nested, layout })
    }
}

/// Finds the maps in a map. Gives false if there is a value that can't stay in a flat map.
fn find_nested<'a>(map: &'a Map, number: &mut usize, nested: &mut NestedKeys<'a>) -> bool {
    map.values().iter().all(|value| {
        *number += 1;
        match value {
            Value::Map(inner) => {
                nested.push((*number, inner.keys()));
                find_nested(inner, number, nested)
            }
            Value::Struct(_) => false,
            value => value.is_null() || value.inferred_type().is_some(),
        }
    })
}

/// The same map with the numbers of its leaves for values.
fn places(map: &Map, next: &mut i64) -> Map {
    let place = |value: &Value| match value {
        Value::Map(inner) => Value::Map(places(inner, next)),
        _ => {
            *next += 1;
            Value::Int64(*next - 1)
        }
    };
    Map::from_parts(map.keys().clone(), map.values().iter().map(place).collect())
}

fn take_map_leaves(map: Map, into: &mut Vec<Value>) {
    let (_, values) = map.into_parts();
    for value in values {
        match value {
            Value::Map(inner) => take_map_leaves(inner, into),
            leaf => into.push(leaf),
        }
    }
}

fn flat_map(map: Map, delimiter: &str) -> Result<Map> {
    let mut flat = Map::with_capacity(map.len());
    add_map_leaves(map, "", delimiter, &mut flat)?;
    Ok(flat)
}

fn add_map_leaves(map: Map, prefix: &str, delimiter: &str, into: &mut Map) -> Result<()> {
    for (key, value) in map {
        let name = join(prefix, delimiter, text_key(&key)?.map_or("null", Text::as_str));
        match value {
            Value::Map(inner) => add_map_leaves(inner, &name, delimiter, into)?,
            Value::Null => {
                into.insert(name, Value::Null);
            }
            value if value.inferred_type().is_none() => {
                let class = value.java_class();
                return Err(Error::data(format!(
                    "Flatten transformation was passed a value of type class {class} which is not supported by Connect's data API"
                )));
            }
            Value::Struct(_) => {
                let class = value.java_class();
                return Err(Error::data(format!(
                    "Flatten transformation does not support class {class} for record without schemas (for field {name})."
                )));
            }
            value => {
                into.insert(name, value);
            }
        }
    }
    Ok(())
}

/// The values of all leaves in order. A default stands for a null, at every level. Below a struct that is null there are
/// nulls, even in required fields.
fn take_leaves(value: Struct, leaves: &[Field], into: &mut Vec<Value>) -> Result<()> {
    let schema = value.schema().clone();
    for (field, value) in schema.fields().iter().zip(value.into_values()) {
        let value = filled(field, value, true);
        match (field.schema.kind(), value) {
            (Type::Struct, Value::Struct(inner)) => take_leaves(inner, leaves, into)?,
            (Type::Struct, _) => push_nulls(&field.schema, into),
            (_, value) => {
                if let Some(leaf) = leaves.get(into.len()) {
                    check_moved(leaf, &value)?;
                }
                into.push(value);
            }
        }
    }
    Ok(())
}

fn push_nulls(schema: &Schema, into: &mut Vec<Value>) {
    for field in schema.fields() {
        match field.schema.kind() {
            Type::Struct => push_nulls(&field.schema, into),
            _ => into.push(Value::Null),
        }
    }
}

fn flat_schema(schema: &Schema, delimiter: &str) -> Result<Schema> {
    let mut builder = SchemaBuilder::structure().basics_of(schema);
    let default = schema.default_value().as_struct();
    builder = add_leaves(builder, schema, "", delimiter, schema.is_optional(), default)?;
    builder.build()
}

/// A leaf is optional if a struct above it is; the default of a struct gives its leaves their defaults.
fn add_leaves(
    mut builder: SchemaBuilder,
    schema: &Schema,
    prefix: &str,
    delimiter: &str,
    optional: bool,
    default: Option<&Struct>,
) -> Result<SchemaBuilder> {
    for field in schema.fields() {
        let name = join(prefix, delimiter, &field.name);
        let optional = optional || field.schema.is_optional();
        let inherited = default.map(|default| default.get_at(field.index));
        let default = match inherited {
            None | Some(Value::Null) => field.schema.default_value(),
            Some(inherited) => inherited,
        };
        builder = match field.schema.kind() {
            Type::Map => {
                return Err(Error::data(format!(
                    "Flatten transformation does not support MAP for record with schemas (for field {name})."
                )));
            }
            Type::Struct => {
                add_leaves(builder, &field.schema, &name, delimiter, optional, default.as_struct())?
            }
            _ => builder.field(name, leaf(&field.schema, optional, default)?),
        };
    }
    Ok(builder)
}

fn leaf(schema: &Schema, optional: bool, default: &Value) -> Result<Schema> {
    if schema.is_optional() == optional && schema.default_value() == default {
        return Ok(schema.clone());
    }
    let builder = match schema.kind() {
        Type::Array => SchemaBuilder::array(schema.value_schema().cloned()),
        kind => SchemaBuilder::new(kind),
    };
    let builder = builder.basics_of(schema);
    let builder = if optional { builder.optional() } else { builder };
    builder.default_value(default.clone()).build()
}

impl Transformation for Flatten {
    fn config(&self) -> ConfigDef {
        ConfigDef::new().with(ConfigKey::new(
            DELIMITER,
            ConfigType::String,
            ".",
            Importance::Medium,
            "What stands between the names that a new name is made of.",
        ))
    }

    fn configure(&mut self, config: &ConfigMap) -> Result<()> {
        self.delimiter =
            self.config().parse(config)?.optional_string(DELIMITER)?.unwrap_or("null").to_owned();
        self.schemas = SchemaCache::default();
        self.maps = KeysCache::default();
        Ok(())
    }

    fn apply(&mut self, record: &mut Record, _origin: Origin<'_>) -> Result<bool> {
        if self.part.value(record).is_null() {
            return Ok(true);
        }
        let (schema, value) = self.part.take(record);
        if schema.is_none() {
            let flat = self.flatten_map(require_map(value, PURPOSE)?)?;
            self.part.put(record, None, Value::Map(flat));
        } else {
            let (schema, value) = self.flatten_struct(require_struct(value, PURPOSE)?)?;
            self.part.put(record, Some(schema), value);
        }
        Ok(true)
    }
}
