//! The schema that a value has by itself.

use super::super::{Schema, SchemaBuilder, Type, Value};
use crate::error::{Error, ErrorKind, Result};

/// The schema of a value without one; `None` where there is none: for null, dates and decimals, and for lists and maps that
/// are empty or whose parts are of several types. Fails for a list or map of nulls alone, as Connect does.
pub fn infer_schema(value: &Value) -> Result<Option<Schema>> {
    match value {
        Value::Array(values) => {
            let element = common_schema(values.iter())?;
            element.map(|element| SchemaBuilder::array(element).build()).transpose()
        }
        Value::Map(map) => {
            let Some(key) = common_schema(map.iter().map(|(key, _)| key))? else {
                return Ok(None);
            };
            let value = common_schema(map.iter().map(|(_, value)| value))?;
            value.map(|value| SchemaBuilder::map(key, value).build()).transpose()
        }
        Value::Struct(value) => Ok(Some(value.schema().clone())),
        _ => Ok(value.inferred_type().map(Schema::bare)),
    }
}

/// The bare type that all values have, optional if there is a null among them.
fn common_schema<'a>(values: impl ExactSizeIterator<Item = &'a Value>) -> Result<Option<Schema>> {
    if values.len() == 0 {
        return Ok(None);
    }
    let mut common: Option<Type> = None;
    let mut optional = false;
    for value in values {
        if value.is_null() {
            optional = true;
            continue;
        }
        let Some(schema) = infer_schema(value)? else {
            return Ok(None);
        };
        if common.is_some_and(|common| common != schema.kind()) {
            return Ok(None);
        }
        common = Some(schema.kind());
    }
    let common = common.ok_or_else(|| Error::new(ErrorKind::SchemaBuilder, "type cannot be null"))?;
    Ok(Some(if optional { Schema::optional_bare(common) } else { Schema::bare(common) }))
}
